"""How groups are named: the fields, the presets, and what is wrong with a template."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rollbook.extracts.rules.templates import NUMBER, Part, Slot, Template, Text, read_template
from rollbook.extracts.types import PatternFault, ProfileKind
from rollbook.groups.types import MOST_NAME

_K: Final = ProfileKind
_EVERY: Final = frozenset(ProfileKind)
_CLASSES: Final = frozenset({_K.SECONDARY_CLASSES})
_PERSONS: Final = frozenset({_K.SECONDARY_CLASSES, _K.ELEMENTARY_TEACHERS, _K.COUNSELOR})


@dataclass(frozen=True, slots=True)
class Field:
    """Hold one field of templates.

    Shape: `longest` is what a value rarely exceeds; `kinds` are the profiles that can fill it;
           `tells` says that two groups of a school seldom share a value of it.
    """

    says: str
    example: str
    longest: int
    kinds: frozenset[ProfileKind]
    tells: bool = False


FIELDS: Final[dict[str, Field]] = {
    "school_number": Field("the school's own short number", "994", 14, _EVERY),
    "school_name": Field("the school's name", "East High", 80, _EVERY),
    "teacher_last": Field("the teacher's last name", "Smith", 30, _PERSONS, tells=True),
    "teacher_first": Field("the teacher's first name", "Jane", 30, _PERSONS),
    "teacher_id": Field("the teacher's local id", "T0412", 20, _PERSONS, tells=True),
    "period": Field("the period or periods", "3", 12, _CLASSES),
    "section": Field("the section's number", "1042", 20, _CLASSES, tells=True),
    "course": Field("the course's title", "English 9", 80, _CLASSES),
    "course_code": Field("the course's code", "0301", 20, _CLASSES),
    "class": Field("the class's title", "English 9 P3", 80, _CLASSES, tells=True),
    "department": Field("the course's department", "English", 40, _CLASSES),
    "grade": Field("the grade", "03", 5, frozenset({_K.ELEMENTARY_GRADES}), tells=True),
    "counselor_last": Field(
        "the counselor's last name", "Ruiz", 30, frozenset({_K.COUNSELOR}), tells=True
    ),
    "counselor_first": Field(
        "the counselor's first name", "Ines", 30, frozenset({_K.COUNSELOR})
    ),
    "group": Field("the group's name", "Reading", 255, frozenset({_K.STUDENT_GROUP}), tells=True),
    "subject": Field("the subject: ELA, Math or All", "ELA", 10, _EVERY),
    "year": Field("the school year, as the state has it", "2027", 4, _EVERY),
    "school_year": Field("the school year, as people have it", "2026-27", 7, _EVERY),
    NUMBER: Field("the number of the block of 200 students", "1", 3, _EVERY),
}  # fmt: skip

_TEACHER: Final = "{school_number} {teacher_last} {teacher_first}"
# Source: the three patterns of results-reporting 5.7; separators are ours
PATTERNS: Final[dict[str, str]] = {
    "Teacher name + period": _TEACHER + "[ P{period}] {n}",
    "Teacher name + section": _TEACHER + "[ S{section}] {n}",
    "Teacher name + course title": _TEACHER + "[ {course:100}] {n}",
}
DEFAULTS: Final[dict[ProfileKind, str]] = {
    _K.SECONDARY_CLASSES: PATTERNS["Teacher name + period"],
    _K.ELEMENTARY_TEACHERS: _TEACHER + " {n}",
    _K.ELEMENTARY_GRADES: "{school_number} Grade {grade} {n}",
    _K.COUNSELOR: "{school_number} {counselor_last} {counselor_first} {n}",
    _K.STUDENT_GROUP: "{group:240} {n}",
}


def template_of(pattern: str, kind: ProfileKind) -> Template:
    """Read a profile's template; an empty one is the default of its kind."""
    return read_template(pattern if pattern.strip() else DEFAULTS[kind])


def example_name(pattern: str, kind: ProfileKind) -> str:
    """Make a name of example values, as the form shows it beside the template."""
    values = {name: field.example for name, field in FIELDS.items() if kind in field.kinds}
    template = template_of(pattern, kind)
    told = "".join(_shown(piece, values) for piece in template.pieces)
    return " ".join(unicodedata.normalize("NFC", told).split())[:MOST_NAME]


def _shown(piece: Text | Slot | Part, values: dict[str, str]) -> str:
    if isinstance(piece, Text):
        return piece.text
    if isinstance(piece, Slot):
        return values.get(piece.field, "")[: piece.most]
    if any(_shown(inner, values) for inner in piece.pieces if isinstance(inner, Slot)):
        return "".join(_shown(inner, values) for inner in piece.pieces)
    return ""


