"""Areas and their versions: how a plan knows that its ground has moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import F

from rollbook.changes.models import ChangePlan, StateVersion


class StateMovedOn(Exception):
    """Say that the records changed since the plan was made: make the plan again."""


def versions_of(areas: Iterable[str]) -> dict[str, int]:
    """Return the version of each area, 0 for one that no commit has touched.

    Read it before the rows that a plan is worked out from, and hand it to `propose_plan`.
    """
    wanted = list(areas)
    found = dict(StateVersion.objects.filter(area__in=wanted).values_list("area", "version"))
    return {area: found.get(area, 0) for area in sorted(wanted)}


def is_current(plan: ChangePlan) -> bool:
    """Tell whether no commit has touched the plan's areas since it was made."""
    return versions_of(plan.areas) == plan.areas


def lock_areas(areas: Mapping[str, int]) -> None:
    """Wait until no other commit works on these areas, and refuse if they have moved.

    Raises: StateMovedOn where an area is no longer at the version given.
    """
    if _locked(areas) != dict(areas):
        raise StateMovedOn


def move_areas(areas: Iterable[str]) -> None:
    """Count one more commit for each area. Plans made before are refused from now on."""
    wanted = list(areas)
    _locked(wanted)
    StateVersion.objects.filter(area__in=wanted).update(version=F("version") + 1)


def _locked(areas: Iterable[str]) -> dict[str, int]:
    wanted = sorted(areas)
    StateVersion.objects.bulk_create(
        [StateVersion(area=area) for area in wanted], ignore_conflicts=True
    )
    rows = StateVersion.objects.select_for_update().filter(area__in=wanted).order_by("area")
    return {row.area: row.version for row in rows}
