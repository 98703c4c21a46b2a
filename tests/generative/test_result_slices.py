"""However many rows are typed at once, checking finds the same and keeps the same."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from rollbook.results.checks import run
from rollbook.results.sources.reading import read_sources
from rollbook.results.types import CheckedResults
from tests.factories.result_files import items_csv, results_csv, scores_csv, zipped

OPPORTUNITY = st.sampled_from(["1001", "1002", "1003", ""])
SCORES = st.fixed_dictionaries(
    {
        "OpportunityIdentifier": OPPORTUNITY,
        "Code": st.sampled_from(["SOCK_R", "Claim2", ""]),
        "StandardError": st.sampled_from(["5", "-3", "x"]),
    }
)
ITEMS = st.fixed_dictionaries(
    {
        "OpportunityIdentifier": OPPORTUNITY,
        "ItemIdentifier": st.sampled_from(["200-1", "200-2", ""]),
        "Score": st.sampled_from(["0", "1", "21", "A"]),
    }
)


def checked(files: dict[str, bytes], slice_rows: int) -> CheckedResults:
    with patch.object(run, "_SLICE_ROWS", slice_rows):
        return run.check_results(read_sources([("night.zip", zipped(files))]))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(OPPORTUNITY, min_size=1, max_size=3),
    st.lists(SCORES, max_size=6),
    st.lists(ITEMS, max_size=6),
    st.integers(1, 4),
)
def test_slices_change_nothing(
    results: list[str],
    scores: list[dict[str, str]],
    items: list[dict[str, str]],
    slice_rows: int,
) -> None:
    files = {
        "results.csv": results_csv(*({"OpportunityIdentifier": one} for one in results)),
        "scores.csv": scores_csv(*scores),
        "items.csv": items_csv(*items),
    }
    whole, sliced = checked(files, 1000), checked(files, slice_rows)
    assert sliced.counts == whole.counts
    assert sliced.report.counts == whole.report.counts
    found = [sorted(str(each.as_dict()) for each in one.report) for one in (sliced, whole)]
    assert found[0] == found[1]
    for name in ("results", "subscores", "items"):
        assert_frame_equal(getattr(sliced, name), getattr(whole, name))
