"""Any CSV by a mapping: asked once, kept, and used for the next file with the same header."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rollbook.audit.models import AuditEntry
from rollbook.people.models import Class, Enrollment, Staff, Student
from rollbook.roster.actions.mappings import (
    MappingIsIncomplete,
    MayNotSaveMapping,
    delete_mapping,
    map_intake,
    save_mapping,
)
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import SavedMapping
from rollbook.roster.queries.mappings import MappingNotFound, find_mapping, get_mapping
from rollbook.roster.rules.mapping import ColumnMapping, fingerprint, suggested_mapping
from rollbook.roster.sources.flat_file import read_flat
from rollbook.shared.scope import Permission, Reach, Scope
from tests.db.roster.given import committed, preflight
from tests.factories.accounts import BY, EVERYTHING, NOW

pytestmark = pytest.mark.django_db

HEADER = "Local ID,Last,First,Grade,DOB,District,School Number,School,Class,Teacher Email,Teacher"
ROWS = (
    '00123,Soto,Eli,3rd,3/14/2018,Dist,101,North High,Math,t@example.org,"Park, Cara"',
    '00124,Ito,Ana,K,3/4/2020,Dist,101,North High,Math,t@example.org,"Park, Cara"',
)


def flat(folder: Path, *rows: str, name: str = "students.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([HEADER, *(rows or ROWS)]) + "\n", encoding="utf-8")
    return path


def suggested(path: Path) -> ColumnMapping:
    table = read_flat(path, name=path.name)
    return suggested_mapping(table.header, table.frame)


def mapped(path: Path) -> Intake:
    waiting = preflight(path)
    return map_intake(
        EVERYTHING, waiting.uuid, mapping=suggested(path), name="Our export", by=BY, now=NOW
    )


def test_a_file_without_a_mapping_waits_for_one(tmp_path: Path) -> None:
    intake = preflight(flat(tmp_path))
    assert (intake.status, intake.format, intake.plan) == ("received", "mapped", None)


def test_a_mapped_file_becomes_students_classes_and_teachers(tmp_path: Path) -> None:
    intake = mapped(flat(tmp_path))
    assert intake.status == "planned"
    committed(intake)
    students = Student.objects.order_by("local_id").values_list("local_id", "grade", "last_name")
    assert list(students) == [("00123", "03", "Soto"), ("00124", "KG", "Ito")]
    assert [c.title for c in Class.objects.all()] == ["Math"]
    assert [s.last_name for s in Staff.objects.all()] == ["Park"]
    assert Enrollment.objects.count() == 3
    assert AuditEntry.objects.filter(action="save_mapping").count() == 1


def test_the_next_file_with_the_header_is_read_by_itself(tmp_path: Path) -> None:
    mapped(flat(tmp_path))
    more = flat(tmp_path, *ROWS, "00125,Ng,Al,4,5/6/2017,Dist,101,North High,,,", name="next.csv")
    intake = preflight(more)
    assert intake.status == "planned"
    assert intake.reading["mapping"]["columns"]["local_id"] == "Local ID"


def test_a_mapping_is_found_by_its_header_in_any_order_and_case() -> None:
    header = ["Local ID", "Last Name", "First", "School"]
    mapping = suggested_mapping(header, _empty(header))
    saved = save_mapping(
        EVERYTHING, organization_id=None, name="x", header=header, mapping=mapping, by=BY, now=NOW
    )
    assert (
        find_mapping(EVERYTHING, fingerprint(["school", "first", "last_name", "local id"])) == saved
    )
    assert find_mapping(EVERYTHING, fingerprint(["school", "first"])) is None
    again = replace(mapping, defaults={"grade": "05"})
    save_mapping(
        EVERYTHING, organization_id=None, name="y", header=header, mapping=again, by=BY, now=NOW
    )
    assert SavedMapping.objects.count() == 1
    delete_mapping(EVERYTHING, saved.uuid, by=BY, now=NOW)
    with pytest.raises(MappingNotFound):
        get_mapping(EVERYTHING, saved.uuid)


def _empty(header: list[str]):
    import polars as pl

    return pl.DataFrame(schema=dict.fromkeys(header, pl.String))


def test_a_mapping_without_a_school_is_refused_with_its_reason() -> None:
    mapping = ColumnMapping({"local_id": "a", "last_name": "b", "first_name": "c"})
    with pytest.raises(MappingIsIncomplete, match="School number or School name"):
        save_mapping(
            EVERYTHING, organization_id=None, name="", header=["a"], mapping=mapping, by=BY, now=NOW
        )


def test_who_may_send_for_one_district_saves_for_no_other(tmp_path: Path) -> None:
    narrow = Scope(
        account_id=None,
        on=EVERYTHING.on,
        label="x",
        reach={Permission.ROSTER_WRITE: Reach(frozenset({1}))},
    )
    mapping = suggested(flat(tmp_path))
    for organization in (None, 2):
        with pytest.raises(MayNotSaveMapping):
            save_mapping(
                narrow, organization_id=organization, name="", header=["a"], mapping=mapping,
                by=BY, now=NOW,
            )  # fmt: skip


def test_a_refused_file_is_mapped_anew(tmp_path: Path) -> None:
    rows = ("1,Soto,Eli,3,3/4/2018,D,101,North,,,", "2,Ito,Ana,3,5/6/2018,D,101,North,,,")
    path = flat(tmp_path, *rows)
    refused = mapped(path)
    assert (refused.status, refused.verdict) == ("refused", "error")
    assert refused.counts["by_code"]["ROS-716"] == 1
    decided = replace(suggested(path), date_orders={"birth_date": "mdy"})
    intake = map_intake(EVERYTHING, refused.uuid, mapping=decided, name="", by=BY, now=NOW)
    assert intake.uuid != refused.uuid
    assert intake.status == "planned"


def test_the_same_bytes_again_are_the_intake_that_waits(tmp_path: Path) -> None:
    path = flat(tmp_path)
    unread = preflight(path)
    assert preflight(path).uuid == unread.uuid
    first = mapped(path)
    assert (first.uuid, preflight(path).uuid) == (unread.uuid, first.uuid)
    other = replace(suggested(path), defaults={"subject": "Mathematics"})
    again = map_intake(EVERYTHING, first.uuid, mapping=other, name="", by=BY, now=NOW)
    # Read by another mapping it is another roster: the mapping that is known now counts.
    assert again.uuid != first.uuid
    assert preflight(path).uuid == again.uuid
