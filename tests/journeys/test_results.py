"""The tutorial's walk through results, in the sandbox."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.walk import Sandbox, Walker

DISTRICT = "District Admin: Sample District"
NINE = {
    "4000015759": "Corcoran, Jonathan",
    "8000017340": "James, Richard",
    "8000016196": "Simon-Fenner, George",
    "5000034581": "Bond, Luke",
    "6000009063": "Hixson, Martin",
    "2000010843": "Reitz, Amelia",
    "3000003149": "Blackwell-Gilles, Sarah",
    "4000003764": "Jacobs, Kelli",
    "8000003653": "Sidney-Collins, Alice",
}


def test_search_by_school_and_grade_to_claims_numbers_and_csv(
    sandbox: Sandbox, walker: Walker
) -> None:
    page = walker.page
    page.goto(sandbox.address)
    walker.look()
    walker.enter(sandbox, DISTRICT)
    walker.look()
    walker.picture("home")
    walker.search_school("Sample Middle School", "Grade 8")
    walker.choose_year_before()
    assert "Sample Middle School · Grade 8" in page.title()

    page.get_by_text("Add an assessment").click()
    page.get_by_role("link", name="Grade 8 ELA", exact=True).click()
    assert page.locator(".chip").count() == 2
    default = page.locator(".chip").first
    chosen = page.locator(".chip", has_text="Grade 8 ELA")
    assert chosen.count() >= 1
    removed = next(
        chip
        for chip in page.locator(".chip").all()
        if chip.inner_text().replace("×", "").strip() != "Grade 8 ELA"
    )
    removed.get_by_role("link").click()
    assert default.inner_text().strip() == "Grade 8 ELA"
    walker.look()
    page.get_by_text("Show ", exact=False).locator("visible=true").first.click()
    walker.picture("results")

    page.get_by_role("link", name="Claim or domain").click()
    assert page.locator(".card h3").count() >= 2
    page.get_by_role("link", name="Composite").click()
    assert "This assessment does not report these scores." in walker.says()
    page.get_by_role("link", name="Overall").click()
    counted = walker.rows("Grade 8 ELA Overall")
    page.get_by_role("link", name="Number", exact=True).click()
    shown = [text.split()[-1] for text in page.locator(".card .legend li").all_inner_texts()]
    assert shown == [row[1] for row in counted]
    address = page.url
    page.goto(address)
    assert page.locator("[aria-current=true]", has_text="Number").count() == 1

    with page.expect_download() as download:
        page.get_by_role("link", name="as CSV").click()
    listed = _csv_rows(Path(download.value.path()))
    on_page = [(row[0], row[5], row[6].split(" ±")[0]) for row in walker.rows("Results by student")]
    assert listed == on_page
    assert sum(int(row[1]) for row in counted) == sum(1 for row in listed if row[2])


def _csv_rows(path: Path) -> list[tuple[str, str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            (
                f"{row['LastOrSurname']}, {row['FirstName']}",
                row["ScaleScoreAchievementLevel"] or "Not scored",
                row["ScaleScore"],
            )
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize("ssid", ["4000015759"])
def test_search_by_student_opens_a_history_and_keeps_the_ssid_out_of_addresses(
    sandbox: Sandbox, walker: Walker, ssid: str
) -> None:
    walker.enter(sandbox, DISTRICT)
    home = walker.page.url
    for number, name in NINE.items():
        walker.page.goto(home)
        walker.search_ssid(number)
        assert walker.page.locator("h1").inner_text() == name
        assert len(walker.page.locator(".card tbody tr").all()) > 0
        if number == ssid:
            walker.look()
            walker.picture("student-history")
    walker.page.goto(home)
    walker.search_ssid("1234567890")
    assert "No student with this SSID has results that you may see." in walker.says()
    assert [url for url in walker.visited for number in NINE if number in url] == []


def test_a_school_admin_sees_one_school_and_a_teacher_only_groups(
    sandbox: Sandbox, walker: Walker
) -> None:
    page = walker.page
    walker.enter(sandbox, DISTRICT)
    walker.search_school("Sample High School", "Grade 11")
    elsewhere = page.url
    page.get_by_role("button", name="Sign out").click()

    walker.enter(sandbox, "School Admin: Sample Middle School")
    assert page.locator("#school option").all_inner_texts() == ["Sample Middle School"]
    walker.look()
    page.goto(elsewhere)
    assert page.locator("h1").inner_text() == "Nothing here"
    walker.look()
    page.goto(sandbox.address)
    walker.search_ssid("4000003764")  # of the elementary school, and tested nowhere else
    assert "No student with this SSID has results that you may see." in walker.says()
    page.get_by_role("button", name="Sign out").click()

    walker.enter(sandbox, "Teacher: Sample Middle School")
    assert page.get_by_role("heading", name="Search by School").count() == 0
    assert page.get_by_role("heading", name="Search by Group").count() == 1
    walker.look()
    if page.locator("input#group").count():  # many groups: a combo box
        page.locator("#group").press_sequentially("8")
        page.locator(".usa-combo-box__list-option").first.click()
        page.get_by_role("button", name="Search by group").click()
    else:
        page.locator("section[aria-labelledby=by-group] a").first.click()
    assert "/results/groups/" in page.url
    walker.look()
    page.goto(elsewhere)
    assert "Sample High School" not in walker.says()


def test_the_same_pages_speak_spanish(sandbox: Sandbox, browser: Browser) -> None:
    context = browser.new_context(locale="es-MX")
    walker = Walker(context.new_page())
    walker.page.goto(sandbox.address)
    walker.page.get_by_role("button", name="Entrar al entorno de prueba").click()
    assert walker.page.locator("html").get_attribute("lang") == "es"
    assert walker.page.locator("main h2").first.inner_text() == "Buscar por estudiante"
    walker.look()
    walker.page.get_by_role("link", name="Matrículas").click()
    assert walker.page.locator("h1").inner_text() == "¿Qué matrículas llegaron?"
    walker.look()
    context.close()
