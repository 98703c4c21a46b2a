"""Run every spec of this folder on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from rollbook.lake.embedded import EmbeddedEngine
from rollbook.lake.engine import Engine
from rollbook.lake.query import Query
from rollbook.lake.reference import ReferenceEngine
from rollbook.lake.shape import output_columns
from rollbook.lake.tables import Lake
from tests.spec.lake.text_tables import PARTS, SCORES, TABLES, answer_of, rows_of


class Spec:
    """Put rows into a lake of its own, ask one engine, compare."""

    def __init__(self, lake: Lake, engine: Engine) -> None:
        self.lake = lake
        self.engine = engine

    def given(self, scores: str, parts: str = "") -> Spec:
        if scores:
            self.lake.upsert(SCORES, rows_of(SCORES, scores), transaction="scores")
        if parts:
            self.lake.upsert(PARTS, rows_of(PARTS, parts), transaction="parts")
        return self

    def expect(self, query: Query, answer: str) -> None:
        expected = answer_of(output_columns(query, self.lake.tables), answer)
        found = self.engine.run(query)
        streamed = pl.concat(list(self.engine.stream(query)))
        if not query.is_ordered:
            expected, found, streamed = (f.sort(f.columns) for f in (expected, found, streamed))
        assert_frame_equal(found, expected, rel_tol=1e-9, abs_tol=1e-9)
        assert_frame_equal(streamed, expected, rel_tol=1e-9, abs_tol=1e-9)


@pytest.fixture(params=["embedded", "reference"])
def spec(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Spec]:
    # tests/faults looks at durability; here it would only wait for other people's writes.
    monkeypatch.setattr("os.fsync", lambda _: None)
    lake = Lake(tmp_path / "lake")
    lake.create(TABLES)
    if request.param == "reference":
        yield Spec(lake, ReferenceEngine(lake))
        return
    engine = EmbeddedEngine(lake, threads=2)
    yield Spec(lake, engine)
    engine.close()
