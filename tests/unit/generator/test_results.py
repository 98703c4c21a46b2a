from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest

from rollbook.assessments.sources.package_csv import read_package
from rollbook.assessments.types import Assessment
from rollbook.generator import result_files
from rollbook.generator.generate import GeneratedState, write_state
from rollbook.results.checks.run import check_results
from rollbook.results.sources.reading import read_files
from rollbook.shared.findings import Severity

Read = Callable[[Path, str], pl.DataFrame]
OFF_GRADE = "RES-406"


@pytest.fixture(scope="module")
def known(state: GeneratedState) -> Mapping[str, Assessment]:
    reading = read_package("packages.csv", state.packages.read_bytes())
    assert reading.findings == []
    return {assessment.id: assessment for assessment in reading.assessments}


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> GeneratedState:
    folder = tmp_path_factory.mktemp("larger")
    return write_state(folder, students=1600, districts=1, seed=5, years=2, xml=0)


def test_every_result_is_accepted_without_a_warning(
    state: GeneratedState, known: Mapping[str, Assessment]
) -> None:
    for path in (*state.results, state.folder / "results-xml"):
        checked = check_results(read_files([path]), known=known)
        assert checked.counts["accepted"] == checked.counts["results"] > 0
        assert set(checked.report.by_severity) <= {Severity.INFO}
        assert set(checked.report.counts) <= {OFF_GRADE}


def test_there_are_four_full_years_and_the_autumn_of_this_one(results: pl.DataFrame) -> None:
    kinds = results.group_by("SchoolYear").agg(pl.col("AssessmentSubType").unique().sort())
    full = ["IAB", "ICA", "SUM"]
    assert dict(kinds.iter_rows()) == {
        "2023": full,
        "2024": full,
        "2025": full,
        "2026": full,
        "2027": ["IAB"],
    }
    assert results["DateCompleted"].max() < "2026-11-14"


def test_students_who_came_from_elsewhere_were_tested_elsewhere(
    state: GeneratedState, results: pl.DataFrame, read: Read
) -> None:
    home = {
        ssid: state.districts[number].identifier[:7]
        for number, path in enumerate(state.rosters)
        for ssid in read(path, "users.csv")["userMasterIdentifier"].drop_nulls()
    }
    elsewhere = [
        ssid
        for ssid, school in results.select("StudentIdentifier", "SchoolIdentifier").iter_rows()
        if not school.startswith(home[ssid])
    ]
    assert 0 < len(elsewhere) < 0.12 * results.height


def test_levels_follow_the_cut_scores_of_the_package(
    results: pl.DataFrame, known: Mapping[str, Assessment]
) -> None:
    scored = results.filter(
        (pl.col("AssessmentSubType") != "IAB") & pl.col("ScaleScore").is_not_null()
    )
    for identity, score, level in scored.select(
        "AssessmentIdentifier", "ScaleScore", "PerformanceLevel"
    ).iter_rows():
        assessment = known[identity]
        assert int(level) == 1 + sum(int(score) >= cut for cut in assessment.cut_scores)
        assert assessment.min_score <= int(score) <= assessment.max_score


def test_blocks_are_placed_by_error_band_around_the_standard(
    results: pl.DataFrame, known: Mapping[str, Assessment]
) -> None:
    blocks = results.filter(
        (pl.col("AssessmentSubType") == "IAB") & pl.col("ScaleScore").is_not_null()
    )
    levels: set[int] = set()
    for identity, score, error, level in blocks.select(
        "AssessmentIdentifier", "ScaleScore", "StandardError", "PerformanceLevel"
    ).iter_rows():
        standard = known[identity].cut_scores[1]
        band = 1.5 * float(error)
        if round(int(score) + band) < standard:
            expected = 1
        else:
            expected = 3 if round(int(score) - band) >= standard else 2
        assert int(level) == expected
        levels.add(expected)
    assert levels == {1, 2, 3}


def test_some_results_are_unscored_partial_invalid_or_nonstandard(results: pl.DataFrame) -> None:
    share = results.height
    assert 0 < results["ScaleScore"].null_count() < 0.03 * share
    assert 0 < (results["Completeness"] == "Partial").sum() < 0.05 * share
    assert set(results["AdministrationCondition"]) == {"Valid", "IN", "SD", "NS"}
    unscored = results.filter(pl.col("ScaleScore").is_null())
    assert unscored["PerformanceLevel"].null_count() == unscored.height


