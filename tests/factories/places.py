"""Organizations for tests: plain records, and one small state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rollbook.orgs.actions import rebuild_links
from rollbook.orgs.models import Organization


def organization(
    kind: str, name: str, parent: Organization | None = None, **more: Any
) -> Organization:
    """Make one organization; the closure is the caller's to rebuild."""
    return Organization.objects.create(kind=kind, name=name, parent=parent, **more)


@dataclass(frozen=True)
class SmallState:
    """Hold a state with two districts of two schools each."""

    state: Organization
    north: Organization
    north_high: Organization
    north_middle: Organization
    south: Organization
    south_high: Organization
    south_middle: Organization


def small_state() -> SmallState:
    """Make the small state, with its closure."""
    state = organization("state", "Golden State", natural_id="00")
    north = organization("district", "North District", state, natural_id="01")
    south = organization("district", "South District", state, natural_id="02")
    made = SmallState(
        state=state,
        north=north,
        north_high=organization("school", "North High", north, natural_id="0101"),
        north_middle=organization("school", "North Middle", north, natural_id="0102"),
        south=south,
        south_high=organization("school", "South High", south, natural_id="0201"),
        south_middle=organization("school", "South Middle", south, natural_id="0202"),
    )
    rebuild_links()
    return made
