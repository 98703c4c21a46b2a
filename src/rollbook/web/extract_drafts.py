"""The form of an extract profile as it stands: what is typed, chosen, and kept out of sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from rollbook.extracts.rules.naming import PATTERNS, lint_pattern
from rollbook.extracts.types import (
    LISTS,
    ProfileKind,
    ProfileRow,
    ProfileSettings,
    SubjectArea,
)
from rollbook.web.door import Reader, typed

OWN_PATTERN: Final = "own"
MOST_VALUES: Final = 50_000  # of one list: more than any district has of anything
_LONGEST_NAME: Final = 200
_LONGEST_PATTERN: Final = 500
_LONGEST_VALUE: Final = 200
_MOST_WORDS: Final = 100

FILTERS: Final[Mapping[ProfileKind, tuple[str, ...]]] = {
    ProfileKind.SECONDARY_CLASSES: ("departments", "subject_areas", "courses", "teachers"),
    ProfileKind.ELEMENTARY_TEACHERS: ("teachers",),
    ProfileKind.ELEMENTARY_GRADES: ("grades",),
    ProfileKind.COUNSELOR: ("counselors",),
    ProfileKind.STUDENT_GROUP: ("groups",),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """Hold a profile that is being written.

    Shape: `settings` keep what was chosen for other types too, so that looking at another type
           loses nothing; `wanted` leaves it out. `place` is a public id. `words` and `only_chosen`
           say how each list is looked at.
    """

    name: str
    place: str
    settings: ProfileSettings
    is_shared: bool = False
    in_schedule: bool = False
    active_only: bool = True
    has_own_pattern: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    only_chosen: frozenset[str] = frozenset()

    @property
    def filters(self) -> tuple[str, ...]:
        """Return the names of the filters that this type of profile has."""
        return FILTERS[self.settings.kind]

    @property
    def wanted(self) -> ProfileSettings:
        """Return what is asked for, without what only other types ask for."""
        keeps = {"schools", "additional_staff", *self.filters}
        gone = {name: () for name in LISTS if name not in keeps}
        is_classes = self.settings.kind is ProfileKind.SECONDARY_CLASSES
        primary_only = self.settings.primary_only and is_classes
        return replace(self.settings, primary_only=primary_only, **gone)

    def choosing(self, name: str, values: tuple[str, ...]) -> Draft:
        """Return the draft with other values of one list."""
        return replace(self, settings=replace(self.settings, **{name: values}))


def new_draft(school_year: int, *, place: str, schools: tuple[str, ...]) -> Draft:
    """Return the form as it opens for a new profile."""
    kind = ProfileKind.SECONDARY_CLASSES
    return Draft("", place, ProfileSettings(kind=kind, schools=schools, school_year=school_year))


def draft_of(row: ProfileRow, *, place: str) -> Draft:
    """Return the form as it opens for a saved profile."""
    return Draft(
        name=row.name,
        place=place,
        settings=row.settings,
        is_shared=row.is_shared,
        in_schedule=row.in_schedule,
        has_own_pattern=row.settings.pattern not in ("", *PATTERNS.values()),
    )


def draft_sent(request: Reader, school_year: int) -> Draft:
    """Read the form that was sent; nonsense becomes what the form opens with."""
    sent = request.POST
    has_own = sent.get("pattern") == OWN_PATTERN
    pattern = typed(request, "template" if has_own else "pattern", _LONGEST_PATTERN)
    kinds = {kind.value: kind for kind in ProfileKind}
    areas = {area.value: area for area in SubjectArea}
    kind = kinds.get(sent.get("kind", ""), ProfileKind.SECONDARY_CLASSES)
    settings = ProfileSettings(
        kind=kind,
        school_year=school_year,
        subject_area=areas.get(sent.get("subject_area", ""), SubjectArea.ALL),
        pattern=pattern if has_own or _is_preset(pattern, kind) else "",
        primary_only=sent.get("primary_only") == "1",
        **{name: _values(request, name) for name in LISTS},
    )
    return Draft(
        name=typed(request, "name", _LONGEST_NAME),
        place=typed(request, "place", 40),
        settings=settings,
        is_shared=sent.get("is_shared") == "1",
        in_schedule=sent.get("in_schedule") == "1",
        active_only=sent.get("active_only") == "1",
        has_own_pattern=has_own,
        words={name: typed(request, f"words-{name}", _MOST_WORDS) for name in LISTS},
        only_chosen=frozenset(name for name in LISTS if sent.get(f"only-{name}") == "1"),
    )


def _is_preset(pattern: str, kind: ProfileKind) -> bool:
    """Tell whether a pattern is a preset that can name groups of a type.

    One that cannot was chosen before the type was: it gives way to the usual one.
    """
    faults = lint_pattern(pattern, kind)
    return pattern in PATTERNS.values() and not any(fault.is_error for fault in faults)


def _values(request: Reader, name: str) -> tuple[str, ...]:
    """Return the values of one list: those checked, and those that the page had no room for."""
    kept = request.POST.get(f"more-{name}", "").splitlines()
    found = [text.strip()[:_LONGEST_VALUE] for text in (*request.POST.getlist(name), *kept)]
    return tuple(dict.fromkeys(text for text in found if text))[:MOST_VALUES]
