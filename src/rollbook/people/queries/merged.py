"""Who was merged into whom: one child's records, read as one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from rollbook.people.models import Student
from rollbook.shared.scope import Scope


def merged_ids(scope: Scope, student_ids: Collection[int]) -> Mapping[int, frozenset[int]]:
    """Return, for each student that has any, the ids of the records merged into theirs.

    Shape: empty for a reader without any right; whoever sees a student sees those records' results.
    """
    if not scope.reach and not scope.group_ids:
        return {}
    found: dict[int, set[int]] = {}
    rows = Student.objects.filter(merged_into__in=list(student_ids))
    for kept, gone in rows.values_list("merged_into_id", "pk"):
        found.setdefault(int(kept or 0), set()).add(gone)
    return {kept: frozenset(gone) for kept, gone in found.items()}


def kept_ids(scope: Scope, student_ids: Collection[int]) -> Mapping[int, int]:
    """Return, for each of these records that was merged, the id of the record that stayed."""
    if not scope.reach and not scope.group_ids:
        return {}
    rows = Student.objects.filter(pk__in=list(student_ids), merged_into__isnull=False)
    return {gone: int(kept or 0) for gone, kept in rows.values_list("pk", "merged_into_id")}


def kept_uuid(scope: Scope, uuid: UUID) -> UUID:
    """Return the public id of the record that a merged one became part of, else the same."""
    if not scope.reach and not scope.group_ids:
        return uuid
    row = Student.objects.filter(uuid=uuid).values_list("merged_into__uuid", flat=True).first()
    return row or uuid
