"""Readiness pages: who is ready to assess, and one school's or district's way there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import polars as pl
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from rollbook.files.csv_write import write_csv
from rollbook.roster.actions.readiness import (
    EVIDENCE_LENGTH,
    MayNotPlanReadiness,
    NotReady,
    OwnerNotHere,
    StageIsProvedByFacts,
    StageNotOfMethod,
    WindowIsBackwards,
    choose_method,
    send_ready_mail,
    set_launch,
    set_owner,
    set_stage,
    set_window,
)
from rollbook.roster.queries.cards import may_issue_cards
from rollbook.roster.queries.readiness import (
    BoardFilter,
    ReadinessRow,
    administration_team,
    colleagues,
    get_readiness,
    mail_waits_for,
    readiness_board,
)
from rollbook.roster.rules.readiness import (
    Facts,
    Method,
    Missing,
    Stage,
    StageState,
    StageStatus,
    stages_of,
)
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.lists import page_number
from rollbook.web.rosters import crumbs
from rollbook.web.words import known_as

STAGES: Final[dict[Stage, Promise]] = {
    Stage.KICK_OFF: gettext_lazy("Kick-off held"),
    Stage.METHOD_CHOSEN: gettext_lazy("Method chosen"),
    Stage.INVITED: gettext_lazy("Invited to connect"),
    Stage.CONNECTED: gettext_lazy("Connected"),
    Stage.SHARING_REQUESTED: gettext_lazy("Sharing requested"),
    Stage.SHARING_APPROVED: gettext_lazy("Sharing approved"),
    Stage.CLASS_NAMES_REVIEWED: gettext_lazy("Class names reviewed"),
    Stage.ONE_SECTION: gettext_lazy("One section per student"),
    Stage.PREFLIGHT_PASSED: gettext_lazy("Preflight passed"),
    Stage.ROSTERED: gettext_lazy("Rostered"),
    Stage.LAUNCH_SET: gettext_lazy("Launch date set"),
    Stage.MAIL_SENT: gettext_lazy("Ready To Assess mail sent"),
}
STATUSES: Final[dict[StageStatus, Promise]] = {
    StageStatus.LATE: pgettext_lazy("readiness", "Late"),
    StageStatus.AT_RISK: gettext_lazy("At risk"),
    StageStatus.ON_TIME: gettext_lazy("On time"),
    StageStatus.UNPLANNED: gettext_lazy("No window yet"),
    StageStatus.DONE: pgettext_lazy("readiness", "Ready"),
}
METHODS: Final[dict[Method, Promise]] = {
    Method.MANUAL: gettext_lazy("By hand: somebody sends a file"),
    Method.CLEVER: gettext_lazy("Clever"),
    Method.ONEROSTER: gettext_lazy("OneRoster service"),
    Method.FILE: gettext_lazy("Files from a folder or server"),
}
MISSING: Final[dict[Missing, Promise]] = {
    Missing.WINDOW_UNSET: gettext_lazy("No assessment window is set."),
    Missing.WINDOW_OVER: gettext_lazy("The assessment window is over."),
    Missing.LAUNCH_UNSET: gettext_lazy("No launch date is set."),
    Missing.LAUNCH_PASSED: gettext_lazy("The launch date has passed."),
    Missing.LAUNCH_AFTER_WINDOW: gettext_lazy("The launch date comes after the window."),
    Missing.PREFLIGHT_FAILED: gettext_lazy("The latest roster has not passed its preflight."),
    Missing.PLAN_WAITS: gettext_lazy("A change plan waits for a decision."),
    Missing.NOT_ROSTERED: gettext_lazy("No roster with students is committed."),
    Missing.STUDENTS_WITHOUT_CLASS: gettext_lazy("Some students are in no class."),
    Missing.STUDENTS_IN_SEVERAL: gettext_lazy("Some students are in two or more classes."),
    Missing.NOBODY_TO_TELL: gettext_lazy("Nobody administers this place, so nobody can be told."),
}
# Where each of them is mended: a form of the page itself, or a route with the year alone.
MENDED_AT: Final[dict[Missing, str]] = {
    Missing.WINDOW_UNSET: "#plan",
    Missing.WINDOW_OVER: "#plan",
    Missing.LAUNCH_UNSET: "#plan",
    Missing.LAUNCH_PASSED: "#plan",
    Missing.LAUNCH_AFTER_WINDOW: "#plan",
    Missing.PREFLIGHT_FAILED: "rosters",
    Missing.PLAN_WAITS: "rosters",
    Missing.NOT_ROSTERED: "rosters",
    Missing.STUDENTS_WITHOUT_CLASS: "rosters",
    Missing.STUDENTS_IN_SEVERAL: "rosters",
    Missing.NOBODY_TO_TELL: "people",
}
# Where the latest roster is one that the reader may open, its own pages say more.
MENDED_IN_ROSTER: Final[dict[Missing, str]] = {
    Missing.PREFLIGHT_FAILED: "roster_plan",
    Missing.PLAN_WAITS: "roster_plan",
    Missing.STUDENTS_WITHOUT_CLASS: "roster_sections",
    Missing.STUDENTS_IN_SEVERAL: "roster_sections",
}
BOARD_SIZE: Final = 50
RULE = "Schools and districts within ROSTER_READ: counts, dates, owners by name; no student."
TAGS: Final = {StageStatus.LATE: "hold", StageStatus.AT_RISK: "hold", StageStatus.DONE: "done"}


def _chosen(request: Reader) -> BoardFilter:
    asked = {name: request.GET.get(name, "")[:200] for name in ("stage", "status", "owner", "kind")}
    return BoardFilter(**asked)


@door(rule=RULE, needs=Permission.ROSTER_READ)
def readiness(request: Reader, school_year: int) -> HttpResponse:
    """Show who is ready to assess, those who need somebody first."""
    chosen = _chosen(request)
    board = readiness_board(
        request.scope,
        school_year=school_year,
        chosen=chosen,
        page=PageRequest(number=page_number(request), size=BOARD_SIZE),
    )
    asked = {"stage": chosen.stage, "status": chosen.status, "owner": chosen.owner}
    context = {
        "title": _("Who is ready to assess?"),
        "section": "rosters",
        "breadcrumbs": crumbs(school_year),
        "board": board,
        "page": board.page,
        "rows": [_shown(row) for row in board.page.items],
        "chosen": chosen,
        "stages": STAGES.items(),
        "statuses": STATUSES.items(),
        "query": urlencode({**asked, "kind": chosen.kind}),
        "may_issue_cards": may_issue_cards(request.scope),
    }
    return render(request, "rosters/readiness.html", context)


def _shown(row: ReadinessRow) -> dict[str, Any]:
    """Return what the board shows of one row."""
    return {
        "organization": row.organization,
        "kind": _(row.organization.kind.label),
        "method": METHODS[Method(row.plan.method)] if row.plan.method else "",
        "stage": STAGES[row.current.stage] if row.current else STATUSES[StageStatus.DONE],
        "due_on": row.current.due_on if row.current else None,
        "evidence": row.current.said.evidence if row.current else "",
        "step": row.done_count,
        "of": len(row.states),
        "owner": row.owner,
        "status": STATUSES[row.status],
        "tag": TAGS.get(row.status, "plain"),
        "opens_on": row.plan.window.opens_on,
    }


@door(rule=RULE, needs=Permission.ROSTER_READ)
def readiness_csv(request: Reader, school_year: int) -> HttpResponse:
    """Give the board as a file: every row that the filters keep."""
    everything = PageRequest(size=1_000_000)
    board = readiness_board(
        request.scope, school_year=school_year, chosen=_chosen(request), page=everything
    )
    rows = [
        {
            "organization": row.organization.name,
            "kind": row.organization.kind.value,
            "natural_id": row.organization.natural_id,
            "status": row.status.value,
            "stage": row.current.stage.value if row.current else "",
            "due_on": row.current.due_on if row.current else None,
            "owner": row.owner,
            "evidence": row.current.said.evidence if row.current else "",
            "method": row.plan.method,
            "window_opens_on": row.plan.window.opens_on,
            "launch_on": row.plan.window.launch(row.days),
            "done": row.done_count,
            "stages": len(row.states),
            "students": row.facts.student_count,
            "without_class": row.facts.without_class_count,
            "in_several_classes": row.facts.in_several_count,
        }
        for row in board.page.items
    ]
    dates = {name: pl.Date() for name in ("due_on", "window_opens_on", "launch_on")}
    frame = (
        pl.DataFrame(rows, schema_overrides=dates) if rows else pl.DataFrame({"organization": []})
    )
    content = write_csv(frame, columns=frame.columns, formula_safe=True)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="readiness-{school_year}.csv"'
    return response


@door(
    rule=f"{RULE} Changing needs ROSTER_WRITE there; other owners are offered within ACCOUNT_READ.",
    needs=Permission.ROSTER_READ,
)
def readiness_of(request: Reader, school_year: int, school: UUID) -> HttpResponse:
    """Show one school's or district's stages, and take what people say of them."""
    row = get_readiness(request.scope, school, school_year=school_year)
    if request.method == "POST":
        _decided(request, row, school_year)
        return redirect("readiness_of", school_year=school_year, school=school)
    team = administration_team(request.scope, row.organization)
    missing = mail_waits_for(request.scope, row, recipient_count=len(team))
    window = row.plan.window
    may_plan = request.scope.over(Permission.ROSTER_WRITE).includes(row.organization.id)
    context = {
        "title": _("Is %(name)s ready to assess?") % {"name": row.organization.name},
        "crumb": row.organization.name,
        "section": "rosters",
        "breadcrumbs": [
            *crumbs(school_year),
            (_("Readiness"), reverse("readiness", args=[school_year])),
        ],
        "row": row,
        "shown": _shown(row),
        "stages": [_stage(request, row, state) for state in row.states],
        "step_number": min(row.done_count + 1, len(row.states)),
        "window": window,
        "latest_day": window.ends_before - timedelta(days=1) if window.ends_before else None,
        "launch": window.launch(row.days),
        "methods": METHODS.items(),
        "colleagues": colleagues(request.scope, row.organization) if may_plan else [],
        "may_plan": may_plan,
        "missing": [_mended(each, row.facts, school_year) for each in missing],
        "team_count": len(team),
        "evidence_length": EVIDENCE_LENGTH,
        "needs_cards": row.plan.method != Method.CLEVER and may_issue_cards(request.scope),
    }
    return render(request, "rosters/readiness_of.html", context)


def _stage(request: Reader, row: ReadinessRow, state: StageState) -> dict[str, Any]:
    """Return what the page shows of one stage."""
    return {
        "code": state.stage.value,
        "name": STAGES[state.stage],
        "status": _("Done") if state.is_done else STATUSES[state.status],
        "tag": TAGS.get(state.status, "plain"),
        "is_done": state.is_done,
        "is_fact": state.is_fact,
        "is_current": row.current is not None and row.current.stage is state.stage,
        "due_on": state.due_on,
        "own_due_on": state.said.due_on,
        "owner": state.said.owner,
        "evidence": state.said.evidence,
        "fact": _fact(state.stage, row) if state.is_fact else "",
        "done_by": known_as(request.scope, state.said.done_by) if state.said.done_by else "",
        "done_at": state.said.done_at,
    }


def _fact(stage: Stage, row: ReadinessRow) -> str:
    """Say what the records hold about a stage that they decide."""
    facts = row.facts
    students = ngettext("%(n)d student", "%(n)d students", facts.student_count) % {
        "n": facts.student_count
    }
    if stage is Stage.ROSTERED:
        return _("%(students)s enrolled today.") % {"students": students}
    if stage is Stage.ONE_SECTION:
        return _("%(students)s: %(without)d in no class, %(several)d in two or more.") % {
            "students": students,
            "without": facts.without_class_count,
            "several": facts.in_several_count,
        }
    told: dict[Stage, Callable[[], str]] = {
        Stage.METHOD_CHOSEN: lambda: (
            str(METHODS[Method(row.plan.method)]) if row.plan.method else _("None chosen yet.")
        ),
        Stage.CONNECTED: lambda: (
            _("A source of the district has run well.")
            if facts.has_connection
            else _("No source of the district has run well yet.")
        ),
        Stage.PREFLIGHT_PASSED: lambda: (
            _("The latest roster passed.")
            if facts.has_passed_preflight
            else _("No roster has passed yet, or the latest one did not.")
        ),
    }
    return told[stage]() if stage in told else ""


def _mended(missing: Missing, facts: Facts, school_year: int) -> dict[str, object]:
    """Say one thing that stops the mail, and where it is mended."""
    place = MENDED_AT[missing]
    counts = {
        Missing.PLAN_WAITS: facts.waiting_plan_count,
        Missing.STUDENTS_WITHOUT_CLASS: facts.without_class_count,
        Missing.STUDENTS_IN_SEVERAL: facts.in_several_count,
    }
    if facts.intake_uuid and missing in MENDED_IN_ROSTER:
        href = reverse(MENDED_IN_ROSTER[missing], args=[school_year, facts.intake_uuid])
    else:
        href = place if place.startswith("#") else reverse(place, args=[school_year])
    return {"says": MISSING[missing], "count": counts.get(missing, 0), "href": href}


def _decided(request: Reader, row: ReadinessRow, school_year: int) -> None:
    """Do what the pressed button says, and say what came of it."""
    choices = {
        "method": _method_chosen,
        "window": _window_set,
        "owner": _owner_set,
        "stage": _stage_set,
        "mail": _mail_sent,
    }
    choice = choices.get(request.POST.get("choice", ""))
    if choice is None:
        messages.error(request, _("Choose what to do. Nothing was changed."))
        return
    says = {"school_year": school_year, "by": request.actor, "now": now()}
    try:
        messages.success(request, choice(request, row, says))
    except MayNotPlanReadiness:
        messages.error(request, _("Your role may not plan for this place. Nothing was changed."))
    except OwnerNotHere:
        messages.error(
            request, _("This person does not read the roster here. Choose another owner.")
        )
    except (StageIsProvedByFacts, StageNotOfMethod):
        messages.error(request, _("Records decide this stage. Nothing was changed."))
    except WindowIsBackwards:
        messages.error(
            request,
            _(
                "These dates do not fit: the window opens within the school year, ends after it "
                "opens, and the launch comes before its end. Nothing was changed."
            ),
        )
    except NotReady:
        messages.error(request, _("The mail was not sent: what it waits for is listed below."))
    except _NotADate:
        messages.error(request, _("Type dates as year-month-day. Nothing was changed."))


class _NotADate(ValueError):
    """Say that what somebody typed is no date."""


def _day(request: Reader, field: str) -> date | None:
    text = typed(request, field, 20)
    try:
        day = parse_date(text) if text else None
    except ValueError as error:
        raise _NotADate from error
    if text and day is None:
        raise _NotADate
    return day


def _person(request: Reader) -> UUID | None:
    text = typed(request, "owner", 40)
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise OwnerNotHere from error


def _method_chosen(request: Reader, row: ReadinessRow, says: dict[str, Any]) -> str:
    asked = request.POST.get("method", "")
    if asked not in set(Method):
        raise StageNotOfMethod
    choose_method(request.scope, row.organization.uuid, Method(asked), **says)
    return _("The method is chosen: its stages are listed below.")


def _window_set(request: Reader, row: ReadinessRow, says: dict[str, Any]) -> str:
    opens_on, latest = _day(request, "opens_on"), _day(request, "latest_day")
    launch_on = _day(request, "launch_on")
    ends_before = latest + timedelta(days=1) if latest else None
    here = row.organization.uuid
    # A launch that no longer fits would refuse the new window, so it goes first and comes last.
    if row.plan.window.launch_on is not None:
        set_launch(request.scope, here, None, **says)
    set_window(request.scope, here, opens_on=opens_on, ends_before=ends_before, **says)
    if launch_on is not None:
        set_launch(request.scope, here, launch_on, **says)
    return _("The dates are set: every stage is planned backwards from the window.")


def _owner_set(request: Reader, row: ReadinessRow, says: dict[str, Any]) -> str:
    set_owner(request.scope, row.organization.uuid, _person(request), **says)
    return _("The owner is set.")


def _stage_set(request: Reader, row: ReadinessRow, says: dict[str, Any]) -> str:
    asked = request.POST.get("stage", "")
    if asked not in {stage.value for stage in stages_of(row.plan.method)}:
        raise StageNotOfMethod
    done = {"yes": True, "no": False}.get(request.POST.get("is_done", ""))
    set_stage(
        request.scope,
        row.organization.uuid,
        Stage(asked),
        is_done=done,
        evidence=typed(request, "evidence", EVIDENCE_LENGTH),
        owner=_person(request),
        due_on=_day(request, "due_on"),
        **says,
    )
    return _("%(stage)s: saved.") % {"stage": STAGES[Stage(asked)]}


def _mail_sent(request: Reader, row: ReadinessRow, says: dict[str, Any]) -> str:
    sent = send_ready_mail(request.scope, row.organization.uuid, **says)
    if not sent.is_new:
        return _("The mail had gone out before; it was not sent again.")
    return ngettext(
        "The Ready To Assess mail goes to %(n)d person.",
        "The Ready To Assess mail goes to %(n)d people.",
        sent.recipient_count,
    ) % {"n": sent.recipient_count}
