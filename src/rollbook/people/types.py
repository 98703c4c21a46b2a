"""Values about people that reads return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StudentRow:
    """Hold what a list of students shows of one student."""

    id: int
    uuid: UUID
    ssid: str
    local_id: str
    first_name: str
    last_name: str
    grade: str
    school_id: int | None
    school_name: str
    is_active: bool

    @property
    def full_name(self) -> str:
        """Say the name as a class list does: last name first."""
        return ", ".join(part for part in (self.last_name, self.first_name) if part)


@dataclass(frozen=True, slots=True)
class SchoolSpell:
    """Hold one stay of a student at a school."""

    school_name: str
    school_year: int
    grade: str
    begins_on: date | None
    ends_before: date | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class RecordToEdit:
    """Hold one student, staff member or class as a person edits it.

    Shape: `cells` are those that may be edited, as text; `edited` maps the columns that syncs
           leave alone to the ids of their edits. `organization_id` is the district, of a class the
           school.
    """

    table: str
    id: int
    uuid: UUID
    organization_id: int
    source: str
    label: str
    cells: Mapping[str, str]
    edited: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EditRow:
    """Hold one cell that was edited here and that syncs leave alone.

    Shape: `upstream` is what the source says, where `is_overridden` tells that it differs.
    """

    id: int
    table: str
    record_uuid: UUID | None
    label: str
    column: str
    value: str
    upstream: str
    is_overridden: bool
    edited_by: str
    edited_at: datetime
