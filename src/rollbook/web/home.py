"""The first page, the sandbox's door, and the home of somebody signed in."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollbook.access.actions import SandboxIsClosed, enter_sandbox, leave_sandbox
from rollbook.access.models import Account
from rollbook.access.queries import sandbox_entries, secrets_near_end
from rollbook.changes.queries import open_plans
from rollbook.extracts.queries.deliveries import failed_deliveries
from rollbook.extracts.queries.targets import target_list
from rollbook.extracts.types import REMIND_DAYS
from rollbook.groups.queries import group_list
from rollbook.groups.queries.imports import import_list
from rollbook.groups.types import ImportStatus
from rollbook.jobs.queries import jobs_of
from rollbook.jobs.types import JobStatus
from rollbook.messages.queries import unread_count
from rollbook.orgs.queries import current_school_year, schools_in
from rollbook.roster.queries.identity import open_matters
from rollbook.roster.queries.intakes import intakes_in
from rollbook.roster.queries.sources import sources_health
from rollbook.roster.rules.running import SourceStatus
from rollbook.shared.actor import Actor, ActorKind
from rollbook.shared.grades import Grade
from rollbook.shared.scope import Permission, Scope
from rollbook.web.door import Reader, door, now
from rollbook.web.source_words import STATUSES

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# The grades in which anything is tested; ELPAC is for all of kindergarten to 12.
TESTED = [
    grade
    for grade in Grade
    if (grade.value.isdigit() and int(grade.value) <= 12) or grade is Grade.KINDERGARTEN
]


@door(rule="Public: sends everybody on; shows no data.", is_public=True)
def start(request: HttpRequest) -> HttpResponse:
    """Send a reader home, a visitor to the sandbox or to sign in."""
    if request.user.is_authenticated:
        scope: Scope = request.scope
        return redirect("home", school_year=int(current_school_year(scope.on)))
    return redirect("sandbox" if settings.SANDBOX else "account_login")


@door(rule="Public: names made-up schools of a sandbox; shows no student.", is_public=True)
def sandbox(request: HttpRequest) -> HttpResponse:
    """Let a visitor choose a role of the sandbox."""
    if request.method == "POST":
        role, _sep, organization = request.POST.get("entry", "").partition("@")
        visitor = Actor(ActorKind.PERSON, "sandbox visitor")
        try:
            account = enter_sandbox(role=role, organization=organization, by=visitor, now=now())
        except SandboxIsClosed:
            return redirect("start")
        login(request, account, backend=BACKEND)
        return redirect("start")
    entries = sandbox_entries()
    if not entries:
        return redirect("account_login")
    return render(
        request, "home/sandbox.html", {"title": _("Enter the sandbox"), "entries": entries}
    )


@door(rule="The reader's own session only.", is_public=True)
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out; a sandbox visit is cleared away."""
    if request.method == "POST" and request.user.is_authenticated:
        account = request.user
        actor: Actor = request.actor
        logout(request)
        if isinstance(account, Account) and account.is_sandbox:
            leave_sandbox(account, by=actor, now=now())
    return redirect("start")


@door(rule="Public: only turns a form into an address.", is_public=True)
def choose_year(request: HttpRequest) -> HttpResponse:
    """Open the same page in another school year, else the home page of that year."""
    year = request.GET.get("year", "")
    if not (year.isdecimal() and len(year) == 4):
        return redirect("start")
    try:
        here = resolve(request.GET.get("path", ""))
    except Resolver404:
        return redirect("home", school_year=int(year))
    if "school_year" not in here.kwargs:
        return redirect("home", school_year=int(year))
    return redirect(here.view_name, **{**here.kwargs, "school_year": int(year)})


@door(rule="Counts and places the reader's permissions reach; no student is named.")
def home(request: Reader, school_year: int) -> HttpResponse:
    """Show what waits for the reader, and the three searches."""
    scope = request.scope
    waiting = _waiting(scope, school_year)
    return render(
        request,
        "home/home.html",
        {
            "title": _("What do you want to look at?"),
            "heading": _greeting(len(waiting)),
            "section": "home",
            "waiting": waiting,
            "schools": schools_in(scope, Permission.INDIVIDUAL_PII_READ),
            "grades": TESTED,
            "groups": group_list(scope),
            "may_search_students": may_search_students(scope),
        },
    )


def may_search_students(scope: Scope) -> bool:
    """Tell whether any student could be found by this reader."""
    return scope.may(Permission.INDIVIDUAL_PII_READ) or scope.may(Permission.GROUP_PII_READ)


def _greeting(count: int) -> str:
    if not count:
        return _("What do you want to look at?")
    return ngettext("One thing waits for you", "%(count)d things wait for you", count) % {
        "count": count
    }


