"""Words of student groups, of group files, and of the history of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final
from uuid import UUID

import polars as pl

from rollbook.shared.findings import Finding

MOST_STUDENTS: Final = 200  # in one group, as the state reporting system has it
MOST_NAME: Final = 255  # characters of a group's name, as the state reporting system has it


class GroupOrigin(StrEnum):
    """Say how a group came to be."""

    CLASS = "class"  # kept in step with one class of the roster
    HAND = "hand"
    FILE = "file"
    RULE = "rule"  # its students are worked out again after each roster commit
    OWN = "own"  # a teacher's own, out of students of groups assigned to her; grants nothing


class GroupEventKind(StrEnum):
    """Name one thing that happened to a group."""

    CREATED = "created"
    RENAMED = "renamed"
    SUBJECT = "subject"
    RULE = "rule"
    STUDENT_ADDED = "student_added"
    STUDENT_REMOVED = "student_removed"
    USER_ADDED = "user_added"
    USER_REMOVED = "user_removed"
    ARCHIVED = "archived"
    RESTORED = "restored"
    COPIED = "copied"  # `detail` names the group that it was copied from


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Hold one group as lists show it.

    Shape: `student_count` counts all that the group holds, also who the reader does not see;
           `is_own` tells that it is the reader's own.
    """

    id: int
    uuid: UUID
    name: str
    school_id: int
    school_name: str
    school_uuid: UUID
    school_year: int
    subject: str
    origin: GroupOrigin
    is_active: bool
    is_own: bool
    student_count: int
    user_count: int

    @property
    def is_too_large(self) -> bool:
        """Tell whether the state reporting system would refuse so many students."""
        return self.student_count > MOST_STUDENTS

    @property
    def follows_roster(self) -> bool:
        """Tell whether its students are worked out, so that nobody edits them by hand."""
        return self.origin in (GroupOrigin.CLASS, GroupOrigin.RULE)


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """Say which groups a list shows; all that is asked must hold.

    Shape: None asks nothing; a blank `subject` asks for groups of all subjects. A reader's own
           groups are listed only where `mine` or the origin `own` is asked for.
    """

    school: UUID | None = None
    school_year: int | None = None
    subject: str | None = None
    origin: GroupOrigin | None = None
    archived: bool = False
    words: str = ""
    mine: bool = False
    without_users: bool = False
    without_students: bool = False
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class UserRow:
    """Hold one user of a group.

    Shape: `may_read` tells that the address has an account whose role reads groups at the group's
           school: without one, the group shows this person nothing.
    """

    login: str
    name: str
    has_account: bool
    may_read: bool


@dataclass(frozen=True, slots=True)
class ClassChoice:
    """Hold one class from which a group can be made."""

    uuid: UUID
    title: str
    class_code: str
    periods: str
    teachers: str
    student_count: int


@dataclass(frozen=True, slots=True)
class GroupRule:
    """Say which students a rule group holds: all conditions must hold, any value of each may.

    Shape: an empty tuple asks nothing. `grades` are CEDS codes; `course_codes` and `class_uuids`
           ask for a class taken today; `teachers` are public ids of staff who teach the student
           today; `subjects` are words of a course's subjects, however written. A rule without any
           condition holds every student enrolled at the group's school today.
    """

    grades: tuple[str, ...] = ()
    course_codes: tuple[str, ...] = ()
    class_uuids: tuple[str, ...] = ()
    teachers: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()

    def as_json(self) -> dict[str, list[str]]:
        """Return the rule as plain values."""
        return {
            "grades": list(self.grades),
            "course_codes": list(self.course_codes),
            "class_uuids": list(self.class_uuids),
            "teachers": list(self.teachers),
            "subjects": list(self.subjects),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Sequence[str]]) -> GroupRule:
        """Read a rule from plain values; what is missing asks nothing."""
        return cls(
            grades=tuple(told.get("grades", ())),
            course_codes=tuple(told.get("course_codes", ())),
            class_uuids=tuple(told.get("class_uuids", ())),
            teachers=tuple(told.get("teachers", ())),
            subjects=tuple(told.get("subjects", ())),
        )


