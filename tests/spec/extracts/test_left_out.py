"""Every criterion by which a student is left out, one by one, and which of several is told."""

from __future__ import annotations

import pytest

from rollbook.extracts.plan.extraction import extract
from tests.spec.extracts.worlds import SmallWorld, profile

WORLD = """
school East number=994 id=0001 primary
school Nowhere number=1 id=
staff smith "Smith, Jane"
staff jones "Jones, Ben"
staff mute  "Mum, Mo" mail=none
staff bad   "Bad, Bo" mail=bo@example
staff gone  "Away, Al" gone
staff ruiz  "Ruiz, Ines"
students East 09: in -left none over soon second dept area code free other many
students East 10: ten mum
students East 09 ssid=: blank
students Nowhere 09: lost
course ENG9 "English 9" subjects=ELA department=English
course ENG0 "Reading" subjects=Reading department=English
course ENGX "English 9, honors" subjects=ELA department=English
course ALG1 "Algebra 1" subjects=Math department=Mathematics
class good East ENG9 teachers=smith period=1: in* left* blank* second ten
class past East ENG9 teachers=smith ends=2026-11-20: over
class next East ENG9 teachers=smith begins=2026-11-21: soon*
class math East ALG1 teachers=smith: dept* many*
class read East ENG0 teachers=smith: area*
class hons East ENGX teachers=smith: code*
class nobo East ENG9 teachers=gone: free*
class othr East ENG9 teachers=jones: other* many
class muted East ENG9 teachers=mute,bad: mum*
class away Nowhere ENG9 teachers=smith: lost*
counsel ruiz: in left blank
counsel smith: other
group reading East "Reading" users=smith@example.org: in left blank
group mute East "Mute" users=nobody: mum
"""
SECONDARY = (
    "A secondary_classes East,Nowhere primary_only departments=English subject_areas=ELA "
    "courses=ENG9 teachers=smith,mute"
)

CASES = [
    (SECONDARY, """
left    not_enrolled
lost    no_school_id
blank   no_ssid
none    no_class
over    term_ended
soon    term_ended
second  not_primary
ten     not_primary
dept    department
area    subject_area
code    course
free    no_teacher
other   teacher
many    department
mum     no_user
"""),
    ("A secondary_classes East teachers=jones", """
in      teacher
left    not_enrolled
blank   no_ssid
none    no_class
over    term_ended
soon    term_ended
second  teacher
ten     teacher
dept    teacher
area    teacher
code    teacher
free    no_teacher
mum     teacher
"""),
    ("A elementary_grades East grades=10 additional_staff=ruiz", """
in      grade
left    not_enrolled
blank   no_ssid
none    grade
over    grade
soon    grade
second  grade
dept    grade
area    grade
code    grade
free    grade
other   grade
many    grade
"""),
    ("A counselor East counselors=ruiz", """
left    not_enrolled
blank   no_ssid
none    no_counselor
over    no_counselor
soon    no_counselor
second  no_counselor
dept    no_counselor
area    no_counselor
code    no_counselor
free    no_counselor
other   counselor
many    no_counselor
ten     no_counselor
mum     no_counselor
"""),
    ("A student_group East", """
left    not_enrolled
blank   no_ssid
none    not_in_group
over    not_in_group
soon    not_in_group
second  not_in_group
dept    not_in_group
area    not_in_group
code    not_in_group
free    not_in_group
other   not_in_group
many    not_in_group
ten     not_in_group
mum     no_user
"""),
    ("A student_group Nowhere,East groups=reading school_year=2026", """
in wrong_year
left wrong_year
none wrong_year
over wrong_year
soon wrong_year
second wrong_year
dept wrong_year
area wrong_year
code wrong_year
free wrong_year
other wrong_year
many wrong_year
ten wrong_year
mum wrong_year
blank wrong_year
lost wrong_year
"""),
]  # fmt: skip


def left_out(world: SmallWorld, *lines: str) -> set[tuple[str, str, str]]:
    found = extract([profile(line) for line in lines], world.data()).left_out
    words = {number: word for word, number in world.ids.items()}
    return {
        (row["profile"], words[row["student_id"]], row["criterion"]) for row in found.to_dicts()
    }


@pytest.mark.parametrize(("line", "expected"), CASES, ids=[case[0] for case in CASES])
def test_whoever_is_not_written_is_listed_with_the_first_thing_missing(
    line: str, expected: str
) -> None:
    told = {("A", *row.split()) for row in expected.strip().splitlines()}
    assert left_out(SmallWorld(WORLD), line) == told


def test_only_the_later_profile_lists_what_the_earlier_one_writes() -> None:
    world = SmallWorld("""
school East id=0001
staff smith "Smith, Jane"
students East 09: ana ben
course ENG9 "English 9"
class one East ENG9 teachers=smith: ana ben
class two East ENG9 teachers=smith: ben
""")
    assert left_out(
        world,
        'A secondary_classes East teachers=smith pattern="{class} {n}"',
        "B secondary_classes East",
        'C student_group East',
    ) == {("B", "ana", "overlap"), ("B", "ben", "overlap"), ("C", "ana", "not_in_group"),
          ("C", "ben", "not_in_group")}  # fmt: skip


def test_a_student_of_two_schools_who_is_written_at_one_is_not_left_out_at_the_other() -> None:
    world = SmallWorld("""
school East id=0001
school West id=0002
staff smith "Smith, Jane"
students East 09: ana ben
students West 09: ana ben
course ENG9 "English 9"
class one East ENG9 teachers=smith: ana
""")
    found = extract([profile("A secondary_classes East,West")], world.data()).left_out
    assert found.select("student_id", "school_id").rows() == [
        (world.ids["ben"], world.ids["East"]),
        (world.ids["ben"], world.ids["West"]),
    ]
