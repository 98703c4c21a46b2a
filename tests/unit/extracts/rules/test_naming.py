"""Templates of names: what is wrong with them, what they make, and how long it may be."""

from __future__ import annotations

import polars as pl
import pytest

from rollbook.extracts.rules.naming import (
    DEFAULTS,
    FIELDS,
    PATTERNS,
    example_name,
    lint_pattern,
    template_of,
)
from rollbook.extracts.rules.rendering import folded, name_expressions, whole_name
from rollbook.extracts.rules.templates import read_template
from rollbook.extracts.types import ProfileKind

K = ProfileKind

# kind, template, and what the linter says: errors with "!", in their order.
FAULTS = [
    (K.SECONDARY_CLASSES, "", []),
    (K.SECONDARY_CLASSES, "{school_number} {teacher_last} P{period} {n}", []),
    (K.SECONDARY_CLASSES, "{teacher_last} {sektion} {n}",
     ['!"{sektion}" is not a field. Did you mean {section}?']),
    (K.COUNSELOR, "{counsellor_last} {counselor_last} {n}",
     ['!"{counsellor_last}" is not a field. Did you mean {counselor_last}?']),
    (K.COUNSELOR, "{counselor_last} {xyz} {n}",
     ['!"{xyz}" is not a field. Use one of {school_number}, {school_name}, {teacher_last}, '
      "{teacher_first}, {teacher_id}, {counselor_last}, {counselor_first}, {subject}, {year}, "
      "{school_year}, {n}."]),
    (K.ELEMENTARY_GRADES, "{grade} {period} {n}",
     ['!"{period}" is always empty here: groups of grades have none. Leave it out.']),
    (K.ELEMENTARY_GRADES, "{grade}[ {period}] {n}",
     ['"{period}" is always empty here: groups of grades have none. Nothing is shown for it.']),
    (K.SECONDARY_CLASSES, "{school_number} {year} {n}",
     ["!All groups of a school would get the same name. "
      "Add {teacher_last} or {teacher_id} or {section} or {class}."]),
    (K.SECONDARY_CLASSES, "P{period} {n}",
     ["Several groups of a school can get the same name. "
      "Add {teacher_last} or {teacher_id} or {section} or {class}."]),
    (K.STUDENT_GROUP, "{group:100}",
     ["{n} is missing: when a group has more than 200 students, the second block gets "
      '" 2" at its end. Put {n} where the number should stand.']),
    (K.STUDENT_GROUP, " {group:9} {n}",
     ["The template begins or ends with a blank. It is left out of the names."]),
    (K.STUDENT_GROUP, "{group} {n}",
     ["Names can come to 259 characters; what is over 255 is cut off. "
      "Cut long fields yourself, as in {course:40}."]),
    (K.STUDENT_GROUP, "{group:9}{n}" + "x" * 246,
     ["!The text alone has 246 characters; a name has at most 255. Shorten it."]),
    (K.STUDENT_GROUP, "{group:9}\n{n}",
     ["!The template holds line breaks or characters that nobody sees (U+000A). "
      "Delete them: the state's system reads a group file line by line."]),
    (K.STUDENT_GROUP, " ={group:9} {n}",
     ["!A name that begins like a formula is run by a spreadsheet that opens the file. "
      "Begin with a letter, a number or a field.",
      "The template begins or ends with a blank. It is left out of the names."]),
    (K.STUDENT_GROUP, "{group:9} {n} {",
     ['!A brace "{" stands alone. Write it twice to mean itself. Change the template.']),
    (K.STUDENT_GROUP, "{group:9} {n} }",
     ['!A brace "}" stands alone. Write it twice to mean itself. Change the template.']),
    (K.STUDENT_GROUP, "[{group:9} {n}",
     ["!{n} stands in brackets. Put it outside: every block has a number. Change the template.",
      '!A bracket "[" is never closed. Write it twice to mean itself. Change the template.',
      "{n} is missing: when a group has more than 200 students, the second block gets "
      '" 2" at its end. Put {n} where the number should stand.']),
    (K.STUDENT_GROUP, "{group:9}] {n}",
     ['!A bracket "]" closes nothing. Write it twice to mean itself. Change the template.']),
    (K.STUDENT_GROUP, "{group:9}[x] {n}",
     ["!A part in brackets holds no field, so it would never be shown. Change the template."]),
    (K.STUDENT_GROUP, "[a[{group:9}] {n}",
     ['!A bracket "[" stands inside another one. Close the first before it. '
      "Change the template."]),
    (K.STUDENT_GROUP, "{group:9} {n} {n}",
     ["!{n} is there twice. Keep one. Change the template."]),
    (K.STUDENT_GROUP, "{group:9} {group:0} {last name} {n}",
     ['!"{group:0}" cuts the field to nothing. Change the template.',
      '!"{last name}" is not a field. Write {name} or {name:10}. Change the template.']),
    (K.STUDENT_GROUP, "{{{group:9}}} [[x]] {n}", []),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "pattern", "expected"), FAULTS)
