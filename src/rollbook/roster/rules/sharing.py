"""Which part of what a district sends is used: the whole, schools, classes, or by rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class SharingMode(StrEnum):
    """Name how a district shares, as Clever does."""

    DISTRICT = "district"
    SCHOOLS = "schools"
    SECTIONS = "sections"
    RULES = "rules"


class MatchField(StrEnum):
    """Name what a rule looks at."""

    COURSE_NAME = "course_name"
    COURSE_NUMBER = "course_number"
    SECTION_NAME = "section_name"
    SECTION_NUMBER = "section_number"
    SUBJECT = "subject"
    GRADE = "grade"
    PERIOD = "period"
    TERM_NAME = "term_name"
    TEACHER = "teacher"
    SCHOOL = "school"
    SECTION_TYPE = "section_type"  # homeroom, scheduled


class MatchOperator(StrEnum):
    """Name how a rule compares: without regard to case and to space at the ends."""

    IS = "is"
    IS_NOT = "is not"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True)
class Condition:
    """Say one thing about a section: its field, compared with a value."""

    field: MatchField
    operator: MatchOperator
    value: str


@dataclass(frozen=True, slots=True)
class SharingRule:
    """Match the sections for which all conditions hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Sharing:
    """Say what of a roster is used.

    Shape: `school_ids` and `section_ids` are the source's sourcedIds; a section counts when any
           rule matches it. The default uses everything.
    """

    mode: SharingMode = SharingMode.DISTRICT
    school_ids: tuple[str, ...] = ()
    section_ids: tuple[str, ...] = ()
    rules: tuple[SharingRule, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the choice as plain values, for a JSON column."""
        return {
            "mode": self.mode.value,
            "school_ids": list(self.school_ids),
            "section_ids": list(self.section_ids),
            "rules": [
                [[c.field.value, c.operator.value, c.value] for c in rule.conditions]
                for rule in self.rules
            ],
        }


def sharing_from(plain: Mapping[str, Any]) -> Sharing:
    """Read what `Sharing.as_json` wrote; nothing at all means the whole district.

    Raises: ValueError, KeyError or TypeError where the values are of no sharing.
    """
    if not plain:
        return Sharing()
    return Sharing(
        mode=SharingMode(plain["mode"]),
        school_ids=tuple(plain.get("school_ids", ())),
        section_ids=tuple(plain.get("section_ids", ())),
        rules=tuple(
            SharingRule(
                tuple(Condition(MatchField(f), MatchOperator(o), str(v)) for f, o, v in rule)
            )
            for rule in plain.get("rules", ())
        ),
    )
