"""Write exams as the columns of the three result files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Final

import numpy as np
import polars as pl

from rollbook.generator.archive import Entry, csv_pieces
from rollbook.generator.catalogue import Assessment
from rollbook.generator.places import District
from rollbook.generator.randomness import stream
from rollbook.generator.responses import make_responses
from rollbook.generator.subscores import make_subscores
from rollbook.results.layouts import ITEMS_CSV, RESULTS_CSV, SCORES_CSV

# Exams whose sub-scores and items are made at a time: keeps memory flat, whatever the district.
SLICE: Final = 40_000
_MOMENT: Final = "%Y-%m-%dT%H:%M:%SZ"
_SUPPORTS: Final = (
    "TDS_CCInvert",
    "TDS_Masking1",
    "TDS_PS_L1",
    "TDS_ClosedCap1",
    "TDS_CCMagenta|TDS_PS_L2",
)


@dataclass(frozen=True)
class DistrictYear:
    """Hold the exams of one district in one year, and what belongs to them.

    Shape: `exams` refer to `students` by `row` and to `assessments` by number.
    """

    district: District
    year: int
    students: pl.DataFrame
    assessments: Sequence[Assessment]
    exams: pl.DataFrame
    seed: int


@dataclass(frozen=True)
class Slice:
    """Hold some exams with their results, scores and items, shaped as the files are."""

    exams: pl.DataFrame
    results: pl.DataFrame
    scores: pl.DataFrame
    items: pl.DataFrame


def result_rows(held: DistrictYear, start: int) -> pl.DataFrame:
    """Write one slice of exams as rows of results.csv."""
    exams = held.exams.slice(start, SLICE)
    who = held.students[exams["row"].to_numpy()]
    facts = _facts(held.assessments)[exams["assessment"].to_numpy()]
    schools = _school_codes(held)
    wide = pl.concat([exams.drop("row"), who, facts], how="horizontal")
    summative = pl.col("AssessmentSubType") == "SUM"
    wait = pl.when(summative).then(timedelta(days=12)).otherwise(timedelta(hours=2))
    return wide.select(
        pl.lit(str(held.year)).alias("SchoolYear"),
        pl.col("school").replace_strict(schools, return_dtype=pl.String).alias("SchoolIdentifier"),
        StudentIdentifier="ssid",
        LastOrSurname="last_name",
        FirstName="first_name",
        Birthdate=pl.col("birth_date").dt.to_string("%Y-%m-%d"),
        Sex="sex",
        GradeLevelWhenAssessed="grade_code",
        AssessmentIdentifier="AssessmentIdentifier",
        AssessmentName="AssessmentName",
        Subject="Subject",
        AssessmentSubType="AssessmentSubType",
        AssessmentGrade="AssessmentGrade",
        OpportunityIdentifier=pl.col("opportunity").cast(pl.String),
        SessionIdentifier="session",
        DateCompleted=pl.col("moment").dt.to_string(_MOMENT),
        Status=pl.lit("scored"),
        StatusDate=(pl.col("moment") + wait).dt.to_string(_MOMENT),
        Completeness="completeness",
        AdministrationCondition="condition",
        ScaleScore=pl.col("score").cast(pl.String),
        StandardError=pl.col("error").cast(pl.String),
        PerformanceLevel=pl.col("level").cast(pl.String),
        **_demographics(),
        AssignedAccommodationList=_accommodations(held, who.height, start),
    ).select(RESULTS_CSV)


def _facts(assessments: Sequence[Assessment]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "AssessmentIdentifier": [one.assessment_id for one in assessments],
            "AssessmentName": [one.name for one in assessments],
            "Subject": [one.subject for one in assessments],
            "AssessmentSubType": [one.kind for one in assessments],
            "AssessmentGrade": [one.grade for one in assessments],
        }
    )


def _school_codes(held: DistrictYear) -> dict[int, str]:
    return {school.number: school.identifier for school in held.district.schools}


def _demographics() -> dict[str, pl.Expr]:
    def said(flag: pl.Expr) -> pl.Expr:
        return pl.when(flag).then(pl.lit("Yes")).otherwise(pl.lit("No"))

    stated = ~pl.col("keeps_silent")
    return {
        "HispanicOrLatinoEthnicity": said(pl.col("hispanic")),
        "AmericanIndianOrAlaskaNative": said(pl.col("american_indian")),
        "Asian": said(pl.col("asian")),
        "BlackOrAfricanAmerican": said(pl.col("black")),
        "NativeHawaiianOrOtherPacificIslander": said(pl.col("pacific_islander")),
        "White": said(pl.col("white")),
        "DemographicRaceTwoOrMoreRaces": said(pl.col("two_or_more_races")),
        "Filipino": said(pl.col("filipino")),
        "IDEAIndicator": said(pl.col("iep")),
        "LEPStatus": said(pl.col("learner_then")),
        "EnglishLanguageAcquisitionStatus": pl.col("acquisition"),
        "Section504Status": pl.when(stated).then(said(pl.col("section_504"))),
        "EconomicDisadvantageStatus": pl.when(stated).then(said(pl.col("economic_disadvantage"))),
        "MigrantStatus": pl.when(stated).then(said(pl.col("migrant"))),
        "MilitaryConnectedStudentIndicator": pl.when(stated).then(pl.col("military_connected")),
        "LanguageCode": pl.col("language_code"),
    }


def _accommodations(held: DistrictYear, count: int, start: int) -> pl.Expr:
    random = stream(held.seed, "accommodations", held.district.number, held.year, start)
    which = pl.Series(np.array(_SUPPORTS)[random.integers(0, len(_SUPPORTS), count)])
    luck = pl.Series(random.random(count))
    share = pl.when("iep").then(0.5).when("learner_then").then(0.2).otherwise(0.02)
    return pl.when(luck < share).then(which)


def _keys(held: DistrictYear, exams: pl.DataFrame, rows: pl.Series) -> dict[str, pl.Series]:
    ids = pl.Series([one.assessment_id for one in held.assessments])
    return {
        "AssessmentIdentifier": ids.gather(exams["assessment"].gather(rows)),
        "OpportunityIdentifier": exams["opportunity"].cast(pl.String).gather(rows),
    }


def score_rows(held: DistrictYear, start: int) -> pl.DataFrame:
    """Write one slice of exams as rows of scores.csv."""
    exams = held.exams.slice(start, SLICE)
    random = stream(held.seed, "subscores", held.district.number, held.year, start)
    made = make_subscores(exams, held.assessments, random)
    return (
        made.with_columns(**_keys(held, exams, made["exam"]))
        .select(
            "AssessmentIdentifier",
            "OpportunityIdentifier",
            ScoreType="type",
            Code="code",
            ScaleScore="score",
            StandardError="error",
            PerformanceLevel="level",
            RawScore="raw",
            ConditionCode="condition_code",
            StudentRelativeResidualScore="student_residual",
            StandardMetRelativeResidualScore="standard_residual",
        )
        .select(SCORES_CSV)
    )


def item_rows(held: DistrictYear, start: int) -> pl.DataFrame:
    """Write one slice of exams as rows of items.csv."""
    exams = held.exams.slice(start, SLICE)
    random = stream(held.seed, "responses", held.district.number, held.year, start)
    made = make_responses(exams, random)
    return (
        made.with_columns(**_keys(held, exams, made["exam"]))
        .select(
            "AssessmentIdentifier",
            "OpportunityIdentifier",
            ItemIdentifier="item_id",
            Position="position",
            Score="score",
            MaxPoints="points",
            ScoreStatus="status",
            Response="response",
        )
        .select(ITEMS_CSV)
    )


def whole_slices(held: DistrictYear) -> Iterator[Slice]:
    """Write exams with all that belongs to them; items also say their kind, claim and target."""
    bank = [item for one in held.assessments for item in one.items]
    said = pl.DataFrame(
        {
            "ItemIdentifier": [item.item_id for item in bank],
            "ItemKind": [item.kind for item in bank],
            "Claim": [item.claim for item in bank],
            "Target": [item.target for item in bank],
        }
    )
    for start in range(0, held.exams.height, SLICE):
        items = item_rows(held, start)
        yield Slice(
            exams=held.exams.slice(start, SLICE),
            results=result_rows(held, start),
            scores=score_rows(held, start),
            items=items.join(said, on="ItemIdentifier", maintain_order="left"),
        )


class RowCounts(dict[str, int]):
    """Count the rows of each file as they are written."""

    def counted(self, name: str, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Pass frames on, adding up their rows under `name`."""
        self[name] = 0
        for frame in frames:
            self[name] += frame.height
            yield frame


def entries(held: DistrictYear, counts: RowCounts) -> Iterator[Entry]:
    """Write a district's year as the entries of a result zip, slice by slice.

    Shape: a file that would have no rows is left out.
    """
    writers = {"results.csv": result_rows, "scores.csv": score_rows, "items.csv": item_rows}
    for name, rows in writers.items():
        made = (rows(held, start) for start in range(0, held.exams.height, SLICE))
        frames = (frame for frame in made if not frame.is_empty())
        first = next(frames, None)
        if first is not None:
            yield name, csv_pieces(counts.counted(name, chain([first], frames)))
