"""Write OneRoster tables as a bulk bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import polars as pl

from rollbook.generator.archive import csv_bytes, write_zip
from rollbook.roster.layouts import MANIFEST_HEADER, MANIFEST_VERSION, ONEROSTER_1_2

VERSION: Final = "1.2"
Tables = dict[str, pl.DataFrame]


def shaped(file: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Give a frame the columns of its file, in order; what it lacks stays empty."""
    return frame.select(
        pl.col(name).cast(pl.String)
        if name in frame.columns
        else pl.lit(None, pl.String).alias(name)
        for name in ONEROSTER_1_2[file].header
    )


def write_bundle(path: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    """Write OneRoster tables as a bulk bundle with its manifest."""
    entries = [("manifest.csv", [csv_bytes(_manifest(tables))])]
    entries += [(f"{name}.csv", [csv_bytes(table)]) for name, table in tables.items()]
    write_zip(path, entries)


def _manifest(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    modes = {f"file.{name}": "bulk" if name in tables else "absent" for name in ONEROSTER_1_2}
    properties = {
        "manifest.version": MANIFEST_VERSION,
        "oneroster.version": VERSION,
        **modes,
        "source.systemName": "Rollbook generator",
        "source.systemCode": "rollbook",
    }
    names, values = MANIFEST_HEADER
    return pl.DataFrame({names: list(properties), values: list(properties.values())})
