"""The page that asks whether every student is in exactly one section, and helps to make it so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import polars as pl
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollbook.files.csv_write import write_csv
from rollbook.roster.actions.receiving import MayNotSendRoster
from rollbook.roster.actions.sharing import SectionsCannotBeRead, section_world, use_sharing
from rollbook.roster.models.intakes import Intake
from rollbook.roster.plan.sections import (
    Cause,
    SectionTally,
    SectionWorld,
    course_counts,
)
from rollbook.roster.plan.solver import (
    Fix,
    Proposal,
    Targets,
    proposal_of,
    propose_rules,
    target_students,
)
from rollbook.roster.queries.intakes import get_intake
from rollbook.roster.queries.sections import sharing_of
from rollbook.roster.queries.sources import MayNotChangeSource, SourceNotFound
from rollbook.roster.rules.sharing import MatchField, Sharing, SharingMode, rule_text
from rollbook.shared.grades import GRADE_CODES
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, door, now
from rollbook.web.receiving import checked
from rollbook.web.rosters import crumbs
from rollbook.web.sharing_form import (
    FIELD_WORDS,
    OPERATOR_WORDS,
    Line,
    changed,
    laid_out,
    lines_of,
    lines_sent,
    sharing_sent,
)

SHOWN_STUDENTS: Final = 100
SHOWN_COURSES: Final = 30
SHOWN_GROUPS: Final = 50


@dataclass(frozen=True)
class Asked:
    """Hold what the page is asked: the lines of its form, whom it is about, which button."""

    lines: list[Line]
    sharing: Sharing
    grades: frozenset[str]
    button: str
    who: tuple[str, str] | None


@door(
    rule=(
        "Students of a roster file of a district within ROSTER_READ, by name only where they are "
        "not in exactly one section."
    ),
    needs=Permission.ROSTER_READ,
)
def sections(request: Reader, school_year: int, intake: UUID) -> HttpResponse:
    """Say how many shared sections each student is in, try rules on them, and use the rules."""
    scope = request.scope
    found = get_intake(scope, intake)
    context: dict[str, Any] = {
        "title": _("Is every student in exactly one section?"),
        "section": "rosters",
        "breadcrumbs": [
            *crumbs(school_year),
            (found.file_name, reverse("roster_plan", args=[school_year, intake])),
        ],
        "intake": found,
    }
    try:
        world = section_world(scope, intake)
    except SectionsCannotBeRead:
        return render(request, "rosters/sections.html", context)
    shared = sharing_of(scope, intake)
    asked = _asked(request, shared, world)
    if asked.button == "use":
        return _used(request, school_year, found, asked.sharing)
    told = _told(world, asked)
    if asked.button == "csv":
        return _csv(told)
    if asked.button == "propose":
        asked = _proposing(asked, told)
    context |= _answer(told) | _form(request, world, asked, told) | _who(told, asked)
    context["is_in_use"] = told.sharing == shared
    return render(request, "rosters/sections.html", context)


def _asked(request: Reader, shared: Sharing, world: SectionWorld) -> Asked:
    """Read the form; a page that is only opened asks about what was shared."""
    if request.method != "POST":
        return Asked(lines_of(shared), shared, frozenset(), "", None)
    sent = request.POST
    button = sent.get("do", "")
    lines = changed(lines_sent(sent), button)
    known = set(world.sections["school_sourced_id"].drop_nulls())
    sharing = sharing_sent(lines, [key for key in sent.getlist("school") if key in known])
    if sharing.mode is SharingMode.DISTRICT and shared.mode is SharingMode.SECTIONS:
        sharing = shared  # chosen by hand elsewhere: nothing is put in its place yet
    grades = frozenset(sent.getlist("grade")) & frozenset(GRADE_CODES)
    cause, _bar, school = sent.get("who", "").partition("|")
    return Asked(lines, sharing, grades, button, (cause, school) if cause else None)


def _told(world: SectionWorld, asked: Asked) -> Proposal:
    targets = Targets(grades=asked.grades)
    if asked.button == "propose":
        return propose_rules(world, targets=targets)
    return proposal_of(world, asked.sharing, target_students(world, targets))


def _proposing(asked: Asked, told: Proposal) -> Asked:
    """Write the proposed rules into the form."""
    return Asked(lines_of(told.sharing), told.sharing, asked.grades, asked.button, asked.who)


def _used(request: Reader, school_year: int, intake: Intake, sharing: Sharing) -> HttpResponse:
    try:
        again = use_sharing(request.scope, intake.uuid, sharing, by=request.actor, now=now())
        return checked(request, school_year, again)
    except (MayNotSendRoster, MayNotChangeSource, SourceNotFound):
        messages.error(
            request, _("Your role may not decide what is used of this roster. Nothing was changed.")
        )
    except SectionsCannotBeRead:
        messages.error(request, _("The file is not kept here any more. Send the roster again."))
    return redirect("roster_sections", school_year=school_year, intake=intake.uuid)


def _answer(told: Proposal) -> dict[str, Any]:
    """Lay out the answer: the counts, a bar, the groups by cause and school, the corrections."""
    groups = [
        {
            "key": f"{row['cause']}|{row['school_sourced_id']}",
            "says": cause_words(Cause(row["cause"])),
            **row,
        }
        for row in told.groups.head(SHOWN_GROUPS).iter_rows(named=True)
    ]
    return {
        "tally": told.tally,
        "is_good": told.tally.total > 0 and told.tally.one == told.tally.total,
        "bar": _bar(told.tally),
        "groups": groups,
        "more_groups": max(0, told.groups.height - SHOWN_GROUPS),
        "fixes": [fix_words(fix) for fix in told.fixes[:SHOWN_GROUPS]],
        "edits": sum(fix.edits for fix in told.fixes),
        "schools": told.by_school.to_dicts(),
    }


def _bar(tally: SectionTally) -> list[dict[str, object]]:
    """Lay the three counts out as one bar, in percent of its width."""
    parts = (
        (_("In exactly one"), tally.one, "level-4"),
        (_("In none"), tally.none, "level-1"),
        (_("In two or more"), tally.more, "level-2"),
    )
    at, laid = 0.0, []
    for label, count, style in parts:
        width = round(100 * count / tally.total, 2) if tally.total else 0.0
        percent = f"{100 * count / tally.total:.1f}" if tally.total else "0"
        laid.append(
            {"label": label, "count": count, "style": style, "x": round(at, 2), "width": width,
             "percent": percent}
        )  # fmt: skip
        at += width
    return laid


def _form(request: Reader, world: SectionWorld, asked: Asked, told: Proposal) -> dict[str, Any]:
    grades = world.students["grade"].unique().to_list()
    reach = request.scope.over(Permission.ROSTER_WRITE)
    return {
        "rules": laid_out(asked.lines),
        "fields": [(field.value, label) for field, label in FIELD_WORDS.items()],
        "operators": [(operator.value, label) for operator, label in OPERATOR_WORDS.items()],
        "text": rule_text(told.sharing) if told.sharing.rules else "",
        "rule_count": len(told.sharing.rules),
        "mode": told.sharing.mode.value,
        "asks_for_type": any(
            condition.field is MatchField.SECTION_TYPE
            for rule in told.sharing.rules
            for condition in rule.conditions
        ),
        "places": _places(world, told.sharing),
        "is_proposed": asked.button == "propose",
        "grades": [(code, code in asked.grades) for code in GRADE_CODES if code in grades],
        "courses": course_counts(world).head(SHOWN_COURSES).to_dicts(),
        "may_use": bool(reach),
    }


def _places(world: SectionWorld, sharing: Sharing) -> list[tuple[str, str, bool]]:
    """List the schools that have sections: id, name, and whether all of theirs are chosen."""
    schools = world.sections.select("school_sourced_id", "school_name").unique().drop_nulls()
    return [
        (key, name, key in sharing.school_ids)
        for key, name in schools.sort("school_name", "school_sourced_id").iter_rows()
    ]


def _who(told: Proposal, asked: Asked) -> dict[str, Any]:
    """List the students of one cause at one school by name."""
    if asked.who is None:
        return {"who": None}
    cause, school = asked.who
    students = told.counts.filter(
        (pl.col("count") != 1)
        & (pl.col("cause") == cause)
        & (pl.col("school_sourced_id") == school)
    )
    listed = students.sort("family_name", "given_name", "sourced_id").head(SHOWN_STUDENTS)
    return {
        "who": listed.to_dicts(),
        "who_total": students.height,
        "who_cause": cause_words(Cause(cause)) if cause in set(Cause) else "",
    }


CSV_COLUMNS: Final = (
    "school", "sourced_id", "local_id", "family_name", "given_name", "grade", "section_count",
    "cause", "sections",
)  # fmt: skip


def _csv(told: Proposal) -> HttpResponse:
    """Send the students who are not in exactly one section, for the people who correct it."""
    rows = (
        told.counts.filter(pl.col("count") != 1)
        .sort("school", "cause", "family_name", "given_name", "sourced_id")
        .rename({"count": "section_count"})
        .with_columns(sections=pl.col("labels").list.join("; "))
    )
    body = write_csv(rows, columns=CSV_COLUMNS, formula_safe=True)
    disposition = 'attachment; filename="not-in-one-section.csv"'
    return HttpResponse(
        body,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition},
    )


def cause_words(cause: Cause) -> str:
    """Say a cause in the reader's language."""
    return {
        Cause.ONE: _("In exactly one section."),
        Cause.NO_SECTION: _("In no section at all."),
        Cause.NO_MATCH: _("In sections, but none of them matches."),
        Cause.TWO_SCHOOLS: _("In matching sections of two schools."),
        Cause.TWO_TERMS: _("In the same course in two terms."),
        Cause.CO_TAUGHT: _(
            "In two sections of one course at the same time: often one class with two teachers."
        ),
        Cause.SAME_COURSE: _("In two sections of one course, like AM and PM."),
        Cause.TWO_HOMEROOMS: _("In two homerooms, or a homeroom and an advisory."),
        Cause.HOMEROOM_AND_MORE: _("In a homeroom and in another section that matches."),
        Cause.SEVERAL_COURSES: _("In sections of several courses."),
    }[cause]


def fix_words(fix: Fix) -> str:
    """Say the smallest correction for some students in the reader's language."""
    words = {
        "n": f"{fix.student_count:,}",
        "school": fix.school,
        "edits": f"{fix.edits:,}",
        "sections": ", ".join(f"“{name}”" for name in fix.sections),
    }
    if not fix.adds:
        says = ngettext(
            "End %(edits)s enrollment of %(n)s student of %(school)s, so that one of %(sections)s "
            "stays.",
            "End %(edits)s enrollments of %(n)s students of %(school)s, so that each keeps one of "
            "those like %(sections)s.",
            fix.student_count,
        )
    elif fix.sections:
        says = ngettext(
            "Enroll %(n)s student of %(school)s in one section that matches, like %(sections)s.",
            "Enroll %(n)s students of %(school)s in one section that matches, like %(sections)s.",
            fix.student_count,
        )
    else:
        says = ngettext(
            "No section of %(school)s matches: make one, and enroll %(n)s student in it.",
            "No section of %(school)s matches: make one, and enroll %(n)s students in it.",
            fix.student_count,
        )
    return says % words
