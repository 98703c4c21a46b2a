"""Roster pages: files that came in, the plan under review, who is in it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from rollbook.changes.actions import (
    ApprovedCountDiffers,
    DigestDiffers,
    NeedsNoEndorsement,
    NeedsSecondPerson,
    PlanDoesNotFit,
    PlanIsFinished,
    PlanIsHeld,
    PlanIsNotCommitted,
    StateMovedOn,
    UndoHasNothingLeft,
)
from rollbook.changes.queries import get_plan, is_current, plan_conflicts, plan_rows
from rollbook.changes.types import ChangeAction, PlanStatus, PlanSummary
from rollbook.orgs.queries import school_names, schools_in
from rollbook.people.queries.edits import edit_page
from rollbook.people.queries.students import student_page
from rollbook.people.rules import EDITABLE
from rollbook.roster.actions.commit import (
    MayNotCommitRoster,
    NothingToCommit,
    commit_intake,
    discard_intake,
    endorse_intake,
    undo_intake,
)
from rollbook.roster.models.intakes import Intake
from rollbook.roster.queries.intakes import findings_of, get_intake, intake_page
from rollbook.roster.queries.sources import sources_in
from rollbook.roster.rules.reading import reading_from
from rollbook.roster.rules.running import OF_ANY_FORMAT
from rollbook.roster.types import IntakeStatus
from rollbook.shared.grades import GRADE_CODES, Grade
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from rollbook.web import plan_tables as shown
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.lists import SHOWN_FINDINGS, page_number
from rollbook.web.receiving import ENCODINGS, asks_for_mapping, checked_again, received
from rollbook.web.words import known_as

CHOICES = ("all", "endorse", "additions", "discard", "undo", "again")
# How many of the edits that differ from what the source says stand on the page of a plan.
SHOWN_EDITS = 10
# What is said when a rule says no; nothing has changed then.
REFUSALS = {
    MayNotCommitRoster: gettext_lazy("Your role may not decide on this roster."),
    NothingToCommit: gettext_lazy("Your role may not decide on this roster."),
    DigestDiffers: gettext_lazy(
        "This is not the plan that you reviewed, so nothing was done. Look at it again, then "
        "decide."
    ),
    StateMovedOn: gettext_lazy(
        "The roster has changed since this plan was made, so nothing was done. Check it again to "
        "see the plan as it would be now."
    ),
    PlanIsHeld: gettext_lazy(
        "Type the number of changes to approve a plan that waits. Nothing was done."
    ),
    ApprovedCountDiffers: gettext_lazy(
        "Type the number of changes to approve a plan that waits. Nothing was done."
    ),
    NeedsSecondPerson: gettext_lazy(
        "So large a plan takes two people, and you are one of them already or the first is "
        "missing. Nothing was done."
    ),
    NeedsNoEndorsement: gettext_lazy(
        "This plan needs no approval before it is committed. Nothing was done."
    ),
    PlanDoesNotFit: gettext_lazy(
        "The records do not take this plan, so nothing was done. Check it again to see the plan "
        "as it would be now."
    ),
}
# A million students are checked in less, so more means that nobody works on it.
USUALLY_CHECKED_WITHIN = timedelta(minutes=10)
# No plan has so many changes: what somebody typed that is no number approves nothing.
NO_COUNT = -1


def crumbs(school_year: int) -> list[tuple[str, str]]:
    """Return the way to the roster pages."""
    return [
        (_("Home"), reverse("home", args=[school_year])),
        (_("Rosters"), reverse("rosters", args=[school_year])),
    ]


@door(
    rule="Files of districts within ROSTER_READ; counts only, no student is named.",
    needs=Permission.ROSTER_READ,
)
def intakes(request: Reader, school_year: int) -> HttpResponse:
    """List the roster files that came in, and take another."""
    scope = request.scope
    if request.method == "POST":
        return received(request, school_year)
    page = intake_page(scope, PageRequest(number=page_number(request), size=25))
    context = {
        "title": _("Which rosters came in?"),
        "section": "rosters",
        "breadcrumbs": crumbs(school_year)[:1],
        "page": page,
        "may_send": scope.may(Permission.ROSTER_WRITE),
        "upload_sources": list(
            sources_in(scope, permission=Permission.ROSTER_WRITE).filter(kind__in=OF_ANY_FORMAT)
        ),
        "encodings": ENCODINGS,
    }
    return render(request, "rosters/intakes.html", context)


@door(
    rule=(
        "A file of a district within ROSTER_READ: its findings and counts; values of cells "
        "only to who may see the district."
    ),
    needs=Permission.ROSTER_READ,
)
def plan(request: Reader, school_year: int, intake: UUID) -> HttpResponse:
    """Show what a roster would change, why it waits, and what was found: the page to decide on."""
    scope = request.scope
    found = get_intake(scope, intake)
    summary = get_plan(scope, found.plan.uuid) if found.plan else None
    findings = findings_of(scope, intake)
    context = {
        "title": _asks(found, summary),
        "crumb": found.file_name,
        "section": "rosters",
        "breadcrumbs": crumbs(school_year),
        "intake": found,
        "plan": summary,
        "actions": shown.columns(summary),
        "received_by": known_as(scope, found.received_by),
        "decided_by": known_as(scope, summary.decided_by) if summary and summary.decided_by else "",
        "tables": shown.tables(scope, found, summary) if summary else [],
        "schools": shown.schools(scope, found, summary) if summary else [],
        "turn": shown.turn(scope, summary) if summary else {},
        "limits": shown.limits(reading_from(found.reading).policy),
        "edits": _overridden(request, found),
        "is_stale": _is_stale(found, summary),
        "may_send": _may(request, found, Permission.ROSTER_WRITE),
        "asks_for_mapping": asks_for_mapping(found),
        "is_being_checked": _is_being_checked(found),
        "is_slow": now() - found.received_at > USUALLY_CHECKED_WITHIN,
        "files": _files(found),
        "findings": findings[:SHOWN_FINDINGS],
        "finding_count": sum(found.counts.get("by_code", {}).values()),
        "severities": _severities(findings),
        "may_approve": _may(request, found, Permission.ROSTER_APPROVE),
        "is_open": summary is not None and shown.is_open(summary),
        "additions_count": shown.additions_count(summary) if summary else 0,
        "conflicts": _conflicts(request, found),
        "school_year_number": school_year,
    }
    return render(request, "rosters/plan.html", context)


def _is_being_checked(intake: Intake) -> bool:
    """Tell whether what a roster would change is still being worked out."""
    return intake.status == IntakeStatus.RECEIVED.value and not asks_for_mapping(intake)


def _asks(intake: Intake, summary: PlanSummary | None) -> str:
    """Return the question that the page answers about this roster."""
    name = {"name": intake.file_name}
    if summary is None or shown.is_open(summary):
        return _("What would %(name)s change?") % name
    return _("What did %(name)s change?") % name


def _may(request: Reader, intake: Intake, permission: Permission) -> bool:
    reach = request.scope.over(permission)
    return reach.everything or (
        intake.organization_id is not None and reach.includes(intake.organization_id)
    )


def _is_stale(intake: Intake, summary: PlanSummary | None) -> bool:
    """Tell whether a plan that waits was made of records that have changed since."""
    if summary is None or intake.plan is None or not shown.is_open(summary):
        return False
    return not is_current(intake.plan)


def _overridden(request: Reader, intake: Intake) -> object:
    """Return the edits of this district of which its source says something else."""
    if intake.organization_id is None:
        return None
    return edit_page(
        request.scope,
        only_overridden=True,
        district_id=intake.organization_id,
        page=PageRequest(size=SHOWN_EDITS),
    )


def _files(intake: Intake) -> list[dict[str, object]]:
    """List the files of a bundle with what was found and left out in each."""
    excluded = intake.counts.get("excluded", {})
    return [
        {"name": name, **counts, "excluded": excluded.get(name.removesuffix(".csv"), 0)}
        for name, counts in intake.counts.get("by_file", {}).items()
    ]


def _severities(findings: list[dict[str, object]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for finding in findings:
        found[str(finding["severity"])] = found.get(str(finding["severity"]), 0) + 1
    return found


def _conflicts(request: Reader, intake: Intake) -> object:
    if intake.plan is None or intake.plan.status != PlanStatus.UNDONE.value:
        return None
    return plan_conflicts(request.scope, intake.plan.undo.uuid, page=PageRequest(size=20))


@door(
    rule="Students, staff and classes of one plan, for readers of the district's roster.",
    needs=Permission.ROSTER_READ,
)
def rows(request: Reader, school_year: int, intake: UUID) -> HttpResponse:
    """List who and what a plan changes, cell by cell."""
    scope = request.scope
    found = get_intake(scope, intake)
    if found.plan is None:
        return redirect("roster_plan", school_year=school_year, intake=intake)
    summary = get_plan(scope, found.plan.uuid)
    table = request.GET.get("table", "")
    table = table if table in summary.counts else next(iter(summary.counts), "")
    action, school = request.GET.get("action", ""), request.GET.get("school", "")
    page = plan_rows(
        scope,
        summary.uuid,
        table=table,
        school_id=int(school) if school.isdecimal() and len(school) < 19 else None,
        action=ChangeAction(action) if action in shown.ACTIONS else None,
        page=PageRequest(number=page_number(request), size=50),
    )
    ids = [row.school_id for row in page.items if row.school_id is not None]
    context = {
        "title": _("Who and what changes?"),
        "section": "rosters",
        "breadcrumbs": [
            *crumbs(school_year),
            (found.file_name, reverse("roster_plan", args=[school_year, intake])),
        ],
        "intake": found,
        "plan": summary,
        "table": table,
        "action": action,
        "school": school,
        "actions": shown.ACTIONS,
        "page": page,
        "rows": shown.named(scope, summary, page.items),
        "may_edit": _may(request, found, Permission.ROSTER_WRITE),
        "editable": EDITABLE,
        "school_names": school_names(scope, ids),
        "query": f"table={table}&action={action}&school={school}",
    }
    return render(request, "rosters/rows.html", context)


@require_POST
@door(rule="Changes a plan of a district within ROSTER_APPROVE.", needs=Permission.ROSTER_APPROVE)
def decide(request: Reader, school_year: int, intake: UUID) -> HttpResponse:
    """Commit, commit in part, discard or undo a plan, as the pressed button says."""
    choice = request.POST.get("choice", "")
    # First of all: a file out of sight answers like one that there is not, whatever is sent.
    get_intake(request.scope, intake)
    if choice not in CHOICES:
        messages.error(request, _("Choose what to do with this plan. Nothing was done."))
        return redirect("roster_plan", school_year=school_year, intake=intake)
    if choice == "again":
        return checked_again(request, school_year, intake)
    try:
        says = _decided(request, intake, choice)
    except tuple(REFUSALS) as refusal:
        messages.error(request, str(REFUSALS[type(refusal)]))
    except (PlanIsFinished, PlanIsNotCommitted):
        messages.info(request, _("Somebody has decided on this plan already."))
    except UndoHasNothingLeft:
        messages.warning(
            request,
            _(
                "Everything this plan wrote has been changed again since, so there is nothing "
                "left to undo."
            ),
        )
    else:
        messages.success(request, says)
    return redirect("roster_plan", school_year=school_year, intake=intake)


def _decided(request: Reader, intake: UUID, choice: str) -> str:
    scope, by, at = request.scope, request.actor, now()
    if choice == "discard":
        discard_intake(scope, intake, by=by, now=at)
        return _("The plan was discarded. Nothing has changed.")
    if choice == "undo":
        receipt = undo_intake(scope, intake, by=by, now=at)
        done = _("Undone.")
        if receipt.conflict_count:
            done += " " + ngettext(
                "%(n)d cell was changed later and stays.",
                "%(n)d cells were changed later and stay.",
                receipt.conflict_count,
            ) % {"n": receipt.conflict_count}
        return done
    # 1,682 and 1.682 and 1 682 are one number in the languages that pages speak.
    # The button of the smaller choice says its number, and pressing it is typing it.
    field = "additions_count" if choice == "additions" else "approved_count"
    number = re.sub(r"[\s.,]", "", request.POST.get(field, ""))
    if choice == "endorse":
        endorse_intake(
            scope,
            intake,
            digest=request.POST.get("digest", ""),
            approved_count=_count(number),
            by=by,
            now=at,
        )
        return _("You approved this plan. A second person commits it; nothing has changed yet.")
    receipt = commit_intake(
        scope,
        intake,
        digest=request.POST.get("digest", ""),
        approved_count=_count(number) if number else None,
        only_additions_and_updates=choice == "additions",
        by=by,
        now=at,
    )
    count = sum(sum(actions.values()) for actions in receipt.counts.values())
    return ngettext("%(n)s change was committed.", "%(n)s changes were committed.", count) % {
        "n": f"{count:,}"
    }


def _count(number: str) -> int:
    return int(number) if number.isdecimal() and len(number) < 10 else NO_COUNT


@door(
    rule="Students enrolled at schools within INDIVIDUAL_PII_READ.",
    needs=Permission.INDIVIDUAL_PII_READ,
)
def students(request: Reader, school_year: int) -> HttpResponse:
    """List the students of a school. Names are searched by form, never by address."""
    scope = request.scope
    schools = schools_in(scope, Permission.INDIVIDUAL_PII_READ)
    chosen = next((s for s in schools if str(s.uuid) == request.GET.get("school", "")), None)
    grade = request.GET.get("grade", "")
    page = student_page(
        scope,
        school_id=chosen.id if chosen else None,
        grade=grade if grade in GRADE_CODES else "",
        text=typed(request, "text", 100),
        page=PageRequest(number=page_number(request), size=50),
    )
    context = {
        "title": _("Who is enrolled?"),
        "section": "rosters",
        "breadcrumbs": crumbs(school_year),
        "schools": schools,
        "grades": list(Grade),
        "chosen": chosen,
        "grade": grade,
        "page": page,
        "may_edit": scope.may(Permission.ROSTER_WRITE),
        "query": f"school={chosen.uuid if chosen else ''}&grade={grade}",
    }
    return render(request, "rosters/students.html", context)
