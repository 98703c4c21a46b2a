"""What a target should hold beside what it was last sent."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

import polars as pl
from django.conf import settings
from django.db.models import Q

from rollbook.extracts.models import Delivery, DeliveryTarget, ExtractProfile
from rollbook.extracts.plan.comparing import keyed
from rollbook.extracts.plan.extraction import extract
from rollbook.extracts.plan.wanted import wanted_state
from rollbook.extracts.queries.profiles import as_asked
from rollbook.extracts.queries.reading import extract_data
from rollbook.extracts.queries.targets import target_in
from rollbook.extracts.types import DeliveryStatus, Wanted
from rollbook.groups.checks.reading import read_group_file
from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.types import GroupFileWorld
from rollbook.orgs.queries import current_school_year
from rollbook.shared.scope import Scope

_KEY: Final = ["school_key", "name_key", "school_year"]


class HeldFileUnread(ValueError):
    """Say that a file of what the other side holds is no group file."""


def sent_path(name: str) -> Path:
    """Return where the rows are kept that a target was sent and took."""
    return Path(settings.FILES_ROOT) / "extracts" / "sent" / name


def sent_rows(target: DeliveryTarget) -> pl.DataFrame:
    """Return the rows that a target at hand was sent and took, the latest of each group.

    Shape: the six columns of a group file as text; empty before the first delivery.
    """
    path = sent_path(target.sent_file) if target.sent_file else None
    if path is None or not path.exists():
        return pl.DataFrame(schema=dict.fromkeys(GROUP_FILE, pl.String))
    return pl.read_parquet(path)


def rows_after(before: pl.DataFrame, file: pl.DataFrame) -> pl.DataFrame:
    """Return what a target holds once it has taken a file: exactly the groups it names, replaced.

    Shape: the six columns of a group file as text; other groups as they were.
    """
    plain = file.select(pl.col(name).cast(pl.String).fill_null("") for name in GROUP_FILE)
    kept = keyed(before).join(keyed(plain), on=_KEY, how="anti")
    return pl.concat([kept.select(GROUP_FILE), plain])


def wanted_of(
    scope: Scope, target_uuid: UUID | str, *, on: date, held: bytes | None = None
) -> Wanted:
    """Compare what a target should hold on a day with what it was last sent, in that school year.

    Shape:  should hold: what the active profiles write that go there, by schedule or by hand.
            With `held`, a group file of what it holds in truth, that is compared instead.
    Raises: TargetNotFound; HeldFileUnread.
    """
    target = target_in(scope, target_uuid)
    year = int(current_school_year(on))
    desired = desired_rows(scope, target, on=on)
    if held is None:
        sent, sent_at = sent_rows(target), target.sent_at
    else:
        sent, sent_at = _held_rows(held), None
    return wanted_state(desired, sent.filter(pl.col("school_year") == str(year)), sent_at)


def desired_rows(scope: Scope, target: DeliveryTarget, *, on: date) -> pl.DataFrame:
    """Return the rows that a target at hand should hold on a day.

    Shape: of all profiles that go there by schedule, and of those whose files went there by hand:
           what somebody sent on purpose is no orphan.
    """
    found = ExtractProfile.objects.filter(
        Q(in_schedule=True) | Q(uuid__in=_sent_by_hand(target)),
        organization_id=target.organization_id,
        is_active=True,
        school_year=int(current_school_year(on)),
    ).order_by("position", "created_at", "pk")
    profiles = as_asked(found)
    if not profiles:
        return pl.DataFrame(schema=dict.fromkeys(GROUP_FILE, pl.String))
    rows = extract(profiles, extract_data(scope, profiles, on=on)).rows
    return rows.select(pl.col(name).cast(pl.String) for name in GROUP_FILE)


def _sent_by_hand(target: DeliveryTarget) -> set[str]:
    """Return the profiles of all files that a target took."""
    taken = Delivery.objects.filter(target=target, status=DeliveryStatus.DONE.value)
    lists = taken.values_list("file__profiles", flat=True)
    return {uuid for profiles in lists for uuid in profiles}


def _held_rows(held: bytes) -> pl.DataFrame:
    """Read a file of what the other side holds, however it is written, without faulty rows."""
    reading = read_group_file(held, name="held.csv", world=GroupFileWorld())
    if fatal := next((each for each in reading.findings if each.severity == "fatal"), None):
        raise HeldFileUnread(f"{fatal.says} {fatal.fix}")
    rows = reading.rows
    return rows.select(pl.col(name).cast(pl.String).fill_null("") for name in GROUP_FILE)
