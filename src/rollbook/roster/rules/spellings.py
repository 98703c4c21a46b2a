"""How people spell grades, sexes, races and dates, and which order a column of dates is in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import polars as pl

from rollbook.shared.grades import GRADE_CODES

_ORDINALS: Final = ("1st", "2nd", "3rd", *(f"{n}th" for n in range(4, 14)))
_WORDS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
)  # fmt: skip


def _grade_spellings() -> dict[str, str]:
    spelled: dict[str, str] = {code.lower(): code for code in GRADE_CODES}
    for number in range(1, 14):
        code = f"{number:02d}"
        ordinal = _ORDINALS[number - 1]
        shapes = (f"{number}", f"{number}.0", f"grade {number}", f"grade {code}", f"gr {number}")
        spelled |= dict.fromkeys((*shapes, f"g{number}", ordinal, f"{ordinal} grade"), code)
    for number, word in enumerate(_WORDS, start=1):
        spelled |= dict.fromkeys((word, f"{word} grade"), f"{number:02d}")
    kindergarten = ("k", "kg", "kn", "kind", "0", "00", "kindergarten", "kinder", "k5", "grade k")
    prekindergarten = ("pk", "prek", "pre-k", "pre k", "-1", "prekindergarten", "pre-kindergarten")
    transitional = ("tk", "transitional kindergarten")
    return spelled | {
        **dict.fromkeys(kindergarten, "KG"),
        **dict.fromkeys((*prekindergarten, "p4", "k4", "vpk"), "PK"),
        **dict.fromkeys(transitional, "TK"),
        **dict.fromkeys(("preschool", "p3", "ps3"), "PR"),
        **dict.fromkeys(("infanttoddler", "infant"), "IT"),
        **dict.fromkeys(("ungraded", "un"), "UG"),
        **dict.fromkeys(("postgraduate", "postsecondary", "ps1", "ps2", "ps3", "ps4"), "PS"),
    }


GRADES: Final[dict[str, str]] = _grade_spellings()
SEXES: Final[dict[str, str]] = {
    **dict.fromkeys(("m", "male", "boy"), "male"),
    **dict.fromkeys(("f", "female", "girl"), "female"),
    **dict.fromkeys(("x", "o", "other", "nonbinary", "non-binary", "n"), "other"),
    **dict.fromkeys(("u", "unknown", "unspecified"), "unspecified"),
}
FLAGS: Final[dict[str, str]] = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), "true"),
    **dict.fromkeys(("false", "f", "no", "n", "0"), "false"),
}
# A race in words or by Clever's letter, and the column of demographics.csv that says it.
_RACES: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("i", "american indian", "american indian or alaska native", "native american"),
        "americanIndianOrAlaskaNative",
    ),
    **dict.fromkeys(("a", "asian"), "asian"),
    **dict.fromkeys(
        ("b", "black", "black or african american", "african american"), "blackOrAfricanAmerican"
    ),
    **dict.fromkeys(
        ("p", "pacific islander", "hawaiian", "hawaiian or other pacific islander",
         "native hawaiian or other pacific islander"),
        "nativeHawaiianOrOtherPacificIslander",
    ),
    **dict.fromkeys(("w", "c", "white", "caucasian"), "white"),
    **dict.fromkeys(
        ("t", "m", "two or more", "two or more races", "multiracial"),
        "demographicRaceTwoOrMoreRaces",
    ),
}  # fmt: skip
# School Data Sync says a race by OneRoster's own name of the column.
RACES: Final = _RACES | {column.lower(): column for column in _RACES.values()}
# Words that say that nobody knows, or that somebody would not say.
UNSAID: Final = frozenset(
    ("u", "unknown", "unspecified", "not specified", "declined", "declined to state")
)


def folded(cell: pl.Expr) -> pl.Expr:
    """Fold a cell so that case and outer space make no difference."""
    return cell.str.strip_chars().str.to_lowercase()


def respelled(cell: pl.Expr, words: dict[str, str]) -> pl.Expr:
    """Turn a cell into the word it is a spelling of; what is none stays as it is."""
    return pl.coalesce(folded(cell).replace_strict(words, default=None), cell)


class DateOrder(StrEnum):
    """Name the order of year, month and day."""

    YMD = "ymd"
    MDY = "mdy"
    DMY = "dmy"


_YEAR_FIRST: Final = r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$"
_PACKED: Final = r"^((?:19|20)\d\d)(\d\d)(\d\d)$"
_YEAR_LAST: Final = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})$"
_TIME: Final = r"[T ]\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[AaPp][Mm])?Z?$"
_NAMED: Final = (
    (r"^(\d{1,2})[- ]([A-Za-z]{3})[A-Za-z]*[-, ]+(\d{4})$", 1, 2, 3),
    (r"^()([A-Za-z]{3})[A-Za-z]*\.? (\d{1,2}),? (\d{4})$", 3, 2, 4),
)
_MONTHS: Final = {
    name: f"{number:02d}"
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        start=1,
    )
}


@dataclass(frozen=True, slots=True)
class DateColumn:
    """Hold what a whole column of dates says about its order.

    Shape: `order` is None when nothing decides; `is_ambiguous` when some date would be another
           day in another order and nothing decides; `is_contradictory` when dates rule out both.
    """

    order: DateOrder | None
    is_ambiguous: bool = False
    is_contradictory: bool = False


def date_column(cells: pl.Series) -> DateColumn:
    """Decide the order of a column of dates by all its cells, never by one.

    What is a day of the calendar in neither order decides nothing.
    """
    said = _without_time(cells.drop_nulls().unique())
    cell = pl.col("cell")
    parts = said.to_frame("cell").select(
        one=cell.str.extract(_YEAR_LAST, 1).cast(pl.Int16),
        two=cell.str.extract(_YEAR_LAST, 2).cast(pl.Int16),
        is_mdy=_is_day(_assembled(cell, _YEAR_LAST, 3, 1, 2)),
        is_dmy=_is_day(_assembled(cell, _YEAR_LAST, 3, 2, 1)),
    )
    parts = parts.drop_nulls("one")
    if parts.is_empty():
        year_first = said.str.contains(_YEAR_FIRST) | said.str.contains(_PACKED)
        return DateColumn(DateOrder.YMD if year_first.any() else None)
    day_is_first = bool((parts["is_dmy"] & ~parts["is_mdy"]).any())
    day_is_second = bool((parts["is_mdy"] & ~parts["is_dmy"]).any())
    if day_is_first and day_is_second:
        return DateColumn(None, is_contradictory=True)
    if day_is_first or day_is_second:
        return DateColumn(DateOrder.DMY if day_is_first else DateOrder.MDY)
    differ = bool((parts["is_mdy"] & (parts["one"] != parts["two"])).any())
    return DateColumn(None if differ else DateOrder.MDY, is_ambiguous=differ)


def is_only_day_first(cells: pl.Series) -> pl.Series:
    """Tell which cells are dates that can be read day first alone."""
    cell = pl.col("cell")
    return (
        _without_time(cells)
        .to_frame("cell")
        .select(
            _is_day(_assembled(cell, _YEAR_LAST, 3, 2, 1))
            & ~_is_day(_assembled(cell, _YEAR_LAST, 3, 1, 2))
        )
        .to_series()
    )


def iso_days(cells: pl.Series, order: DateOrder | None) -> pl.Series:
    """Write dates as YYYY-MM-DD; what is no date in this order stays as it is.

    Shape: dates that begin with the year, or that name the month, need no order.
    """
    if cells.null_count() == cells.len():
        return cells
    values = cells.drop_nulls().unique()
    plain = _without_time(values)
    frame = plain.to_frame("cell")
    cell = pl.col("cell")
    shapes = [_assembled(cell, _YEAR_FIRST, 1, 2, 3), _assembled(cell, _PACKED, 1, 2, 3)]
    if order in (DateOrder.MDY, DateOrder.DMY):
        month, day = (1, 2) if order is DateOrder.MDY else (2, 1)
        shapes.append(_assembled(cell, _YEAR_LAST, 3, month, day))
    for pattern, day, month, year in _NAMED:
        named = cell.str.extract(pattern, month).str.to_lowercase()
        number = named.replace_strict(_MONTHS, default=None)
        shapes.append(
            _joined(cell.str.extract(pattern, year), number, cell.str.extract(pattern, day))
        )
    days = frame.select(pl.coalesce(shapes).alias("day"))["day"]
    is_day = days.str.to_date("%Y-%m-%d", strict=False).is_not_null()
    pairs = pl.DataFrame({"said": values, "day": days}).filter(is_day)
    if pairs.is_empty():
        return cells
    return cells.replace(pairs["said"], pairs["day"])


def _is_day(cell: pl.Expr) -> pl.Expr:
    return cell.str.to_date("%Y-%m-%d", strict=False).is_not_null()


def _without_time(cells: pl.Series) -> pl.Series:
    return cells.str.strip_chars().str.replace(_TIME, "")


def _assembled(cell: pl.Expr, pattern: str, year: int, month: int, day: int) -> pl.Expr:
    return _joined(*(cell.str.extract(pattern, group) for group in (year, month, day)))


def _joined(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    return pl.concat_str([year, month.str.zfill(2), day.str.zfill(2)], separator="-")
