"""A teacher makes a group of her own among students whom she sees, and reads its results."""

from __future__ import annotations

import re

from tests.journeys.walk import Sandbox, Walker

TEACHER = "Teacher: Sample Middle School"
CLASS = re.compile("^English Language Arts 8 - 1")
STUDENTS = 3


def test_a_teacher_makes_renames_archives_and_restores_a_group(
    sandbox: Sandbox, walker: Walker
) -> None:
    walker.enter(sandbox, TEACHER)
    walker.go("Groups")
    walker.look()
    walker.go("My groups")
    chosen = make(walker, "Reads on Tuesdays")
    shown = [row[1] for row in walker.rows("Students of this group")]
    assert shown == chosen
    see_results(walker, chosen)
    rename(walker, "Reads on Thursdays")
    change_subject(walker)
    archive_and_restore(walker, "Reads on Thursdays")


def make(walker: Walker, name: str) -> list[str]:
    """Make a group of some students of a class, and return their names."""
    page = walker.page
    walker.look()
    option = page.locator("#among option").filter(has_text=CLASS)
    page.select_option("#among", value=option.get_attribute("value"))
    walker.press("Find students")
    rows = walker.rows("Students to choose from")
    walker.press("Make a group of the chosen students")
    assert "Select one or more students" in page.locator("[role=alert]").inner_text()
    for row in rows[:STUDENTS]:
        page.locator("tr", has_text=row[2]).locator("label").click()
    page.fill("#name", name)
    page.select_option("#subject", label="English language arts (ELA)")
    walker.look()
    walker.press(f"Make a group of {STUDENTS} students")
    assert page.locator("h1").inner_text() == f"Who is in {name}?"
    walker.look()
    return [row[1] for row in rows[:STUDENTS]]


def see_results(walker: Walker, students: list[str]) -> None:
    """Open the results of the group, and come back to it by the list of own groups."""
    page = walker.page
    walker.go("See the results of this group")
    assert "/results/groups/" in page.url
    walker.look()
    walker.go("Groups", "My groups")
    rows = walker.rows("My groups")
    assert [cell for cell in rows[0] if cell] == [
        "Reads on Tuesdays", rows[0][1], "English language arts (ELA)", str(len(students)),
        "Results Reads on Tuesdays",
    ]  # fmt: skip
    walker.look()
    walker.go("Reads on Tuesdays")


def rename(walker: Walker, name: str) -> None:
    walker.page.fill("#new-name", name)
    walker.press("Rename 1 group")
    assert walker.page.locator("h1").inner_text() == f"Who is in {name}?"


def change_subject(walker: Walker) -> None:
    walker.page.select_option("#new-subject", label="Mathematics")
    walker.press("Change the subject")
    assert "· Mathematics ·" in walker.page.locator(".headline-tags").inner_text()


def archive_and_restore(walker: Walker, name: str) -> None:
    """Archive the group without a mouse, find it among the archived ones, and take it back."""
    page = walker.page
    walker.tab_to("button[value=archive]")
    page.keyboard.press("Enter")
    page.get_by_text("This group is archived").wait_for()
    walker.look()
    walker.go("Groups", "My groups")
    page.get_by_text("1 archived group").click()
    walker.look()
    walker.press(f"Restore {name}")
    assert page.get_by_text("1 archived group").count() == 0
    walker.go(name)
    what = [row[1] for row in walker.rows("History of this group")]
    assert len(what) == 5, what
    walker.look()
