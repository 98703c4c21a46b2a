"""Plan a school's or district's way to its window, and tell its people when it is ready."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from django.db import transaction

from rollbook.access.models import Account
from rollbook.audit.actions import record
from rollbook.messages.actions import tell_and_mail
from rollbook.orgs.types import OrganizationRow
from rollbook.roster.models.readiness import Readiness, ReadinessStage
from rollbook.roster.queries.readiness import (
    ReadinessRow,
    administration_team,
    colleagues,
    get_readiness,
    mail_waits_for,
)
from rollbook.roster.rules.readiness import PROVED_BY_FACTS, Method, Missing, Stage, stages_of
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope
from rollbook.shared.years import SchoolYear

EVIDENCE_LENGTH = 400


class MayNotPlanReadiness(PermissionError):
    """Say that this person may not plan for this school or district."""


class StageIsProvedByFacts(ValueError):
    """Say that records decide this stage: a person's word makes it neither done nor undone."""


class StageNotOfMethod(ValueError):
    """Say that the chosen method has no such stage."""


class WindowIsBackwards(ValueError):
    """Say that a window ends before it opens, or that the launch comes after its end."""


class OwnerNotHere(ValueError):
    """Say that the chosen owner does not read this roster."""


class NotReady(Exception):
    """Say why the Ready To Assess mail may not go out: all reasons at once."""

    def __init__(self, missing: Iterable[Missing]) -> None:
        self.missing = tuple(missing)
        super().__init__(f"The mail waits for: {', '.join(self.missing)}.")


class Keep(Enum):
    """Say that a choice stays as it is."""

    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class ReadyMail:
    """Hold what became of a Ready To Assess mail; `is_new` is false when it had gone out before."""

    sent_at: datetime
    recipient_count: int
    is_new: bool


def open_readiness(
    scope: Scope, organization: UUID, *, school_year: int, by: Actor, now: datetime
) -> Readiness:
    """Begin to plan for a school or district, unless that has begun.

    Raises: OrganizationNotFound, MayNotPlanReadiness.
    """
    row = _row_to_plan(scope, organization, school_year)
    with transaction.atomic():
        readiness, is_new = Readiness.objects.get_or_create(
            organization_id=row.organization.id, school_year=school_year
        )
        if is_new:
            _note("readiness.opened", readiness, {"school_year": school_year}, by, now)
    return readiness


@transaction.atomic
def choose_method(
    scope: Scope, organization: UUID, method: Method, *, school_year: int, by: Actor, now: datetime
) -> None:
    """Say how the roster of a school or district gets here; that decides which stages it has.

    Raises: OrganizationNotFound, MayNotPlanReadiness.
    """
    readiness = open_readiness(scope, organization, school_year=school_year, by=by, now=now)
    readiness.method = method.value
    readiness.save(update_fields=["method"])
    _note("readiness.method_chosen", readiness, {"method": method.value}, by, now)


