"""The lists that a profile chooses from, as its form shows them: what is chosen comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import polars as pl
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollbook.extracts.queries.choosing import (
    counselor_choices,
    course_choices,
    department_choices,
    grade_choices,
    group_choices,
    known_uuids,
    school_choices,
    staff_choices,
    subject_area_choices,
    teacher_choices,
)
from rollbook.extracts.rules.addresses import is_address
from rollbook.extracts.types import LISTS, Choice, ProfileKind
from rollbook.shared.scope import Scope
from rollbook.web.extract_drafts import MOST_VALUES, Draft

# Six lists with all their boxes checked are still fewer fields than a form may have: 1,000.
MOST_BOXES: Final = 150
MOST_CHOSEN_BOXES: Final = 100

WORDS: Final[Mapping[str, tuple[Promise, Promise]]] = {
    "schools": (gettext_lazy("Schools"), gettext_lazy("Choose at least one.")),
    "departments": (gettext_lazy("Departments"), gettext_lazy("Choose none to take every one.")),
    "subject_areas": (
        gettext_lazy("Subject areas of the courses"),
        gettext_lazy("Choose none to take every one."),
    ),
    "courses": (
        gettext_lazy("Courses"),
        gettext_lazy("Those of the chosen departments and subject areas. None: all of them."),
    ),
    "teachers": (
        gettext_lazy("Teachers"),
        gettext_lazy("Those who teach what is chosen above. None: all of them."),
    ),
    "grades": (gettext_lazy("Grades"), gettext_lazy("Choose none to take every one.")),
    "counselors": (gettext_lazy("Counselors"), gettext_lazy("Choose none to take every one.")),
    "groups": (
        gettext_lazy("Student groups"),
        gettext_lazy("Choose none to take every one of these schools."),
    ),
    "additional_staff": (
        gettext_lazy("Additional staff"),
        gettext_lazy(
            "They see every group of this profile, beside its teachers. Staff without an e-mail "
            "address are not listed: the state's system knows people by nothing else."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Box:
    """Hold one choice with its check mark; `note` says what to know of it."""

    value: str
    label: str
    note: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ShownList:
    """Hold one list as the form shows it.

    Shape: `boxes` are the chosen ones first, then those that hold the words; at most MOST_BOXES.
           `kept` are values that are chosen and have no box, one in a line.
    """

    name: str
    legend: str
    hint: str
    boxes: tuple[Box, ...]
    kept: str
    kept_count: int
    chosen_count: int
    found_count: int
    unseen_count: int
    words: str
    only_chosen: bool


def lists_of(scope: Scope, draft: Draft) -> dict[str, ShownList]:
    """Return the lists that the form shows, by name: schools, the filters of the type, staff."""
    names = ["schools"]
    if draft.settings.schools:
        names += [*draft.filters, "additional_staff"]
    return {name: _shown(scope, draft, name) for name in names}


def kept_from_sight(draft: Draft) -> dict[str, str]:
    """Return the values of the lists that the form does not show, one in a line."""
    shown = {"schools"}
    if draft.settings.schools:
        shown |= {*draft.filters, "additional_staff"}
    told = {name: getattr(draft.settings, name) for name in LISTS if name not in shown}
    return {name: "\n".join(values) for name, values in told.items() if values}


def with_all(scope: Scope, draft: Draft, name: str) -> Draft:
    """Choose all of a list that hold its words, beside what is chosen already."""
    words = draft.words.get(name, "")
    found = [choice.value for choice in _choices(scope, draft, name) if _holds(choice, words)]
    values = tuple(dict.fromkeys((*getattr(draft.settings, name), *found)))
    return draft.choosing(name, values[:MOST_VALUES])


def chosen_words(scope: Scope, draft: Draft) -> list[tuple[str, list[str]]]:
    """Say what a profile chooses, list by list, for those who only read it."""
    told: list[tuple[str, list[str]]] = []
    for name in ("schools", *draft.filters, "additional_staff"):
        if getattr(draft.settings, name):
            labels = [_labelled(choice) for choice in _chosen(scope, draft, name)]
            told.append((str(WORDS[name][0]), labels))
    return told


def _shown(scope: Scope, draft: Draft, name: str) -> ShownList:
    words = draft.words.get(name, "")
    choices = _choices(scope, draft, name)
    chosen = _chosen(scope, draft, name, choices)
    chosen.sort(key=lambda choice: not _holds(choice, words))
    values = {choice.value for choice in chosen}
    found = [choice for choice in choices if _holds(choice, words)]
    free = [choice for choice in found if choice.value not in values]
    only_chosen = name in draft.only_chosen
    first = chosen[:MOST_CHOSEN_BOXES]
    rest = [] if only_chosen else free[: MOST_BOXES - len(first)]
    boxes = [Box(c.value, c.label, c.note, True) for c in first]
    boxes += [Box(c.value, c.label, c.note, False) for c in rest]
    legend, hint = WORDS[name]
    if name == "teachers" and draft.settings.kind is ProfileKind.ELEMENTARY_TEACHERS:
        hint = WORDS["grades"][1]
    return ShownList(
        name=name,
        legend=str(legend),
        hint=str(hint),
        boxes=tuple(boxes),
        kept="\n".join(choice.value for choice in chosen[MOST_CHOSEN_BOXES:]),
        kept_count=len(chosen) - len(first),
        chosen_count=len(chosen),
        found_count=len(found),
        unseen_count=0 if only_chosen else len(free) - len(rest),
        words=words,
        only_chosen=only_chosen,
    )


def _chosen(
    scope: Scope, draft: Draft, name: str, choices: list[Choice] | None = None
) -> list[Choice]:
    """Return what is chosen with its words, also what the list does not offer any more."""
    if choices is None:
        choices = _choices(scope, draft, name)
    values = getattr(draft.settings, name)
    known = {choice.value: choice for choice in choices}
    elsewhere: dict[str, Choice] = {}
    if any(value not in known for value in values):
        everything = _choices(scope, _unnarrowed(draft), name)
        elsewhere = {choice.value: choice for choice in everything}
    found = [known.get(v) or _stray(v, elsewhere.get(v)) for v in values]
    return sorted(found, key=lambda choice: choice.label.casefold())


def _unnarrowed(draft: Draft) -> Draft:
    settings = replace(draft.settings, departments=(), subject_areas=(), courses=())
    return replace(draft, settings=settings, place="", active_only=False)


def _stray(value: str, choice: Choice | None) -> Choice:
    """Name what is chosen and not offered: narrowed away by other choices, or gone for good."""
    if choice is not None:
        return Choice(value, choice.label, _("not among these choices: takes nobody"))
    is_named_by_id = bool(known_uuids([value]))
    return Choice(value, _("One that is gone") if is_named_by_id else value, _("no longer there"))


def _labelled(choice: Choice) -> str:
    return (
        f"{choice.label} ({choice.note})" if choice.note not in ("", choice.label) else choice.label
    )


def _holds(choice: Choice, words: str) -> bool:
    text = f"{choice.label} {choice.note}".casefold()
    return all(word in text for word in words.casefold().split())


def _choices(scope: Scope, draft: Draft, name: str) -> list[Choice]:
    asked = draft.settings
    schools, year = asked.schools, asked.school_year
    if name == "schools":
        place = draft.place or None
        return school_choices(scope, organization_uuid=place, active_only=draft.active_only)
    if name == "courses":
        return course_choices(
            scope,
            schools,
            year,
            departments=asked.departments,
            subject_areas=asked.subject_areas,
        )
    if name == "teachers":
        by_class = draft.settings.kind is ProfileKind.SECONDARY_CLASSES
        return teacher_choices(
            scope,
            schools,
            year,
            departments=asked.departments if by_class else (),
            subject_areas=asked.subject_areas if by_class else (),
            courses=asked.courses if by_class else (),
        )
    if name == "additional_staff":
        return _with_address(staff_choices(scope, schools))
    return _OF_YEAR[name](scope, schools, year)


def _with_address(staff: list[Choice]) -> list[Choice]:
    """Keep the staff whose address a group's user can have."""
    notes = pl.DataFrame({"note": [each.note for each in staff]}, schema={"note": pl.String})
    flags = notes.select(is_address(pl.col("note"))).to_series()
    return [each for each, has_address in zip(staff, flags, strict=True) if has_address]


_OF_YEAR: Final = {
    "departments": department_choices,
    "subject_areas": subject_area_choices,
    "grades": grade_choices,
    "counselors": counselor_choices,
    "groups": group_choices,
}
