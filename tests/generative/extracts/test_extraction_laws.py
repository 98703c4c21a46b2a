"""Any world, any profiles: the file is accepted, the same in any order, and forgets nobody."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.extracts.plan.comparing import compare_files
from rollbook.extracts.plan.extraction import extract
from rollbook.extracts.plan.writing import file_bytes, rows_of
from rollbook.extracts.rules.naming import FIELDS
from rollbook.extracts.types import (
    AskedProfile,
    Extraction,
    ExtractWorld,
    ProfileKind,
    ProfileSettings,
    SubjectArea,
)
from rollbook.groups.checks.state import state_verdict
from rollbook.groups.types import GroupFileWorld
from tests.spec.extracts.worlds import SCHEMAS, TODAY

WORDS = ["", "Smith", "smith", "SMITH ", "José", "Jose", 'O"Dell', "a,b", "#1", "x\ny", "\ufeffZ",
         "Ines\u0301", "1", "1 1", "(2)", "é" * 300, "\u200b", "=2+3", "Lee", "Ann"]  # fmt: skip
MAILS = ["a@example.org", "b@example.org", "c@example.org", " A@Example.org", "", "bad", "x@y"]
PIECES = [f"{{{name}}}" for name in FIELDS] + [
    "{n}", "{n}", "{class}", "[ P{period}]", " ", "{teacher_last:2}", "x", "{nothing}", "]",
]  # fmt: skip
DAYS = [None, None, None, date(2026, 8, 1), TODAY, date(2026, 11, 21), date(2027, 6, 1)]


def world(chance: random.Random) -> ExtractWorld:
    """Make a small world in which a lot is shared, missing, or has the same name."""
    pick, maybe = chance.choice, lambda share: chance.random() < share
    schools, students, staff = (range(1, chance.randint(1, most) + 1) for most in (3, 8, 4))
    classes, groups = (range(1, chance.randint(1, most) + 1) for most in (6, 4))
    tables: dict[str, list[dict[str, object]]] = {
        "schools": [
            {"id": n, "uuid": f"school-{n}", "number": pick(WORDS), "name": pick(WORDS),
             "natural_id": pick(["01", "02", "02", "0a", "0A", " 03 ", "" if maybe(0.5) else "4"]),
             "is_active": maybe(0.9), "tracks_primary": maybe(0.7)}
            for n in schools
        ],
        "students": [
            {"id": n, "school_id": school, "ssid": "" if maybe(0.1) else f"S-{n}",
             "grade": pick(["03", "03", "04", ""]), "is_enrolled": maybe(0.9)}
            for n in students for school in schools if maybe(0.6)
        ],
        "classes": [
            {"id": n, "uuid": f"class-{n}", "school_id": pick(schools),
             "school_year": 2027 if maybe(0.9) else 2026, "course_id": pick([1, 1, 2, 3]),
             "title": pick(WORDS), "section": pick(WORDS), "periods": pick(WORDS),
             "kind": "homeroom" if maybe(0.4) else "scheduled",
             "begins_on": pick(DAYS[:-1]), "ends_before": pick(DAYS), "is_active": maybe(0.9)}
            for n in classes
        ],
        "courses": [
            {"id": n, "code": f"C{n}", "title": pick(WORDS), "subjects": "ELA, Reading",
             "department": pick(WORDS)} for n in (1, 2)
        ],
        "staff": [
            {"id": n, "uuid": f"staff-{n}", "local_id": pick(WORDS), "first_name": pick(WORDS),
             "last_name": pick(WORDS), "email": pick(MAILS), "is_active": maybe(0.9)}
            for n in staff
        ],
        "taught": [{"class_id": c, "staff_id": t, "is_primary": maybe(0.5)}
                   for c in classes for t in staff if maybe(0.4)],
        "taken": [{"class_id": c, "student_id": n, "is_primary": maybe(0.6)}
                  for c in classes for n in students if maybe(0.6)],
        "caseloads": [{"student_id": n, "staff_id": t}
                      for n in students for t in staff if maybe(0.4)],
        "groups": [
            {"id": n, "uuid": f"group-{n}", "school_id": pick(schools), "school_year": 2027,
             "name": pick(WORDS), "subject": pick(["", "ELA", "Math"])} for n in groups
        ],
        "group_members": [{"group_id": g, "student_id": n}
                          for g in groups for n in students if maybe(0.6)],
        "group_users": [{"group_id": g, "login": mail}
                        for g in groups for mail in MAILS if maybe(0.3)],
        "blocks": [],
    }  # fmt: skip
    ssids = {row["id"]: row["ssid"] for row in tables["students"]}
    for row in tables["students"]:
        row["ssid"] = ssids[row["id"]]
    frames = {name: pl.DataFrame(tables[name], schema=SCHEMAS[name]) for name in SCHEMAS}
    return ExtractWorld(on=TODAY, **frames)


def some_profiles(chance: random.Random) -> list[AskedProfile]:
    def some(*values: str) -> tuple[str, ...]:
        return tuple(value for value in values if chance.random() < 0.15)

    return [
        AskedProfile(
            uuid=f"profile-{n}",
            name=f"Profile {n}",
            settings=ProfileSettings(
                kind=chance.choice(list(ProfileKind)),
                schools=chance.choice([("school-1",), ("school-2", "school-1"),
                                       ("school-1", "school-2", "school-3")]),
                school_year=2027 if chance.random() < 0.95 else 2026,
                subject_area=chance.choice(list(SubjectArea)),
                pattern="".join(chance.choices(PIECES, k=chance.randint(0, 4))),
                courses=some("C1", "C2"),
                teachers=some("staff-1", "staff-2"),
                grades=some("03", "04"),
                counselors=some("staff-1"),
                groups=some("group-1", "group-2"),
                primary_only=chance.random() < 0.2,
                additional_staff=some("staff-1", "staff-3"),
            ),
        )
        for n in range(chance.randint(1, 4))
    ]  # fmt: skip


@settings(max_examples=100)
@given(st.integers(0, 2**32))
def test_any_file_is_lawful(seed: int) -> None:
    chance = random.Random(seed)
    data, profiles = world(chance), some_profiles(chance)
    done = extract(profiles, data)
    is_accepted_by_the_state(done)
    is_the_same_in_any_order(done, profiles, data, chance)
    forgets_nobody(done, profiles, data)
    comes_back_from_its_bytes(done)


def is_accepted_by_the_state(done: Extraction) -> None:
    if done.rows.is_empty():
        return
    verdict = state_verdict(file_bytes(done.rows), GroupFileWorld(subjects=("ELA", "Math")))
    assert verdict.accepted, verdict.messages
    assert done.rows.is_duplicated().sum() == 0
    told = {(g["school_natural_id"], g["name"].lower(), g["school_year"])
            for g in done.groups.to_dicts()}  # fmt: skip
    assert len(told) == done.groups.height
    assert done.groups["name"].str.len_chars().max() <= 255
    assert (done.groups["student_count"] > 0).all()
    assert (done.groups["user_count"] > 0).all()


def is_the_same_in_any_order(
    done: Extraction, profiles: list[AskedProfile], data: ExtractWorld, chance: random.Random
) -> None:
    frames = {f.name: getattr(data, f.name) for f in fields(data) if f.name != "on"}
    mixed = {name: frame.sample(fraction=1, shuffle=True, seed=chance.randrange(2**31))
             for name, frame in frames.items()}  # fmt: skip
    again = extract(profiles, replace(data, **mixed))
    assert again.rows.equals(done.rows)
    assert again.left_out.equals(done.left_out)
    assert again.groups.equals(done.groups)
    assert again.warnings == done.warnings


def forgets_nobody(done: Extraction, profiles: list[AskedProfile], data: ExtractWorld) -> None:
    left_out = done.left_out.with_columns(pl.col("profile").cast(pl.String))
    schools = dict(zip(data.schools["uuid"], data.schools["id"], strict=True))
    ssids = dict(zip(data.students["id"], data.students["ssid"], strict=True))
    for profile in profiles:
        ids = [schools[uuid] for uuid in profile.settings.schools if uuid in schools]
        known = set(data.students.filter(pl.col("school_id").is_in(ids))["id"])
        missing = set(left_out.filter(pl.col("profile") == profile.uuid)["student_id"])
        rows = done.rows.filter(pl.col("profile") == profile.uuid)
        written = {n for n in known if ssids[n] and ssids[n] in set(rows["student_ssid"])}
        assert missing | written == known
        assert not missing & written
    once = ("student_id", "school_id", "profile")
    assert left_out.select(once).is_duplicated().sum() == 0


def comes_back_from_its_bytes(done: Extraction) -> None:
    rows = rows_of(file_bytes(done.rows))
    assert rows.equals(done.rows.drop("profile"))
    assert {change.action for change in compare_files(done.rows, rows)} <= {"unchanged"}