class ImportStatus(IntEnum):
    """Say what became of a group file, with the numbers of the state's import service.

    Source: results-reporting 6.2
    """

    ACCEPTED = 0
    PROCESSED = 1
    NO_UPDATE = 2
    INVALID = -1
    BAD_FORMAT = -2
    BAD_DATA = -3
    UNAUTHORIZED = -4
    UNKNOWN_ASMT = -5
    UNKNOWN_SCHOOL = -6
    PIPELINE_FAILURE = -7


class ImportOrigin(StrEnum):
    """Say by which door a group file came in."""

    PAGE = "page"
    API = "api"
    COMMAND = "command"
    EXTRACT = "extract"  # Rollbook's own extract, delivered to Rollbook itself


@dataclass(frozen=True, slots=True)
class StateMessage:
    """Hold one line of the state system's answer about a group file.

    Shape: `row` counts records after the header from 1; 0 is the file.
    """

    row: int
    says: str


@dataclass(frozen=True, slots=True)
class StateVerdict:
    """Hold what the state system says of a whole group file."""

    accepted: bool
    messages: tuple[StateMessage, ...]


@dataclass(frozen=True, slots=True)
class GroupFileWorld:
    """Hold what a group file is judged against; None means that nobody said, so anything goes.

    Shape: `school_ids` are natural ids of the schools whose groups the sender may write;
           `subjects` as the system spells them (`ELA`, `Math`), without `All`; `ssids` and
           `logins` (lower case) are what this installation knows: only to report, never to refuse.
    """

    school_ids: frozenset[str] | None = None
    subjects: tuple[str, ...] | None = None
    years: frozenset[int] | None = None
    ssids: pl.Series | None = None
    logins: pl.Series | None = None


@dataclass(frozen=True, slots=True)
class GroupFileReading:
    """Hold a group file as our own, tolerant reading takes it.

    Shape: `rows` has `line` (UInt32, as a spreadsheet shows it, header = 1) and the six columns of
           the layout as text, trimmed, empty cells null, `school_year` Int32; rows that cannot be
           used are left out of it and are in `faulty` (the same columns, all text, plus `line`).
           `findings` say everything, the worst first. A file that cannot be read at all has neither
           rows nor faulty rows and a fatal finding. `repairs` name what was read around: padded
           cells, another separator, another order of columns, trailing rows of commas, line ends.
    """

    rows: pl.DataFrame
    faulty: pl.DataFrame
    findings: tuple[Finding, ...]
    finding_count: int
    repairs: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def is_accepted(self) -> bool:
        """Tell whether the whole file may go in."""
        return not any(finding.severity in ("fatal", "error") for finding in self.findings)


@dataclass(frozen=True, slots=True)
class GroupDifference:
    """Hold what a group file would do to one group.

    Shape: `action` is add, update, unchanged or restore. Counts are of students and users.
    """

    school_natural_id: str
    name: str
    school_year: int
    action: str
    students_before: int
    students_added: int
    students_removed: int
    users_added: int
    users_removed: int
    subject_before: str
    subject_after: str


@dataclass(frozen=True, slots=True)
class ImportRow:
    """Hold one group file's life, as pages, commands and the import API show it.

    Shape: `number` is what the API calls `id`; `digest` is MD5 in upper-case hex, as the state's
           service has it; `waits` tells that its plan waits for a person's decision.
    """

    uuid: UUID
    number: int
    origin: ImportOrigin
    status: ImportStatus
    digest: str
    sha256: str
    content_type: str
    file_name: str
    batch: str
    message: str
    creator: str
    byte_count: int
    row_count: int
    group_count: int
    finding_count: int
    waits: bool
    plan_uuid: UUID | None
    received_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class EventRow:
    """Hold one line of a group's history; `who` names the student or the login it is about."""

    at: datetime
    by: str
    kind: GroupEventKind
    who: str
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SightReason:
    """Say one reason for which an account sees a student.

    Shape: `kind` is group, school, or state; `through` names the group or the organization;
           `subject` is blank for all subjects; `role` is the role's name.
    """

    kind: str
    through: str
    role: str
    subject: str = ""
    group_uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Hold one account that sees a student, and why."""

    account_uuid: UUID
    name: str
    email: str
    reasons: tuple[SightReason, ...]
