"""Decisions about groups: names, subjects, addresses, sizes, and which classes a rule asks for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from rollbook.groups.types import MOST_NAME, MOST_STUDENTS, GroupRule
from rollbook.shared.grades import GRADE_CODES

MOST_SUBJECT: Final = 10  # characters of a subject's code, as the table has it
MOST_LOGIN: Final = 255
_ADDRESS: Final = re.compile(r"[^@\s,;:<>\"()]+@[^@\s,;:<>\"()]+\.[^@\s,;:<>\"().]+")
# Signs that nobody sees, but for the joiners that scripts and pictures need.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"
_OF_CLASS: Final = re.compile(r" \(class \d+\)$")


class GroupIsWrong(ValueError):
    """Say what about a group has to be written otherwise; the message is a sentence."""


def clean_name(name: str) -> str:
    """Return a group's name as it is kept: trimmed.

    Raises: GroupIsWrong.
    """
    kept = name.strip()
    if not kept:
        raise GroupIsWrong("Type a name for the group.")
    if len(kept) > MOST_NAME:
        raise GroupIsWrong(
            f"The name has {len(kept)} characters. Use {MOST_NAME} at most, as the state's system."
        )
    if any(unicodedata.category(sign) in _UNSEEN and sign not in _JOINERS for sign in kept):
        raise GroupIsWrong("The name holds a line break or a sign nobody sees. Type it again.")
    return kept


def refuse_taken(name: str, taken: Iterable[str]) -> None:
    """Refuse a name that another group of the school and year has, however it is written.

    Raises: GroupIsWrong.
    """
    if name.casefold() in {other.casefold() for other in taken}:
        raise GroupIsWrong(
            f'There is a group called "{name}" at this school in this year. Choose another name.'
        )


def free_name(name: str, taken: Collection[str]) -> str:
    """Return the name, or the first of "name 2", "name 3" that nobody has.

    Shape: `taken` is folded with `str.casefold`; the result has at most 255 characters.
    """
    number, free = 1, name[:MOST_NAME]
    while free.casefold() in taken:
        number += 1
        free = f"{name[: MOST_NAME - len(str(number)) - 1]} {number}"
    return free


def without_class_number(name: str) -> str:
    """Return the name of a class group as a group has it that no class follows."""
    return _OF_CLASS.sub("", name)


def clean_subject(subject: str) -> str:
    """Return a group's subject as it is kept; blank for all subjects.

    Raises: GroupIsWrong.
    """
    kept = subject.strip()
    if kept.casefold() == "all":
        return ""
    if len(kept) > MOST_SUBJECT:
        raise GroupIsWrong(f"A subject's code has at most {MOST_SUBJECT} characters.")
    return kept


def clean_logins(logins: Iterable[str]) -> tuple[str, ...]:
    """Return e-mail addresses in lower case, each once, in their order.

    Raises: GroupIsWrong, with what is no address.
    """
    kept = dict.fromkeys(login.strip().casefold() for login in logins if login.strip())
    for login in kept:
        if len(login) > MOST_LOGIN or not _ADDRESS.fullmatch(login):
            raise GroupIsWrong(f'"{login}" is no e-mail address. Write one as name@school.org.')
    return tuple(kept)


def refuse_too_many(count: int) -> None:
    """Refuse more students in one group than the state's system takes.

    Source: results-reporting 5.1
    """
    if count > MOST_STUDENTS:
        raise GroupIsWrong(
            f"The group would have {count} students. The state's system takes {MOST_STUDENTS} at "
            "most: make two groups."
        )


def clean_rule(rule: GroupRule) -> GroupRule:
    """Return a rule as it is kept: trimmed, each value once.

    Raises: GroupIsWrong.
    """
    kept = GroupRule(
        grades=_values(rule.grades),
        course_codes=_values(rule.course_codes),
        class_uuids=_values(rule.class_uuids),
        teachers=_values(rule.teachers),
        subjects=_values(rule.subjects),
    )
    for grade in kept.grades:
        if grade not in GRADE_CODES:
            raise GroupIsWrong(f'"{grade}" is not a grade Rollbook knows. Use PK, KG, or 01 to 12.')
    return kept


def _values(told: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in told if value.strip()))


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """Hold what a rule asks about a class: `subjects` as written, `teachers` by public id."""

    uuid: str
    course_code: str
    subjects: str
    teachers: frozenset[str]


def asks_for_classes(rule: GroupRule) -> bool:
    """Tell whether a rule asks anything of a class that a student takes."""
    return bool(rule.course_codes or rule.class_uuids or rule.teachers or rule.subjects)


def class_fits(rule: GroupRule, taught: ClassFacts) -> bool:
    """Tell whether one class meets all that a rule asks of a class a student takes.

    Shape: one class has to meet it all: "Algebra with Ms. Lee" is not "Algebra, and Art with her".
    """
    checks = (
        (rule.course_codes, {taught.course_code.casefold()}),
        (rule.class_uuids, {taught.uuid.casefold()}),
        (rule.teachers, {teacher.casefold() for teacher in taught.teachers}),
    )
    for wanted, has in checks:
        if wanted and not {value.casefold() for value in wanted} & has:
            return False
    return not rule.subjects or any(_says(taught.subjects, word) for word in rule.subjects)


def _says(subjects: str, word: str) -> bool:
    """Tell whether a word stands among the subjects, whole and however it is written."""
    pattern = rf"(?<!\w){re.escape(word.casefold())}(?!\w)"
    return re.search(pattern, subjects.casefold()) is not None
