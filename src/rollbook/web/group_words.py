"""Words for groups and group files: how a group came to be, what happened, what a rule asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rollbook.assessments.layouts import SHIPPED_SUBJECTS
from rollbook.changes.types import PlanStatus
from rollbook.groups.types import (
    GroupEventKind,
    GroupOrigin,
    GroupRule,
    ImportOrigin,
    ImportRow,
    ImportStatus,
)
from rollbook.web.words import word

ORIGINS: Final[Mapping[GroupOrigin, Promise]] = {
    GroupOrigin.CLASS: _("From a class"),
    GroupOrigin.HAND: _("By hand"),
    GroupOrigin.FILE: _("From a file"),
    GroupOrigin.RULE: _("By rule"),
    GroupOrigin.OWN: _("A teacher's own"),
}
EVENTS: Final[Mapping[GroupEventKind, Promise]] = {
    GroupEventKind.CREATED: _("Group created"),
    GroupEventKind.RENAMED: _("Group renamed"),
    GroupEventKind.SUBJECT: _("Subject changed"),
    GroupEventKind.RULE: _("Rule changed"),
    GroupEventKind.STUDENT_ADDED: _("Student added"),
    GroupEventKind.STUDENT_REMOVED: _("Student removed"),
    GroupEventKind.USER_ADDED: _("User added"),
    GroupEventKind.USER_REMOVED: _("User removed"),
    GroupEventKind.ARCHIVED: _("Group archived"),
    GroupEventKind.RESTORED: _("Group restored"),
    GroupEventKind.COPIED: _("Copied from another group"),
}
DOORS: Final[Mapping[ImportOrigin, Promise]] = {
    ImportOrigin.PAGE: _("Uploaded on this page"),
    ImportOrigin.API: _("Sent by a program"),
    ImportOrigin.COMMAND: _("Sent by a command"),
    ImportOrigin.EXTRACT: _("Delivered by Rollbook itself"),
}
# The word, and whether it is a good end, a bad one, or none yet.
STATUSES: Final[Mapping[ImportStatus, tuple[Promise, str]]] = {
    ImportStatus.ACCEPTED: (_("Accepted"), "plain"),
    ImportStatus.PROCESSED: (_("Processed"), "done"),
    ImportStatus.NO_UPDATE: (_("Nothing to change"), "done"),
    ImportStatus.INVALID: (_("Invalid"), "hold"),
    ImportStatus.BAD_FORMAT: (_("Bad format"), "hold"),
    ImportStatus.BAD_DATA: (_("Bad data"), "hold"),
    ImportStatus.UNAUTHORIZED: (_("Unauthorized"), "hold"),
    ImportStatus.UNKNOWN_ASMT: (_("Unknown assessment"), "hold"),
    ImportStatus.UNKNOWN_SCHOOL: (_("Unknown school"), "hold"),
    ImportStatus.PIPELINE_FAILURE: (_("Failed"), "hold"),
}
WAITS: Final = _("Ready: waits for a decision")
BEING_CHECKED: Final = _("Being checked")
PUT_AWAY: Final = _("Discarded or undone")
OF_PLANS: Final[Mapping[PlanStatus, tuple[Promise, str]]] = {
    PlanStatus.DISCARDED: (_("Discarded"), "plain"),
    PlanStatus.UNDONE: (_("Undone"), "plain"),
}
SUBJECTS: Final = tuple(subject.code for subject in SHIPPED_SUBJECTS)
# What one column of a group file holds, in the order of the file.
COLUMNS: Final[Mapping[str, tuple[Promise, Promise, str]]] = {
    "group_name": (
        _("The group's name"),
        _("In every row. Up to 255 characters, unique at its school in its school year."),
        "Period 3 Algebra",
    ),
    "school_natural_id": (
        _("The school's code"),
        _("In every row. The code by which the state knows the school; keep its zeros in front."),
        "01100170123456",
    ),
    "school_year": (
        _("The school year"),
        _("In every row. The calendar year in which the school year ends: 2027 is 2026–27."),
        "2027",
    ),
    "subject_code": (
        _("The subject"),
        _("All, or one subject's code. Its users see results of this subject only. It may stay "
          "empty in the later rows of a group."),
        "Math",
    ),
    "student_ssid": (
        _("A student's SSID"),
        _("One student of the group, or empty. A number that nobody has here is told to you, and "
          "adds nobody."),
        "8000000001",
    ),
    "group_user_login": (
        _("A user's e-mail address"),
        _("One person who may see the group's results, or empty. It must be the address that this "
          "person signs in with."),
        "teacher@example.org",
    ),
}  # fmt: skip
# What people call a condition of a rule.
CONDITIONS: Final[Mapping[str, Promise]] = {
    "grades": _("Grade"),
    "course_codes": _("Course code"),
    "class_uuids": _("Class"),
    "teachers": _("Teacher"),
    "subjects": _("Subject of a course"),
}


def life_of(row: ImportRow, plan: PlanStatus | None) -> tuple[str, str]:
    """Say where a group file is in its life, and how its tag looks; lists know no plan."""
    if row.waits:
        return str(WAITS), "hold"
    if plan in OF_PLANS:
        word, tag = OF_PLANS[plan]
    elif row.status is ImportStatus.ACCEPTED and row.plan_uuid is None:
        word, tag = BEING_CHECKED, "plain"
    elif row.status is ImportStatus.INVALID and row.plan_uuid is not None:
        word, tag = PUT_AWAY, "plain"
    else:
        word, tag = STATUSES[row.status]
    return str(word), tag


def subject_word(code: str) -> str:
    """Return the word for a group's subject; blank is all of them."""
    return word(code) if code else gettext("All subjects")


def rule_words(rule: GroupRule, names: Mapping[str, str]) -> list[str]:
    """Say a rule condition by condition; `names` holds what public ids of it are called.

    Shape: one sentence per condition; one for a rule that asks nothing.
    """
    told = [
        f"{CONDITIONS[kind]}: {gettext(' or ').join(names.get(value, value) for value in values)}"
        for kind, values in rule.as_json().items()
        if values
    ]
    return told or [gettext("Every student who is enrolled at the school today.")]
