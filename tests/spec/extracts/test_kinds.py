"""Each type of profile, as a small world, the profile, and the file that it writes."""

from __future__ import annotations

import pytest

from rollbook.extracts.plan.extraction import extract
from rollbook.extracts.plan.writing import file_bytes
from tests.spec.extracts.worlds import SmallWorld, profile

SECONDARY = """
school East number=994 id=0001 primary
school West number=995 id=0002
staff smith "Smith, Jane"
staff jones "Jones, Ben"
staff ito   "Ito, Mika"
staff coach "Park, Dev"
students East 09: ana ben cal dee
students West 09: eve
course ENG9 "English 9" subjects=ELA department=English
course ALG1 "Algebra 1" subjects=Math,Algebra department=Mathematics
course PE   "Sports" department=Physical
class e1 East ENG9 teachers=smith,jones period=1 section=101: ana* ben
class e3 East ENG9 teachers=smith period=3 section=103: cal dee*
class a1 East ALG1 teachers=ito period=1 section=201: ana ben* cal
class p2 East PE   teachers=jones period=2 section=301: dee
class h0 East PE   homeroom teachers=jones: ana ben cal dee
class w1 West ENG9 teachers=ito period=1 section=101: eve
"""
ELEMENTARY = """
school Elm number=12 id=0001
school Oak number=13 id=0002
staff smith "Smith, Jane"
staff jones "Jones, Ben"
staff head  "Lund, Ada"
students Elm 03: ana ben
students Elm 04: cal
students Oak 03: dee
course HR "Homeroom"
class r1 Elm HR homeroom teachers=smith,jones: ana cal
class r2 Elm HR homeroom teachers=jones: ben
class m1 Elm HR teachers=head: ana ben cal
class o1 Oak HR teachers=smith: dee
"""
CASES = """
school East number=994 id=0001
staff ruiz "Ruiz, Inés"
staff wong "Wong, Li"
staff head "Lund, Ada"
students East 09: ana ben
students East 10: cal
counsel ruiz: ana cal
counsel wong: ben
group reading East "Reading" subject=ELA users=ito@example.org,head@example.org: ben ana
group band East "Band, brass" users=ito@example.org: cal
"""

