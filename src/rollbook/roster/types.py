"""The values of a roster coming in: profiles, bundles, frames, the result of the checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import polars as pl

from rollbook.files.csv import CsvTable
from rollbook.shared.events import Event
from rollbook.shared.findings import FindingReport


class Profile(StrEnum):
    """Choose how a roster is judged: as a conformance run would, or as districts really send."""

    STRICT = "strict"
    LENIENT = "lenient"


class SourceKind(StrEnum):
    """Name how a roster gets here."""

    UPLOAD = "upload"
    FOLDER = "folder"
    SFTP = "sftp"
    ONEROSTER_REST = "oneroster_rest"
    CLEVER_API = "clever_api"


class SourceFormat(StrEnum):
    """Name the layout of the files that a roster is in."""

    ONEROSTER_CSV = "oneroster_csv"
    CLEVER_CSV = "clever_csv"
    SDS_CSV = "sds_csv"
    MAPPED = "mapped"  # any CSV or XLSX, read by a saved mapping


class RunOutcome(StrEnum):
    """Name what came of one run of a source."""

    RUNNING = "running"
    NOTHING_NEW = "nothing_new"  # the source had nothing that it had not sent before
    UNCHANGED = "unchanged"  # what came changes nothing
    PLANNED = "planned"  # a plan is ready to commit
    HELD = "held"  # a plan waits for a person
    COMMITTED = "committed"  # the plan went in by itself: no limit was passed
    REFUSED = "refused"  # what came cannot be used
    FAILED = "failed"  # the source could not be read
    SKIPPED = "skipped"  # paused, or a blackout day


class Mode(StrEnum):
    """Say how much of an entity its file holds: nothing, the whole set, or what changed."""

    ABSENT = "absent"
    BULK = "bulk"
    DELTA = "delta"


@dataclass(frozen=True)
class Manifest:
    """Hold what manifest.csv says, as it says it.

    Shape: `properties` are (line, name, value) in file order; `findings` are those of reading.
    """

    header: tuple[str, ...]
    properties: tuple[tuple[int, str, str | None], ...]
    findings: FindingReport

    def value(self, name: str) -> str | None:
        """Return the first value of a property, None when it is missing or blank."""
        return next((value for _, key, value in self.properties if key == name), None)


@dataclass(frozen=True)
class Origin:
    """Say where the rows of one converted table stood in what was received.

    Shape: `rows` has `_line` (of the converted table), `file`, `line`; `columns` maps
           (received file, converted column) to that file's own name of the column; `cells` has,
           of converted columns that stood elsewhere than their rows, where: as `rows`.
    """

    rows: pl.DataFrame
    columns: Mapping[tuple[str, str], str]
    cells: Mapping[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame])


@dataclass(frozen=True)
class Vocabulary:
    """Say what the layout of a roster has words for: nobody leaves for lack of a word.

    Shape: `roles` are those that it can give a person, `kinds` those of the organizations that it
           can name; None where it can say them all. `numbered` are the sourcedIds of places that
           are called by their number because no name came. `unsaid` are the cells of people for
           which no column came, as `students.email`: what is known of them stays.
    """

    roles: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    numbered: frozenset[str] = frozenset()
    unsaid: frozenset[str] = frozenset()


@dataclass(frozen=True)
class OneRosterBundle:
    """Hold one roster as it was read, before anything is judged: a OneRoster zip, or like one.

    Shape: `tables` and `modes` are keyed by a file's name without `.csv`. `version` is "1.1" or
           "1.2", by the manifest or else by what came. A file has no mode when the manifest
           names none that can be understood. `manifest` is None when there is none.
           `findings` are those of the zip; each table and the manifest have their own.
           `other_names` maps a file's name to the name it has in the zip, where they differ.
           `origins` has an entry for each table that was made from files of another layout;
           `vocabulary` says what that layout cannot say.
    """

    version: str
    modes: Mapping[str, Mode]
    tables: Mapping[str, CsvTable]
    findings: FindingReport
    manifest: Manifest | None = None
    other_names: Mapping[str, str] = field(default_factory=dict[str, str])
    unknown_files: tuple[str, ...] = ()
    repeated_files: tuple[str, ...] = ()
    name: str = ""
    origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])
    vocabulary: Vocabulary = Vocabulary()


_HEAD: Final = {
    "_line": pl.UInt32(),
    "sourced_id": pl.String(),
    "status": pl.String(),  # active, tobedeleted; null in a bulk file
    "changed_at": pl.Datetime("ms", "UTC"),
}
_TEXTS: Final = pl.List(pl.String())

ORGS: Final = pl.Schema(
    {
        **_HEAD,
        "name": pl.String(),
        "type": pl.String(),
        "identifier": pl.String(),
        "parent_sourced_id": pl.String(),
    }
)
SESSIONS: Final = pl.Schema(
    {
        **_HEAD,
        "title": pl.String(),
        "type": pl.String(),
        "starts_on": pl.Date(),
        "ends_on": pl.Date(),
        "parent_sourced_id": pl.String(),
        "school_year": pl.Int16(),
    }
)
USERS: Final = pl.Schema(
    {
        **_HEAD,
        "is_enabled": pl.Boolean(),
        "username": pl.String(),
        "user_ids": _TEXTS,
        "given_name": pl.String(),
        "family_name": pl.String(),
        "middle_name": pl.String(),
        "identifier": pl.String(),
        "email": pl.String(),
        "sms": pl.String(),
        "phone": pl.String(),
        "agent_sourced_ids": _TEXTS,
        "grades": _TEXTS,
        "user_master_identifier": pl.String(),
        "preferred_given_name": pl.String(),
        "preferred_middle_name": pl.String(),
        "preferred_family_name": pl.String(),
        "primary_org_sourced_id": pl.String(),
        "pronouns": pl.String(),
    }
)
ROLES: Final = pl.Schema(
    {
        **_HEAD,
        "user_sourced_id": pl.String(),
        "role_type": pl.String(),
        "role": pl.String(),
        "begins_on": pl.Date(),
        "ends_before": pl.Date(),
        "org_sourced_id": pl.String(),
    }
)
COURSES: Final = pl.Schema(
    {
        **_HEAD,
        "school_year_sourced_id": pl.String(),
        "title": pl.String(),
        "course_code": pl.String(),
        "grades": _TEXTS,
        "org_sourced_id": pl.String(),
        "subjects": _TEXTS,
        "subject_codes": _TEXTS,
    }
)
CLASSES: Final = pl.Schema(
    {
        **_HEAD,
        "title": pl.String(),
        "grades": _TEXTS,
        "course_sourced_id": pl.String(),
        "class_code": pl.String(),
        "class_type": pl.String(),
        "location": pl.String(),
        "school_sourced_id": pl.String(),
        "term_sourced_ids": _TEXTS,
        "subjects": _TEXTS,
        "subject_codes": _TEXTS,
        "periods": _TEXTS,
    }
)
ENROLLMENTS: Final = pl.Schema(
    {
        **_HEAD,
        "class_sourced_id": pl.String(),
        "school_sourced_id": pl.String(),
        "user_sourced_id": pl.String(),
        "role": pl.String(),
        "is_primary": pl.Boolean(),
        "begins_on": pl.Date(),
        "ends_before": pl.Date(),
    }
)
DEMOGRAPHICS: Final = pl.Schema(
    {
        **_HEAD,  # sourced_id is the user's
        "born_on": pl.Date(),
        "sex": pl.String(),
        "american_indian_or_alaska_native": pl.Boolean(),
        "asian": pl.Boolean(),
        "black_or_african_american": pl.Boolean(),
        "native_hawaiian_or_other_pacific_islander": pl.Boolean(),
        "white": pl.Boolean(),
        "demographic_race_two_or_more_races": pl.Boolean(),
        "hispanic_or_latino_ethnicity": pl.Boolean(),
        "country_of_birth_code": pl.String(),
        "state_of_birth_abbreviation": pl.String(),
        "city_of_birth": pl.String(),
        "public_school_residence_status": pl.String(),
    }
)


@dataclass(frozen=True)
class RosterFrames:
    """Hold the records to plan with: typed, the same for both versions, errors left out.

    Shape: every frame has exactly the columns of its schema in this module, whether or not the
           file came; `modes` says which did (keys as in the bundle: academicSessions, orgs,
           users, roles, courses, classes, enrollments, demographics). In 1.1 the rows of `roles`
           are made from users.role × users.orgSourcedIds, all primary, with a null sourced_id,
           and `modes["roles"]` is that of users. `vocabulary` is that of the bundle.
    """

    orgs: pl.DataFrame
    sessions: pl.DataFrame
    users: pl.DataFrame
    roles: pl.DataFrame
    courses: pl.DataFrame
    classes: pl.DataFrame
    enrollments: pl.DataFrame
    demographics: pl.DataFrame
    modes: Mapping[str, Mode]
    vocabulary: Vocabulary = Vocabulary()


# Which schema each file's records have, by the name of the frame.
FRAME_SCHEMAS: Final[Mapping[str, pl.Schema]] = {
    "orgs": ORGS,
    "sessions": SESSIONS,
    "users": USERS,
    "roles": ROLES,
    "courses": COURSES,
    "classes": CLASSES,
    "enrollments": ENROLLMENTS,
    "demographics": DEMOGRAPHICS,
}


@dataclass(frozen=True)
class HeldRoster:
    """Hold what is here of one roster source, to be given back as files.

    Shape: the columns of the plan tables and `id`, of records in use. Organizations are those of
           the source and those of others that its records stand at; `key` is what a file calls
           them, and students and staff, who may have several names. School enrollments are those
           of the latest school year. Without people the last five frames have no rows.
    """

    organizations: pl.DataFrame
    sessions: pl.DataFrame
    courses: pl.DataFrame
    classes: pl.DataFrame
    students: pl.DataFrame
    staff: pl.DataFrame
    school_enrollments: pl.DataFrame
    staff_assignments: pl.DataFrame
    enrollments: pl.DataFrame


@dataclass(frozen=True)
class FileCount:
    """Count one file: its rows, and its findings by severity."""

    rows: int = 0
    errors: int = 0
    warnings: int = 0


@dataclass(frozen=True)
class BundleCounts:
    """Count a bundle: findings by code, rows and findings by file, records kept by entity."""

    by_code: Mapping[str, int]
    by_file: Mapping[str, FileCount]
    records: Mapping[str, int]


# Records that rows left out name, by the file that should have brought them, and how often.
NAMED: Final = pl.Schema({"file": pl.String(), "sourced_id": pl.String(), "rows": pl.UInt32()})


def merged_names(named: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Count together what several lots of rows name.

    Shape: as NAMED, each record once, in order.
    """
    lots = [pl.DataFrame(schema=NAMED), *(lot.select(*NAMED).cast(NAMED) for lot in named)]
    counted = pl.concat(lots).drop_nulls().group_by("file", "sourced_id").agg(pl.col("rows").sum())
    return counted.sort("file", "sourced_id")


