"""Write queries as DuckDB's SQL, each only once: writing one takes longer than answering it."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Hashable
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, cast

import polars as pl

from rollbook.lake.compiler import LONG_LIST, Source, compile_query
from rollbook.lake.query import Query
from rollbook.lake.shape import Columns
from rollbook.lake.tables import Lake
from rollbook.lake.types import LakeTable

ibis: Any = importlib.import_module("ibis")

# How many statements one engine remembers: a few for each page and reader of a busy hour.
REMEMBERED_STATEMENTS: Final = 1024


@dataclass(frozen=True, slots=True)
class Statement:
    """Hold a question as SQL, and what must stand behind the table names in it."""

    sql: str
    columns: Columns
    sources: dict[str, Source]
    sets: dict[str, pl.DataFrame]


class ValuesAreMany(ValueError):
    """A question holds a long list: it is not worth keeping, and its list travels as a table."""


@dataclass(frozen=True, slots=True)
class _Question:
    """Tell questions apart by what is written in them and by the tables as they are now."""

    written: Hashable
    tables: tuple[LakeTable, ...] = field(hash=False)
    query: Query = field(compare=False)


class Statements:
    """Remember the statements of one lake's questions, safely from many threads."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._remembered = lru_cache(REMEMBERED_STATEMENTS)(self._answer)

    def of(self, query: Query) -> Statement:
        """Return `query` as SQL.

        Raises: QueryIsWrong when the question has no meaning.
        """
        try:
            written = content_of(query)
        except ValuesAreMany:
            return self._write(query)
        return self._remembered(_Question(written, tuple(self._lake.tables.values()), query))

    def _answer(self, question: _Question) -> Statement:
        return self._write(question.query)

    def _write(self, query: Query) -> Statement:
        compiled = compile_query(query, self._lake.tables)
        sql = str(ibis.to_sql(compiled.expression, dialect="duckdb"))
        return Statement(sql, compiled.columns, compiled.sources, compiled.sets)


def content_of(part: object) -> Hashable:
    """Return all that is written in a part of a question; equal only for the same question.

    Raises: ValuesAreMany when one of its lists is long.
    """
    if is_dataclass(part) and not isinstance(part, type):
        parts = (content_of(getattr(part, each.name)) for each in fields(part))
        return (type(part).__name__, *parts)
    if isinstance(part, datetime):
        # An hour that the clocks repeat has two moments, which compare as equal.
        return (type(part), part.isoformat())
    if isinstance(part, Collection) and not isinstance(part, str):
        values = cast("Collection[object]", part)
        if len(values) >= LONG_LIST:
            raise ValuesAreMany
        contents = map(content_of, values)
        return tuple(contents) if isinstance(part, tuple) else frozenset(contents)
    # True, 1 and 1.0 are equal, and not the same question.
    return (type(part), part)
