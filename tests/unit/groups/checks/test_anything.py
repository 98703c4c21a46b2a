"""Whatever comes in, nothing but an answer comes out."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.groups.checks.reading import ROW_SCHEMA, read_group_file
from rollbook.groups.checks.state import state_answer, state_verdict
from rollbook.groups.checks.statuses import failed_status
from rollbook.groups.types import GroupFileWorld, ImportStatus
from tests.spec.groups.given import HEADER, WORLD

WORDS = (
    *("G", "g", " G", "S1", "S2", "S9", "2024", " 2024", "ELA", "math", "Art", "1", "2", "4E+09"),
    *("", "", '"', '"G"', '"G', '"G" ', '"a""b"', '"a,b"', '"x"y', "t@example.org", "a b", "\xa0"),
)
CELLS = st.one_of(st.sampled_from(WORDS), st.text(max_size=4))
LINES = st.one_of(
    st.lists(CELLS, min_size=6, max_size=6),
    st.lists(CELLS, max_size=8),
    st.just(["G", "S1", "2024", "ELA", "1", "t@example.org"]),
)
TEXTS = st.builds(
    lambda header, lines, sign, end: end.join([header, *map(sign.join, lines)]),
    st.sampled_from([HEADER, HEADER.upper(), HEADER + ",more", HEADER[:-17], "a,b", ""]),
    st.lists(LINES, max_size=12),
    st.sampled_from([",", ",", ",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\n\r"]),
)
CONTENTS = st.one_of(
    st.binary(max_size=200),
    TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")),
    TEXTS.map(lambda text: b"\xef\xbb\xbf" + text.encode("utf-8", "replace")),
    TEXTS.map(lambda text: text.encode("utf-16", "replace")),
    TEXTS.map(lambda text: text.encode("cp1252", "replace")),
)
WORLDS = st.sampled_from([WORLD, GroupFileWorld()])


@settings(max_examples=250, deadline=None)
@given(content=CONTENTS, world=WORLDS)
def test_the_state_system_answers_anything(content: bytes, world: GroupFileWorld) -> None:
    verdict = state_verdict(content, world)
    assert verdict.messages
    assert len(verdict.messages) <= 102
    assert len(state_answer(verdict)) > 0
    assert (failed_status(verdict) is ImportStatus.ACCEPTED) == verdict.accepted


@settings(max_examples=250, deadline=None)
@given(content=CONTENTS, world=WORLDS)
def test_rollbook_reads_anything(content: bytes, world: GroupFileWorld) -> None:
    reading = read_group_file(content, name="f.csv", world=world)
    assert reading.rows.schema == ROW_SCHEMA
    assert reading.is_accepted or reading.findings
    assert reading.finding_count >= len(reading.findings)
    keys = ("group_name", "school_natural_id", "school_year")
    assert not any(reading.rows[key].null_count() for key in keys)
    used = pl.concat([reading.rows["line"], reading.faulty["line"]])
    assert used.is_unique().all()
    if reading.faulty.height:
        assert not reading.is_accepted


PLAIN = st.sampled_from(["G", "g", "S1", "S9", "2024", "20 24", "ELA", "Art", "1", "2", "", " x"])


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(st.lists(PLAIN, min_size=1, max_size=8), min_size=1, max_size=12))
def test_no_row_goes_without_a_word(lines: list[list[str]]) -> None:
    text = "\n".join([HEADER, *map(",".join, lines)])
    reading = read_group_file(text.encode(), name="f.csv", world=WORLD)
    left_out = sum(reading.repairs.get(what, 0) for what in ("duplicate_rows", "rows_of_commas"))
    if reading.rows.height or reading.faulty.height:
        records = sum(1 for line in lines if ",".join(line))
        assert reading.rows.height + reading.faulty.height + left_out == records
