"""A student who comes at a second school while the first has not let go."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.roster.plan.draft import Draft, SchoolQuestion, live
from rollbook.roster.rules import identity
from rollbook.roster.rules.policy import SecondSchoolPolicy
from rollbook.roster.types import Mode

_ANSWERED: Final = ["student_id", "from_school_id", "to_school_id", "school_year"]
# The first of these that a pair of schools has decides what becomes of the row that came.
_AWAY: Final = "away"  # an answer says that the student has moved from here to there


def settled_schools(draft: Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Let in, leave out or ask about the school enrollments of students who are elsewhere too.

    Shape:  the rows less those that must wait or stay out; notes on the draft what is asked, what
            ends, and who does not come in where, for the classes there.
    Source: reference, rostering 6.3, item 8
    """
    rows = _without_repeats(draft, rows)
    coming = _coming(draft, rows)
    pairs = coming.join(_staying(draft, rows), on="student_id").filter(
        pl.col("to_school_id") != pl.col("from_school_id")
    )
    if pairs.is_empty():
        return rows
    pairs = _decided(draft, pairs)
    stays_out = pairs.filter(pl.col("answer").is_in(["ask", "cancel", _AWAY]))
    barred = stays_out.select("student_id", school_id="to_school_id").unique()
    let_in = pairs.join(stays_out, on="sourced_id", how="anti")
    draft.barred = barred
    _note(draft, pairs, let_in, stays_out)
    return rows.join(stays_out, on="sourced_id", how="anti", maintain_order="left")


