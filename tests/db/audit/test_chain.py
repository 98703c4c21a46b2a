from __future__ import annotations

import importlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from rollbook.audit.actions import DetailMayNamePerson, record
from rollbook.audit.models import AuditEntry
from rollbook.audit.queries import MayNotVerify, checkpoint, entries, verify_chain
from rollbook.audit.types import Break, BreakKind, Checkpoint
from rollbook.shared.actor import Actor
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission, Reach, Scope

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 8, 10, 8, 0, 0, 123456, tzinfo=UTC)
ALL = Scope.of_installation("test", on=date(2026, 8, 10))


def written(count: int, **more: Any) -> list[AuditEntry]:
    return [
        record(
            action=f"test.{number}",
            subject_kind="thing",
            subject_uuid=None,
            by=Actor.command("test"),
            now=NOW + timedelta(minutes=number),
            detail={"students": {"add": number}, "codes": ["a", None, True]},
            **more,
        )
        for number in range(count)
    ]


def alter(entry: AuditEntry, **cells: Any) -> None:
    AuditEntry.objects.filter(pk=entry.pk).update(**cells)


def test_a_whole_chain_has_no_breaks() -> None:
    written(4)
    assert verify_chain(ALL) == []
    assert verify_chain(ALL, kept=checkpoint(ALL)) == []


def test_an_empty_log_is_whole() -> None:
    assert checkpoint(ALL) == Checkpoint(0, "0" * 64)
    assert verify_chain(ALL, kept=checkpoint(ALL)) == []


@pytest.mark.parametrize(
    "cells",
    [
        {"actor_label": "somebody else"},
        {"detail": {"students": {"add": 0}}},
        {"at": NOW},
        {"organization_id": 1},
        {"action": "test.other"},
        {"account_id": 3},
        {"subject_uuid": "x"},
    ],
)
def test_an_edited_entry_shows(cells: dict[str, Any]) -> None:
    alter(written(4)[2], **cells)
    assert verify_chain(ALL) == [Break(3, BreakKind.ALTERED)]


def test_a_removed_entry_shows() -> None:
    written(4)[1].delete()
    assert verify_chain(ALL) == [Break(2, BreakKind.MISSING)]


def test_an_edited_entry_with_a_new_hash_shows() -> None:
    entry = written(4)[1]
    alter(entry, hash="f" * 64)
    assert verify_chain(ALL) == [Break(2, BreakKind.ALTERED), Break(3, BreakKind.UNLINKED)]


def test_entries_cut_off_show_against_a_checkpoint_only() -> None:
    made = written(4)
    kept = checkpoint(ALL)
    made[3].delete()
    assert verify_chain(ALL) == []
    assert verify_chain(ALL, kept=kept) == [Break(4, BreakKind.CUT_OFF)]


def test_a_rewritten_log_shows_against_a_checkpoint_only() -> None:
    written(2)
    kept = checkpoint(ALL)
    AuditEntry.objects.all().delete()
    written(2, organization_id=5)
    assert verify_chain(ALL) == []
    assert verify_chain(ALL, kept=kept) == [Break(2, BreakKind.REWRITTEN)]


@pytest.mark.parametrize(
    "detail", [{"name": "Ada Love"}, {"x": "a@b.org"}, {"x": 1.5}, {"x": [{"y": "é"}]}]
)
def test_free_text_is_refused(detail: dict[str, Any]) -> None:
    with pytest.raises(DetailMayNamePerson):
        record(
            action="a",
            subject_kind="b",
            subject_uuid=None,
            by=Actor.job("j"),
            now=NOW,
            detail=detail,
        )
    assert AuditEntry.objects.count() == 0


def test_an_entry_goes_with_the_transaction_that_it_records() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        written(1)
        raise ZeroDivisionError
    written(1)
    assert [entry.sequence for entry in AuditEntry.objects.all()] == [1]


def test_the_database_refuses_to_edit_or_remove() -> None:
    (entry,) = written(1)
    append_only = importlib.import_module("rollbook.migrations.0002_audit_append_only")
    with connection.cursor() as cursor:
        for statement in append_only.PUT_ON[connection.vendor]:
            cursor.execute(statement)
    for attempt in (lambda: alter(entry, action="x"), lambda: AuditEntry.objects.all().delete()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            attempt()
    assert verify_chain(ALL) == []


def test_readers_see_the_entries_of_their_organizations() -> None:
    for organization_id in (None, 7, 8):
        written(1, organization_id=organization_id)
    reader = Scope(1, "reader", NOW.date(), {Permission.AUDIT_READ: Reach(frozenset({7}))})
    assert [entry.sequence for entry in entries(reader).items] == [2]
    assert [entry.sequence for entry in entries(ALL).items] == [3, 2, 1]
    assert entries(Scope.nobody(on=NOW.date())).items == []
    with pytest.raises(MayNotVerify):
        verify_chain(reader)
    with pytest.raises(MayNotVerify):
        checkpoint(reader)


def test_entries_are_filtered_and_paged() -> None:
    written(3)
    assert [e.action for e in entries(ALL, action="test.1").items] == ["test.1"]
    assert [e.action for e in entries(ALL, action="test.", page=PageRequest(2, 2)).items] == [
        "test.0"
    ]
    between = entries(ALL, since=NOW + timedelta(minutes=1), until=NOW + timedelta(minutes=2))
    assert [e.action for e in between.items] == ["test.1"]
    assert entries(ALL, subject_uuid="no").total_count == 0
