"""A file after its cells were judged, and the targets that other files may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, cast

import polars as pl

from rollbook.roster.layouts import FileLayout
from rollbook.roster.types import Mode, Vocabulary

# Arrow ships no types: it is Any here.
_arrow: Any = import_module("pyarrow")
# Below this, what a table leaves behind in memory does not matter.
_COMPACT_FROM: Final = 50_000


# The few words that millions of rows repeat, by file: kept as codes, a quarter of their size.
_REPEATED: Final[Mapping[str, frozenset[str]]] = {
    "enrollments": frozenset(
        {"status", "classSourcedId", "schoolSourcedId", "userSourcedId", "role"}
    ),
    "roles": frozenset({"status", "orgSourcedId", "roleType", "role"}),
}


def is_large(frame: pl.DataFrame) -> bool:
    """Tell whether it matters what a table leaves behind in memory."""
    return frame.height >= _COMPACT_FROM


def compact(cells: pl.Series, file: str) -> pl.Series:
    """Copy a column of a large frame, so that the bytes of its file can be let go of.

    Shape: the same cells. Those of a table that was read are views into the whole file, and one
           column that is kept would keep them all. A column that repeats few words becomes
           categories; `JudgedTable.column` gives them back as text.
    """
    if cells.name in _REPEATED.get(file, frozenset()):
        return cells.cast(pl.Categorical())
    if cells.null_count() == cells.len():
        return pl.repeat(None, cells.len(), dtype=cells.dtype, eager=True).alias(cells.name)
    is_text = cells.dtype in (pl.String(), pl.List(pl.String()))
    if not is_text and not cells.null_count():
        return cells
    copied = cast("Any", cells).to_arrow(compat_level=pl.CompatLevel.oldest())
    if cells.null_count():
        # What tells nulls apart was read with the file, too; joined with nothing it is copied.
        copied = _arrow.concat_arrays([copied, copied.slice(0, 0)])
    return pl.Series(cells.name, copied, dtype=cells.dtype)


def as_text(cells: pl.Series) -> pl.Series:
    """Return categories as the text that they stand for; everything else as it is."""
    return cells.cast(pl.String) if cells.dtype == pl.Categorical() else cells


@dataclass
class JudgedTable:
    """Hold the typed records of one file.

    Shape: `frame` has all rows of the file, `_line`, and for every reference that is not a list
           a column `_at_<name>`: the row number of the record that it names in its own table,
           null when it names none. `kept` tells for each row whether it is still in, and
           `removed` whether it is a removal; None when the file has none. `dropped` are the
           references to nothing that were taken out of rows: `_line`, `sourced_id`, `file`.
    """

    layout: FileLayout
    mode: Mode
    frame: pl.DataFrame
    kept: pl.Series
    removed: pl.Series | None = None
    dropped: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])

    def __post_init__(self) -> None:
        status = self.frame["status"]
        if status.null_count() < status.len() and status.eq("tobedeleted").any():
            self.removed = status.eq_missing("tobedeleted")

    @property
    def name(self) -> str:
        """Return the file's name without `.csv`."""
        return self.layout.name

    def records(self) -> pl.DataFrame:
        """Return the rows that are still in."""
        return self.frame if self.kept.all() else self.frame.filter(self.kept)

    def current(self, *columns: str, is_coded: bool = False) -> pl.DataFrame:
        """Return `_line`, `row` and these columns of the rows still in that are not removals.

        Shape: repeated words as text; as categories where they stay so small with `is_coded`.
        """
        frame = self.frame.select(
            "_line",
            *(
                (
                    self.frame[name]
                    if is_coded and name in self.frame.columns
                    else self.column(name)
                ).alias(name)
                for name in columns
            ),
            row=pl.int_range(pl.len(), dtype=pl.UInt32),
        )
        stays = self.kept if self.removed is None else self.kept & ~self.removed
        return frame if stays.all() else frame.filter(stays)

    def column(self, name: str) -> pl.Series:
        """Return a column of all rows; nulls if the version, or this bundle, has none."""
        if name in self.frame.columns:
            return as_text(self.frame[name])
        kind = pl.UInt32() if name.startswith("_at_") else pl.String()
        return pl.Series(name, [None], dtype=kind).new_from_index(0, self.frame.height)

    def at(self, rows: pl.Series, column: str) -> pl.Series:
        """Return what a column holds at these row numbers; null where there is no number."""
        return self.column(column).gather(rows)

    def leave_out(self, lines: pl.Series) -> None:
        """Mark these lines as left out."""
        if lines.len():
            self.kept = self.kept & ~self.frame["_line"].is_in(lines.implode())

    def targets(self) -> pl.DataFrame:
        """Return what a reference to this file may name: `id`, `at`, `is_kept`, each id once."""
        ids = self.frame.select(
            id="sourcedId", at=pl.int_range(pl.len(), dtype=pl.UInt32), is_kept=self.kept
        ).drop_nulls("id")
        if ids["id"].n_unique() == ids.height:
            return ids
        return ids.sort("is_kept", descending=True).unique("id", keep="first")


@dataclass
class JudgedBundle:
    """Hold the judged files of one bundle.

    Shape: `lost` names the files that should be there and cannot be used; a reference to one of
           them fails. `heights` counts the rows of every file that was read.
    """

    version: str
    tables: dict[str, JudgedTable]
    lost: frozenset[str] = frozenset()
    known: dict[str, pl.Series] = field(default_factory=dict[str, pl.Series])
    heights: dict[str, int] = field(default_factory=dict[str, int])
    vocabulary: Vocabulary = field(default_factory=Vocabulary)

    def get(self, file: str) -> JudgedTable | None:
        """Return the judged file, None when it did not come."""
        return self.tables.get(file)

    def is_whole(self, *files: str) -> bool:
        """Tell whether all these files came, each as the whole current set."""
        return all(file in self.tables and self.tables[file].mode is Mode.BULK for file in files)
