"""Which part of what a district sends is used: the whole, schools, classes, or by rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from rollbook.shared.findings import Check, Severity


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


# What Clever calls the fields, in the sentences that its sharing page shows.
FIELD_LABELS: Final[Mapping[MatchField, str]] = {
    MatchField.COURSE_NAME: "Course name",
    MatchField.COURSE_NUMBER: "Course number",
    MatchField.SECTION_NAME: "Section name",
    MatchField.SECTION_NUMBER: "Section number",
    MatchField.SUBJECT: "Subject",
    MatchField.GRADE: "Grade",
    MatchField.PERIOD: "Period",
    MatchField.TERM_NAME: "Term name",
    MatchField.TEACHER: "Teacher",
    MatchField.SCHOOL: "School",
    MatchField.SECTION_TYPE: "Section type",
}
# A rule with more conditions is read by nobody; a form that sends more is no form of ours.
MOST_CONDITIONS: Final = 8
MOST_RULES: Final = 40
LONGEST_VALUE: Final = 200


class RuleIsUnclear(ValueError):
    """Say that a text is no rule: what was read, and how a rule is written."""


def condition_text(condition: Condition) -> str:
    """Say one condition as Clever's sharing page does."""
    label = FIELD_LABELS[condition.field]
    return f'{label} {condition.operator.value} "{condition.value.strip()}"'


def rule_text(sharing: Sharing) -> str:
    """Say a choice in the words of Clever's sharing page, to be pasted there.

    Shape: one line a rule; for the other modes one line that says what is shared.
    """
    if sharing.mode is SharingMode.DISTRICT:
        return "Share all sections of the district."
    if sharing.mode is SharingMode.SCHOOLS:
        return "Share all sections of these schools: " + ", ".join(sharing.school_ids)
    if sharing.mode is SharingMode.SECTIONS:
        return "Share these sections: " + ", ".join(sharing.section_ids)
    return "\n".join(
        "Match all sections where " + " and ".join(condition_text(c) for c in rule.conditions)
        for rule in sharing.rules
    )


_WRITTEN: Final = re.compile(
    r"(?i)^\s*([a-z]+(?:[ _-][a-z]+)?)\s+(is\s+not|is|contains)\s+(\"[^\"]*\"|.*?)\s*$"
)


def read_condition(text: str) -> Condition:
    """Read one condition as a person writes it: `course_name contains Homeroom`.

    Raises: RuleIsUnclear.
    """
    found = _WRITTEN.match(text)
    name = re.sub(r"[ -]", "_", found[1].lower()) if found else ""
    if found is None or name not in {field.value for field in MatchField}:
        fields = ", ".join(field.value for field in MatchField)
        raise RuleIsUnclear(
            f'"{text.strip()}" is no condition. Write a field, then is, is not or contains, then '
            f"a value, as in: course_name contains Homeroom. The fields are {fields}."
        )
    operator = MatchOperator(re.sub(r"\s+", " ", found[2].lower()))
    return Condition(MatchField(name), operator, found[3].strip('"').strip()[:LONGEST_VALUE])


def read_rule(text: str) -> SharingRule:
    """Read a rule as a person writes it: conditions with `and` between them.

    Shape:  a value that holds the word `and` stands in double quotes.
    Raises: RuleIsUnclear.
    """
    said = re.sub(r"(?i)^\s*match all sections where\s+", "", text)
    parts = re.split(r"(?i)\s+and\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", said)
    if len(parts) > MOST_CONDITIONS:
        raise RuleIsUnclear(f"A rule has at most {MOST_CONDITIONS} conditions.")
    return SharingRule(tuple(read_condition(part) for part in parts))


def read_rules(lines: Iterable[str]) -> Sharing:
    """Read rules, one a line; blank lines are nothing.

    Raises: RuleIsUnclear.
    """
    rules = tuple(dict.fromkeys(read_rule(line) for line in lines if line.strip()))
    if not rules:
        raise RuleIsUnclear("There is no rule. Write one, as in: course_name contains Homeroom.")
    if len(rules) > MOST_RULES:
        raise RuleIsUnclear(f"There are at most {MOST_RULES} rules.")
    return Sharing(SharingMode.RULES, rules=rules)


NOT_IN_ONE: Final = Check(
    code="ROS-801",
    name="student-not-in-one-section",
    severity=Severity.ERROR,
    says="{file}: {count} students of {school} are not in exactly one section. {cause}",
    fix="{remedy} The page about sections counts these students by cause.",
    why="This source must have each student in one section, or reports by class cannot be made.",
    source="reference: rostering 6.3, one-section resolver",
)
SHARED_WITHOUT_WHOLE: Final = Check(
    code="ROS-802",
    name="sharing-sees-changes-only",
    severity=Severity.WARNING,
    says="{file} has changes only, so sharing cannot see every section; nobody is taken for gone.",
    fix="Send whole files from a source of which only some sections are used.",
    why="A rule looks at a section's course, terms and teachers, which changes leave out.",
    source="reference: rostering 3.2",
)
NOTHING_SHARED: Final = Check(
    code="ROS-803",
    name="sharing-matches-no-section",
    severity=Severity.ERROR,
    says="{file}: what is shared matches none of {count} sections, so nobody of them is used.",
    fix="Look at what the courses are called this year, and change the sharing of this source.",
    why="Courses are renamed and sections numbered anew each year; rules of last year fit none.",
    source="reference: rostering 3.2",
)
CHECKS: Final = (NOT_IN_ONE, SHARED_WITHOUT_WHOLE, NOTHING_SHARED)
