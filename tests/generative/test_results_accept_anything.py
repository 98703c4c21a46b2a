"""Whatever the cells hold, checking ends with every result accepted, rejected or superseded."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.results.checks.run import check_results
from rollbook.results.layouts import ITEMS_CSV, RESULTS_CSV, SCORES_CSV
from rollbook.results.sources.reading import read_sources
from rollbook.results.types import CheckedResults
from rollbook.shared.findings import Severity
from tests.factories.result_files import items_csv, results_csv, scores_csv, trt_xml, zipped

TRICKY = st.sampled_from(
    ["", "NS", "0", "-0", "1e308", "-1e9", "nan", "inf", "2026-02-29", "9999-12-31T23:59:59Z",
     "0000-00-00", "2026-04-14T24:00:00+99:99", "1001", "iab", "ELPAC", "yes", "{value}", "{0}",
     "0" * 300, "\u0660\u0661", "null", "TRUE", "=1+1", "-1", "65536"]
)  # fmt: skip
CELL = st.one_of(TRICKY, st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=8))


def rows(columns: tuple[str, ...]) -> st.SearchStrategy[list[dict[str, str]]]:
    row = st.dictionaries(st.sampled_from(columns), CELL, max_size=4)
    return st.lists(row, min_size=1, max_size=4)


def checked(files: dict[str, bytes]) -> CheckedResults:
    return check_results(read_sources([("night.zip", zipped(files))]))


@settings(max_examples=60)
@given(rows(RESULTS_CSV), rows(SCORES_CSV), rows(ITEMS_CSV))
def test_every_result_ends_somewhere(
    results: list[dict[str, str]], scores: list[dict[str, str]], items: list[dict[str, str]]
) -> None:
    files = {
        "results.csv": results_csv(*results),
        "scores.csv": scores_csv(*scores),
        "items.csv": items_csv(*items),
    }
    result = checked(files)
    counts = result.counts
    assert counts["accepted"] + counts["rejected"] + counts["superseded"] == counts["results"]
    assert counts["accepted"] == result.results.height
    key = ["assessment_id", "opportunity_id"]
    accepted = result.results.select(key)
    assert accepted.is_duplicated().sum() == 0
    for below in (result.subscores, result.items):
        assert below.join(accepted, on=key, how="anti").height == 0
    refusing = result.report.by_severity.get(Severity.ERROR, 0)
    assert (refusing > 0) >= (counts["rejected"] > 0)


@settings(max_examples=30)
@given(rows(RESULTS_CSV), rows(RESULTS_CSV))
def test_a_bad_result_never_changes_what_becomes_of_another(
    results: list[dict[str, str]], others: list[dict[str, str]]
) -> None:
    apart = [row | {"OpportunityIdentifier": f"a{place}"} for place, row in enumerate(results)]
    added = [row | {"OpportunityIdentifier": f"b{place}"} for place, row in enumerate(others)]
    alone = checked({"results.csv": results_csv(*apart)}).results
    together = checked({"results.csv": results_csv(*apart, *added)}).results
    ours = together.filter(together.get_column("opportunity_id").str.starts_with("a"))
    assert ours.drop("line").equals(alone.drop("line"))


@settings(max_examples=60)
@given(st.data())
def test_a_mutilated_document_is_read_or_refused(data: st.DataObject) -> None:
    whole = trt_xml(items='<Item key="1" bankKey="2" position="1" score="1"/>')
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 60)))
    put = data.draw(st.sampled_from([b"", b"<", b'"', b"&", b"\x00", b"\xff", b"<!-- -->", b"x"]))
    broken = whole[:start] + put + whole[end:]
    other = trt_xml().replace(b'oppId="2001"', b'oppId="2002"')
    result = check_results(read_sources([("a.xml", broken), ("b.xml", other)]))
    assert "2002" in result.results.get_column("opportunity_id").to_list()
    assert not result.report.is_fatal
