"""Holes in a roster: records that did not come, and that rows which are left out still name.

A class that is missing from its file breaks the enrollments that name it. They say that it is
there, so it is not taken for gone: it stays, with what hangs on it, until the file is whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from rollbook.roster.plan.draft import Draft
from rollbook.roster.rules.identity import STILL_NAMED
from rollbook.roster.types import NAMED
from rollbook.shared.findings import Finding

_FRAME_OF: Final[Mapping[str, str]] = {"academicSessions": "sessions"}
_KEY: Final = ("file", "sourced_id")


def with_named(
    kept: Mapping[str, frozenset[str]], named: pl.DataFrame
) -> dict[str, frozenset[str]]:
    """Add the records that rows left out name to those that came and were left out.

    Shape: sourcedIds by the name of their frame.
    """
    stays = dict(kept)
    for (file,), records in named.group_by("file"):
        frame = _FRAME_OF.get(str(file), str(file))
        stays[frame] = stays.get(frame, frozenset()) | frozenset(records["sourced_id"].to_list())
    return stays


def note_spared(draft: Draft, absent: pl.DataFrame, file: str) -> None:
    """Remember which of a file's absent records stay because rows left out name them."""
    names = draft.named.filter(pl.col("file") == file)
    draft.spared.append(names.join(absent.select("sourced_id"), on="sourced_id", how="semi"))


def holes(draft: Draft) -> list[Finding]:
    """Say of each file how many records it lacks that rows left out still name."""
    spared = pl.concat([pl.DataFrame(schema=NAMED), *draft.spared]).unique(_KEY)
    found = spared.group_by("file").agg(pl.len().alias("count"), pl.col("rows").sum()).sort("file")
    return [
        STILL_NAMED.finding(file=f"{file}.csv", weight=count, count=count, rows=rows)
        for file, count, rows in found.iter_rows()
    ]
