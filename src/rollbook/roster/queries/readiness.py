"""Read who is ready to assess: every school and district with its stages, dates and owners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Prefetch

from rollbook.access.models import Account
from rollbook.access.queries import holders_of, seen_among
from rollbook.orgs.models import Organization
from rollbook.orgs.queries import OrganizationNotFound, row_of, within
from rollbook.orgs.types import OrganizationKind, OrganizationRow
from rollbook.roster.models.readiness import Readiness, ReadinessStage
from rollbook.roster.queries.readiness_facts import (
    Family,
    family_of,
    readiness_facts,
    school_days_of,
)
from rollbook.roster.rules.readiness import (
    Facts,
    Missing,
    Plan,
    Said,
    SchoolDays,
    Stage,
    StageState,
    StageStatus,
    Window,
    current_stage,
    may_send_ready_mail,
    stage_states,
    whole_status,
)
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope

# The order of the board: what needs somebody first.
_URGENCY: Final = {
    StageStatus.LATE: 0,
    StageStatus.AT_RISK: 1,
    StageStatus.UNPLANNED: 2,
    StageStatus.ON_TIME: 3,
    StageStatus.DONE: 4,
}


@dataclass(frozen=True)
class ReadinessRow:
    """Hold where one school or district stands on its way to the window.

    Shape: `plan` is filled up by what the district above planned; `current` is None at the end.
    """

    organization: OrganizationRow
    plan: Plan
    facts: Facts
    days: SchoolDays
    states: tuple[StageState, ...]
    status: StageStatus
    current: StageState | None
    owner: str
    is_inherited: bool

    @property
    def is_rostered(self) -> bool:
        """Tell whether the roster is in."""
        return any(s.stage is Stage.ROSTERED and s.is_done for s in self.states)

    @property
    def done_count(self) -> int:
        """Count the stages that are behind."""
        return sum(state.is_done for state in self.states)


@dataclass(frozen=True)
class ReadinessBoard:
    """Hold one page of the board, and what is counted over all schools that the reader sees."""

    page: Page[ReadinessRow]
    school_count: int
    rostered_count: int
    ready_count: int
    late_count: int
    at_risk_count: int
    owners: Sequence[str]


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """Choose rows of the board; a blank choice keeps all."""

    stage: str = ""
    status: str = ""
    owner: str = ""
    kind: str = ""


def readiness_board(
    scope: Scope,
    *,
    school_year: int,
    chosen: BoardFilter | None = None,
    page: PageRequest | None = None,
) -> ReadinessBoard:
    """Return who is ready to assess, those who need somebody first.

    Shape: districts and schools over which the reader may read rosters; late ones first, then by
           name. The number of queries does not depend on the number of rows.
    """
    page, chosen = page or PageRequest(), chosen or BoardFilter()
    rows = _rows(scope, None, school_year=school_year)
    schools = [row for row in rows if row.organization.kind is OrganizationKind.SCHOOL]
    statuses = Counter(row.status for row in schools)
    found = [row for row in rows if _is_chosen(row, chosen)]
    found.sort(key=lambda row: (_URGENCY[row.status], row.organization.name.casefold()))
    shown = found[page.offset : page.offset + page.size]
    return ReadinessBoard(
        page=Page(shown, number=page.number, size=page.size, total_count=len(found)),
        school_count=len(schools),
        rostered_count=sum(row.is_rostered for row in schools),
        ready_count=statuses[StageStatus.DONE],
        late_count=statuses[StageStatus.LATE],
        at_risk_count=statuses[StageStatus.AT_RISK],
        owners=sorted({row.owner for row in rows if row.owner}),
    )


def _is_chosen(row: ReadinessRow, chosen: BoardFilter) -> bool:
    stage = row.current.stage.value if row.current else ""
    return (
        chosen.stage in {"", stage}
        and chosen.status in {"", row.status.value}
        and chosen.owner in {"", row.owner}
        and chosen.kind in {"", row.organization.kind.value}
    )


def get_readiness(scope: Scope, organization: UUID, *, school_year: int) -> ReadinessRow:
    """Return where one school or district stands.

    Raises: OrganizationNotFound when there is none or the reader may not read its roster.
    """
    rows = _rows(scope, organization, school_year=school_year)
    if not rows:
        raise OrganizationNotFound("No such school or district, or not one that you may see.")
    return rows[0]


def _rows(scope: Scope, only: UUID | None, *, school_year: int) -> list[ReadinessRow]:
    seen = Organization.objects.filter(
        within(scope.over(Permission.ROSTER_READ), "id"),
        is_active=True,
        kind__in=(OrganizationKind.DISTRICT, OrganizationKind.SCHOOL),
    )
    if only is not None:
        seen = seen.filter(uuid=only)
    organizations = [row_of(organization) for organization in seen.order_by("name", "pk")]
    if not organizations:
        return []
    ids = [organization.id for organization in organizations]
    family = family_of(scope, seen)
    facts = readiness_facts(scope, seen, family, school_year=school_year)
    days = school_days_of(scope, ids, family, school_year=school_year)
    kept = _kept(school_year)
    return [_row(each, family, facts[each.id], days[each.id], kept) for each in organizations]


def _kept(school_year: int) -> dict[int, Readiness]:
    """Return what was planned in a year, by organization."""
    stages = Prefetch("stages", queryset=ReadinessStage.objects.select_related("owner"))
    found = Readiness.objects.filter(school_year=school_year).select_related("owner")
    return {kept.organization_id: kept for kept in found.prefetch_related(stages)}


def _row(
    organization: OrganizationRow,
    family: Family,
    facts: Facts,
    days: SchoolDays,
    kept: Mapping[int, Readiness],
) -> ReadinessRow:
    line = [kept[place] for place in family.nearest_first(organization.id) if place in kept]
    own = kept.get(organization.id)
    plan = _plan(own) if own else Plan()
    for above in line:
        plan = plan.under(_plan(above))
    states = stage_states(plan, facts, days)
    current = current_stage(states)
    whole = next((_name(each.owner) for each in line if each.owner), "")
    return ReadinessRow(
        organization=organization,
        plan=plan,
        facts=facts,
        days=days,
        states=states,
        status=whole_status(states),
        current=current,
        owner=(current.said.owner if current else "") or whole,
        is_inherited=own is None and bool(line),
    )


def _plan(kept: Readiness) -> Plan:
    return Plan(
        method=kept.method,
        window=Window(kept.window_opens_on, kept.window_ends_before, kept.launch_on),
        said={
            Stage(said.stage): Said(
                owner=_name(said.owner),
                due_on=said.due_on,
                evidence=said.evidence,
                done_by=said.done_by,
                done_at=said.done_at,
            )
            for said in kept.stages.all()
        },
        mail_sent_at=kept.ready_mail_at,
    )


def _name(owner: Account | None) -> str:
    # A work list names colleagues; their addresses are for those who administer accounts.
    if owner is None:
        return ""
    return f"{owner.first_name} {owner.last_name}".strip() or owner.email.partition("@")[0]


def administration_team(scope: Scope, organization: OrganizationRow) -> dict[int, str]:
    """Return who is told that a school or district is ready, by account, with their addresses.

    Shape: who gives accounts or approves rosters there or in its district. Whoever does so from
           further above is left out, unless nobody else is there: a state's administrators do not
           want a letter from every school.
    Raises: OrganizationNotFound when the reader may not read its roster.
    """
    if not scope.over(Permission.ROSTER_READ).includes(organization.id):
        raise OrganizationNotFound("No such school or district, or not one that you may see.")
    wide = Organization.objects.filter(
        links_down__descendant_id=organization.id,
        kind__in=(OrganizationKind.STATE, OrganizationKind.DISTRICT_GROUP),
    )
    nearest = wide.order_by("links_down__depth").values_list("pk", flat=True).first()
    team: dict[int, str] = {}
    from_above: set[int] = set()
    for permission in (Permission.ACCOUNT_WRITE, Permission.ROSTER_APPROVE):
        team |= holders_of(permission, organization.id, on=scope.on)
        if nearest is not None:
            from_above |= holders_of(permission, nearest, on=scope.on).keys()
    near = {account: address for account, address in team.items() if account not in from_above}
    return near or team


def mail_waits_for(scope: Scope, row: ReadinessRow, *, recipient_count: int) -> list[Missing]:
    """List what stops the Ready To Assess mail of a row, as the records are."""
    return may_send_ready_mail(
        row.plan.window, row.facts, row.days, recipient_count=recipient_count
    )


def colleagues(scope: Scope, organization: OrganizationRow) -> list[tuple[UUID, str]]:
    """List who may be made owner there: the reader, who reads its roster and whom the reader knows.

    Shape: by name. Known are the accounts that the reader administers, and who owns the place or
           one of its stages already.
    """
    if not scope.over(Permission.ROSTER_READ).includes(organization.id):
        return []
    holders = holders_of(Permission.ROSTER_READ, organization.id, on=scope.on)
    own = set[int]() if scope.account_id is None else {scope.account_id}
    known = seen_among(scope, holders.keys() | own) | _owners(organization)
    found = Account.objects.filter(pk__in=known, is_active=True)
    named = [(account.uuid, _name(account)) for account in found]
    return sorted(named, key=lambda pair: (pair[1].casefold(), str(pair[0])))


def _owners(organization: OrganizationRow) -> frozenset[int]:
    here = Readiness.objects.filter(organization_id=organization.id)
    stages = ReadinessStage.objects.filter(readiness__in=here)
    owners = [*here.values_list("owner", flat=True), *stages.values_list("owner", flat=True)]
    return frozenset(owner for owner in owners if owner is not None)