def test_the_linter_says(kind: ProfileKind, pattern: str, expected: list[str]) -> None:
    told = [f"{'!' * fault.is_error}{fault.says} {fault.fix}"
            for fault in lint_pattern(pattern, kind)]  # fmt: skip
    assert told == expected


@pytest.mark.parametrize("kind", ProfileKind)
def test_a_default_is_without_fault(kind: ProfileKind) -> None:
    assert lint_pattern(DEFAULTS[kind], kind) == ()


@pytest.mark.parametrize("title", PATTERNS)
def test_a_preset_is_without_fault_for_classes_and_saved_for_teachers(title: str) -> None:
    assert lint_pattern(PATTERNS[title], K.SECONDARY_CLASSES) == ()
    assert not any(f.is_error for f in lint_pattern(PATTERNS[title], K.ELEMENTARY_TEACHERS))
    assert any(f.is_error for f in lint_pattern(PATTERNS[title], K.ELEMENTARY_GRADES))


@pytest.mark.parametrize(
    ("kind", "pattern", "expected"),
    [
        (K.SECONDARY_CLASSES, "", "994 Smith Jane P3 1"),
        (K.SECONDARY_CLASSES, PATTERNS["Teacher name + section"], "994 Smith Jane S1042 1"),
        (
            K.SECONDARY_CLASSES,
            PATTERNS["Teacher name + course title"],
            "994 Smith Jane English 9 1",
        ),
        (K.ELEMENTARY_TEACHERS, PATTERNS["Teacher name + period"], "994 Smith Jane 1"),
        (K.COUNSELOR, "{{{teacher_last:2}}} [[{year}]] {school_year} {n}", "{Sm} [2027] 2026-27 1"),
    ],
)
def test_an_example_shows_what_a_template_makes(
    kind: ProfileKind, pattern: str, expected: str
) -> None:
    assert example_name(pattern, kind) == expected


def rendered(
    pattern: str, number: str = "1", tag: str = "", kind: ProfileKind = K.SECONDARY_CLASSES,
    **cells: str
) -> str:  # fmt: skip
    frame = pl.DataFrame({name: [cells.get(name, "")] for name in FIELDS})
    before, after = name_expressions(template_of(pattern, kind), frozenset(frame.columns))
    name = whole_name(before, after, pl.lit(tag), pl.lit(number))
    return frame.select(name.alias("name"))["name"][0]


@pytest.mark.parametrize(
    ("pattern", "cells", "expected"),
    [
        ("{teacher_last} [P{period} ]{n}", {"teacher_last": "Smith", "period": "3"}, "Smith P3 1"),
        ("{teacher_last} [P{period} ]{n}", {"teacher_last": "Smith"}, "Smith 1"),
        ("[{period}{section}]{n}", {"section": "7"}, "71"),
        ("{n} {teacher_last}", {"teacher_last": "Smith"}, "1 Smith"),
        ("  {teacher_last}   x  {n}  ", {"teacher_last": "Smith"}, "Smith x 1"),
        ("{teacher_last:3}{n}", {"teacher_last": "Smith"}, "Smi1"),
        ("{class} {n}", {"class": "Ine\u0301s"}, "In\u00e9s 1"),
        ("{class}", {}, "1"),
    ],
)
def test_a_template_makes(pattern: str, cells: dict[str, str], expected: str) -> None:
    assert rendered(pattern, **cells) == expected


def test_a_long_name_keeps_its_number_and_its_twins_number() -> None:
    assert rendered("{class} {n}", "12", **{"class": "x" * 300}) == "x" * 252 + " 12"
    told = rendered(
        "{class}-{n}-{course}", "12", "(2)", **{"class": "x" * 300, "course": "y" * 300}
    )
    assert len(told) == 255
    assert told.endswith(" (2) 12-" + "y" * 99)
    assert rendered("{class} {n}", "1", "(3)", **{"class": "Smith"}) == "Smith (3) 1"


def test_a_name_is_never_empty() -> None:
    assert rendered("{class}", "") == "Group"


def test_folding_forgets_case_accents_and_blanks_around() -> None:
    names = pl.DataFrame({"name": ["José ", "JOSE\u0301", "jose", " jose"]})
    assert names.select(folded(pl.col("name")).alias("f"))["f"].unique().to_list() == ["jose"]


def test_a_template_knows_its_fields() -> None:
    template = read_template("{Teacher_Last:4}[ {period}] {n}")
    assert template.fields == {"teacher_last", "period", "n"}
    assert template.has_number
    assert not read_template("{teacher_last}").has_number