def _waiting(scope: Scope, school_year: int) -> list[tuple[str, str, str]]:
    """List what waits for the reader as (sentence, verb, address)."""
    found: list[tuple[str, str, str]] = []
    if scope.may(Permission.ROSTER_APPROVE):
        plans = {plan.uuid: plan for plan in open_plans(scope)}
        for intake in intakes_in(scope).filter(plan__uuid__in=plans):
            plan = plans[intake.plan.uuid]
            says = plan.holds[0].says if plan.holds else _("It is ready to commit.")
            address = reverse("roster_plan", args=[school_year, intake.uuid])
            name = _("Roster: %(name)s") % {"name": intake.file_name}
            found.append((f"{name}. {says}", _("Review"), address))
    found += _of_rosters(scope, school_year)
    found += _of_groups(scope, school_year)
    found += _of_programs(scope, school_year)
    found += _of_deliveries(scope, school_year)
    if scope.may(Permission.SYSTEM_READ):
        failed = jobs_of(scope, status=JobStatus.FAILED).total_count
        if failed:
            says = ngettext("%(n)d job failed.", "%(n)d jobs failed.", failed) % {"n": failed}
            found.append((says, _("Look"), reverse("system", args=[school_year])))
    unread = unread_count(scope)
    if unread:
        says = ngettext("%(n)d unread message.", "%(n)d unread messages.", unread) % {"n": unread}
        found.append((says, _("Read"), reverse("messages")))
    return found


def _of_groups(scope: Scope, school_year: int) -> list[tuple[str, str, str]]:
    """List the group files that the reader sent and has not decided on."""
    if not scope.may(Permission.GROUP_WRITE):
        return []
    sent = import_list(scope, only_own=True, status=ImportStatus.ACCEPTED)
    return [
        (
            _("Group file: %(name)s. It waits for your decision.") % {"name": row.file_name},
            _("Review"),
            reverse("group_upload", args=[school_year, row.uuid]),
        )
        for row in sent.items
        if row.waits
    ]


def _of_programs(scope: Scope, school_year: int) -> list[tuple[str, str, str]]:
    """List the programs that will be shut out unless the reader renews their secrets."""
    if not scope.may(Permission.ACCOUNT_WRITE):
        return []
    found: list[tuple[str, str, str]] = []
    for secret in secrets_near_end(scope):
        days = (secret.expires_on - scope.on).days
        says = ngettext(
            "The secret of %(name)s ends in %(n)d day.",
            "The secret of %(name)s ends in %(n)d days.",
            days,
        ) % {"name": secret.client.name, "n": days}
        address = reverse("client", args=[school_year, secret.client.uuid])
        found.append((says, _("Renew"), address))
    return found


def _of_deliveries(scope: Scope, school_year: int) -> list[tuple[str, str, str]]:
    """List the group files that did not arrive, and the keys that end soon."""
    if not scope.may(Permission.GROUP_WRITE):
        return []
    found: list[tuple[str, str, str]] = []
    for row in failed_deliveries(scope):
        says = _("1 delivery failed: %(file)s to %(target)s.") % {
            "file": row.file_name,
            "target": row.target_name,
        }
        found.append((says, _("Fix"), reverse("delivery", args=[school_year, row.uuid])))
    for target in target_list(scope):
        left = (target.key_expires_on - scope.on).days if target.key_expires_on else None
        if left is not None and left <= REMIND_DAYS[0]:
            says = (
                _("The key of %(name)s has ended.")
                if left < 0
                else ngettext(
                    "The key of %(name)s ends in %(n)d day.",
                    "The key of %(name)s ends in %(n)d days.",
                    left,
                )
            )
            address = reverse("delivery_target_change", args=[school_year, target.uuid])
            found.append((says % {"name": target.name, "n": left}, _("Type in a new key"), address))
    return found


# How a source is when a person has to do something about it.
_UNWELL = {SourceStatus.ERROR, SourceStatus.LATE}


def _of_rosters(scope: Scope, school_year: int) -> list[tuple[str, str, str]]:
    """List what rosters ask of the reader: sources that are not well, students to decide on."""
    found: list[tuple[str, str, str]] = []
    if scope.may(Permission.ROSTER_WRITE):
        if not intakes_in(scope).exists():
            address = reverse("roster_sources", args=[school_year])
            found.append((_("No roster has come in yet."), _("Connect a source"), address))
        for health in sources_health(scope, now=now()):
            if health.status in _UNWELL:
                says = _("Source %(name)s of %(district)s needs you: %(status)s.") % {
                    "name": health.source.name,
                    "district": health.source.organization,
                    "status": STATUSES[health.status][0],
                }
                address = reverse("roster_source", args=[school_year, health.source.uuid])
                found.append((says, _("Look"), address))
    if scope.may(Permission.ROSTER_APPROVE):
        matters = open_matters(scope)
        count = matters.transfers_in + matters.questions
        if count:
            says = ngettext(
                "%(n)d student needs a decision.", "%(n)d students need a decision.", count
            ) % {"n": count}
            found.append((says, _("Decide"), reverse("roster_questions", args=[school_year])))
    return found
