"""The keys by which results find their students."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

import polars as pl

from rollbook.people.models import Student
from rollbook.shared.scope import Permission, Scope

Key = TypeVar("Key")
# SQLite allows 32,766 variables in a statement; a state's file has more students.
CHUNK = 20_000
KEYS = pl.Schema(
    {
        "id": pl.Int64(),
        "ssid": pl.String(),
        "local_id": pl.String(),
        "sourced_id": pl.String(),
        "district_id": pl.Int64(),
    }
)


class MayNotMatchStudents(PermissionError):
    """Say that this reader may not send data, so may not look students up by their ids."""


def student_keys(scope: Scope, identifiers: Collection[str]) -> pl.DataFrame:
    """Return the students whom one of these identifiers may name.

    Shape:  columns as in KEYS; a student is there when the SSID, the local id or the sourcedId is
            among `identifiers`.
    Raises: MayNotMatchStudents.
    """
    if not scope.may(Permission.DATA_WRITE):
        raise MayNotMatchStudents
    rows: dict[int, tuple[int, str, str, str, int]] = {}
    for chunk in _chunks(sorted(identifiers)):
        for column in ("ssid", "local_id", "sourced_id"):
            found = Student.objects.filter(**{f"{column}__in": chunk})
            rows |= {row[0]: row for row in found.values_list(*KEYS.names())}
    return pl.DataFrame(list(rows.values()), schema=KEYS, orient="row")


def _chunks(values: Sequence[Key]) -> Iterator[Sequence[Key]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
