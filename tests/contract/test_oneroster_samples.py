"""Bundles that nobody here wrote: the strict verdicts must be the expected ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import Profile

SAMPLES = Path(__file__).parents[3] / "shared/samples/oneroster_1_1"
_LISTED = SAMPLES / "expected.json"
EXPECTED: list[dict[str, str]] = json.loads(_LISTED.read_text()) if _LISTED.exists() else []

# These are byte for byte the good bundle, so no reader of bytes can tell what is meant. The
# defects that they are named for are tried in tests/spec/roster/checks.txt.
SAME_AS_THE_GOOD_ONE = {
    "duplicate-username.zip",
    "duplicate-email.zip",
    "duplicate-identifier.zip",
}


@pytest.mark.skipif(not EXPECTED, reason="the shared samples are not here")
@pytest.mark.parametrize("sample", EXPECTED, ids=lambda sample: sample["zip"])
def test_samples_match_expected_verdicts_needs_shared_samples(sample: dict[str, str]) -> None:
    path = SAMPLES / sample["zip"]
    expected = sample["expect"]
    if sample["zip"] in SAME_AS_THE_GOOD_ONE:
        assert path.read_bytes() == (SAMPLES / "base-bulk.zip").read_bytes()
        expected = "ok"
    assert str(check_file(path, profile=Profile.STRICT).report.verdict) == expected
