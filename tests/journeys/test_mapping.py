"""A spreadsheet that nobody has seen before: which column is what, then what it would change."""

from __future__ import annotations

import re

from tests.journeys.walk import Sandbox, Walker

TEXT = (
    "Stu ID;Last;First;Grade;DOB;Campus;District\n"
    "00123;Soto;Eli;3rd;3/4/2018;North High;Sample District\n"
    "00124;Ito;Ana;Bears;5/6/2018;North High;Sample District\n"
)


def test_say_which_column_is_what(sandbox: Sandbox, walker: Walker) -> None:
    page = walker.page
    walker.enter(sandbox, "District Admin: Sample District")
    walker.go("Rosters")
    walker.send("#bundle", "export.csv", TEXT.encode(), "Check this roster")
    assert page.locator("h1").inner_text() == "Which column is what in export.csv?"
    walker.look()
    # By mouse a field is dragged to what it is; the select beside it says what counts.
    grade = page.get_by_label("Grade", exact=True)
    grade.select_option("")
    chip = page.locator("[data-field=Grade]")
    assert chip.get_attribute("class") == "tag"
    label = page.get_by_text("Grade", exact=True).and_(page.locator("label"))
    label.scroll_into_view_if_needed()  # nobody scrolls between taking hold and moving
    chip.hover()
    page.mouse.down()
    label.hover()
    label.hover()  # of what is dragged over something a browser tells from the second move on
    page.mouse.up()
    assert grade.input_value() == "Grade"
    assert chip.get_attribute("class") == "tag is-used"
    page.get_by_label("What bears means").select_option("PK")
    page.get_by_label("Month first or day first?").select_option("mdy")
    page.get_by_role("button", name="Show these rows again").click()
    shown = walker.rows("The first rows, as they would be read")
    assert [row[0] for row in shown] == ["2", "3"]
    assert any(re.match("PK", cell) for cell in shown[1])
    page.get_by_role("button", name="Check 2 rows").click()
    assert page.locator("h1").inner_text() == "What would export.csv change?"
    assert {row[0]: row for row in walker.rows("Changes by kind of record")}["Students"][
        2
    ].startswith("2 ")
