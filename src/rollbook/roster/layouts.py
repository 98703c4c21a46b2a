"""The files and columns of OneRoster CSV 1.1 and 1.2, in order, as data.

Source: 1EdTech OneRoster CSV binding 1.1 and 1.2.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Kind(StrEnum):
    """Name what a cell, or one item of a list cell, holds."""

    GUID = "guid"
    TEXT = "text"
    DATE = "date"
    DATETIME = "datetime"
    YEAR = "year"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    ENUM = "enum"
    GRADE = "grade"
    USER_ID = "user id"  # {Type:Id}
    SCORE_RANGE = "score range"  # {lhs:rhs}


@dataclass(frozen=True, slots=True)
class Column:
    """Describe one column of a file.

    Shape: `vocabulary` is empty unless the kind is ENUM; `is_extensible` allows `ext:` words;
           `refers_to` is the file that holds the sourcedId that the cell names.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    vocabulary: tuple[str, ...] = ()
    is_extensible: bool = False
    refers_to: str | None = None
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class FileLayout:
    """Describe one file: its name without `.csv`, and its columns in order."""

    name: str
    columns: tuple[Column, ...]

    @property
    def header(self) -> tuple[str, ...]:
        """Return the column names in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column called `name`."""
        return next(column for column in self.columns if column.name == name)

    def find(self, name: str) -> Column | None:
        """Return the column called `name`, if the file has one."""
        return next((column for column in self.columns if column.name == name), None)


STATUSES: Final = ("active", "tobedeleted")
SESSION_TYPES: Final = ("gradingPeriod", "semester", "schoolYear", "term")
ORG_TYPES: Final = ("department", "school", "district", "local", "state", "national")
CLASS_TYPES: Final = ("homeroom", "scheduled")
USER_ROLES: Final = (
    "administrator",
    "aide",
    "guardian",
    "parent",
    "proctor",
    "relative",
    "student",
    "teacher",
)
ROLES_1_2: Final = (
    "aide",
    "counselor",
    "districtAdministrator",
    "guardian",
    "parent",
    "principal",
    "proctor",
    "relative",
    "siteAdministrator",
    "student",
    "systemAdministrator",
    "teacher",
)
ENROLLMENT_ROLES: Final = ("administrator", "proctor", "student", "teacher")
SCORE_STATUSES: Final = (
    "exempt",
    "fully graded",
    "not submitted",
    "partially graded",
    "submitted",
)


def _text(name: str) -> Column:
    return Column(name)


def _texts(name: str) -> Column:
    return Column(name, is_list=True)


def _needed(name: str, kind: Kind = Kind.TEXT) -> Column:
    return Column(name, kind, required=True)


def _flag(name: str) -> Column:
    return Column(name, Kind.BOOLEAN)


def _words(name: str, vocabulary: tuple[str, ...], *, required: bool = True) -> Column:
    return Column(name, Kind.ENUM, required=required, vocabulary=vocabulary)


def _to(file: str, name: str, *, required: bool = True, is_list: bool = False) -> Column:
    return Column(name, Kind.GUID, required=required, refers_to=file, is_list=is_list)


def _maybe_to(file: str, name: str, *, is_list: bool = False) -> Column:
    return _to(file, name, required=False, is_list=is_list)


def _extensible(column: Column) -> Column:
    return replace(column, is_extensible=True)


def _file(name: str, *columns: Column) -> FileLayout:
    return FileLayout(name, (*_FIRST_THREE, *columns))


_FIRST_THREE: Final = (
    _needed("sourcedId", Kind.GUID),
    _words("status", STATUSES, required=False),
    Column("dateLastModified", Kind.DATETIME),
)
_GRADES: Final = Column("grades", Kind.GRADE, is_list=True)
_USER_IDS: Final = Column("userIds", Kind.USER_ID, is_list=True)
_NAMES: Final = (_needed("givenName"), _needed("familyName"), _text("middleName"))
_REACHED: Final = (
    _text("identifier"),
    _text("email"),
    _text("sms"),
    _text("phone"),
    _maybe_to("users", "agentSourcedIds", is_list=True),
    _GRADES,
    _text("password"),
)

