"""Words of organizations and of the school calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from rollbook.shared.years import SchoolYear


class OrganizationKind(StrEnum):
    """Name a level of the school system, from the top down."""

    STATE = "state"
    DISTRICT_GROUP = "district_group"
    DISTRICT = "district"
    SCHOOL_GROUP = "school_group"
    SCHOOL = "school"

    @property
    def label(self) -> str:
        """Say the level as people do."""
        return {
            "state": "State",
            "district_group": "Group of districts",
            "district": "District",
            "school_group": "Group of schools",
            "school": "School",
        }[self.value]

    @property
    def may_stand_under(self) -> frozenset[OrganizationKind]:
        """Return the levels that may be this one's parent."""
        order = list(OrganizationKind)
        return frozenset(order[: order.index(self)])


class SessionKind(StrEnum):
    """Name a kind of academic session, as OneRoster does."""

    SCHOOL_YEAR = "schoolYear"
    SEMESTER = "semester"
    TERM = "term"
    GRADING_PERIOD = "gradingPeriod"

    @property
    def label(self) -> str:
        """Say the kind as people do."""
        return {
            "schoolYear": "School year",
            "semester": "Semester",
            "term": "Term",
            "gradingPeriod": "Grading period",
        }[self.value]


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """Hold one organization as pages and files show it."""

    id: int
    uuid: UUID
    kind: OrganizationKind
    name: str
    natural_id: str
    parent_id: int | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class TreeRow:
    """Hold one organization at its place in the tree; `depth` counts from the highest one shown."""

    organization: OrganizationRow
    depth: int


@dataclass(frozen=True, slots=True)
class TermRow:
    """Hold one academic session as pages show it."""

    id: int
    uuid: UUID
    kind: SessionKind
    title: str
    organization_id: int
    school_year: SchoolYear
    starts_on: date
    ends_before: date
