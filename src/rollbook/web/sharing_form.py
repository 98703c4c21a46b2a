"""The form in which a person builds sharing rules: read, changed by its buttons, laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rollbook.roster.rules.sharing import (
    LONGEST_VALUE,
    MOST_CONDITIONS,
    MOST_RULES,
    Condition,
    MatchField,
    MatchOperator,
    Sharing,
    SharingMode,
    SharingRule,
)

FIELD_WORDS: Final[dict[MatchField, Promise]] = {
    MatchField.COURSE_NAME: _("Course name"),
    MatchField.COURSE_NUMBER: _("Course number"),
    MatchField.SECTION_NAME: _("Section name"),
    MatchField.SECTION_NUMBER: _("Section number"),
    MatchField.SUBJECT: _("Subject"),
    MatchField.GRADE: _("Grade"),
    MatchField.PERIOD: _("Period"),
    MatchField.TERM_NAME: _("Term name"),
    MatchField.TEACHER: _("Teacher (name, e-mail or number)"),
    MatchField.SCHOOL: _("School"),
    MatchField.SECTION_TYPE: _("Section type (homeroom, scheduled)"),
}
OPERATOR_WORDS: Final[dict[MatchOperator, Promise]] = {
    MatchOperator.IS: _("is"),
    MatchOperator.IS_NOT: _("is not"),
    MatchOperator.CONTAINS: _("contains"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one line of the form: which rule it is of, and its condition, blank while unwritten."""

    rule: int
    condition: Condition


BLANK: Final = Condition(MatchField.COURSE_NAME, MatchOperator.CONTAINS, "")


def lines_of(sharing: Sharing) -> list[Line]:
    """Lay rules out as lines; a blank one where there is no rule."""
    lines = [
        Line(number, condition)
        for number, rule in enumerate(sharing.rules)
        for condition in rule.conditions
    ]
    return lines or [Line(0, BLANK)]


def lines_sent(sent: QueryDict) -> list[Line]:
    """Read the lines of a form that was sent; a line that no form of ours has is left out."""
    columns = (sent.getlist(name) for name in ("rule", "field", "operator", "value"))
    lines: list[Line] = []
    for rule, name, operator, value in zip(*columns, strict=False):
        try:
            number, condition = (
                int(rule),
                Condition(MatchField(name), MatchOperator(operator), value.strip()[:LONGEST_VALUE]),
            )
        except ValueError:
            continue
        if 0 <= number < MOST_RULES:
            lines.append(Line(number, condition))
    return lines[: MOST_RULES * MOST_CONDITIONS]


def changed(lines: list[Line], button: str) -> list[Line]:
    """Do what a button of the form says: one more condition, one more rule, one line less."""
    verb, _space, number = button.partition("-")
    place = int(number) if number.isdecimal() and len(number) < 5 else -1
    if verb == "and" and sum(line.rule == place for line in lines) < MOST_CONDITIONS:
        return sorted([*lines, Line(place, BLANK)], key=lambda line: line.rule)
    if verb == "or" and (last := max((line.rule for line in lines), default=-1)) < MOST_RULES - 1:
        return [*lines, Line(last + 1, BLANK)]
    if verb == "remove":
        lines = [line for index, line in enumerate(lines) if index != place]
    return lines or [Line(0, BLANK)]


def sharing_sent(lines: list[Line], schools: list[str]) -> Sharing:
    """Read what a form says is shared: its rules; without any, some schools; else everything.

    A line that is blank says nothing.
    """
    written = [line for line in lines if line.condition.value]
    numbers = sorted({line.rule for line in written})
    rules = [
        SharingRule(tuple(line.condition for line in written if line.rule == number))
        for number in numbers
    ]
    if rules:
        return Sharing(SharingMode.RULES, rules=tuple(dict.fromkeys(rules)))
    if schools:
        return Sharing(SharingMode.SCHOOLS, school_ids=tuple(sorted(set(schools))))
    return Sharing()


def laid_out(lines: list[Line]) -> list[dict[str, object]]:
    """Group lines by rule, numbered for the form's buttons."""
    placed = list(enumerate(lines))
    return [
        {
            "number": number,
            "shown": shown,
            "lines": [
                {"place": place, "condition": line.condition}
                for place, line in placed
                if line.rule == number
            ],
        }
        for shown, number in enumerate(sorted({line.rule for line in lines}), start=1)
    ]
