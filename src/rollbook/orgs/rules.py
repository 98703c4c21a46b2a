"""Decisions about the tree of organizations."""

from __future__ import annotations

from rollbook.orgs.types import OrganizationKind

# State, group of districts, district, group of schools, school: five levels. A tree that is deeper
# than this has a circle in it.
DEEPEST = 16


def may_stand_under(kind: OrganizationKind, parent: OrganizationKind | None) -> bool:
    """Tell whether an organization of this kind may have such a parent, or none."""
    return parent is None or parent in kind.may_stand_under


def says_why_not_under(kind: OrganizationKind, parent: OrganizationKind) -> str:
    """Say why the parent is refused, and which parents would do."""
    allowed = [other.label.lower() for other in OrganizationKind if other in kind.may_stand_under]
    would_do = " or a ".join(allowed) if allowed else "nothing: it is the top"
    return (
        f"A {kind.label.lower()} cannot stand under a {parent.label.lower()}. "
        f"It may stand under a {would_do}."
    )
