"""A group file full of errors is mended in the grid, seen through, committed and taken back."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.types import MOST_STUDENTS
from tests.journeys.walk import Sandbox, Walker

DISTRICT = "District Admin: Sample District"
GOOD = "Reading Tuesday"


@dataclass(frozen=True)
class Known:
    """Name what the district has, as its own groups say it."""

    school: str
    year: str
    students: Sequence[str]
    teacher: str


def test_a_file_with_errors_is_mended_in_the_grid_committed_and_undone(
    sandbox: Sandbox, walker: Walker
) -> None:
    walker.enter(sandbox, DISTRICT)
    walker.go("Groups")
    known = take_away(walker)
    walker.go("Upload groups")
    body = file_with_errors(template(walker), known)
    walker.look()
    send(walker, "fall.csv", body)
    see_errors(walker)
    mend(walker, known)
    commit(walker)
    undo(walker)


def test_strict_mode_says_what_the_states_system_says(sandbox: Sandbox, walker: Walker) -> None:
    page = walker.page
    walker.enter(sandbox, DISTRICT)
    walker.go("Groups")
    known = take_away(walker)
    walker.go("Upload groups")
    page.locator("label[for=strict]").click()
    send(walker, "strict.csv", file_with_errors(",".join(GROUP_FILE), known))
    assert "Nothing of this file has gone in" in walker.says()
    assert page.locator("pre.answer").inner_text().splitlines()[-5:] == [
        f"Row: 7 Failure: School [ {known.school} ] can not be found",
        f"Row: 8 Failure: School [{known.school}] is out-of-order: sort CSV by school, group, year",
        "Row: 9 Failure: School [99999999999999] can not be found",
        "Row: 10 Failure: Invalid school year: 27",
        "Row: 11 Failure: Invalid subject: Musik",
    ]
    walker.look()


def take_away(walker: Walker) -> Known:
    """Download the district's groups, and return what a file may name."""
    walker.look()
    with walker.page.expect_download() as started:
        walker.page.get_by_role("button", name=re.compile("^Download .* as a group file")).click()
    with Path(started.value.path()).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Known(
        rows[0]["school_natural_id"],
        rows[0]["school_year"],
        sorted({row["student_ssid"] for row in rows} - {""}),
        next(row["group_user_login"] for row in rows if row["group_user_login"]),
    )


def template(walker: Walker) -> str:
    """Read what a group file looks like, and download an empty one."""
    walker.go("CSV file format")
    walker.look()
    walker.page.go_back()
    with walker.page.expect_download() as started:
        walker.go("Download groups-template.csv")
    return Path(started.value.path()).read_text(encoding="utf-8").strip()


def file_with_errors(header: str, known: Known) -> bytes:
    """Fill in a template as badly as people do: lines 10, 11, 12, 15 and 16 are at fault."""
    school, year, teacher, them = known.school, known.year, known.teacher, known.students
    lines = [
        header,
        f"{GOOD},{school},{year},ELA,,{teacher}",
        *(f"{GOOD},{school},{year},,{ssid}," for ssid in them[:4]),
        ",,,,,",
        f" Math Help , {school} ,{year},Math,{them[4]},{teacher} ",
        f"Math Help,{school},{year},,{them[5]},",
        f"Chess,99999999999999,{year},All,{them[6]},{teacher}",
        f"Choir,{school},27,All,{them[7]},{teacher}",
        f"Band,{school},{year},Musik,{them[8]},{teacher}",
        f"Band,{school},{year},,12345,",
        f"Band,{school},{year},,{them[9]},",
        f"Band,{school},{year},,,not-an-address",
        *(f"Everybody,{school},{year},,{ssid}," for ssid in them[: MOST_STUDENTS + 1]),
        f"Everybody,{school},{year},All,,{teacher}",
    ]
    return "\n".join([*lines, ""]).encode()


def send(walker: Walker, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "text/csv", "buffer": content}
    walker.page.set_input_files("#files", file)
    walker.press("Check these files")


def see_errors(walker: Walker) -> None:
    """See each error at its line, and that the good rows are not asked about."""
    page = walker.page
    assert page.locator("h1").inner_text() == "What is wrong with fall.csv?"
    assert "5 rows have to be mended." in walker.says()
    said = {
        10: 'School "99999999999999" can not be found.',
        11: 'There is no school year "27" here.',
        12: 'subject_code is "Musik".',
        15: 'group_user_login is "not-an-address".',
        16: "has 201 students; a group has at most 200.",
        8: 'Blanks stand around group_name " Math Help "',
        13: 'No student here has the SSID "12345"',
    }
    shown = [int(text) for text in page.locator("table.grid tbody th.number").all_inner_texts()]
    assert shown == list(said)
    for line, words in said.items():
        assert words in page.locator(f"#says-{line}").inner_text()
    wrong = page.locator("[aria-invalid=true]")
    assert [field.get_attribute("name") for field in wrong.all()] == [
        "cell-10-school_natural_id", "cell-11-school_year", "cell-12-subject_code",
        "cell-15-group_user_login", "cell-16-group_name",
    ]  # fmt: skip
    walker.look()
    walker.picture("group-file-grid")


def mend(walker: Walker, known: Known) -> None:
    """Correct four cells and forget one; leave a row out; then correct the last."""
    page = walker.page
    page.get_by_label("Line 10, school_natural_id").fill(known.school)
    page.get_by_label("Line 12, subject_code").fill("All")
    page.get_by_label("Line 13, student_ssid").fill(known.students[10])
    page.get_by_label("Line 15, group_user_login").fill(known.teacher)
    page.locator("label[for=drop-16]").click()
    walker.press("Check again")
    assert "1 row has to be mended." in walker.says()
    walker.look()
    walker.tab_to("[aria-invalid=true]")
    page.keyboard.type(known.year)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What would fall.csv change?").wait_for()


def commit(walker: Walker) -> None:
    """See what would change, commit it, and find the groups with their students."""
    assert "6 groups would change" in walker.says()
    walker.look()
    walker.press("Commit 6 groups")
    walker.look()
    walker.go("See the groups")
    assert groups(walker) == [
        ["Band", "3"], ["Chess", "1"], ["Choir", "1"], ["Everybody", "200"], ["Math Help", "2"],
        [GOOD, "4"],
    ]  # fmt: skip
    walker.go("Band")
    walker.look()
    assert len(walker.rows("Students of this group")) == 3
    walker.go("Groups")


def groups(walker: Walker) -> list[list[str]]:
    """Return names and sizes of the groups that came from files."""
    walker.page.select_option("#origin", label="From a file")
    walker.press("Show", exact=True)
    return [[row[1], row[5]] for row in walker.rows("Student groups") if len(row) > 1]


def undo(walker: Walker) -> None:
    """Find the file among those sent, take it back, and see the groups gone."""
    walker.go("Upload")
    sent = walker.rows("Group files")
    assert [row[1] for row in sent] == ["fall.csv"] * 3
    walker.look()
    walker.go("fall.csv")
    walker.press("Undo", exact=True)
    assert "This was undone" in walker.says()
    walker.look()
    walker.go("See the groups")
    assert groups(walker) == []
