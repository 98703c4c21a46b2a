"""Read organizations, school years and terms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from rollbook.orgs.models import AcademicSession, Organization, OrganizationLink
from rollbook.orgs.types import OrganizationKind, OrganizationRow, SessionKind, TermRow, TreeRow
from rollbook.shared.scope import Permission, Reach, Scope
from rollbook.shared.years import SchoolYear


class OrganizationNotFound(Exception):
    """Say that the reader sees no such organization, whether or not there is one."""


def within(reach: Reach, field: str) -> Q:
    """Return the condition that an organization id column lies inside `reach`.

    Shape: true of every row when the reach is everything; of none when it is empty.
    """
    # An empty Q() is no condition: joined with another by "or" it would vanish, not stay true.
    return ~Q(pk__in=[]) if reach.everything else Q(**{f"{field}__in": reach.organization_ids})


def organizations_in(
    scope: Scope,
    permission: Permission,
    *,
    kinds: Iterable[OrganizationKind] = tuple(OrganizationKind),
    under: int | None = None,
) -> list[OrganizationRow]:
    """List the organizations over which the reader holds `permission`.

    Shape: by name, archived ones left out; `under` keeps an organization and all below it.
    """
    found = _seen(scope, permission).filter(is_active=True, kind__in=list(kinds))
    if under is not None:
        found = found.filter(links_up__ancestor_id=under)
    return [row_of(organization) for organization in found.order_by("name", "id")]


def schools_in(
    scope: Scope, permission: Permission, *, under: int | None = None
) -> list[OrganizationRow]:
    """List the schools over which the reader holds `permission`, by name."""
    return organizations_in(scope, permission, kinds=[OrganizationKind.SCHOOL], under=under)


def organization_tree(
    scope: Scope, permission: Permission = Permission.ORGANIZATION_READ
) -> list[TreeRow]:
    """List what the reader sees as a tree.

    Shape: each organization directly after its parent, siblings by name; one whose parent is out
           of sight stands at depth 0.
    """
    rows = organizations_in(scope, permission)
    seen = {row.id for row in rows}
    below: dict[int | None, list[OrganizationRow]] = {}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in seen else None, []).append(row)
    tree: list[TreeRow] = []
    waiting = [TreeRow(row, 0) for row in reversed(below.get(None, []))]
    while waiting:
        here = waiting.pop()
        tree.append(here)
        children = reversed(below.get(here.organization.id, []))
        waiting.extend(TreeRow(row, here.depth + 1) for row in children)
    return tree


def get_organization(
    scope: Scope, uuid: UUID | str, *, permission: Permission = Permission.ORGANIZATION_READ
) -> OrganizationRow:
    """Return the organization with this public id.

    Raises: OrganizationNotFound when there is none or the reader may not see it: one answer.
    """
    found = _seen(scope, permission).filter(uuid=uuid).first()
    if found is None:
        raise OrganizationNotFound("No such organization, or not one that you may see.")
    return row_of(found)


def find_by_natural_id(
    scope: Scope, natural_id: str, *, permission: Permission = Permission.ORGANIZATION_READ
) -> OrganizationRow | None:
    """Return the active organization with this state code, if the reader sees exactly one."""
    found = _seen(scope, permission).filter(is_active=True, natural_id=natural_id)[:2]
    return row_of(found[0]) if natural_id and len(found) == 1 else None


def current_school_year(on: date) -> SchoolYear:
    """Return the school year of the agency on that day.

    The one public read without a scope: the calendar year is no secret, and a scope needs it.
    Shape: the year that most organizations have on their calendars, the later one of equals; by
           the state's calendar where no organization has one for that day.
    """
    years = (
        AcademicSession.objects.filter(
            kind=SessionKind.SCHOOL_YEAR, is_active=True, starts_on__lte=on, ends_before__gt=on
        )
        .values("school_year")
        .annotate(times=Count("id"))
        .order_by("-times", "-school_year")
    )
    found = years.first()
    return SchoolYear(found["school_year"]) if found else SchoolYear.containing(on)


def terms_in(
    scope: Scope,
    school_year: int,
    *,
    permission: Permission = Permission.ORGANIZATION_READ,
) -> list[TermRow]:
    """List the academic sessions of a year that apply to organizations the reader sees.

    Shape: a district's terms apply to its schools, so a reader of one school sees them too; by
           start, the longest first.
    """
    reach = scope.over(permission)
    if not reach:
        return []
    sessions = AcademicSession.objects.filter(school_year=school_year, is_active=True)
    if not reach.everything:
        below = OrganizationLink.objects.filter(
            ancestor_id=OuterRef("organization_id"), descendant_id__in=reach.organization_ids
        )
        sessions = sessions.filter(Exists(below))
    return [_term(session) for session in sessions.order_by("starts_on", "-ends_before", "id")]


def _seen(scope: Scope, permission: Permission) -> QuerySet[Organization]:
    return Organization.objects.filter(within(scope.over(permission), "id"))


def row_of(organization: Organization) -> OrganizationRow:
    """Turn a record that is already in scope into the value that pages show."""
    return OrganizationRow(
        id=organization.pk,
        uuid=organization.uuid,
        kind=OrganizationKind(organization.kind),
        name=organization.name,
        natural_id=organization.natural_id,
        parent_id=organization.parent_id,
        is_active=organization.is_active,
    )


def _term(session: AcademicSession) -> TermRow:
    return TermRow(
        id=session.pk,
        uuid=session.uuid,
        kind=SessionKind(session.kind),
        title=session.title,
        organization_id=session.organization_id,
        school_year=SchoolYear(session.school_year),
        starts_on=session.starts_on,
        ends_before=session.ends_before,
    )


def school_names(scope: Scope, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of organizations by id, for lists that already decided which rows to show.

    Shape: empty for a reader without any right; the name of a school is public knowledge.
    """
    if not scope.reach and not scope.group_ids:
        return {}
    return dict(Organization.objects.filter(pk__in=list(ids)).values_list("pk", "name"))


def places_within(scope: Scope, organization_id: int) -> frozenset[int]:
    """Return an organization and everything below it, as far as the reader sees any of it."""
    below = OrganizationLink.objects.filter(ancestor_id=organization_id)
    places = {organization_id, *below.values_list("descendant_id", flat=True)}
    if any(reach.everything for reach in scope.reach.values()):
        return frozenset(places)
    seen = frozenset().union(*(reach.organization_ids for reach in scope.reach.values()))
    return frozenset(places & seen)


def places_by_key(scope: Scope) -> list[tuple[int, str, str, int | None]]:
    """Return every active school as (id, natural id, sourcedId, id of its district), by id.

    Raises: OrganizationNotFound for a reader who may not send data for anybody.
    """
    if not scope.may(Permission.DATA_WRITE):
        raise OrganizationNotFound("No organization for which you may send data.")
    district = OrganizationLink.objects.filter(
        descendant=OuterRef("pk"), ancestor__kind=OrganizationKind.DISTRICT
    ).values("ancestor_id")[:1]
    schools = _seen(scope, Permission.DATA_WRITE).filter(
        is_active=True, kind=OrganizationKind.SCHOOL
    )
    return list(
        schools.annotate(district=Subquery(district))
        .order_by("pk")
        .values_list("pk", "natural_id", "sourced_id", "district")
    )
