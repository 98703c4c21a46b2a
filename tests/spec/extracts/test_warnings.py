"""What a person is told of a file before it goes out, warning by warning."""

from __future__ import annotations

from datetime import date

import pytest

from rollbook.extracts.plan.extraction import extract
from tests.spec.extracts.worlds import SmallWorld, profile

BASE = """
school East number=994 id=0001
staff smith "Smith, Jane"
staff jones "Jones, Ben"
staff mute  "Mum, Mo" mail=
staff bad   "Bad, Bo" mail=bo@example
staff gone  "Away, Al" gone
students East 09: ana ben cal
course ENG9 "English 9" subjects=ELA department=English
class one East ENG9 teachers=smith period=1 begins=2026-08-12 ends=2026-12-19: ana ben
class two East ENG9 teachers=smith period=2 begins=2026-11-23: cal
"""
EAST = "A secondary_classes East"
LONG = "x" * 300

# title, more lines, profiles, and: code, profile, count, rows | what it says
CASES = [
    ("some classes are out of term", "", EAST, [
        ("term_ended", "A", 1, "",
         "Of 2 classes, 1 is out of term on 2026-11-20 (0 over, 1 not begun).")]),
    ("a teacher without an address beside one with",
     "class six East ENG9 teachers=smith,mute,bad: ana",
     "A secondary_classes East teachers=mute", [
        ("no_email", "A", 1, "Mum, Mo",
         "1 person has no address to sign in with and cannot see their groups."),
        ("bad_email", "A", 1, "Bad, Bo",
         "1 address is none that the state's system would take: these people cannot see their "
         "groups.")]),
    ("nobody would see a group", "class six East ENG9 teachers=mute period=6: ana",
     "A secondary_classes East teachers=mute", [
        ("no_rows", "A", 1, "", "This profile writes nothing."),
        ("nobody_sees", "A", 1, "994 Mum Mo P6",
         "1 group would be seen by nobody and is not written."),
        ("no_email", "A", 1, "Mum, Mo",
         "1 person has no address to sign in with and cannot see their groups.")]),
    ("additional staff who left or are not there", "",
     "A secondary_classes East teachers=smith courses=ENG9 additional_staff=gone,nobody,jones", [
        ("term_ended", "A", 1, "",
         "Of 2 classes, 1 is out of term on 2026-11-20 (0 over, 1 not begun)."),
        ("no_email", "A", 2,
         "Away, Al (no longer active)|somebody who is not on the staff list",
         "2 people have no address to sign in with and cannot see their groups.")]),
    ("a school that does not track primary classes", "school West id=0002 primary",
     "A secondary_classes East,West primary_only courses=XYZ", [
        ("no_primary", "A", 1, "East",
         "1 school does not say which class is a student's primary one: nobody there is written."),
        ("no_rows", "A", 1, "", "This profile writes nothing.")]),
    ("schools closed or without an id", "school Shut id=0003 closed\nschool Blank id=",
     "A elementary_grades Shut,Blank,Burnt,East additional_staff=smith", [
        ("no_school_id", "A", 1, "Blank",
         "1 school has no id that the state's system knows: nobody there is written."),
        ("school_closed", "A", 2, "Shut|a school that is no longer there",
         "2 chosen schools are closed.")]),
    ("a year that is over, and one that has not begun", "",
     "A student_group East school_year=2026\nB student_group East school_year=2028", [
        ("year_passed", "A", 1, "",
         "The school year 2025–26 of this profile is over on 2026-11-20: nothing is written."),
        ("no_rows", "A", 1, "", "This profile writes nothing."),
        ("year_passed", "B", 1, "",
         "The school year 2027–28 of this profile has not begun on 2026-11-20: nothing is "
         "written."),
        ("no_rows", "B", 1, "", "This profile writes nothing.")]),
    ("an overlap says who wins and which rows", "",
     "A elementary_grades East additional_staff=smith\n"
     "B elementary_grades East additional_staff=jones", [
        ("no_rows", "B", 1, "", "This profile writes nothing."),
        ("overlap", "B", 3, "994 Grade 09",
         '"A" writes 1 group of "B" too. "A" wins; 3 student rows of "B" are left out.')]),
    ("names that are too long, and the same", 'staff smiht "Smith, Jane"\n'
     f'group long East "{LONG}" users=ito@example.org: ana\n'
     "class six East ENG9 teachers=smiht period=1: cal",
     'A student_group East pattern="{group} {n}"\n'
     'B secondary_classes East teachers=smith,smiht pattern="{teacher_last} P1"', [
        ("name_cut", "A", 1, "x" * 253 + " 1",
         "1 name was longer than 255 characters and lost the end of its text."),
        ("term_ended", "B", 1, "",
         "Of 3 classes, 1 is out of term on 2026-11-20 (0 over, 1 not begun)."),
        ("name_twice", "B", 1, "Smith P1 (2)",
         "1 group would have had the name of another one and got a number in parentheses.")]),
    ("a login that is no address", 'group g East "G" users=nobody,ito@example.org: ana',
     "A student_group East", [
        ("bad_email", "A", 1, "nobody",
         "1 address is none that the state's system would take: these people cannot see their "
         "groups.")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "profiles", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_person_is_told(
    more: str, profiles: str, expected: list[tuple[str, str, int, str, str]]
) -> None:
    asked = [profile(line) for line in profiles.splitlines()]
    told = extract(asked, SmallWorld(BASE + more).data()).warnings
    assert [(w.code, w.profile, w.count, "|".join(w.rows), w.says) for w in told] == expected
    assert all(w.fix.endswith(".") for w in told)


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2026, 8, 11), "(0 over, 2 not begun)"),
        (date(2027, 1, 8), None),
    ],
)
def test_when_all_terms_are_over_that_stands_first(day: date, says: str | None) -> None:
    told = extract([profile(EAST)], SmallWorld(BASE).data(day)).warnings
    if says is None:
        assert [(w.code, w.count) for w in told] == [("term_ended", 1)]
    else:
        assert [(w.code, w.count) for w in told] == [("term_ended", 2), ("no_rows", 1)]
        assert told[0].says == (
            f"The terms of all 2 classes are over or have not begun on {day} {says}."
        )


def test_examples_are_at_most_twenty_and_counted_all() -> None:
    staff = "\n".join(f'staff t{n:02} "T{n:02}, A" mail=' for n in range(25))
    crew = ",".join(f"t{n:02}" for n in range(25))
    world = SmallWorld(BASE + staff + f"\nclass six East ENG9 teachers=smith,{crew}: ana")
    told = extract([profile("A secondary_classes East teachers=t01")], world.data()).warnings
    assert [(w.code, w.count, len(w.rows)) for w in told] == [("no_email", 25, 20)]
