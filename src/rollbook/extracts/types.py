"""Words of group extracts: profiles, what they choose from, what they write, where it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import polars as pl

REMIND_DAYS: Final = (14, 7, 3, 1)  # before a key ends; certification-and-groups 2.2


class ProfileKind(StrEnum):
    """Name a type of student-group roster, as school information systems do."""

    SECONDARY_CLASSES = "secondary_classes"  # Secondary Master Schedule Classes
    ELEMENTARY_TEACHERS = "elementary_teachers"  # Elementary Teachers
    ELEMENTARY_GRADES = "elementary_grades"  # Elementary Grade Level
    COUNSELOR = "counselor"  # Counselor
    STUDENT_GROUP = "student_group"  # Student Group


class SubjectArea(StrEnum):
    """Name the subject that the state's system shows a group's results in."""

    ELA = "ELA"
    MATH = "Math"
    ALL = "All"


@dataclass(frozen=True, slots=True)
class ProfileSettings:
    """Hold what one profile asks for.

    Shape:  `schools` are public ids of schools, at least one. Every filter is a tuple, and an empty
            one lets everything through; filters of different kinds must all hold. `teachers`,
            `counselors` and `additional_staff` are public ids of staff, `groups` of student groups,
            `courses` course codes, `departments` and `subject_areas` words of the courses,
            `grades` CEDS codes. `pattern` is a template of a group's name, see rules/naming.
            There is no limit on how many of anything.
    Source: the five types and their filters: results-reporting 5.7
    """

    kind: ProfileKind
    schools: tuple[str, ...]
    school_year: int
    subject_area: SubjectArea = SubjectArea.ALL
    pattern: str = ""
    departments: tuple[str, ...] = ()
    subject_areas: tuple[str, ...] = ()
    courses: tuple[str, ...] = ()
    teachers: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    counselors: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    primary_only: bool = False
    additional_staff: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        told: dict[str, Any] = {
            "kind": self.kind.value,
            "school_year": self.school_year,
            "subject_area": self.subject_area.value,
            "pattern": self.pattern,
            "primary_only": self.primary_only,
        }
        return told | {name: list(getattr(self, name)) for name in LISTS}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> ProfileSettings:
        """Read settings from plain values."""
        return cls(
            kind=ProfileKind(told["kind"]),
            school_year=int(told["school_year"]),
            subject_area=SubjectArea(told.get("subject_area", "All")),
            pattern=str(told.get("pattern", "")),
            primary_only=bool(told.get("primary_only", False)),
            **{name: tuple(told.get(name, ())) for name in LISTS},
        )


LISTS: Final = (
    "schools", "departments", "subject_areas", "courses", "teachers", "grades", "counselors",
    "groups", "additional_staff",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AskedProfile:
    """Hold one profile as an extraction takes it; earlier in the list wins an overlap."""

    uuid: str
    name: str
    settings: ProfileSettings


@dataclass(frozen=True, slots=True)
class ExtractWorld:
    """Hold all that the profiles of one run choose from, as frames of ids and words.

    Shape: every id is Int64, every uuid and word text, dates Date, flags Boolean, never null where
           not said otherwise. Only schools that some profile names, and the reader may see.
           `schools`: id, uuid, natural_id, number, name, is_active, tracks_primary (number is the
           school's own short one, or its natural id).
           `students`: id, ssid (empty when unknown), grade (of the stay), school_id: one row per
           student and school where enrolled on the day, or during the year (`is_enrolled` tells).
           `classes`: id, uuid, school_id, school_year (Int32), course_id, title, section, periods,
           kind, begins_on and ends_before (null when open), is_active: of the profiles' years.
           `courses`: id, code, title, subjects (joined by commas), department.
           `taught`: class_id, staff_id, is_primary: on the day.
           `taken`: class_id, student_id, is_primary: on the day; of a class that is out of term
           on the day whoever was or will be in it, so that the person is told why nobody comes.
           `staff`: id, uuid, local_id, first_name, last_name, email (lower case, empty when
           unknown), is_active.
           `caseloads`: student_id, staff_id.
           `groups`: id, uuid, school_id, school_year (Int32), name, subject; the active ones.
           `group_members`: group_id, student_id. `group_users`: group_id, login.
           `blocks`: school_id, school_year (Int32), base, student_id, block (Int32): what earlier
           runs decided.
    """

    on: date
    schools: pl.DataFrame
    students: pl.DataFrame
    classes: pl.DataFrame
    courses: pl.DataFrame
    taught: pl.DataFrame
    taken: pl.DataFrame
    staff: pl.DataFrame
    caseloads: pl.DataFrame
    groups: pl.DataFrame
    group_members: pl.DataFrame
    group_users: pl.DataFrame
    blocks: pl.DataFrame


class LeftOut(StrEnum):
    """Name the first thing that a student failed, in the order in which it is asked."""

    WRONG_YEAR = "wrong_year"  # the profile's school year is over, or has not begun
    NO_SCHOOL_ID = "no_school_id"  # the school has no id that the state's system knows
    NOT_ENROLLED = "not_enrolled"  # no longer, or not yet, at the school on the day
    NO_SSID = "no_ssid"  # the state's system knows a student by nothing else
    NO_CLASS = "no_class"  # in no class of the year at this school
    TERM_ENDED = "term_ended"  # only in classes whose term is over, or has not begun
    NOT_PRIMARY = "not_primary"  # in no primary class
    DEPARTMENT = "department"
    SUBJECT_AREA = "subject_area"
    COURSE = "course"
    NO_TEACHER = "no_teacher"  # the classes have no teacher on the day
    TEACHER = "teacher"  # taught by nobody who was chosen
    GRADE = "grade"
    NO_COUNSELOR = "no_counselor"
    COUNSELOR = "counselor"
    NOT_IN_GROUP = "not_in_group"
    NO_USER = "no_user"  # the group would be seen by nobody: no teacher has a valid address
    OVERLAP = "overlap"  # another profile, which wins, writes the same group


@dataclass(frozen=True, slots=True)
class ExtractWarning:
    """Say one thing that a person should know of a file before it goes out.

    Shape: `code` is a stable word: term_ended, overlap, no_email, bad_email, no_primary, no_rows,
           name_cut, name_twice, nobody_sees, no_school_id, split, year_passed, school_closed.
           `profile` is the profile's uuid, blank for the whole file. `rows` are examples, at most
           twenty: names of groups, of schools, of profiles, or staff by name; never students.
    """

    code: str
    profile: str
    says: str
    fix: str
    count: int = 0
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenGroup:
    """Count one group of a file."""

    school_natural_id: str
    name: str
    school_year: int
    subject: str
    profile: str
    student_count: int
    user_count: int


@dataclass(frozen=True, slots=True)
class Extraction:
    """Hold what one run of profiles gives, before it is a file.

    Shape: `rows` has the six columns of a group file as text and `profile`, in the order of the
           file: school, group, year; in a group first its users by address, then its students by
           SSID; never a duplicate. `groups` is one row per group: school_natural_id, name,
           school_year, subject, profile, student_count, user_count. `left_out` has student_id,
           school_id, profile (pl.Enum of the profiles), criterion (pl.Enum of LeftOut), one row
           per student, school and profile that does not write them. `blocks` (as in ExtractWorld)
           are the block numbers of the groups of this run that are large enough to need any; for
           each school, year and base in it they take the place of all earlier ones.
    """

    rows: pl.DataFrame
    groups: pl.DataFrame
    left_out: pl.DataFrame
    blocks: pl.DataFrame
    warnings: tuple[ExtractWarning, ...]


@dataclass(frozen=True, slots=True)
class PatternFault:
    """Say one thing that is wrong with a name pattern; an error keeps it from being saved."""

    is_error: bool
    says: str
    fix: str


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """Hold one profile as lists show it; `may_change` is about this reader."""

    uuid: UUID
    name: str
    settings: ProfileSettings
    organization_id: int
    organization_name: str
    owner_id: int | None
    owner_name: str
    is_shared: bool
    in_schedule: bool
    may_change: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FileRow:
    """Hold one file that was written, as lists show it; `profile_name` is blank if consolidated."""

    uuid: UUID
    name: str
    profile_name: str
    organization_id: int
    made_at: datetime
    made_by: str
    row_count: int
    group_count: int
    student_count: int
    left_out_count: int
    warning_count: int
    byte_count: int
    sha256: str
    is_scheduled: bool


@dataclass(frozen=True, slots=True)
class GroupChange:
    """Say how one group of a file differs from an earlier file, or from what the other side holds.

    Shape: `action` is added, removed, changed or unchanged; counts are students and users.
    """

    school_natural_id: str
    name: str
    school_year: int
    action: str
    students_added: int = 0
    students_removed: int = 0
    users_added: int = 0
    users_removed: int = 0
    subject_before: str = ""
    subject_after: str = ""


class TargetKind(StrEnum):
    """Name a kind of system that files are delivered to."""

    IMPORT_API = "import_api"  # the state's import service, or another Rollbook's
    SFTP = "sftp"
    S3 = "s3"
    ROLLBOOK = "rollbook"  # this installation's own groups


class DeliveryStatus(StrEnum):
    """Name a step in the life of a delivery."""

    WAITING = "waiting"  # queued, or to be tried again
    SENT = "sent"  # the other side has it and has not said what came of it
    DONE = "done"  # the other side took it
    REFUSED = "refused"  # the other side said no: sending the same again is of no use
    FAILED = "failed"  # tried as often as it may be: a person must look


@dataclass(frozen=True, slots=True)
class TargetRow:
    """Hold one target as lists show it: never its secrets."""

    uuid: UUID
    name: str
    kind: TargetKind
    organization_id: int
    settings: Mapping[str, str]
    key_expires_on: date | None
    is_active: bool
    last_done_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """Hold one delivery as lists show it; `says` is the other side's answer or what failed."""

    uuid: UUID
    file_uuid: UUID
    file_name: str
    target_uuid: UUID
    target_name: str
    status: DeliveryStatus
    remote_id: str
    remote_status: str
    says: str
    attempt_count: int
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """Hold when an organization's scheduled extract runs, and who hears of it.

    Shape: `days` are ISO weekdays, Monday 1; `mails` are addresses; `targets` public ids.
    """

    days: str
    time_of_day: str  # HH:MM
    time_zone: str
    is_on: bool
    mails: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    is_consolidated: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """Hold what the other side should hold beside what it was last sent.

    Shape: `orphans` are groups that it was sent and that nothing writes any more; they go on
           granting access. `drift` are groups that differ. `to_delete` are the orphans that a
           person must delete there, since no file can. `blind` are users (addresses) whose every
           group is empty or who see no student that is in the file.
    """

    sent_at: datetime | None
    orphans: Sequence[GroupChange] = ()
    drift: Sequence[GroupChange] = ()
    missing: Sequence[GroupChange] = ()  # should be there and was never sent
    to_delete: Sequence[GroupChange] = ()
    blind: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Choice:
    """Hold one thing that a profile may choose: what is kept, and what is shown."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CopiedProfile:
    """Hold a profile that was copied, and which of its choices there are no more.

    Shape: `missing` has the names of ProfileSettings' filters and how many values of each are gone.
    """

    uuid: UUID
    missing: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    """Hold one student who is not in a file, and why; names only for who may see the student."""

    student_uuid: UUID | None
    student_name: str
    ssid: str
    school_name: str
    profile_name: str
    criterion: LeftOut


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """Hold an organization's schedule as its page shows it."""

    organization_uuid: UUID
    organization_name: str
    settings: ScheduleSettings
    profile_count: int
    next_run_at: datetime | None
    last_processed_at: datetime | None