_SESSIONS_1_1: Final = _file(
    "academicSessions",
    _needed("title"),
    _words("type", SESSION_TYPES),
    _needed("startDate", Kind.DATE),
    _needed("endDate", Kind.DATE),
    _maybe_to("academicSessions", "parentSourcedId"),
    _needed("schoolYear", Kind.YEAR),
)
_ORGS_1_1: Final = _file(
    "orgs",
    _needed("name"),
    _words("type", ORG_TYPES),
    _text("identifier"),
    _maybe_to("orgs", "parentSourcedId"),
)
_COURSES: Final = _file(
    "courses",
    _maybe_to("academicSessions", "schoolYearSourcedId"),
    _needed("title"),
    _text("courseCode"),
    _GRADES,
    _to("orgs", "orgSourcedId"),
    _texts("subjects"),
    _texts("subjectCodes"),
)
_CLASSES_1_1: Final = _file(
    "classes",
    _needed("title"),
    _GRADES,
    _to("courses", "courseSourcedId"),
    _text("classCode"),
    _words("classType", CLASS_TYPES),
    _text("location"),
    _to("orgs", "schoolSourcedId"),
    _to("academicSessions", "termSourcedIds", is_list=True),
    _texts("subjects"),
    _texts("subjectCodes"),
    _texts("periods"),
)
_USERS_1_1: Final = _file(
    "users",
    _needed("enabledUser", Kind.BOOLEAN),
    _to("orgs", "orgSourcedIds", is_list=True),
    _words("role", USER_ROLES),
    _needed("username"),
    _USER_IDS,
    *_NAMES,
    *_REACHED,
)
_USERS_1_2: Final = _file(
    "users",
    _needed("enabledUser", Kind.BOOLEAN),
    _needed("username"),
    _USER_IDS,
    *_NAMES,
    *_REACHED,
    _text("userMasterIdentifier"),
    _text("preferredGivenName"),
    _text("preferredMiddleName"),
    _text("preferredFamilyName"),
    _maybe_to("orgs", "primaryOrgSourcedId"),
    _text("pronouns"),
)
_ROLES: Final = _file(
    "roles",
    _to("users", "userSourcedId"),
    _words("roleType", ("primary", "secondary")),
    _extensible(_words("role", ROLES_1_2)),
    Column("beginDate", Kind.DATE),
    Column("endDate", Kind.DATE),
    _to("orgs", "orgSourcedId"),
    _maybe_to("userProfiles", "userProfileSourcedId"),
)
_ENROLLMENTS_1_1: Final = _file(
    "enrollments",
    _to("classes", "classSourcedId"),
    _to("orgs", "schoolSourcedId"),
    _to("users", "userSourcedId"),
    _words("role", ENROLLMENT_ROLES),
    _flag("primary"),
    Column("beginDate", Kind.DATE),
    Column("endDate", Kind.DATE),
)
_DEMOGRAPHICS_1_1: Final = FileLayout(
    "demographics",
    (
        _to("users", "sourcedId"),  # the user's own id
        *_FIRST_THREE[1:],
        Column("birthDate", Kind.DATE),
        _words("sex", ("male", "female"), required=False),
        _flag("americanIndianOrAlaskaNative"),
        _flag("asian"),
        _flag("blackOrAfricanAmerican"),
        _flag("nativeHawaiianOrOtherPacificIslander"),
        _flag("white"),
        _flag("demographicRaceTwoOrMoreRaces"),
        _flag("hispanicOrLatinoEthnicity"),
        _text("countryOfBirthCode"),
        _text("stateOfBirthAbbreviation"),
        _text("cityOfBirth"),
        _text("publicSchoolResidenceStatus"),
    ),
)
_PROFILES: Final = _file(
    "userProfiles",
    _to("users", "userSourcedId"),
    _needed("profileType"),
    _needed("vendorId"),
    _text("applicationId"),
    _text("description"),
    _needed("credentialType"),
    _needed("username"),
    _text("password"),
)

_CATEGORIES_1_1: Final = _file("categories", _needed("title"))
_CATEGORIES_1_2: Final = _file("categories", _needed("title"), Column("weight", Kind.INTEGER))
_LINE_ITEM_START: Final = (
    _needed("title"),
    _text("description"),
    _needed("assignDate", Kind.DATE),
    _needed("dueDate", Kind.DATE),
    _to("classes", "classSourcedId"),
    _to("categories", "categorySourcedId"),
)
_LINE_ITEMS_1_1: Final = _file(
    "lineItems",
    *_LINE_ITEM_START,
    _to("academicSessions", "gradingPeriodSourcedId"),
    _needed("resultValueMin", Kind.FLOAT),
    _needed("resultValueMax", Kind.FLOAT),
)
_LINE_ITEMS_1_2: Final = _file(
    "lineItems",
    *_LINE_ITEM_START,
    _to("academicSessions", "academicSessionSourcedId"),
    Column("resultValueMin", Kind.FLOAT),
    Column("resultValueMax", Kind.FLOAT),
    _to("orgs", "schoolSourcedId"),
)
_RESULTS_1_1: Final = _file(
    "results",
    _to("lineItems", "lineItemSourcedId"),
    _to("users", "studentSourcedId"),
    _words("scoreStatus", SCORE_STATUSES),
    Column("score", Kind.FLOAT),
    _needed("scoreDate", Kind.DATE),
    _text("comment"),
)
_SOURCE_OF_OBJECTIVE: Final = _extensible(_words("source", ("case", "unknown")))

_RESOURCES_1_1: Final = _file(
    "resources",
    _needed("vendorResourceId"),
    _text("title"),
    Column("roles", Kind.ENUM, vocabulary=USER_ROLES, is_list=True),
    _words("importance", ("primary", "secondary"), required=False),
    _text("vendorId"),
    _text("applicationId"),
)