def _without_repeats(draft: Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Keep one row per student and school where merged records list the student twice."""
    if not draft.yielding:
        return rows
    merged = draft.ids["students"].filter(pl.col("sourced_id").is_in(list(draft.yielding)))["id"]
    is_merged = pl.col("student_id").is_in(merged.implode())
    return pl.concat(
        [
            rows.filter(~is_merged),
            first_of(
                draft, "school enrollments", rows.filter(is_merged), "student_id", "school_id"
            ),
        ]
    )


def first_of(draft: Draft, table: str, rows: pl.DataFrame, *per: str) -> pl.DataFrame:
    """Keep one row per key: the one that is there already, else the first by sourcedId."""
    known = draft.current.frames[table].filter(
        "is_active", pl.col("source") == draft.current.source
    )
    is_there = pl.col("sourced_id").is_in(known["sourced_id"].implode())
    return rows.sort(~is_there, "sourced_id").unique(list(per), keep="first", maintain_order=True)


def settle_classes(draft: Draft) -> None:
    """Leave out the class enrollments of students who do not come in at the class's school."""
    wanted = draft.wanted["enrollments"]
    if draft.yielding:
        merged = draft.ids["students"].filter(pl.col("sourced_id").is_in(list(draft.yielding)))
        is_merged = pl.col("student_id").is_in(merged["id"].implode()).fill_null(value=False)
        kept = first_of(
            draft, "enrollments", wanted.filter(is_merged), "student_id", "class_taught_id", "role"
        )
        wanted = pl.concat([wanted.filter(~is_merged), kept])
    if draft.barred.height:
        classes = pl.concat(
            [
                frame.select(class_taught_id="id", school_id="school_id")
                for frame in (draft.wanted["classes"], draft.current.frames["classes"])
            ]
        ).unique("class_taught_id", keep="first")
        barred = draft.barred.join(classes, on="school_id").select("student_id", "class_taught_id")
        wanted = wanted.join(barred, on=["student_id", "class_taught_id"], how="anti")
    draft.wanted["enrollments"] = wanted


def _coming(draft: Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that would put a known student into a school where they are not now."""
    mine = draft.current.frames["school enrollments"].filter(
        "is_active",
        pl.col("source") == draft.current.source,
        pl.col("school_year") == draft.school_year,
    )
    known = draft.current.frames["students"]["id"]
    return (
        rows.filter(pl.col("student_id").is_in(known.implode()))
        .join(mine, on=["student_id", "school_id"], how="anti")
        .select("line", "sourced_id", "student_id", to_school_id="school_id")
    )


def _staying(draft: Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Return where students are now and stay, as far as this roster does not say it itself."""
    elsewhere = draft.current.elsewhere.filter(
        pl.col("school_year") == draft.school_year,
        pl.col("ends_before").is_null() | (pl.col("ends_before") > draft.starting),
    )
    parts = [elsewhere.select("student_id", from_school_id="school_id")]
    if draft.incoming.modes.get("roles", Mode.ABSENT) is Mode.DELTA:
        parts.append(_staying_here(draft, rows))
    return pl.concat(parts).unique()


def _staying_here(draft: Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the places that a delta neither repeats nor takes away."""
    roles = draft.incoming.roles
    known = draft.current.frames["school enrollments"].filter(
        "is_active",
        pl.col("source") == draft.current.source,
        pl.col("school_year") == draft.school_year,
    )
    if not roles["sourced_id"].is_not_null().any():
        # In 1.1 a user lists all schools: what is not listed is given up.
        return known.head(0).select("student_id", from_school_id="school_id")
    gone = roles.join(live(roles), on="_line", how="anti")["sourced_id"].drop_nulls()
    suffix = f":{draft.school_year}"
    return known.filter(
        ~pl.col("sourced_id").is_in(rows["sourced_id"].implode())
        & ~pl.col("sourced_id").is_in((gone + suffix).implode())
    ).select("student_id", from_school_id="school_id")


def _decided(draft: Draft, pairs: pl.DataFrame) -> pl.DataFrame:
    """Add `answer`: what a person said of these two schools, else what the policy says."""
    answers = draft.current.answers
    turned = answers.rename(
        {"from_school_id": "to_school_id", "to_school_id": "from_school_id"}
    ).with_columns(answer=pl.col("answer").replace({"move": _AWAY, "cancel": None}))
    said = pl.concat([answers, turned.select(answers.columns)]).drop_nulls("answer")
    said = said.unique(_ANSWERED, keep="first", maintain_order=True)
    is_released = pl.col("student_id").is_in(sorted(draft.current.released))
    return (
        pairs.with_columns(school_year=pl.lit(draft.school_year, dtype=pl.Int64))
        .join(said, on=_ANSWERED, how="left", maintain_order="left")
        .with_columns(
            is_new=pl.col("answer").is_null() & ~is_released,
            answer=pl.when(is_released)
            .then(pl.lit(SecondSchoolPolicy.MOVE.value))
            .otherwise(pl.coalesce("answer", pl.lit(draft.current.second_school.value))),
        )
    )


def _note(draft: Draft, pairs: pl.DataFrame, let_in: pl.DataFrame, stays_out: pl.DataFrame) -> None:
    moves = let_in.filter(pl.col("answer") == SecondSchoolPolicy.MOVE.value)
    draft.ended.append(_enrollments(draft, moves))
    asked = pairs.filter(
        "is_new", pl.col("answer").is_in(["ask", SecondSchoolPolicy.MOVE.value])
    ).unique(_ANSWERED)
    draft.questions.extend(
        SchoolQuestion(student, start, end, school_year, "" if answer == "ask" else answer)
        for student, start, end, school_year, answer in asked.select(*_ANSWERED, "answer")
        .sort(_ANSWERED)
        .iter_rows()
    )
    waiting = stays_out.filter(pl.col("answer") == "ask")
    others = stays_out.join(waiting, on="sourced_id", how="anti")
    both = let_in.filter(pl.col("answer") == SecondSchoolPolicy.ADD.value)
    for found, check in (
        (waiting, identity.SECOND_SCHOOL_ASKED),
        (others, identity.SECOND_SCHOOL_LEFT_OUT),
        (both, identity.SECOND_SCHOOL_ADDED),
    ):
        draft.findings.extend(
            check.finding(file="roles.csv", line=line)
            for line in found["line"].unique().sort().to_list()
        )


def _enrollments(draft: Draft, moves: pl.DataFrame) -> pl.DataFrame:
    """Return the school enrollments that end because the student has moved from there."""
    known = draft.current.frames["school enrollments"].filter("is_active")
    now = pl.concat([draft.current.elsewhere, known.select(draft.current.elsewhere.columns)])
    keys = ["student_id", "school_id", "school_year"]
    return now.join(
        moves.select("student_id", "school_year", school_id="from_school_id").unique(),
        on=keys,
        how="semi",
    ).unique("id")
