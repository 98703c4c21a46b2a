"""Read the audit log, and check that nobody has altered it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q, QuerySet

from rollbook.audit.chain import GENESIS, entry_hash
from rollbook.audit.models import AuditEntry
from rollbook.audit.types import Break, BreakKind, Checkpoint, Entry
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope


class MayNotVerify(Exception):
    """Say that only who reads the whole installation's log can verify its chain."""


def entries(
    scope: Scope,
    *,
    action: str | None = None,
    subject_uuid: str | None = None,
    account_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    page: PageRequest | None = None,
) -> Page[Entry]:
    """List audit entries, the latest first.

    Shape: an entry of no organization is seen only by who reads the whole installation's log;
           `until` itself is left out; an `action` that ends in a dot stands for all that start so.
    """
    wanted = page or PageRequest()
    found = _visible(scope).order_by("-sequence")
    if action is not None:
        found = (
            found.filter(action__startswith=action)
            if action.endswith(".")
            else found.filter(action=action)
        )
    exact = {
        "subject_uuid": subject_uuid,
        "account_id": account_id,
        "at__gte": since,
        "at__lt": until,
    }
    found = found.filter(**{name: value for name, value in exact.items() if value is not None})
    part = found[wanted.offset : wanted.offset + wanted.size]
    return Page([_entry(row) for row in part], wanted.number, wanted.size, found.count())


def latest_of(subject_uuid: str, *actions: str) -> Entry | None:
    """Find the latest entry with one of these actions about a subject; for decisions, not pages."""
    found = AuditEntry.objects.filter(subject_uuid=subject_uuid, action__in=actions)
    row = found.order_by("-sequence").first()
    return None if row is None else _entry(row)


def verify_chain(scope: Scope, *, kept: Checkpoint | None = None) -> list[Break]:
    """Recompute every hash, and list where the chain breaks.

    Shape:  in order of sequence; empty when the log is whole. An edited, removed, inserted or
            reordered entry shows by itself. Entries cut off at the end, and a log rewritten whole,
            show only against a checkpoint `kept` elsewhere.
    Raises: MayNotVerify.
    """
    _require_everything(scope)
    return list(_breaks(kept))


def checkpoint(scope: Scope) -> Checkpoint:
    """Return the end of the chain: keep it where nobody who can write here can write.

    Raises: MayNotVerify.
    """
    _require_everything(scope)
    latest = AuditEntry.objects.order_by("-sequence").first()
    return Checkpoint(0, GENESIS) if latest is None else Checkpoint(latest.sequence, latest.hash)


def _visible(scope: Scope) -> QuerySet[AuditEntry]:
    reach = scope.over(Permission.AUDIT_READ)
    where = Q() if reach.everything else Q(organization_id__in=reach.organization_ids)
    return AuditEntry.objects.filter(where)


def _require_everything(scope: Scope) -> None:
    if not scope.over(Permission.AUDIT_READ).everything:
        raise MayNotVerify


def _breaks(kept: Checkpoint | None) -> Iterator[Break]:
    expected, previous = 1, GENESIS
    met = kept is None or kept.sequence == 0
    for entry in AuditEntry.objects.order_by("sequence").iterator(chunk_size=5_000):
        if entry.sequence != expected:
            yield Break(expected, BreakKind.MISSING)
        elif entry.previous_hash != previous:
            yield Break(entry.sequence, BreakKind.UNLINKED)
        if entry_hash(entry) != entry.hash:
            yield Break(entry.sequence, BreakKind.ALTERED)
        if kept is not None and entry.sequence == kept.sequence:
            met = True
            if entry.hash != kept.hash:
                yield Break(entry.sequence, BreakKind.REWRITTEN)
        expected, previous = entry.sequence + 1, entry.hash
    if not met and kept is not None:
        yield Break(kept.sequence, BreakKind.CUT_OFF)


def _entry(row: AuditEntry) -> Entry:
    return Entry(
        sequence=row.sequence,
        at=row.at,
        actor_kind=row.actor_kind,
        actor_label=row.actor_label,
        account_id=row.account_id,
        action=row.action,
        subject_kind=row.subject_kind,
        subject_uuid=row.subject_uuid,
        organization_id=row.organization_id,
        detail=row.detail,
        hash=row.hash,
    )