def lint_pattern(pattern: str, kind: ProfileKind) -> tuple[PatternFault, ...]:
    """Say all that is wrong with a template for profiles of a kind, errors first.

    Shape: none for an empty template, which stands for the default of the kind.
    """
    if not pattern:
        return ()
    template = read_template(pattern)
    faults = [PatternFault(True, f"{says}.", "Change the template.") for says in template.faults]
    faults += _bad_characters(pattern)
    faults += _bad_fields(template, kind)
    faults += _untold(template, kind)
    faults += _lengths(template, kind)
    faults += _warnings(pattern, template)
    return tuple(sorted(faults, key=lambda fault: not fault.is_error))


def _bad_characters(pattern: str) -> Iterator[PatternFault]:
    bad = sorted({sign for sign in pattern if unicodedata.category(sign) in _UNSEEN})
    if bad:
        codes = ", ".join(f"U+{ord(sign):04X}" for sign in bad)
        yield PatternFault(
            True,
            f"The template holds line breaks or characters that nobody sees ({codes}).",
            "Delete them: the state's system reads a group file line by line.",
        )
    if pattern.lstrip().startswith(_FORMULA):
        yield PatternFault(
            True,
            "A name that begins like a formula is run by a spreadsheet that opens the file.",
            "Begin with a letter, a number or a field.",
        )


# Source: OWASP, "CSV injection".
_FORMULA: Final = ("=", "+", "-", "@")

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def _bad_fields(template: Template, kind: ProfileKind) -> Iterator[PatternFault]:
    for slot, vanishes in template.slots():
        field = FIELDS.get(slot.field)
        if field is None:
            yield PatternFault(
                True, f'"{{{slot.field}}}" is not a field.', _meant(slot.field, kind)
            )
        elif kind not in field.kinds:
            yield PatternFault(
                not vanishes,
                f'"{{{slot.field}}}" is always empty here: {_WORDS[kind]} have none.',
                "Leave it out." if not vanishes else "Nothing is shown for it.",
            )


_WORDS: Final[dict[ProfileKind, str]] = {
    _K.SECONDARY_CLASSES: "groups of classes",
    _K.ELEMENTARY_TEACHERS: "groups of teachers",
    _K.ELEMENTARY_GRADES: "groups of grades",
    _K.COUNSELOR: "groups of counselors",
    _K.STUDENT_GROUP: "student groups",
}


def _meant(field: str, kind: ProfileKind) -> str:
    known = [name for name, each in FIELDS.items() if kind in each.kinds]
    near = difflib.get_close_matches(field, known, n=1, cutoff=0.5)
    if near:
        return f"Did you mean {{{near[0]}}}?"
    return "Use one of " + ", ".join(f"{{{name}}}" for name in known) + "."


def _untold(template: Template, kind: ProfileKind) -> Iterator[PatternFault]:
    usable = [n for n in template.fields if n in FIELDS and kind in FIELDS[n].kinds]
    if any(FIELDS[name].tells for name in usable):
        return
    strong = [n for n, field in FIELDS.items() if field.tells and kind in field.kinds]
    fix = "Add " + " or ".join(f"{{{name}}}" for name in strong) + "."
    if any(FIELDS[name].kinds != _EVERY for name in usable):
        yield PatternFault(False, "Several groups of a school can get the same name.", fix)
    else:
        yield PatternFault(True, "All groups of a school would get the same name.", fix)


def _lengths(template: Template, kind: ProfileKind) -> Iterator[PatternFault]:
    text = sum(len(piece.text) for piece in _texts(template))
    longest = text + sum(_longest(slot, kind) for slot, _vanishes in template.slots())
    if text > MOST_NAME - 10:
        yield PatternFault(
            True, f"The text alone has {text} characters; a name has at most {MOST_NAME}.",
            "Shorten it.",
        )  # fmt: skip
    elif longest > MOST_NAME:
        yield PatternFault(
            False,
            f"Names can come to {longest} characters; what is over {MOST_NAME} is cut off.",
            "Cut long fields yourself, as in {course:40}.",
        )


def _texts(template: Template) -> Iterator[Text]:
    for piece in template.pieces:
        inner = piece.pieces if isinstance(piece, Part) else (piece,)
        yield from (each for each in inner if isinstance(each, Text))


def _longest(slot: Slot, kind: ProfileKind) -> int:
    field = FIELDS.get(slot.field)
    if field is None or kind not in field.kinds:
        return 0
    return field.longest if slot.most is None else min(slot.most, field.longest)


def _warnings(pattern: str, template: Template) -> Iterator[PatternFault]:
    if not template.has_number:
        yield PatternFault(
            False,
            "{n} is missing: when a group has more than 200 students, the second block gets "
            '" 2" at its end.',
            "Put {n} where the number should stand.",
        )
    if pattern != pattern.strip():
        yield PatternFault(
            False, "The template begins or ends with a blank.", "It is left out of the names."
        )