def test_a_student_scores_alike_from_year_to_year_and_across_subjects(
    larger: GeneratedState, read: Read
) -> None:
    found = pl.concat([read(path, "results.csv") for path in larger.results]).filter(
        pl.col("AssessmentSubType") == "SUM"
    )
    wide = found.with_columns(pl.col("ScaleScore").cast(pl.Int64)).pivot(
        ["Subject", "SchoolYear"], index="StudentIdentifier", values="ScaleScore"
    )

    def correlation(one: str, other: str) -> float:
        return wide.drop_nulls([one, other]).select(pl.corr(one, other)).item()

    assert 0.8 < correlation('{"ELA","2025"}', '{"ELA","2026"}') < 0.95
    assert 0.65 < correlation('{"ELA","2026"}', '{"Math","2026"}') < 0.9


def test_item_points_add_up_with_the_scale_score(larger: GeneratedState, read: Read) -> None:
    path = larger.results[1]
    items = read(path, "items.csv").with_columns(pl.col("Score", "MaxPoints").cast(pl.Int64))
    assert ((items["Score"] >= -1) & (items["Score"] <= items["MaxPoints"])).all()
    unscored = items["ScoreStatus"] == "NOTSCORED"
    assert unscored.equals(items["Score"] == -1, check_names=False)
    raw = items.group_by("OpportunityIdentifier").agg(
        share=pl.col("Score").clip(0).sum() / pl.col("MaxPoints").sum(), count=pl.len()
    )
    assert raw["count"].min() >= 10
    assert raw["count"].max() <= 15
    scored = raw.join(read(path, "results.csv"), on="OpportunityIdentifier").drop_nulls(
        "ScaleScore"
    )
    score = pl.col("ScaleScore").cast(pl.Int64)
    assert scored.select(pl.corr("share", score)).item() > 0.6
    assert 0.3 < scored["share"].mean() < 0.6


def test_summatives_carry_claims_targets_traits_and_composites(
    state: GeneratedState, read: Read
) -> None:
    path = next(path for path in state.results if path.name == "2026-d002.zip")
    found = read(path, "results.csv")
    scores = read(path, "scores.csv").join(
        found.select("OpportunityIdentifier", "Subject", "AssessmentSubType", "ScaleScore"),
        on="OpportunityIdentifier",
    )
    assert scores["ScaleScore_right"].null_count() == 0  # nothing below an overall that is not
    counts = (
        scores.filter(pl.col("AssessmentSubType") == "SUM")
        .group_by("Subject", "ScoreType", "OpportunityIdentifier")
        .len()
        .group_by("Subject", "ScoreType")
        .agg(pl.col("len").unique().sort())
    )
    found_counts = {(subject, kind): many for subject, kind, many in counts.iter_rows()}
    targets = found_counts.pop(("Math", "Target"))
    assert min(targets) >= 9
    assert found_counts == {
        ("ELA", "Claim"): [4],
        ("ELA", "Target"): [11],
        ("ELA", "Trait"): [3],
        ("Math", "Claim"): [3],
        ("CAST", "Claim"): [3],
        ("ELPAC", "Alternate"): [2],
        ("ELPAC", "Claim"): [4],
    }


def test_documents_hold_results_that_no_csv_holds(
    state: GeneratedState, results: pl.DataFrame
) -> None:
    documents = read_files([state.folder / "results-xml"]).results
    assert documents.height == len(state.documents) == 20
    key = ["AssessmentIdentifier", "OpportunityIdentifier"]
    assert documents.join(results, on=key, how="semi").is_empty()
    assert set(documents["SchoolYear"]) == {"2026", "2027"}


def test_a_result_zip_leaves_out_a_file_without_rows(state: GeneratedState) -> None:
    names = {path.name: zipfile.ZipFile(path).namelist() for path in state.results}
    assert names["2027-sample.zip"] == ["results.csv", "items.csv"]
    assert names["2026-sample.zip"] == ["results.csv", "scores.csv", "items.csv"]


def test_a_large_district_is_written_in_slices_that_join_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    def write(name: str) -> GeneratedState:
        return write_state(tmp_path / name, students=150, districts=1, seed=6, years=1, xml=30)

    whole = write("whole")
    monkeypatch.setattr(result_files, "SLICE", 100)
    sliced = write("sliced")
    for one, other in zip(whole.results, sliced.results, strict=True):
        found, again = read(one, "results.csv"), read(other, "results.csv")
        assert found.height > 100
        drawn = "AssignedAccommodationList"
        assert again.drop(drawn).equals(found.drop(drawn))
        keys = ["OpportunityIdentifier", "ItemIdentifier", "Position"]
        assert read(other, "items.csv").select(keys).equals(read(one, "items.csv").select(keys))
    monkeypatch.setattr(result_files, "SLICE", 7)
    documents = write("tiny").documents
    assert [path.name for path in documents] == [path.name for path in whole.documents]
    assert len(documents) == 30
