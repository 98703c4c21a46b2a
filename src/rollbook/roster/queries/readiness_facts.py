"""Read what the records say of schools and districts that get ready, many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, F, Max, Q, QuerySet

from rollbook.changes.models import ChangePlan
from rollbook.changes.types import PlanStatus
from rollbook.orgs.models import AcademicSession, Organization, OrganizationLink
from rollbook.orgs.types import SessionKind
from rollbook.people.queries.students import enrolled_now
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import SyncRun
from rollbook.roster.queries.sources import GOOD
from rollbook.roster.rules.readiness import Facts, SchoolDays, has_passed
from rollbook.roster.types import IntakeStatus
from rollbook.shared.scope import Permission, Scope


@dataclass(frozen=True)
class Family:
    """Know what stands above and below some organizations, each among its own."""

    above: Mapping[int, frozenset[int]] = field(default_factory=dict[int, frozenset[int]])
    below: Mapping[int, frozenset[int]] = field(default_factory=dict[int, frozenset[int]])
    depths: Mapping[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])

    def nearest_first(self, place: int) -> list[int]:
        """Return an organization and those above it, itself first."""
        above = self.above.get(place, frozenset({place}))
        return sorted(above, key=lambda other: self.depths.get((other, place), 0))


@dataclass(frozen=True, slots=True)
class _Checked:
    """Hold one roster that was checked: whose it is, and whether it passed."""

    pk: int
    uuid: UUID
    district_id: int | None
    has_passed: bool

    def is_seen_by(self, scope: Scope) -> bool:
        """Tell whether this reader may open it."""
        reach = scope.over(Permission.ROSTER_READ)
        return reach.everything or (
            self.district_id is not None and reach.includes(self.district_id)
        )


def family_of(scope: Scope, organizations: QuerySet[Organization]) -> Family:
    """Return what stands above and below organizations that the reader sees."""
    links = OrganizationLink.objects.filter(
        Q(descendant__in=organizations) | Q(ancestor__in=organizations)
    )
    above: defaultdict[int, set[int]] = defaultdict(set)
    below: defaultdict[int, set[int]] = defaultdict(set)
    depths: dict[tuple[int, int], int] = {}
    for ancestor, descendant, depth in links.values_list("ancestor_id", "descendant_id", "depth"):
        above[descendant].add(ancestor)
        below[ancestor].add(descendant)
        depths[ancestor, descendant] = depth
    return Family(
        {place: frozenset(found) for place, found in above.items()},
        {place: frozenset(found) for place, found in below.items()},
        depths,
    )


def readiness_facts(
    scope: Scope, organizations: QuerySet[Organization], family: Family, *, school_year: int
) -> dict[int, Facts]:
    """Return the facts of organizations that the reader sees, on the scope's day.

    Shape: six queries whatever the number. A school's roster comes with its district's, so what
           came for the district counts for the school; a district's students are its schools'.
    """
    connected = _connected()
    latest, committed = _latest_intakes(), _committed()
    waiting = _waiting()
    students = _students(scope, organizations, school_year)
    facts: dict[int, Facts] = {}
    for place in organizations.values_list("pk", flat=True):
        above = family.above.get(place, frozenset({place}))
        counted = [students[p] for p in family.below.get(place, {place}) if p in students]
        seen = (latest[p] for p in (*above, None) if p in latest)
        intake = max(seen, key=lambda each: each.pk, default=None)
        facts[place] = Facts(
            today=scope.on,
            has_connection=bool(connected & above),
            has_passed_preflight=intake is not None and intake.has_passed,
            has_committed_roster=bool(committed & {*above, None}),
            waiting_plan_count=sum(waiting.get(p, 0) for p in above),
            student_count=sum(row["students"] for row in counted),
            without_class_count=sum(row["without"] for row in counted),
            in_several_count=sum(row["several"] for row in counted),
            intake_uuid=intake.uuid if intake and intake.is_seen_by(scope) else None,
        )
    return facts


def _connected() -> frozenset[int]:
    runs = SyncRun.objects.filter(outcome__in=list(GOOD), source__is_archived=False)
    return frozenset(runs.order_by().values_list("source__organization_id", flat=True).distinct())


def _latest_intakes() -> dict[int | None, _Checked]:
    """Return the latest checked intake of each district.

    Shape: under None what was for no single district: a bundle of a whole state.
    """
    checked = Intake.objects.exclude(status=IntakeStatus.RECEIVED).order_by()
    latest = checked.values("organization_id").annotate(latest=Max("pk")).values("latest")
    rows = Intake.objects.filter(pk__in=latest).values_list(
        "organization_id", "pk", "uuid", "status", "verdict", "plan__status"
    )
    return {
        district: _Checked(
            pk, uuid, district, has_passed(status=status, verdict=verdict, plan_status=plan or "")
        )
        for district, pk, uuid, status, verdict, plan in rows
    }


def _committed() -> frozenset[int | None]:
    intakes = Intake.objects.filter(plan__status=PlanStatus.COMMITTED).order_by()
    return frozenset(intakes.values_list("organization_id", flat=True).distinct())


def _waiting() -> dict[int, int]:
    held = ChangePlan.objects.filter(status=PlanStatus.HELD, organization_id__isnull=False)
    rows = held.order_by().values("organization_id").annotate(count=Count("pk"))
    return {row["organization_id"]: row["count"] for row in rows}


def _students(
    scope: Scope, organizations: QuerySet[Organization], school_year: int
) -> dict[int, dict[str, int]]:
    """Count the students of each school, those in no class of it, and those in two or more."""
    schools = OrganizationLink.objects.filter(ancestor__in=organizations).values("descendant_id")
    seat, room = "student__enrollments__", "student__enrollments__class_taught__"
    counted = Q(
        Q(**{f"{seat}begins_on__isnull": True}) | Q(**{f"{seat}begins_on__lte": scope.on}),
        Q(**{f"{seat}ends_before__isnull": True}) | Q(**{f"{seat}ends_before__gt": scope.on}),
        **{
            f"{seat}is_active": True,
            f"{room}school_id": F("school_id"),
            f"{room}school_year": school_year,
            f"{room}is_active": True,
        },
    )
    by_student = (
        enrolled_now(scope)
        .filter(school_year=school_year, student__is_active=True, school_id__in=schools)
        .order_by()
        .values("school_id", "student_id")
        .annotate(classes=Count(f"{seat}class_taught", filter=counted, distinct=True))
    )
    try:
        inner, values = by_student.query.sql_with_params()
    except EmptyResultSet:  # no column of the database is wide enough for such a year
        return {}
    # The ORM cannot count groups of groups in one statement, and a state has millions of rows.
    statement = (
        "SELECT school_id, COUNT(*), SUM(CASE WHEN classes = 0 THEN 1 ELSE 0 END), "
        "SUM(CASE WHEN classes >= 2 THEN 1 ELSE 0 END) "
        f"FROM ({inner}) AS by_student GROUP BY school_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = ("students", "without", "several")
        return {school: dict(zip(names, row, strict=True)) for school, *row in cursor.fetchall()}


def school_days_of(
    scope: Scope, organizations: Iterable[int], family: Family, *, school_year: int
) -> dict[int, SchoolDays]:
    """Return the school days of each organization, by its own calendar or the nearest one above.

    Shape: one query. Terms count before whole years, which would fill the breaks between terms.
    """
    spans: defaultdict[int, dict[bool, set[tuple[date, date]]]]
    spans = defaultdict(lambda: {True: set(), False: set()})
    sessions = AcademicSession.objects.filter(school_year=school_year, is_active=True)
    for place, kind, starts_on, ends_before in sessions.values_list(
        "organization_id", "kind", "starts_on", "ends_before"
    ):
        spans[place][kind == SessionKind.SCHOOL_YEAR].add((starts_on, ends_before))
    made: dict[int, SchoolDays] = {}
    for place in organizations:
        own = next((spans[p] for p in family.nearest_first(place) if p in spans), None)
        found = (own[False] or own[True]) if own else set[tuple[date, date]]()
        made[place] = SchoolDays(tuple(sorted(found)))
    return made
