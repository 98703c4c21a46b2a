"""The rule of a group: the form it is written in, and its words."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from rollbook.groups.queries.choosing import courses_to_choose, teachers_to_choose
from rollbook.groups.queries.search import classes_to_choose
from rollbook.groups.types import ClassChoice, GroupRule
from rollbook.shared.grades import Grade
from rollbook.shared.scope import Scope
from rollbook.web.group_words import rule_words

MOST_VALUES: Final = 200  # of one condition
MOST_CHARACTERS: Final = 100  # of one value
GRADES: Final = [
    grade
    for grade in Grade
    if grade.value in {"PK", "TK", "KG"} or (grade.value.isdigit() and int(grade.value) <= 12)
]


def rule_in(sent: QueryDict) -> GroupRule:
    """Read a rule from the form that asks for it."""

    def values(name: str) -> tuple[str, ...]:
        found = [text.strip()[:MOST_CHARACTERS] for text in sent.getlist(f"rule-{name}")]
        return tuple(dict.fromkeys(text for text in found if text))[:MOST_VALUES]

    subjects = [part.strip() for part in sent.get("rule-subjects", "").split(",")]
    return GroupRule(
        grades=values("grades"),
        course_codes=values("course_codes"),
        class_uuids=values("class_uuids"),
        teachers=values("teachers"),
        subjects=tuple(part[:MOST_CHARACTERS] for part in subjects if part)[:MOST_VALUES],
    )


def rule_context(
    scope: Scope, school: UUID, school_year: int, rule: GroupRule
) -> dict[str, object]:
    """Return a rule in words, and what a form to change it offers."""
    classes = [(str(c.uuid), class_word(c)) for c in classes_to_choose(scope, school, school_year)]
    teachers = teachers_to_choose(scope, school, school_year)
    courses = [
        (code, f"{title} ({code})") for code, title in courses_to_choose(scope, school, school_year)
    ]
    grades = [(grade.value, _(grade.label)) for grade in GRADES]
    names = dict([*classes, *teachers, *courses, *grades])
    return {
        "rule": rule,
        "rule_words": rule_words(rule, names),
        "rule_subjects": ", ".join(rule.subjects),
        "rule_choices": [
            ("grades", _("Grade"), _marked(grades, rule.grades)),
            ("teachers", _("Teacher"), _marked(teachers, rule.teachers)),
            ("course_codes", _("Course"), _marked(courses, rule.course_codes)),
            ("class_uuids", _("Class"), _marked(classes, rule.class_uuids)),
        ],
    }


def class_word(one: ClassChoice) -> str:
    """Return what people call a class: title, code, period, teachers."""
    code = "" if one.class_code in ("", one.title) else one.class_code
    period = _("period %(periods)s") % {"periods": one.periods} if one.periods else ""
    return " · ".join(part for part in (one.title, code, period, one.teachers) if part)


def _marked(choices: list[tuple[str, str]], chosen: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    """Add to each choice whether the rule asks for it; what is gone meanwhile stays choosable."""
    known = {value for value, _word in choices}
    gone = [(value, value, True) for value in chosen if value not in known]
    return [*((value, word, value in chosen) for value, word in choices), *gone]
