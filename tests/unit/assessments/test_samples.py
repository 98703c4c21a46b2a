from __future__ import annotations

from pathlib import Path

import pytest

from rollbook.assessments.layouts import ELA, ELPAC, MATH
from rollbook.assessments.sources.package_csv import read_package
from rollbook.assessments.sources.subject_xml import read_subject
from rollbook.assessments.types import Subject
from rollbook.shared.findings import Severity

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples" / "rdw"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="needs_shared_samples")


@needs_samples
@pytest.mark.parametrize(
    ("file", "assessments", "items"),
    [
        ("IAB_ICA_Combined.items.csv", 9, 81),
        ("ELPAC_asmt.csv", 12, 0),
        ("TestPackage.csv", 0, 0),
        ("TestPackage.Simple.csv", 0, 0),
    ],
)
def test_packages_are_accepted_whole_needs_shared_samples(
    file: str, assessments: int, items: int
) -> None:
    read = read_package(file, (SAMPLES / "packages" / file).read_bytes())
    assert (len(read.assessments), read.rejected) == (assessments, [])
    assert sum(len(one.items) for one in read.assessments) == items


@needs_samples
def test_elpac_cut_scores_of_a_package_needs_shared_samples() -> None:
    file = SAMPLES / "packages" / "ELPAC_asmt.csv"
    for one in read_package(file.name, file.read_bytes()).assessments:
        assert one.cut_scores == ELPAC.cut_scores[one.grade]
        assert (one.min_score, one.max_score) == ELPAC.score_ranges[one.grade]
    first = read_package(file.name, file.read_bytes()).assessments[0]
    assert dict(first.alternate_cut_scores) == {"1": (1408, 1451, 1493), "2": (1414, 1459, 1520)}


@needs_samples
@pytest.mark.parametrize(
    ("file", "shipped"),
    [
        ("ELA_subject.CA.xml", ELA),
        ("Math_subject.CA.xml", MATH),
        ("ELPAC_subject.xml", ELPAC),
        ("mini_subject_config.xml", None),
    ],
)
def test_subjects_are_accepted_and_agree_with_the_shipped_needs_shared_samples(
    file: str, shipped: Subject | None
) -> None:
    read = read_subject(file, (SAMPLES / "subjects" / file).read_bytes())
    assert {finding.severity for finding in read.findings} == {Severity.INFO}
    assert read.subject is not None
    if shipped is None:
        return
    assert [claim.code for claim in read.subject.scorable_claims] == [
        claim.code for claim in shipped.scorable_claims
    ]
    assert read.subject.difficulties == shipped.difficulties
    for kind in read.subject.types:
        own = shipped.find_type(kind.code)
        assert own is not None
        assert (kind.overall, kind.alternate, kind.claim) == (
            own.overall,
            own.alternate,
            own.claim,
        )