# A title, a world, profiles, and the lines of the file after its header.
SCENES = [
    ("a class is a group of its owner, seen by all its teachers", SECONDARY,
     'A secondary_classes East departments=English', """
994 Smith Jane P1 1,0001,2027,All,,jones@example.org
994 Smith Jane P1 1,0001,2027,All,,smith@example.org
994 Smith Jane P1 1,0001,2027,All,S-ana,
994 Smith Jane P1 1,0001,2027,All,S-ben,
994 Smith Jane P3 1,0001,2027,All,,smith@example.org
994 Smith Jane P3 1,0001,2027,All,S-cal,
994 Smith Jane P3 1,0001,2027,All,S-dee,
"""),
    ("filters of different kinds must all hold, the teachers with them", SECONDARY,
     'A secondary_classes East,West subject_area=Math subject_areas=math,ela teachers=ito', """
994 Ito Mika P1 1,0001,2027,Math,,ito@example.org
994 Ito Mika P1 1,0001,2027,Math,S-ana,
994 Ito Mika P1 1,0001,2027,Math,S-ben,
994 Ito Mika P1 1,0001,2027,Math,S-cal,
995 Ito Mika P1 1,0002,2027,Math,,ito@example.org
995 Ito Mika P1 1,0002,2027,Math,S-eve,
"""),
    ("a chosen teacher who only helps brings in the class of its owner", SECONDARY,
     'A secondary_classes East teachers=jones courses=eng9 '
     'pattern="{school_number} {teacher_last} {teacher_first}[ S{section}] {n}"', """
994 Smith Jane S101 1,0001,2027,All,,jones@example.org
994 Smith Jane S101 1,0001,2027,All,,smith@example.org
994 Smith Jane S101 1,0001,2027,All,S-ana,
994 Smith Jane S101 1,0001,2027,All,S-ben,
"""),
    ("primary classes only, together with the other filters", SECONDARY,
     'A secondary_classes East primary_only departments=English,Mathematics', """
994 Ito Mika P1 1,0001,2027,All,,ito@example.org
994 Ito Mika P1 1,0001,2027,All,S-ben,
994 Smith Jane P1 1,0001,2027,All,,jones@example.org
994 Smith Jane P1 1,0001,2027,All,,smith@example.org
994 Smith Jane P1 1,0001,2027,All,S-ana,
994 Smith Jane P3 1,0001,2027,All,,smith@example.org
994 Smith Jane P3 1,0001,2027,All,S-dee,
"""),
    ("classes of one name and one crew are one group; another crew's is told apart", SECONDARY
     + "class e5 East ENG9 teachers=smith period=5: ben cal",
     'A secondary_classes East courses=ENG9 additional_staff=coach '
     'pattern="{school_number} {teacher_last} {teacher_first}[ {course:7}] {n}"', """
994 Smith Jane English (2) 1,0001,2027,All,,coach@example.org
994 Smith Jane English (2) 1,0001,2027,All,,smith@example.org
994 Smith Jane English (2) 1,0001,2027,All,S-ben,
994 Smith Jane English (2) 1,0001,2027,All,S-cal,
994 Smith Jane English (2) 1,0001,2027,All,S-dee,
994 Smith Jane English 1,0001,2027,All,,coach@example.org
994 Smith Jane English 1,0001,2027,All,,jones@example.org
994 Smith Jane English 1,0001,2027,All,,smith@example.org
994 Smith Jane English 1,0001,2027,All,S-ana,
994 Smith Jane English 1,0001,2027,All,S-ben,
"""),
    ("a homeroom's teachers; all classes where a school has no homerooms", ELEMENTARY,
     'A elementary_teachers Elm,Oak', """
12 Jones Ben 1,0001,2027,All,,jones@example.org
12 Jones Ben 1,0001,2027,All,S-ana,
12 Jones Ben 1,0001,2027,All,S-ben,
12 Jones Ben 1,0001,2027,All,S-cal,
12 Smith Jane 1,0001,2027,All,,smith@example.org
12 Smith Jane 1,0001,2027,All,S-ana,
12 Smith Jane 1,0001,2027,All,S-cal,
13 Smith Jane 1,0002,2027,All,,smith@example.org
13 Smith Jane 1,0002,2027,All,S-dee,
"""),
    ("one elementary teacher", ELEMENTARY, 'A elementary_teachers Elm,Oak teachers=jones', """
12 Jones Ben 1,0001,2027,All,,jones@example.org
12 Jones Ben 1,0001,2027,All,S-ana,
12 Jones Ben 1,0001,2027,All,S-ben,
12 Jones Ben 1,0001,2027,All,S-cal,
"""),
    ("a grade is seen by the staff named", ELEMENTARY,
     'A elementary_grades Elm,Oak grades=03 subject_area=ELA additional_staff=head', """
12 Grade 03 1,0001,2027,ELA,,head@example.org
12 Grade 03 1,0001,2027,ELA,S-ana,
12 Grade 03 1,0001,2027,ELA,S-ben,
13 Grade 03 1,0002,2027,ELA,,head@example.org
13 Grade 03 1,0002,2027,ELA,S-dee,
"""),
    ("where nobody is named, by the homeroom teachers of the grade", ELEMENTARY,
     'A elementary_grades Elm', """
12 Grade 03 1,0001,2027,All,,jones@example.org
12 Grade 03 1,0001,2027,All,,smith@example.org
12 Grade 03 1,0001,2027,All,S-ana,
12 Grade 03 1,0001,2027,All,S-ben,
12 Grade 04 1,0001,2027,All,,jones@example.org
12 Grade 04 1,0001,2027,All,,smith@example.org
12 Grade 04 1,0001,2027,All,S-cal,
"""),
    ("a counselor's caseload", CASES, 'A counselor East counselors=ruiz additional_staff=head', """
994 Ruiz Inés 1,0001,2027,All,,head@example.org
994 Ruiz Inés 1,0001,2027,All,,ruiz@example.org
994 Ruiz Inés 1,0001,2027,All,S-ana,
994 Ruiz Inés 1,0001,2027,All,S-cal,
"""),
    ("student groups keep their users and subject", CASES, 'A student_group East', """
"Band, brass 1",0001,2027,All,,ito@example.org
"Band, brass 1",0001,2027,All,S-cal,
Reading 1,0001,2027,ELA,,head@example.org
Reading 1,0001,2027,ELA,,ito@example.org
Reading 1,0001,2027,ELA,S-ana,
Reading 1,0001,2027,ELA,S-ben,
"""),
    ("the profile's subject goes before the group's", CASES,
     'A student_group East groups=reading subject_area=Math pattern="{group}"', """
Reading,0001,2027,Math,,head@example.org
Reading,0001,2027,Math,,ito@example.org
Reading,0001,2027,Math,S-ana,
Reading,0001,2027,Math,S-ben,
"""),
    ("the earlier of two profiles writes a class that both choose", SECONDARY,
     'A secondary_classes East courses=ENG9 teachers=jones\n'
     'B secondary_classes East courses=ENG9 pattern="{teacher_last} S{section} {n}"', """
994 Smith Jane P1 1,0001,2027,All,,jones@example.org
994 Smith Jane P1 1,0001,2027,All,,smith@example.org
994 Smith Jane P1 1,0001,2027,All,S-ana,
994 Smith Jane P1 1,0001,2027,All,S-ben,
Smith S103 1,0001,2027,All,,smith@example.org
Smith S103 1,0001,2027,All,S-cal,
Smith S103 1,0001,2027,All,S-dee,
"""),
    ("a class for ELA and again for Math under another name are two groups", SECONDARY,
     'A secondary_classes West subject_area=ELA\n'
     'B secondary_classes West subject_area=Math pattern="{teacher_last} {subject} {n}"', """
995 Ito Mika P1 1,0002,2027,ELA,,ito@example.org
995 Ito Mika P1 1,0002,2027,ELA,S-eve,
Ito Math 1,0002,2027,Math,,ito@example.org
Ito Math 1,0002,2027,Math,S-eve,
"""),
    ("teachers who share a homeroom may be two profiles", ELEMENTARY,
     'A elementary_teachers Elm teachers=smith\nB elementary_teachers Elm teachers=jones', """
12 Jones Ben 1,0001,2027,All,,jones@example.org
12 Jones Ben 1,0001,2027,All,S-ana,
12 Jones Ben 1,0001,2027,All,S-ben,
12 Jones Ben 1,0001,2027,All,S-cal,
12 Smith Jane 1,0001,2027,All,,smith@example.org
12 Smith Jane 1,0001,2027,All,S-ana,
12 Smith Jane 1,0001,2027,All,S-cal,
"""),
    ("a grade and a student group that would share a name are told apart", CASES
     + 'group twin East "10": ana',
     'A elementary_grades East grades=10 additional_staff=head pattern="{grade}"\n'
     'B student_group East groups=twin additional_staff=head pattern="{group}"', """
10,0001,2027,All,,head@example.org
10,0001,2027,All,S-cal,
10 (2),0001,2027,All,,head@example.org
10 (2),0001,2027,All,S-ana,
"""),
    ("a class of two teachers is written until both have it", ELEMENTARY
     + "class o2 Oak HR teachers=smith,jones period=2: dee",
     "A elementary_teachers Oak teachers=smith\n"
     "B secondary_classes Oak teachers=jones\n"
     "C elementary_teachers Oak teachers=jones", """
13 Smith Jane 1,0002,2027,All,,smith@example.org
13 Smith Jane 1,0002,2027,All,S-dee,
13 Smith Jane P2 1,0002,2027,All,,jones@example.org
13 Smith Jane P2 1,0002,2027,All,,smith@example.org
13 Smith Jane P2 1,0002,2027,All,S-dee,
"""),
    ("a block's name may not be another group's", CASES
     + 'group ten East "10"  users=ito@example.org: ana\n'
     + 'group teno East "10 1" users=ito@example.org: ben',
     'A student_group East groups=ten\nB student_group East groups=teno pattern="{group}"', """
10 1,0001,2027,All,,ito@example.org
10 1,0001,2027,All,S-ana,
10 1 (2),0001,2027,All,,ito@example.org
10 1 (2),0001,2027,All,S-ben,
"""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("world", "profiles", "expected"),
    [scene[1:] for scene in SCENES],
    ids=[scene[0] for scene in SCENES],
)
def test_a_profile_writes(world: str, profiles: str, expected: str) -> None:
    asked = [profile(line) for line in profiles.splitlines()]
    written = file_bytes(extract(asked, SmallWorld(world).data()).rows).decode()
    header, _newline, lines = written.partition("\n")
    assert header == (
        "group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login"
    )
    assert lines.splitlines() == expected.strip().splitlines()
