"""ROS-501 to ROS-521: what is legal and makes no sense. Warnings all: the records are kept."""

from __future__ import annotations

from typing import Final

from rollbook.roster.checks.ledger import RosterCheck
from rollbook.shared.findings import Severity


def _sense(  # noqa: PLR0917 # a table of checks reads best by position
    code: str, name: str, says: str, fix: str, why: str, to: Severity = Severity.WARNING
) -> RosterCheck:
    return RosterCheck(code, name, to, says, fix, why, "practice")


SESSION_BACKWARDS: Final = _sense(
    "ROS-501",
    "Session that ends before it starts",
    'endDate is "{value}", before startDate, {start}.',
    "Correct the dates.",
    "Nothing can take place in it.",
)
SESSION_OUTSIDE: Final = _sense(
    "ROS-502",
    "Session outside the one it is part of",
    '"{value}" ({start} to {end}) is not within "{parent}" ({parent_start} to {parent_end}).',
    "Correct the dates, or name another parent.",
    "A term lies in its school year.",
)
ORG_CYCLE: Final = _sense(
    "ROS-503",
    "Organization above itself",
    '"{value}" is its own ancestor.',
    "Correct the parents: a district is above its schools.",
    "Who may see a school is worked out along the parents, and here they lead in a circle.",
)
SESSION_CYCLE: Final = _sense(
    "ROS-504",
    "Session above itself",
    '"{value}" is its own ancestor.',
    "Correct the parents: a school year is above its terms.",
    "A term's year is found along the parents, and here they lead in a circle.",
)
OTHER_SCHOOL: Final = _sense(
    "ROS-505",
    "Enrollment at another school than its class",
    'schoolSourcedId is "{value}"; the class {of_class} is at {other}.',
    "Name the class's school.",
    "The student would count at one school and learn at another.",
)
TWO_PRIMARY_TEACHERS: Final = _sense(
    "ROS-506",
    "Two primary teachers in one class",
    'Class "{value}" has {count} primary teachers.',
    "Mark one of them as primary.",
    "The standard's text allows one; reports name the primary teacher.",
)
TWICE_IN_CLASS: Final = _sense(
    "ROS-507",
    "Same user twice in a class",
    'User "{value}" is in class {of_class} as {role} {count} times at once.',
    "Keep one of the enrollments.",
    "The student would be counted twice.",
)
USERNAME_SHARED: Final = _sense(
    "ROS-508",
    "Username shared by several users",
    'username "{value}" is shared by {count} users, first on line {first}.',
    "Give every user a username of their own. Case and spaces make no difference.",
    "Only one of them can sign in by it.",
)
EMAIL_SHARED: Final = _sense(
    "ROS-509",
    "E-mail address shared by several users",
    'email "{value}" is shared by {count} users, first on line {first}.',
    "Give every user an address of their own. Case and spaces make no difference.",
    "What is meant for one of them reaches the others.",
)
IDENTIFIER_SHARED: Final = _sense(
    "ROS-510",
    "Local identifier shared by several users",
    'identifier "{value}" is shared by {count} users of the same kind, first on line {first}.',
    "Correct the identifier, or merge the users in the source system.",
    "Results are matched by it; two students with one number look like one.",
)
STUDENT_WITHOUT_CLASS: Final = _sense(
    "ROS-511",
    "Student in no class",
    'Student "{value}" has no enrollment.',
    "Add the student's enrollments, or leave the student out.",
    "No teacher will see this student's results.",
)
CLASS_WITHOUT_TEACHER: Final = _sense(
    "ROS-512",
    "Class without a teacher",
    'Class "{value}" has no teacher.',
    "Add a teacher's enrollment.",
    "Nobody will see the class's results.",
)
CLASS_WITHOUT_STUDENTS: Final = _sense(
    "ROS-513",
    "Class without students",
    'Class "{value}" has no student.',
    "Add the students' enrollments, or leave the class out.",
    "The class shows up in lists and is empty.",
)
USER_WITHOUT_ROLE: Final = _sense(
    "ROS-514",
    "User without a role",
    'User "{value}" has no row in roles.csv.',
    "Add a role, or leave the user out.",
    "Nobody can tell whether this is a student or a teacher.",
)
AGE_FOR_GRADE: Final = _sense(
    "ROS-515",
    "Birth date that does not fit the grade",
    'birthDate "{value}" makes the student {age} years old in grade {grade} of {year}.',
    "Correct the birth date or the grade.",
    "Dates with day and month or centuries confused look like this.",
)
NAME_SHIFTED: Final = _sense(
    "ROS-516",
    "Name with digits or @",
    '{column} is "{value}".',
    "Check whether the row's cells stand under the right columns.",
    "Cells shifted by one column look like this.",
)
EVERYTHING_IN_ONE: Final = _sense(
    "ROS-517",
    "Everyone in one class",
    'Class "{value}" has {count} of the {total} students.',
    "Check the class ids in enrollments.csv.",
    "An export with a constant in place of the class id looks like this.",
)
FORMULA: Final = _sense(
    "ROS-518",
    "Text that a spreadsheet would run",
    '{column} is "{value}", which a spreadsheet takes for a formula. Rollbook keeps it as it is '
    "and makes it harmless when it exports.",
    "Correct the value if it is no name.",
    "Text that starts with = + - or @ runs when somebody opens the export in a spreadsheet.",
    Severity.INFO,
)
ENROLLMENT_BACKWARDS: Final = _sense(
    "ROS-519",
    "Enrollment that ends before it begins",
    'endDate is "{value}", before beginDate, {start}.',
    "Correct the dates.",
    "The student is never in the class.",
)
PRIMARY_STUDENT: Final = _sense(
    "ROS-520",
    "Primary enrollment of somebody who does not teach",
    "primary is true, and the role is {value}.",
    "Leave primary empty or false for everybody but teachers.",
    "It means the class's main teacher.",
)

SENSE_CHECKS: Final = (
    SESSION_BACKWARDS,
    SESSION_OUTSIDE,
    ORG_CYCLE,
    SESSION_CYCLE,
    OTHER_SCHOOL,
    TWO_PRIMARY_TEACHERS,
    TWICE_IN_CLASS,
    USERNAME_SHARED,
    EMAIL_SHARED,
    IDENTIFIER_SHARED,
    STUDENT_WITHOUT_CLASS,
    CLASS_WITHOUT_TEACHER,
    CLASS_WITHOUT_STUDENTS,
    USER_WITHOUT_ROLE,
    AGE_FOR_GRADE,
    NAME_SHIFTED,
    EVERYTHING_IN_ONE,
    FORMULA,
    ENROLLMENT_BACKWARDS,
    PRIMARY_STUDENT,
)
