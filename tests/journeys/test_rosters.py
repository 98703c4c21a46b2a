"""A roster comes in by the page: reviewed, committed, undone, held, refused."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

from tests.journeys.walk import Sandbox, Walker

DISTRICT = "District Admin: Sample District"
KEYS = {
    "users.csv": "sourcedId",
    "demographics.csv": "sourcedId",
    "roles.csv": "userSourcedId",
    "enrollments.csv": "userSourcedId",
}


def test_review_commit_and_undo(sandbox: Sandbox, walker: Walker) -> None:
    page = walker.page
    walker.enter(sandbox, DISTRICT)
    home = page.url
    walker.go("Rosters")
    walker.look()
    bundle = (sandbox.rosters / "sample-next.zip").read_bytes()
    walker.send("#bundle", "sample-next.zip", bundle, "Check this roster")
    plan = page.url
    assert page.locator("h1").inner_text() == "What would sample-next.zip change?"
    walker.look()
    before = {row[0]: row for row in walker.rows("Changes by kind of record")}
    now, added, changed, moved, archived, unchanged, after = _numbers(before["Students"])
    assert unchanged == now - changed - moved - archived
    assert (added > 0, changed > 0, archived > 0) == (True, True, True)
    assert after == now + added - archived

    page.goto(home)
    ready = "Roster: sample-next.zip. It is ready to commit."
    page.get_by_role("link", name=f"Review : {ready}").first.click()
    students = page.get_by_role("row", name=re.compile(r"^Students \d"))
    students.get_by_role("link", name=re.compile("Students: Change")).click()
    walker.look()
    row = page.locator("tbody tr").first
    local_id = row.locator("th").inner_text().splitlines()[0].split(", ")[2]
    old, new = row.locator("del").inner_text(), row.locator("ins").inner_text()
    assert (len(walker.rows("Records that change")), old == new) == (changed, False)
    assert re.search(r"users\.csv line \d+", row.inner_text()) is not None

    page.goto(plan)
    page.get_by_role("button", name=re.compile("Commit")).click()
    assert re.search(r"\d+ changes were committed\.", walker.says()) is not None
    assert page.locator("h1").inner_text() == "What did sample-next.zip change?"
    walker.look()
    assert new in _student(walker, home, local_id)

    page.goto(plan)
    page.get_by_role("button", name="Undo these changes").click()
    assert "Undone." in walker.says()
    walker.look()
    assert old in _student(walker, home, local_id)
    walker.go("Rosters")
    walker.send("#bundle", "sample-next.zip", bundle, "Check this roster")
    again = {row[0]: row for row in walker.rows("Changes by kind of record")}
    assert _numbers(again["Students"])[0] == now
    page.get_by_role("button", name="Discard").click()
    assert "The plan was discarded. Nothing has changed." in walker.says()


def test_a_roster_that_loses_many_waits_for_a_typed_number(
    sandbox: Sandbox, walker: Walker
) -> None:
    page = walker.page
    walker.enter(sandbox, DISTRICT)
    walker.go("Rosters")
    shrunken = without_every_third_student(sandbox.rosters / "sample-next.zip")
    walker.send("#bundle", "shrunken.zip", shrunken, "Check this roster")
    plan = page.url
    assert "On hold" in walker.says()
    assert page.get_by_role("heading", name="Why it waits").count() == 1
    assert page.get_by_text("over the limit").count() >= 1
    walker.look()
    walker.picture("plan-review", is_whole=True)

    approve = re.compile("Approve all")
    page.get_by_role("button", name=approve).click()
    assert "Type the number of changes to approve a plan that waits." in walker.says()
    page.fill("#approved", "7")
    page.get_by_role("button", name=approve).click()
    assert "Type the number of changes to approve a plan that waits." in walker.says()

    now, added, *_rest = _numbers(_row(walker, "Students"))
    page.get_by_role("button", name=re.compile("additions and changes only")).click()
    assert re.search(r"\d+ changes were committed\.", walker.says()) is not None
    page.get_by_role("button", name="Undo these changes").click()
    assert "Undone." in walker.says()

    walker.go("Rosters")
    walker.send("#bundle", "shrunken.zip", shrunken, "Check this roster")
    assert (page.url == plan, _numbers(_row(walker, "Students"))[:2]) == (False, [now, added])
    total = page.locator("label[for=approved]").inner_text().split("type ")[1]
    page.fill("#approved", total)
    page.get_by_role("button", name=approve).click()
    assert f"{total} changes were committed." in walker.says()
    page.get_by_role("button", name="Undo these changes").click()
    assert "Undone." in walker.says()


def test_a_broken_zip_gets_one_clear_sentence(sandbox: Sandbox, walker: Walker) -> None:
    walker.enter(sandbox, DISTRICT)
    walker.go("Rosters")
    walker.send("#bundle", "broken.zip", b"PK\x03\x04 and then nothing", "Check this roster")
    assert (
        "broken.zip is damaged: its end is missing. Send it again; if that does not help, "
        "make the zip again. Nothing has changed."
    ) in walker.says()
    assert walker.page.get_by_role("button", name=re.compile("Commit|Approve")).count() == 0
    walker.look()
    walker.go("Rosters")
    assert walker.rows("Rosters that came in")[0][0] == "broken.zip"


def test_an_edit_by_hand_is_listed_released_and_undone(sandbox: Sandbox, walker: Walker) -> None:
    page = walker.page
    walker.enter(sandbox, DISTRICT)
    home = page.url
    page.goto(f"{home}rosters/students/")
    walker.look()
    page.locator("tbody tr").first.get_by_role("link", name=re.compile("^Edit")).click()
    assert page.locator("h1").inner_text() == "What is wrong with this record?"
    walker.look()
    page.fill("#preferred_first_name", "Sunny")
    page.get_by_role("button", name="Save these changes").click()
    assert "1 value was changed." in walker.says()
    assert page.get_by_text("edited here").count() == 1
    walker.look()
    page.goto(f"{home}rosters/edits/")
    assert [row[1:3] for row in walker.rows("Edits that syncs leave alone")] == [
        ["Preferred first name", "Sunny"]
    ]
    walker.look()
    walker.picture("edits")
    page.locator("tbody a").first.click()
    page.fill("#preferred_first_name", "Sol")
    page.get_by_role("button", name="Save these changes").click()
    page.get_by_role("button", name="Undo this edit").click()
    assert page.input_value("#preferred_first_name") == "Sunny"
    page.fill("#preferred_first_name", "Rain")
    page.get_by_role("button", name="Save these changes").click()
    page.goto(f"{home}rosters/edits/")
    page.get_by_role("button", name=re.compile("^Release")).click()
    assert "Released." in walker.says()


def without_every_third_student(bundle: Path) -> bytes:
    """Return a copy of a bundle in which every third student is missing."""
    with zipfile.ZipFile(bundle) as source:
        files = {name: source.read(name).decode("utf-8-sig") for name in source.namelist()}
    roles = csv.DictReader(io.StringIO(files["roles.csv"]))
    students = [row["userSourcedId"] for row in roles if row["role"] == "student"]
    gone = set(students[::3])
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name, text in files.items():
            copy.writestr(name, _without(text, KEYS[name], gone) if name in KEYS else text)
    return target.getvalue()


def _without(text: str, key: str, gone: set[str]) -> str:
    reader = csv.DictReader(io.StringIO(text))
    written = io.StringIO()
    writer = csv.DictWriter(written, reader.fieldnames or [], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(row for row in reader if row[key] not in gone)
    return written.getvalue()


def _row(walker: Walker, name: str) -> list[str]:
    return next(row for row in walker.rows("Changes by kind of record") if row[0] == name)


def _numbers(row: list[str]) -> list[int]:
    """Read a row of the plan's table: now, add, change, move, archive, unchanged, after."""
    cells = [re.match(r"[\d,]+|–", cell) for cell in row[1:8]]
    return [
        int(cell.group().replace(",", "")) if cell and cell.group() != "–" else 0 for cell in cells
    ]


def _student(walker: Walker, home: str, local_id: str) -> str:
    walker.page.goto(home + "rosters/students/")
    walker.page.fill("#text", local_id)
    walker.page.get_by_role("button", name="Find").click()
    rows = walker.rows("Students")
    assert len(rows) == 1
    return rows[0][0]
