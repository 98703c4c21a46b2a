"""What the result pages show: choices, distributions, lists, one student's history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import polars as pl

from rollbook.assessments.queries import assessments_by_id, levels_of, subject_of, type_of
from rollbook.assessments.types import Assessment, Level
from rollbook.lake.query import AllOf, Condition, Latest, Measure, Predicate, Query, Sort
from rollbook.orgs.queries import school_names
from rollbook.people.queries.merged import kept_ids
from rollbook.results.layouts import RESULTS, SUBSCORES
from rollbook.results.queries.store import engine, lake
from rollbook.results.types import AssessmentChoice, Distribution, LevelShare, StudentResult
from rollbook.shared.grades import GRADE_CODES, Grade
from rollbook.shared.rounding import percents_to_100
from rollbook.shared.scope import Scope

# Which attempt counts: a valid one before an invalid one (Valid > IN, SD > NS), then the latest.
COUNTED = Latest(
    per=("student_id", "assessment_id", "school_year"),
    by=(
        Sort("administration_condition", descending=True),
        Sort("completed_at", descending=True),
    ),
)
SCORED = AllOf((Condition("scale_score", "not_null"), Condition("performance_level", "not_null")))


def results_version(scope: Scope) -> int:
    """Return the version of the results that pages of this reader are made from."""
    return lake().version(RESULTS) if scope.reach or scope.group_ids else 0


def years_and_grades(scope: Scope, allowed: Predicate) -> dict[int, list[str]]:
    """Return the enrolled grades that have results, by school year, latest year first.

    Shape: `allowed` comes from `visible`; grades are in teaching order.
    """
    rows = engine().run(
        Query(table=RESULTS.name, where=allowed, group_by=("school_year", "enrolled_grade"))
    )
    found: dict[int, list[str]] = {}
    for year, grade in rows.sort("school_year", descending=True).iter_rows():
        found.setdefault(year, []).append(grade or "")
    return {year: sorted(grades, key=_grade_order) for year, grades in found.items()}


def _grade_order(code: str) -> int:
    return Grade(code).sequence if code in GRADE_CODES else 99


def assessment_choices(scope: Scope, allowed: Predicate) -> list[AssessmentChoice]:
    """Return the assessments that have results, most recently taken first."""
    rows = (
        engine()
        .run(
            Query(
                table=RESULTS.name,
                where=allowed,
                group_by=("assessment_id", "subject", "assessment_type", "assessment_grade"),
                measures=(
                    Measure("result_count", "count"),
                    Measure("latest_at", "max", "completed_at"),
                ),
            )
        )
        .sort(["latest_at", "assessment_id"], descending=[True, False], nulls_last=True)
    )
    names = assessments_by_id(scope, rows["assessment_id"].to_list())
    return [
        AssessmentChoice(
            assessment_id=row["assessment_id"],
            subject=row["subject"],
            assessment_type=row["assessment_type"],
            grade=row["assessment_grade"] or "",
            label=label_of(names.get(row["assessment_id"]), row["assessment_id"]),
            result_count=row["result_count"],
            latest_at=_aware(row["latest_at"]),
        )
        for row in rows.iter_rows(named=True)
    ]


def label_of(assessment: Assessment | None, assessment_id: str) -> str:
    """Return what people call an assessment; its id when nothing else is known."""
    return (assessment.label or assessment.name) if assessment else assessment_id


def distributions(
    scope: Scope, allowed: Predicate, assessment_ids: Sequence[str]
) -> list[Distribution]:
    """Return the overall score distribution of each assessment, in the order asked for.

    Shape:  counted attempts only; `tested_count` counts students, scored or not.
    Units:  see Distribution.
    Source: reference, results-reporting 2.3
    """
    if not assessment_ids:
        return []
    where = AllOf((allowed, Condition("assessment_id", "in", frozenset(assessment_ids))))
    counts = engine().run(
        Query(
            table=RESULTS.name,
            where=where,
            latest=COUNTED,
            group_by=("assessment_id", "subject", "assessment_type", "assessment_grade"),
            measures=(
                Measure("tested", "count"),
                Measure("scored", "count", where=SCORED),
                Measure("mean", "mean", "scale_score", where=SCORED),
                Measure("error", "standard_error", "scale_score", where=SCORED),
                *_level_measures(6),
            ),
        )
    )
    names = assessments_by_id(scope, list(assessment_ids))
    by_id = {row["assessment_id"]: row for row in counts.iter_rows(named=True)}
    return [
        _distribution(by_id[wanted], names.get(wanted), "Overall")
        for wanted in assessment_ids
        if wanted in by_id
    ]


def _level_measures(count: int) -> tuple[Measure, ...]:
    return tuple(
        Measure(
            f"level_{level}",
            "count",
            where=AllOf((SCORED, Condition("performance_level", "eq", level))),
        )
        for level in range(1, count + 1)
    )


def _distribution(
    row: Mapping[str, object], assessment: Assessment | None, name: str
) -> Distribution:
    subject, kind = str(row["subject"]), str(row["assessment_type"])
    counts = [int(str(row[f"level_{level}"])) for level in range(1, 7)]
    levels = levels_of(subject, kind) or plain_levels(counts)
    kind_of = type_of(subject, kind)
    return Distribution(
        assessment_id=str(row["assessment_id"]),
        subject=subject,
        assessment_type=kind,
        grade=str(row["assessment_grade"] or ""),
        label=label_of(assessment, str(row["assessment_id"])),
        score_name=kind_of.overall.name if kind_of else name,
        tested_count=int(str(row["tested"])),
        scored_count=int(str(row["scored"])),
        mean=row["mean"],
        standard_error=row["error"],
        levels=level_shares(levels, counts),
    )


def level_shares(levels: Sequence[Level], counts: Sequence[int]) -> tuple[LevelShare, ...]:
    """Pair levels with their counts and with percents that add up to 100."""
    shown = list(counts[: len(levels)])
    percents = percents_to_100(shown) if sum(shown) else [0] * len(shown)
    return tuple(
        LevelShare(level.number, level.name, level.short_name, level.color, count, percent)
        for level, count, percent in zip(levels, shown, percents, strict=True)
    )


def plain_levels(counts: Sequence[int]) -> tuple[Level, ...]:
    """Return levels without names for a subject that Rollbook does not know."""
    highest = max((place for place, count in enumerate(counts, 1) if count), default=1)
    return tuple(Level(n, f"Level {n}", f"Level {n}", "gray") for n in range(1, highest + 1))


def sub_distributions(
    scope: Scope, allowed: Predicate, assessment_id: str, *, score_type: str
) -> list[Distribution]:
    """Return one distribution per claim (or composite) of an assessment, in the subject's order.

    Shape: `score_type` is claim or alternate; empty when the assessment has none.
    """
    chosen = AllOf((allowed, Condition("assessment_id", "eq", assessment_id)))
    counted = engine().run(
        Query(table=RESULTS.name, where=chosen, latest=COUNTED,
              select=("opportunity_id", "subject", "assessment_type", "assessment_grade"))
    )  # fmt: skip
    if counted.is_empty():
        return []
    leveled = Condition("performance_level", "not_null")
    rows = engine().run(
        Query(
            table=SUBSCORES.name,
            where=AllOf(
                (
                    Condition("assessment_id", "eq", assessment_id),
                    Condition("score_type", "eq", score_type),
                    Condition(
                        "opportunity_id", "in", frozenset(counted["opportunity_id"].to_list())
                    ),
                )
            ),
            group_by=("code",),
            measures=(
                Measure("tested", "count"),
                Measure("scored", "count", where=leveled),
                Measure("mean", "mean", "scale_score", where=leveled),
                Measure("error", "standard_error", "scale_score", where=leveled),
                *(
                    Measure(f"level_{n}", "count", where=Condition("performance_level", "eq", n))
                    for n in range(1, 7)
                ),
            ),
        )
    )
    head = counted.row(0, named=True)
    return _in_subject_order(rows, head, assessment_id, score_type)


def _in_subject_order(
    rows: pl.DataFrame, head: Mapping[str, object], assessment_id: str, score_type: str
) -> list[Distribution]:
    subject, kind = str(head["subject"]), str(head["assessment_type"])
    known, kind_of = subject_of(subject), type_of(subject, kind)
    parts = (
        ()
        if known is None
        else (known.scorable_claims if score_type == "claim" else known.alternates)
    )
    definition = (
        (kind_of.claim if score_type == "claim" else kind_of.alternate) if kind_of else None
    )
    by_code = {row["code"]: row for row in rows.iter_rows(named=True)}
    named = [(part.code, part.name) for part in parts if part.code in by_code]
    named += [(code, code) for code in by_code if code not in {code for code, _ in named}]
    found: list[Distribution] = []
    for code, name in named:
        row = by_code[code]
        counts = [row[f"level_{n}"] for n in range(1, 7)]
        found.append(
            Distribution(
                assessment_id=assessment_id,
                subject=subject,
                assessment_type=kind,
                grade=str(head["assessment_grade"] or ""),
                label=name,
                score_name=definition.name if definition else score_type.capitalize(),
                tested_count=row["tested"],
                scored_count=row["scored"],
                mean=row["mean"],
                standard_error=row["error"],
                levels=level_shares(
                    definition.levels if definition else plain_levels(counts), counts
                ),
            )
        )
    return found


_LISTED = (
    "student_id", "assessment_id", "opportunity_id", "subject", "assessment_type",
    "assessment_grade", "school_year", "school_id", "enrolled_grade", "completed_at",
    "status", "completeness",
    "administration_condition", "scale_score", "standard_error", "performance_level",
)  # fmt: skip


def results_list(
    scope: Scope,
    allowed: Predicate,
    *,
    assessment_ids: Sequence[str] = (),
    only_counted: bool = True,
    home_school_id: int | None = None,
) -> list[StudentResult]:
    """Return results one by one, the latest first.

    Shape: counted attempts only unless asked otherwise; `is_transfer` marks those taken at
           another school than `home_school_id`.
    """
    where: Predicate = allowed
    if assessment_ids:
        where = AllOf((allowed, Condition("assessment_id", "in", frozenset(assessment_ids))))
    rows = engine().run(
        Query(
            table=RESULTS.name,
            where=where,
            latest=COUNTED if only_counted else None,
            select=_LISTED,
            order_by=(
                Sort("completed_at", descending=True),
                Sort("assessment_id"),
                Sort("opportunity_id"),
            ),
        )
    )
    return _student_results(scope, _as_kept(scope, rows, only_counted), home_school_id)


def _as_kept(scope: Scope, rows: pl.DataFrame, only_counted: bool) -> pl.DataFrame:
    """Show results of merged records as those of the students who stayed, and count one of each."""
    kept = kept_ids(scope, rows["student_id"].unique().to_list())
    if not kept:
        return rows
    shown = rows.with_columns(pl.col("student_id").replace(kept))
    if not only_counted:
        return shown
    best = shown.sort(
        ["administration_condition", "completed_at"], descending=True, nulls_last=True
    ).unique(list(COUNTED.per), keep="first", maintain_order=True)
    return shown.join(
        best.select("opportunity_id", "student_id"),
        on=["opportunity_id", "student_id"],
        how="semi",
        maintain_order="left",
    )


def _student_results(
    scope: Scope, rows: pl.DataFrame, home_school_id: int | None
) -> list[StudentResult]:
    names = assessments_by_id(scope, rows["assessment_id"].unique().to_list())
    schools = school_names(scope, rows["school_id"].unique().to_list())
    return [
        _student_result(row, names, schools, home_school_id) for row in rows.iter_rows(named=True)
    ]


def _student_result(
    row: Mapping[str, object],
    names: Mapping[str, Assessment],
    schools: Mapping[int, str],
    home_school_id: int | None,
) -> StudentResult:
    subject, kind = str(row["subject"]), str(row["assessment_type"])
    number = row["performance_level"]
    levels = levels_of(subject, kind)
    level = next((level for level in levels if level.number == number), None)
    school_id = int(str(row["school_id"]))
    return StudentResult(
        student_id=int(str(row["student_id"])),
        assessment_id=str(row["assessment_id"]),
        opportunity_id=str(row["opportunity_id"]),
        subject=subject,
        assessment_type=kind,
        assessment_grade=str(row["assessment_grade"] or ""),
        label=label_of(names.get(str(row["assessment_id"])), str(row["assessment_id"])),
        school_year=int(str(row["school_year"])),
        school_id=school_id,
        school_name=schools.get(school_id, "Another school"),
        enrolled_grade=str(row["enrolled_grade"] or ""),
        completed_at=_aware(row["completed_at"]),
        status=status_of(row),
        scale_score=row["scale_score"],
        standard_error=row["standard_error"],
        performance_level=number,
        level_name=level.name if level else ("" if number is None else f"Level {number}"),
        level_color=level.color if level else "gray",
        level_count=len(levels) or 6,
        is_transfer=home_school_id is not None and school_id != home_school_id,
    )


def status_of(row: Mapping[str, object]) -> str:
    """Say in a word what is unusual about an attempt; blank when nothing is.

    Source: reference, results-reporting 2.4
    """
    condition = row["administration_condition"]
    words = [str(condition)] if condition not in (None, "", "Valid", "SD") else []
    if row["completeness"] == "Partial":
        words.append("Partial")
    return ", ".join(words)


def _aware(moment: object) -> datetime | None:
    if not isinstance(moment, datetime):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def subscores_of(
    scope: Scope, results: Iterable[StudentResult], *, score_type: str
) -> dict[tuple[str, str], dict[str, tuple[int | None, str]]]:
    """Return the claims (or composites) of results already found visible.

    Shape: (assessment, opportunity) -> code -> (level, what the level is called).
    """
    listed = list(results)
    if not listed:
        return {}
    rows = engine().run(
        Query(
            table=SUBSCORES.name,
            where=AllOf(
                (
                    Condition("score_type", "eq", score_type),
                    Condition("assessment_id", "in", frozenset(r.assessment_id for r in listed)),
                    Condition("opportunity_id", "in", frozenset(r.opportunity_id for r in listed)),
                )
            ),
            select=(
                "assessment_id",
                "opportunity_id",
                "subject",
                "assessment_type",
                "code",
                "performance_level",
            ),
        )
    )
    found: dict[tuple[str, str], dict[str, tuple[int | None, str]]] = {}
    for assessment, opportunity, subject, kind, code, level in rows.iter_rows():
        kind_of = type_of(subject, kind)
        definition = (
            (kind_of.claim if score_type == "claim" else kind_of.alternate) if kind_of else None
        )
        known = (
            next((x.name for x in definition.levels if x.number == level), "") if definition else ""
        )
        name = known or ("" if level is None else f"Level {level}")
        found.setdefault((assessment, opportunity), {})[code] = (level, name)
    return found


def claim_names(subject: str) -> list[tuple[str, str]]:
    """Return the codes and names of a subject's scorable claims, in display order."""
    known = subject_of(subject)
    return [(claim.code, claim.name) for claim in known.scorable_claims] if known else []