@transaction.atomic
def set_window(
    scope: Scope,
    organization: UUID,
    *,
    school_year: int,
    opens_on: date | None,
    ends_before: date | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Set the assessment window, from which every other date is planned backwards.

    A launch date that somebody set stays, unless it would come after the window's end.
    Raises: OrganizationNotFound, MayNotPlanReadiness, WindowIsBackwards.
    """
    readiness = open_readiness(scope, organization, school_year=school_year, by=by, now=now)
    _check_window(opens_on, ends_before, readiness.launch_on, school_year)
    readiness.window_opens_on, readiness.window_ends_before = opens_on, ends_before
    readiness.save(update_fields=["window_opens_on", "window_ends_before"])
    dates = {"opens_on": _text(opens_on), "ends_before": _text(ends_before)}
    _note("readiness.window_set", readiness, dates, by, now)


@transaction.atomic
def set_launch(
    scope: Scope,
    organization: UUID,
    launch_on: date | None,
    *,
    school_year: int,
    by: Actor,
    now: datetime,
) -> None:
    """Set the day on which students may begin to sign in; None is three days before the window.

    Where the window is the district's, the school takes it over with its own launch date.
    Raises: OrganizationNotFound, MayNotPlanReadiness, WindowIsBackwards.
    """
    above = get_readiness(scope, organization, school_year=school_year).plan.window
    readiness = open_readiness(scope, organization, school_year=school_year, by=by, now=now)
    if readiness.window_opens_on is None:
        readiness.window_opens_on = above.opens_on
        readiness.window_ends_before = above.ends_before
    opens_on, ends_before = readiness.window_opens_on, readiness.window_ends_before
    _check_window(opens_on, ends_before, launch_on, school_year)
    readiness.launch_on = launch_on
    readiness.save(update_fields=["window_opens_on", "window_ends_before", "launch_on"])
    _note("readiness.launch_set", readiness, {"launch_on": _text(launch_on)}, by, now)


@transaction.atomic
def set_stage(
    scope: Scope,
    organization: UUID,
    stage: Stage,
    *,
    school_year: int,
    is_done: bool | None = None,
    evidence: str | None = None,
    owner: UUID | Keep | None = Keep.KEEP,
    due_on: date | Keep | None = Keep.KEEP,
    by: Actor,
    now: datetime,
) -> None:
    """Say of one stage who owns it, when it is due, that it is done and on what evidence.

    Shape: `is_done` and `evidence` stay as they are when None; an `owner` of None is nobody, and a
           `due_on` of None the planned date.
    Raises: OrganizationNotFound, MayNotPlanReadiness, StageIsProvedByFacts, StageNotOfMethod,
            OwnerNotHere.
    """
    row = _row_to_plan(scope, organization, school_year)
    if stage not in stages_of(row.plan.method):
        raise StageNotOfMethod(f'"{stage}" is no stage of the chosen method.')
    if is_done is not None and stage in PROVED_BY_FACTS:
        raise StageIsProvedByFacts(f'"{stage}" is decided by records, not by anybody\'s word.')
    readiness = open_readiness(scope, organization, school_year=school_year, by=by, now=now)
    said, _is_new = ReadinessStage.objects.get_or_create(readiness=readiness, stage=stage.value)
    if not isinstance(owner, Keep):
        said.owner = _owner(scope, row.organization, owner)
    if not isinstance(due_on, Keep):
        said.due_on = due_on
    if evidence is not None:
        said.evidence = evidence.strip()[:EVIDENCE_LENGTH]
    if is_done is not None and is_done != (said.done_at is not None):
        said.done_by, said.done_at = (by.label, now) if is_done else ("", None)
    said.save()
    done = said.done_at is not None
    _note("readiness.stage_set", readiness, {"stage": stage.value, "is_done": done}, by, now)


@transaction.atomic
def set_owner(
    scope: Scope,
    organization: UUID,
    owner: UUID | None,
    *,
    school_year: int,
    by: Actor,
    now: datetime,
) -> None:
    """Say who sees to it that a school or district gets ready, where no stage says otherwise.

    Raises: OrganizationNotFound, MayNotPlanReadiness, OwnerNotHere.
    """
    row = _row_to_plan(scope, organization, school_year)
    account = _owner(scope, row.organization, owner)
    readiness = open_readiness(scope, organization, school_year=school_year, by=by, now=now)
    readiness.owner = account
    readiness.save(update_fields=["owner"])
    _note("readiness.owner_set", readiness, {"has_owner": account is not None}, by, now)


def send_ready_mail(
    scope: Scope, organization: UUID, *, school_year: int, by: Actor, now: datetime
) -> ReadyMail:
    """Tell the administration team that a school or district is ready, once.

    The facts are looked at now, in the transaction that queues the letters: what a page showed a
    minute ago does not count.

    Raises: OrganizationNotFound, MayNotPlanReadiness; NotReady with everything that is missing.
    """
    with transaction.atomic():
        readiness = open_readiness(scope, organization, school_year=school_year, by=by, now=now)
        readiness = Readiness.objects.select_for_update(no_key=True).get(pk=readiness.pk)
        row = get_readiness(scope, organization, school_year=school_year)
        if readiness.ready_mail_at is not None:
            return ReadyMail(readiness.ready_mail_at, 0, is_new=False)
        team = administration_team(scope, row.organization)
        if missing := mail_waits_for(scope, row, recipient_count=len(team)):
            raise NotReady(missing)
        _tell_team(row, readiness, team, by=by, now=now)
        readiness.ready_mail_at, readiness.ready_mail_by = now, by.label
        readiness.save(update_fields=["ready_mail_at", "ready_mail_by"])
        facts = {"recipients": len(team), "students": row.facts.student_count}
        _note("readiness.mail_sent", readiness, facts, by, now)
    return ReadyMail(now, len(team), is_new=True)


def _tell_team(
    row: ReadinessRow, readiness: Readiness, team: dict[int, str], *, by: Actor, now: datetime
) -> None:
    key = f"ready_to_assess:{readiness.uuid}"
    title = f"Ready to assess: {row.organization.name}"
    link = f"/{readiness.school_year}/rosters/readiness/{row.organization.uuid}/"
    body = _letter(row)
    tell_and_mail(
        team, kind="ready_to_assess", title=title[:200], body=body, link=link, dedupe_key=key,
        by=by, now=now,
    )  # fmt: skip


def _letter(row: ReadinessRow) -> str:
    window, launch = row.plan.window, row.plan.window.launch(row.days)
    assert launch is not None
    assert window.opens_on is not None
    until = ""
    if window.ends_before:
        until = f" and closes on {_spoken(window.ends_before - timedelta(days=1))}"
    students = f"{row.facts.student_count:,} student{'' if row.facts.student_count == 1 else 's'}"
    is_one = row.facts.student_count == 1
    return (
        f"{row.organization.name} is ready to assess in {_year(row, launch)}.\n"
        f"{students} {'is' if is_one else 'are'} rostered, each in one class.\n"
        f"Students can sign in from {_spoken(launch)}. "
        f"The window opens on {_spoken(window.opens_on)}{until}.\n"
    )


def _year(row: ReadinessRow, launch: date) -> str:
    return SchoolYear.containing(row.plan.window.opens_on or launch).label


def _spoken(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""


def _row_to_plan(scope: Scope, organization: UUID, school_year: int) -> ReadinessRow:
    row = get_readiness(scope, organization, school_year=school_year)
    if not scope.over(Permission.ROSTER_WRITE).includes(row.organization.id):
        raise MayNotPlanReadiness
    return row


def _owner(scope: Scope, organization: OrganizationRow, owner: UUID | None) -> Account | None:
    if owner is None:
        return None
    if owner not in {uuid for uuid, _name in colleagues(scope, organization)}:
        raise OwnerNotHere("This person does not read the roster here. Choose another owner.")
    return Account.objects.get(uuid=owner)


def _check_window(
    opens_on: date | None, ends_before: date | None, launch_on: date | None, school_year: int
) -> None:
    if ends_before is not None and (opens_on is None or ends_before <= opens_on):
        raise WindowIsBackwards("The window ends before it opens. Set a later last day.")
    if launch_on is not None and ends_before is not None and launch_on >= ends_before:
        raise WindowIsBackwards("The launch comes after the window's end. Set an earlier launch.")
    year = SchoolYear(school_year)
    if opens_on is not None and not year.starts_on <= opens_on < year.ends_before:
        raise WindowIsBackwards(f"This day is not in the school year {year.label}.")


def _note(action: str, kept: Readiness, detail: dict[str, Any], by: Actor, now: datetime) -> None:
    record(
        action=action,
        subject_kind="readiness",
        subject_uuid=kept.uuid,
        by=by,
        now=now,
        organization_id=kept.organization_id,
        detail=detail,
    )