def _opened(layout: FileLayout, *names: str) -> FileLayout:
    """Return `layout` with the vocabularies of these columns open to `ext:` words."""
    columns = tuple(
        _extensible(column) if column.name in names else column for column in layout.columns
    )
    return FileLayout(layout.name, columns)


def _with(layout: FileLayout, **changed: Column) -> FileLayout:
    columns = tuple(changed.get(column.name, column) for column in layout.columns)
    return FileLayout(layout.name, columns)


def _titled(name: str, *columns: Column) -> FileLayout:
    return _file(name, _text("title"), *columns)


_CLASS_RESOURCES: Final = _titled(
    "classResources", _to("classes", "classSourcedId"), _to("resources", "resourceSourcedId")
)
_COURSE_RESOURCES: Final = _titled(
    "courseResources", _to("courses", "courseSourcedId"), _to("resources", "resourceSourcedId")
)


def _by_name(*layouts: FileLayout) -> Mapping[str, FileLayout]:
    return MappingProxyType({layout.name: layout for layout in layouts})


ONEROSTER_1_1: Final = _by_name(
    _SESSIONS_1_1,
    _CATEGORIES_1_1,
    _CLASSES_1_1,
    _CLASS_RESOURCES,
    _COURSES,
    _COURSE_RESOURCES,
    _DEMOGRAPHICS_1_1,
    _ENROLLMENTS_1_1,
    _LINE_ITEMS_1_1,
    _ORGS_1_1,
    _RESOURCES_1_1,
    _RESULTS_1_1,
    _USERS_1_1,
)

ONEROSTER_1_2: Final = _by_name(
    _opened(_SESSIONS_1_1, "type"),
    _CATEGORIES_1_2,
    _opened(_CLASSES_1_1, "classType"),
    _CLASS_RESOURCES,
    _COURSES,
    _COURSE_RESOURCES,
    _with(
        _DEMOGRAPHICS_1_1,
        sex=_extensible(_words("sex", ("male", "female", "unspecified", "other"), required=False)),
    ),
    _opened(_ENROLLMENTS_1_1, "role"),
    _file(
        "lineItemLearningObjectiveIds",
        _to("lineItems", "lineItemSourcedId"),
        _SOURCE_OF_OBJECTIVE,
        _needed("learningObjectiveId"),
    ),
    _LINE_ITEMS_1_2,
    _titled(
        "lineItemScoreScales",
        _to("lineItems", "lineItemSourcedId"),
        _to("scoreScales", "scoreScaleSourcedId"),
    ),
    _opened(_ORGS_1_1, "type"),
    _opened(_RESOURCES_1_1, "roles"),
    _file(
        "resultLearningObjectiveIds",
        _to("results", "resultSourcedId"),
        _SOURCE_OF_OBJECTIVE,
        _needed("learningObjectiveId"),
        Column("score", Kind.FLOAT),
        _text("textScore"),
    ),
    FileLayout(
        "results",
        (
            *_opened(_RESULTS_1_1, "scoreStatus").columns,
            _text("textScore"),
            _maybe_to("classes", "classSourcedId"),
            _flag("inProgress"),
            _flag("incomplete"),
            _flag("late"),
            _flag("missing"),
        ),
    ),
    _titled(
        "resultScoreScales",
        _to("results", "resultSourcedId"),
        _to("scoreScales", "scoreScaleSourcedId"),
    ),
    _ROLES,
    _file(
        "scoreScales",
        _needed("title"),
        _needed("type"),
        _to("orgs", "orgSourcedId"),
        _to("courses", "courseSourcedId"),
        _to("classes", "classSourcedId"),
        Column("scoreScaleValue", Kind.SCORE_RANGE, required=True, is_list=True),
    ),
    _PROFILES,
    _file(
        "userResources",
        _to("users", "userSourcedId"),
        _maybe_to("orgs", "orgSourcedId"),
        _maybe_to("classes", "classSourcedId"),
        _to("resources", "resourceSourcedId"),
    ),
    _USERS_1_2,
)

LAYOUTS: Final[Mapping[str, Mapping[str, FileLayout]]] = MappingProxyType(
    {"1.1": ONEROSTER_1_1, "1.2": ONEROSTER_1_2}
)

# Version 1.1 of the manifest and version 1.2 both call themselves 1.0.
MANIFEST_VERSION: Final = "1.0"
MANIFEST_HEADER: Final = ("propertyName", "value")
MODES: Final = ("absent", "bulk", "delta")


def manifest_properties(version: str) -> tuple[str, ...]:
    """List the properties that a manifest of this version must have."""
    files = tuple(f"file.{name}" for name in LAYOUTS[version])
    return ("manifest.version", "oneroster.version", *files)


OPTIONAL_MANIFEST_PROPERTIES: Final = ("source.systemName", "source.systemCode")