@dataclass(frozen=True)
class Exclusion:
    """Say which rows of one file are left out.

    Shape: `frame` has `_line`, `sourced_id`, `cause`: the code that condemned the row itself, or
           ROS-310 (see the catalogue) for a row that depends on another one left out, which
           `on_file` and `on_line` name; `column` and `value` are the cell that did it, where one
           did, and `school` the sourcedId of the school that the row names, where it names one.
           `names` are the records that these rows name and that did not come, as NAMED.
    """

    file: str
    frame: pl.DataFrame
    names: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NAMED))


@dataclass(frozen=True)
class BundleResult:
    """Hold what the checks found, and what can be planned with.

    Shape: `excluded` is keyed by file and lacks files of which nothing is left out. `make_frames`
           makes the frames to plan with, the same ones however often it is asked; None when a
           fatal finding leaves nothing to plan with. Whoever only wants the findings never asks:
           text for millions of rows takes memory.
    """

    report: FindingReport
    counts: BundleCounts
    make_frames: Callable[[], RosterFrames] | None
    excluded: Mapping[str, Exclusion] = field(default_factory=dict[str, Exclusion])

    @property
    def frames(self) -> RosterFrames | None:
        """Return what can be planned with."""
        return None if self.make_frames is None else self.make_frames()

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain values, for JSON.

        Shape: `findings` are the examples that the report kept; `counts` count them all: by code,
               by file (rows, errors, warnings), records still in and rows left out by file.
               Values may be personal data: this is for the one who sent the file, and no log.
        """
        return {
            "verdict": str(self.report.verdict),
            "findings": [
                finding.as_dict() | {"severity": str(finding.severity)} for finding in self.report
            ],
            "counts": {
                "codes": dict(self.counts.by_code),
                "files": {file: asdict(count) for file, count in self.counts.by_file.items()},
                "records": dict(self.counts.records),
                "excluded": {file: left.frame.height for file, left in self.excluded.items()},
            },
        }


@dataclass(frozen=True, slots=True)
class RosterWaits(Event):
    """Say that the plan of a roster waits for a person to approve it."""

    intake_uuid: UUID
    organization_id: int | None
    file_name: str
    reason_count: int


class TransferStatus(StrEnum):
    """Name a step in the life of a transfer request."""

    ASKED = "asked"
    RELEASED = "released"  # the next roster of the asking district may take the student
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class TransfersAsked(Event):
    """Say that a district is asked to release students."""

    intake_uuid: UUID | None
    from_district_id: int
    count: int


@dataclass(frozen=True, slots=True)
class TransferDecided(Event):
    """Say that the other side has answered a transfer request."""

    request_uuid: UUID
    to_district_id: int
    is_released: bool


class IntakeStatus(StrEnum):
    """Name what became of a roster file."""

    RECEIVED = "received"  # kept, and waiting for a worker to check it
    REFUSED = "refused"
    UNCHANGED = "unchanged"
    PLANNED = "planned"
