"""Every check of a roster, tried by the defect that it is there for: see checks.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollbook.roster.checks.catalogue import CHECKS
from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import Profile
from tests.spec.roster.given import good_bundle, spoilt

_TABLE = Path(__file__).with_name("checks.txt").read_text(encoding="utf-8").splitlines()
LINES = [
    tuple(cell.strip() for cell in line.rsplit(" | ", 2))
    for line in _TABLE
    if line and not line.startswith("#")
]
_ONE_MORE = (
    "+users[1] sourcedId=s{0} username=u{0} email=m{0} identifier=i{0}"
    " ; +roles[1] sourcedId=q{0} userSourcedId=s{0}"
    " ; +enrollments[1] sourcedId=n{0} userSourcedId=s{0}"
)
_LONG = {
    "everyone in cls-1": " ; ".join(_ONE_MORE.format(number) for number in range(100)),
    "demographics[1].sourcedId=LONG": "demographics[1].sourcedId=" + "x" * 256,
}


def _findings(source: bytes, profile: Profile) -> str:
    report = check_file(source, profile=profile).report
    told = dict.fromkeys(f"{finding.code} {finding.severity}" for finding in report)
    return ", ".join(told) or "ok"


@pytest.mark.parametrize(("defect", "strict", "lenient"), LINES, ids=[line[0] for line in LINES])
def test_a_defect_is_found_to_be_what_it_is(defect: str, strict: str, lenient: str) -> None:
    source = spoilt(_LONG.get(defect, defect))
    assert _findings(source, Profile.STRICT) == strict
    assert _findings(source, Profile.LENIENT) == lenient


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("mode", ["bulk", "delta"])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_good_bundle_has_no_findings(version: str, mode: str, profile: Profile) -> None:
    assert _findings(good_bundle(version, mode=mode).zip(), profile) == "ok"


def test_every_check_has_a_line_in_the_table() -> None:
    told = " ".join(cell for line in LINES for cell in line[1:])
    assert [check.code for check in CHECKS if check.code not in told] == []


def test_every_check_has_a_code_of_its_own_in_rising_order() -> None:
    codes = [check.code for check in CHECKS]
    assert len(set(codes)) == len(codes)
    assert [check.name for check in CHECKS if not check.fix.endswith(".")] == []
