"""The keys by which results find their students."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

import polars as pl
from django.db.models import Q

from rollbook.people.models import Student, StudentAlias
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
            among `identifiers`, now or formerly; a merged record's keys name the one that stayed.
    Raises: MayNotMatchStudents.
    """
    if not scope.may(Permission.DATA_WRITE):
        raise MayNotMatchStudents
    rows: dict[int, tuple[int, str, str, str, int]] = {}
    for chunk in _chunks(sorted(identifiers)):
        for column in ("ssid", "local_id", "sourced_id"):
            found = Student.objects.filter(**{f"{column}__in": chunk})
            values = found.values_list(*KEYS.names(), "merged_into_id")
            rows |= {row[0]: (row[5] or row[0], *row[1:5]) for row in values}
    found_now = pl.DataFrame(list(rows.values()), schema=KEYS, orient="row")
    return pl.concat([found_now, _former(identifiers, set(found_now["ssid"]))])


def _former(identifiers: Collection[str], taken: set[str]) -> pl.DataFrame:
    """Return the keys by which students were known before; a state id in use is nobody else's."""
    rows: list[tuple[int, str, str, str, int]] = []
    for chunk in _chunks(sorted(identifiers)):
        found = StudentAlias.objects.filter(
            Q(ssid__in=chunk) | Q(sourced_id__in=chunk), is_active=True
        )
        rows += [
            (student, "" if ssid in taken else ssid, "", sourced_id, district)
            for student, ssid, sourced_id, district in found.values_list(
                "student_id", "ssid", "sourced_id", "student__district_id"
            )
        ]
    frame = pl.DataFrame(rows, schema=KEYS, orient="row")
    once = pl.col("ssid").is_first_distinct()
    return frame.with_columns(ssid=pl.when(once).then("ssid").otherwise(pl.lit("")))


def _chunks(values: Sequence[Key]) -> Iterator[Sequence[Key]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
