"""Files to deliver, targets to deliver to, and the next step of a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import polars as pl
import pytest
from django.db import transaction

from rollbook.extracts.actions.deliveries import deliver
from rollbook.extracts.actions.files import keep_file
from rollbook.extracts.actions.targets import save_target
from rollbook.extracts.models import Delivery, DeliveryTarget, ExtractFile
from rollbook.extracts.targets import systems
from rollbook.extracts.targets.import_api import ImportApi
from rollbook.extracts.targets.s3 import S3Target
from rollbook.extracts.targets.sftp import SftpTarget
from rollbook.extracts.types import DeliveryStatus, TargetKind
from rollbook.groups.layouts import GROUP_FILE
from rollbook.orgs.models import Organization
from rollbook.remote.patience import Patience
from rollbook.shared.scope import Scope
from tests.factories.accounts import BY, EVERYTHING, NOW

QUICK = Patience(scale=0, tries=1, read_seconds=2, try_seconds=5, call_seconds=5)
YEAR = 2027


def quick_systems(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Let servers on loopback be called, and nobody wait for one that is away."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    quick = {
        TargetKind.IMPORT_API: ImportApi(patience=QUICK),
        TargetKind.SFTP: SftpTarget(patience=QUICK),
        TargetKind.S3: S3Target(patience=QUICK),
    }
    monkeypatch.setattr("rollbook.extracts.queries.targets.SYSTEMS", quick)
    assert set(quick) == set(systems.SYSTEMS)


def group_rows(*rows: tuple[str, str, str], school: str = "0101") -> pl.DataFrame:
    """Write rows of a group file: name, SSID, login; for all subjects."""
    whole = [(name, school, str(YEAR), "All", ssid, login) for name, ssid, login in rows]
    return pl.DataFrame(whole, schema=dict.fromkeys(GROUP_FILE, pl.String), orient="row")


ROOM_1 = (("Room 1", "", "ada@example.org"), ("Room 1", "1000000001", ""))
ROOM_2 = (("Room 2", "", "bo@example.org"), ("Room 2", "1000000002", ""))


def kept_file(
    place: Organization, *rows: tuple[str, str, str], now: datetime = NOW, **more: Any
) -> ExtractFile:
    """Keep a file of some rows."""
    with transaction.atomic():
        return keep_file(
            place.pk,
            group_rows(*(rows or ROOM_1), **more),
            name="groups-01.csv",
            school_year=YEAR,
            on=date(2026, 9, 15),
            by=BY,
            now=now,
        )


def saved_target(
    place: Organization,
    kind: TargetKind,
    settings: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    *,
    name: str = "The state",
    now: datetime = NOW,
    **more: Any,
) -> DeliveryTarget:
    """Save a target with what a server of tests/servers says of itself."""
    uuid = save_target(
        EVERYTHING,
        organization_uuid=place.uuid,
        name=name,
        kind=kind,
        values={**(settings or {}), **(secrets or {})},
        by=BY,
        now=now,
        **more,
    )
    return DeliveryTarget.objects.get(uuid=uuid)


def stepped(
    uuid: UUID, *, now: datetime = NOW, scope: Scope = EVERYTHING
) -> tuple[DeliveryStatus, Delivery]:
    """Take the next step of a delivery, and return what it is now."""
    status = deliver(scope, uuid, by=BY, now=now)
    return status, Delivery.objects.get(uuid=uuid)
