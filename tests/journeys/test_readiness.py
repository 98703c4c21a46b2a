"""A district plans its way to the window, prints cards, and a student tries one."""

from __future__ import annotations

from datetime import date, timedelta

from rollbook.shared.years import SchoolYear
from tests.journeys.walk import Sandbox, Walker


def test_a_district_plans_backwards_from_its_window(sandbox: Sandbox, walker: Walker) -> None:
    walker.enter(sandbox, "District Admin: Sample District")
    walker.go("Rosters", "Readiness")
    assert "3 of 3 schools are rostered." in walker.says()
    assert len(walker.rows("Schools and districts on their way to the window")) == 4
    walker.look()
    walker.go("Sample District")
    assert "No window is set yet, so nothing is due." in walker.says()
    today = date.today()  # noqa: DTZ011
    opens = min(today + timedelta(days=120), SchoolYear.containing(today).ends_before)
    walker.page.fill("#opens_on", str(opens - timedelta(days=1)))
    walker.page.get_by_role("button", name="Set these dates").click()
    assert "every stage is planned backwards from the window" in walker.says()
    walker.page.locator("summary").first.click()
    walker.page.fill("#evidence-kick_off", "Call with the district")
    walker.page.locator("label[for=yes-kick_off]").click()
    walker.page.locator("button[value=stage]").first.click()
    assert "Evidence: Call with the district" in walker.says()
    assert "What stops the Ready To Assess mail" in walker.says()
    walker.look()
    walker.picture("readiness")


def test_cards_are_printed_and_the_door_refuses_a_wrong_one(
    sandbox: Sandbox, walker: Walker
) -> None:
    walker.enter(sandbox, "District Admin: Sample District")
    walker.go("Rosters", "Readiness", "Print login cards")
    walker.look()
    before = walker.rows("Login cards by class")[0]
    with walker.page.expect_download() as printed:
        walker.page.locator("button[value=missing]").first.click()
    assert printed.value.suggested_filename == "login-cards.pdf"
    walker.page.reload()
    after = walker.rows("Login cards by class")[0]
    assert (before[3], after[3], after[5]) == ("0", before[2], "0")
    walker.page.goto(f"{sandbox.address}/card/")
    walker.page.fill("#login", "nobody")
    walker.page.fill("#code", "BBB-BBB-BBB")
    walker.page.get_by_role("button", name="Go in").click()
    assert "This login and code do not open anything." in walker.says()
    walker.look()
