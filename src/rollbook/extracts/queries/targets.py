"""Reads of the systems that files are delivered to: which there are, and how to speak to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Max, Q, QuerySet

from rollbook.extracts.models import DeliveryTarget
from rollbook.extracts.queries.reading import known_uuids
from rollbook.extracts.targets.delivering import Target
from rollbook.extracts.targets.systems import SYSTEMS, fields_of
from rollbook.extracts.types import DeliveryStatus, TargetKind, TargetRow
from rollbook.orgs.models import OrganizationLink
from rollbook.orgs.queries import within
from rollbook.remote.failures import RemoteFailed
from rollbook.roster.sources.calling import ALLOW_PRIVATE
from rollbook.shared.scope import Permission, Scope
from rollbook.shared.sealing import SealIsBroken, unseal

_IN_A_SANDBOX: Final = (
    "This is a sandbox: it calls no other system. Deliver to this installation itself instead."
)


class TargetNotFound(LookupError):
    """Say that there is no such target, or none that this reader may see."""


@dataclass(frozen=True, slots=True)
class Link:
    """Hold a system and what it must know; secrets stay out of its printed form."""

    system: Target
    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)


def targets_in(scope: Scope, *, with_closed: bool = False) -> QuerySet[DeliveryTarget]:
    """Return the targets of the organizations at which the reader writes groups, by name."""
    found = DeliveryTarget.objects.filter(
        within(scope.over(Permission.GROUP_WRITE), "organization_id")
    )
    if not with_closed:
        found = found.filter(is_active=True)
    return found.select_related("organization").order_by("organization__name", "name", "pk")


def target_in(scope: Scope, uuid: UUID | str) -> DeliveryTarget:
    """Return the record of one target in use.

    Raises: TargetNotFound, also for one that is closed or out of sight: one answer.
    """
    found = targets_in(scope).filter(uuid__in=known_uuids([str(uuid)])).first()
    if found is None:
        raise TargetNotFound("No such target, or not one that you may see.")
    return found


def target_list(scope: Scope) -> list[TargetRow]:
    """List the targets in use of the organizations at which the reader writes groups, by name."""
    done = Max("deliveries__finished_at", filter=Q(deliveries__status=DeliveryStatus.DONE))
    return [_row(target) for target in targets_in(scope).annotate(done_at=done)]


def targets_of_place(scope: Scope, organization_id: int) -> list[TargetRow]:
    """List the targets that a file of an organization may go to: its own, and those above it."""
    links = OrganizationLink.objects.filter(descendant_id=organization_id)
    places = {organization_id, *links.values_list("ancestor_id", flat=True)}
    return [row for row in target_list(scope) if row.organization_id in places]


def get_target(scope: Scope, uuid: UUID | str) -> TargetRow:
    """Return one target in use.

    Raises: TargetNotFound.
    """
    found = [row for row in target_list(scope) if str(row.uuid) == str(uuid)]
    if not found:
        raise TargetNotFound("No such target, or not one that you may see.")
    return found[0]


def link_of(scope: Scope, target: DeliveryTarget) -> Link:
    """Return what is needed to speak to a target at whose organization the reader writes groups.

    Raises: TargetNotFound for any other; RemoteFailed when it cannot be spoken to at all.
    """
    system = SYSTEMS.get(TargetKind(target.kind))
    if system is None:
        raise RemoteFailed("not_found", "This target is this installation itself.")
    if settings.SANDBOX:  # open to everybody, for whom it calls nobody
        raise RemoteFailed("refused", _IN_A_SANDBOX)
    kept = {field.name: str(target.settings.get(field.name, "")) for field in system.fields}
    own = {ALLOW_PRIVATE: "yes"} if settings.ALLOW_PRIVATE_ADDRESSES else {}
    return Link(system, kept | own, secrets_of(scope, target))


def secrets_of(scope: Scope, target: DeliveryTarget) -> dict[str, str]:
    """Return the secrets of a target at whose organization the reader writes groups.

    Raises: TargetNotFound for any other; RemoteFailed when this installation's key has changed.
    """
    if not scope.over(Permission.GROUP_WRITE).includes(target.organization_id):
        raise TargetNotFound("No such target, or not one that you may see.")
    try:
        return unseal(target.sealed_secrets, [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
    except SealIsBroken:
        raise RemoteFailed(
            "refused",
            "The secrets of this target were sealed with another key of this installation. "
            "Type them again.",
        ) from None


def _row(target: DeliveryTarget) -> TargetRow:
    kind = TargetKind(target.kind)
    shown = {f.name: str(target.settings.get(f.name, "")) for f in fields_of(kind)}
    return TargetRow(
        uuid=target.uuid,
        name=target.name,
        kind=kind,
        organization_id=target.organization_id,
        settings={f.name: shown[f.name] for f in fields_of(kind) if not f.is_secret},
        key_expires_on=target.key_expires_on,
        is_active=target.is_active,
        last_done_at=target.done_at,
    )
