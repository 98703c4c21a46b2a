"""Change organizations and the closure of their tree."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from rollbook.audit import actions as audit
from rollbook.orgs import rules
from rollbook.orgs.models import Organization, OrganizationLink
from rollbook.orgs.queries import OrganizationNotFound, get_organization, row_of
from rollbook.orgs.types import OrganizationKind, OrganizationRow
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope


class ParentCannotHold(Exception):
    """Say that this kind of organization may not stand under that parent."""


class NaturalIdIsTaken(Exception):
    """Say that another active organization has the same state code."""


class OrganizationsStandInACircle(Exception):
    """Say that an organization would stand above itself."""


def add_organization(
    scope: Scope,
    *,
    kind: OrganizationKind,
    name: str,
    parent: UUID | str | None = None,
    natural_id: str = "",
    nces_id: str = "",
    by: Actor,
    now: datetime,
) -> OrganizationRow:
    """Add one organization by hand.

    Raises: OrganizationNotFound without ORGANIZATION_WRITE over the parent (over everything, for
            one without a parent); ParentCannotHold; NaturalIdIsTaken.
    """
    above = _parent(scope, kind, parent)
    with transaction.atomic():
        if natural_id and Organization.objects.filter(natural_id=natural_id, is_active=True):
            raise NaturalIdIsTaken(
                f'Another organization has the code "{natural_id}". Use that one, or another code.'
            )
        added = Organization.objects.create(
            kind=kind,
            name=name,
            parent_id=above.id if above else None,
            natural_id=natural_id,
            nces_id=nces_id,
        )
        rebuild_links()
        audit.record(
            action="add_organization",
            subject_kind="organization",
            subject_uuid=str(added.uuid),
            organization_id=added.pk,
            detail={"kind": kind.value},
            by=by,
            now=now,
        )
    return row_of(added)


def _parent(
    scope: Scope, kind: OrganizationKind, parent: UUID | str | None
) -> OrganizationRow | None:
    if parent is None:
        if not scope.over(Permission.ORGANIZATION_WRITE).everything:
            raise OrganizationNotFound("Choose an organization of yours to put the new one under.")
        return None
    above = get_organization(scope, parent, permission=Permission.ORGANIZATION_WRITE)
    if not rules.may_stand_under(kind, above.kind):
        raise ParentCannotHold(rules.says_why_not_under(kind, above.kind))
    return above


# Walks from every organization up to its top. `%s` is rules.DEEPEST: a circle would walk for ever.
_WALK = """
WITH RECURSIVE walk(ancestor_id, descendant_id, depth) AS (
    SELECT id, id, 0 FROM rollbook_organization
    UNION ALL
    SELECT above.parent_id, walk.descendant_id, walk.depth + 1
    FROM walk JOIN rollbook_organization AS above ON above.id = walk.ancestor_id
    WHERE above.parent_id IS NOT NULL AND walk.depth < %s
)
"""
_CIRCLE = _WALK + "SELECT count(*) FROM walk WHERE depth = %s"
_INSERT = (
    """
INSERT INTO rollbook_organizationlink (ancestor_id, descendant_id, depth)
"""
    + _WALK
    + """
SELECT ancestor_id, descendant_id, min(depth) FROM walk GROUP BY ancestor_id, descendant_id
"""
)


def rebuild_links() -> int:
    """Write the closure of the tree anew, after anything that touched organizations.

    Part of the caller's action, so it takes no actor and writes no audit entry of its own.
    Shape:  returns how many pairs there are; three statements whatever the size of the tree.
    Raises: OrganizationsStandInACircle, and then nothing of the transaction is kept.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("LOCK TABLE rollbook_organizationlink IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(_CIRCLE, [rules.DEEPEST, rules.DEEPEST])
        if cursor.fetchone()[0]:
            raise OrganizationsStandInACircle(
                "An organization stands above itself. Correct the parents and try again."
            )
        cursor.execute("DELETE FROM rollbook_organizationlink")
        cursor.execute(_INSERT, [rules.DEEPEST])
        return cursor.rowcount


def clear_links() -> None:
    """Forget the closure of the tree, so that organizations may go; `rebuild_links` must follow.

    Part of the caller's action and transaction, so it takes no actor and writes no audit entry.
    """
    OrganizationLink.objects.all().delete()
