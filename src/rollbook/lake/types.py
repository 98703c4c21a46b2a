"""Describe a versioned columnar table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "int64", "int32", "int16", "float64", "bool", "timestamp", "date"]


@dataclass(frozen=True, slots=True)
class LakeTable:
    """Describe one table of the lake.

    Shape: `key` names one row; `partition_by` are the columns whose values become folders;
           every column may be null except those of `key` and `partition_by`.
    """

    name: str
    columns: dict[str, ColumnType]
    key: tuple[str, ...]
    partition_by: tuple[str, ...] = ()
