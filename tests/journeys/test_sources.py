"""A district connects the server of its student information system, and sees that it is well."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.journeys.walk import Sandbox, Walker

DISTRICT = "District Admin: Sample District"


def test_a_source_is_connected_tested_scheduled_and_paused(
    sandbox: Sandbox, walker: Walker
) -> None:
    page = walker.page
    walker.enter(sandbox, DISTRICT)
    walker.go("Rosters", "Sources")
    assert page.locator("h1").inner_text() == "Where do rosters come from?"
    walker.look()
    walker.go("Add a source")
    walker.look()
    walker.go("Choose A OneRoster server")
    page.get_by_label("Name, as people here should know it").fill("Our SIS")
    # Nobody listens there, and a sandbox calls nobody anyway.
    page.get_by_label("Address of the OneRoster server").fill("https://127.0.0.1:9/oneroster")
    page.get_by_label("Address where Rollbook signs in").fill("https://127.0.0.1:9/token")
    page.get_by_label("Client id").fill("rollbook")
    walker.look()
    walker.picture("source-form", is_whole=True)
    page.get_by_role("button", name="Add 1 source").click()
    assert "Client secret is needed." in walker.says()
    page.get_by_label("Client secret").fill("journey-secret")
    page.get_by_role("button", name="Add 1 source").click()
    assert page.locator("h1").inner_text() == "Is this source well?"
    assert "Never run" in walker.says()
    walker.look()

    page.get_by_role("button", name="Check connection").click()
    assert "The connection does not work yet" in walker.says()
    assert "This is a sandbox: it calls no other system." in walker.says()
    walker.look()
    page.get_by_role("button", name="Run now").click()
    page.wait_for_timeout(3000)
    walker.go("Sources")
    shown = walker.rows("Where rosters come from")
    assert re.search("Error|Pending|In progress", " ".join(shown[0])), shown

    page.get_by_role("link", name="Our SIS", exact=True).click()
    page.get_by_label("At this time").fill("02:30")
    page.get_by_role("button", name="Keep this schedule").click()
    assert "The schedule was kept." in page.locator("body").inner_text()
    if page.get_by_role("button", name=re.compile("^Rest over the summer")).count():
        page.get_by_role("button", name=re.compile("^Rest over the summer")).click()
        assert "The source rests over the summer." in page.locator("body").inner_text()
    page.get_by_label("Why it should rest").fill("New server in May")
    page.get_by_role("button", name="Pause until somebody resumes it").click()
    assert "New server in May" in walker.says()
    walker.look()
    walker.picture("source", is_whole=True)
    assert "journey-secret" not in page.content()
    page.get_by_role("button", name="Put this source away for good").click()
    assert "Our SIS" not in walker.says()


@pytest.fixture(autouse=True)
def nothing_is_left_in_an_address(walker: Walker) -> Iterator[None]:
    yield
    assert [url for url in walker.visited if "journey-secret" in url] == []
