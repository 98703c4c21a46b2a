"""What every engine promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import polars as pl

from rollbook.lake.query import Query

# Rows per frame when an answer is streamed: some tens of megabytes of results.
STREAM_ROWS = 100_000


class Engine(Protocol):
    """Answer queries about the tables of one lake."""

    def run(self, query: Query) -> pl.DataFrame:
        """Answer `query` at once.

        Shape:  columns and types as `shape.output_columns` says, whatever the engine.
        Raises: QueryIsWrong when the question has no meaning.
        """
        ...

    def stream(self, query: Query) -> Iterator[pl.DataFrame]:
        """Answer `query` in frames of at most `STREAM_ROWS` rows; together they are `run(query)`.

        Shape: at least one frame, so that the columns are known even when there is no row.
        """
        ...
