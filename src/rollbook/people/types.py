"""Values about people that reads return."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
