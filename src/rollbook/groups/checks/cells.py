"""Judge each row of a group file by itself: whether all is there, and can be meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from rollbook.files.csv_signs import Sign
from rollbook.groups.checks.catalogue import (
    LOST_NUMBER,
    NO_ADDRESS,
    REQUIRED,
    SCHOOL_UNKNOWN,
    SUBJECT_UNKNOWN,
    TOO_LONG,
    YEAR_NOT_NUMBER,
    YEAR_UNKNOWN,
)
from rollbook.groups.checks.ledger import LINE, Ledger
from rollbook.groups.types import MOST_NAME, GroupFileWorld
from rollbook.shared.findings import Check

ALL: Final = "All"
_REQUIRED: Final = ("group_name", "school_natural_id", "school_year")
_NUMBERED: Final = ("school_natural_id", "student_ssid")
# Source: results-reporting 5.1
_MOST: Final = {
    "group_name": MOST_NAME,
    "school_natural_id": 40,
    "subject_code": 10,
    "student_ssid": 65,
    "group_user_login": 255,
}
_YEAR: Final = r"^\+?[0-9]{1,9}$"
_SCIENTIFIC: Final = r"^[0-9](\.[0-9]+)?[Ee]\+[0-9]{1,3}$"
_SHEET_ERROR: Final = r"^(#{3,}|#N/A|#REF!|#VALUE!|#NAME\?|#DIV/0!|#NULL!|#NUM!)$"
_ADDRESS: Final = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"
_NO_YEAR: Final = -1


def judge_cells(
    rows: pl.DataFrame, world: GroupFileWorld, signs: frozenset[Sign], ledger: Ledger
) -> tuple[pl.Series, pl.Series]:
    """Say what is wrong with single rows.

    Shape: two columns as long as `rows`: which rows are at fault, and the years as numbers.
    """
    court = _Court(rows, ledger, pl.repeat(False, rows.height, dtype=pl.Boolean, eager=True))
    for column in _REQUIRED:
        court.condemn(REQUIRED, column, rows[column].is_null())
    years = _years(court, world)
    _judge_words(court, world)
    for column, most in _MOST.items():
        long = rows[column].str.len_bytes() > most
        if long.any():
            court.condemn(TOO_LONG, column, long & (rows[column].str.len_chars() > most), most=most)
    if Sign.SPREADSHEET in signs:
        for column in _NUMBERED:
            cells = rows[column].str
            lost = cells.contains(_SCIENTIFIC) | cells.contains(_SHEET_ERROR)
            court.condemn(LOST_NUMBER, column, lost)
    logins = rows["group_user_login"].drop_nulls().unique()
    court.condemn_values(
        NO_ADDRESS, "group_user_login", logins.filter(~logins.str.contains(_ADDRESS))
    )
    return court.at_fault, years


class _Court:
    """Hold the rows that are judged and which of them are at fault so far."""

    def __init__(self, rows: pl.DataFrame, ledger: Ledger, at_fault: pl.Series) -> None:
        self.rows = rows
        self.ledger = ledger
        self.at_fault = at_fault

    def condemn(self, check: Check, column: str, bad: pl.Series, **words: object) -> None:
        bad = bad.fill_null(value=False)
        if bad.any():
            told = self.rows.filter(bad).select(LINE, value=column)
            self.ledger.add_rows(check, told, column=column, **words)
            self.at_fault = self.at_fault | bad

    def condemn_values(self, check: Check, column: str, values: pl.Series, **words: object) -> None:
        """Condemn every row that has one of these values, which are few in a sound file."""
        if len(values):
            self.condemn(check, column, self.rows[column].is_in(values.implode()), **words)

    def condemn_words(self, check: Check, column: str, word: str, said: Mapping[str, str]) -> None:
        """Condemn every row that has one of these values, each with a word of its own."""
        if said:
            bad = self.rows[column].is_in(list(said)).fill_null(value=False)
            told = self.rows.filter(bad).select(
                LINE, value=column, said=pl.col(column).replace_strict(said)
            )
            self.ledger.add_rows(check, told.rename({"said": word}), column=column)
            self.at_fault = self.at_fault | bad


def _years(court: _Court, world: GroupFileWorld) -> pl.Series:
    """Read the years, which are few and repeated."""
    texts = court.rows["school_year"].drop_nulls().unique()
    is_number = texts.str.contains(_YEAR)
    court.condemn_values(YEAR_NOT_NUMBER, "school_year", texts.filter(~is_number))
    good = texts.filter(is_number)
    numbers = good.cast(pl.Int32)
    if world.years is not None:
        unknown = ~numbers.is_in(sorted(world.years)) if len(numbers) else numbers.is_null()
        court.condemn_values(
            YEAR_UNKNOWN, "school_year", good.filter(unknown), known=_listed(world.years)
        )
    return court.rows["school_year"].replace_strict(good, numbers, default=_NO_YEAR).cast(pl.Int32)


def _judge_words(court: _Court, world: GroupFileWorld) -> None:
    if world.subjects is not None:
        known = {subject.lower() for subject in (*world.subjects, ALL)}
        written = court.rows["subject_code"].drop_nulls().unique().to_list()
        unknown = [text for text in written if text.lower() not in known]
        court.condemn_values(
            SUBJECT_UNKNOWN,
            "subject_code",
            pl.Series(unknown, dtype=pl.String),
            known=_listed((*world.subjects, ALL)),
        )
    if world.school_ids is not None:
        schools = court.rows["school_natural_id"].drop_nulls().unique().to_list()
        # Once for all: a file may name as many schools as it has rows.
        hints = {
            school: _hint(school, world.school_ids) for school in set(schools) - world.school_ids
        }
        court.condemn_words(SCHOOL_UNKNOWN, "school_natural_id", "hint", hints)


def _hint(school: str, known: frozenset[str]) -> str:
    """Name the school that was meant where a spreadsheet took the naughts at its front."""
    meant = [f"{'0' * count}{school}" for count in (1, 2, 3)]
    found = [name for name in meant if name in known]
    return f'; "{found[0]}" can, without its first 0 in this file' if found else ""


def _listed(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in sorted(values, key=str))
