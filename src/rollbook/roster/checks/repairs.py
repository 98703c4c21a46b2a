"""What the lenient profile repairs in a cell: each repair named, counted and switchable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from rollbook.roster.checks.ledger import RosterCheck
from rollbook.roster.layouts import Column, Kind
from rollbook.shared.findings import Severity


def _repair(code: str, name: str, says: str, fix: str, why: str) -> RosterCheck:
    return RosterCheck(
        code=code,
        name=name,
        severity=Severity.WARNING,
        says=says,
        fix=fix,
        why=why,
        is_repair=True,
    )


OUTER_SPACES: Final = _repair(
    "ROS-260",
    "Spaces around a value",
    '"{value}" has spaces around it. Rollbook reads it without them.',
    "Trim the column in the export.",
    "Spreadsheets and fixed-width exports leave spaces behind; two ids that differ only by one "
    "would be two people.",
)
LINE_BREAK: Final = _repair(
    "ROS-261",
    "Line break inside a value",
    '"{value}" has a line break in it. Rollbook reads it as a space.',
    "Remove line breaks from the column in the export.",
    "The standard forbids line breaks inside a field, even quoted; note fields have them.",
)
SPACED_LIST: Final = _repair(
    "ROS-262",
    "Spaces or empty items in a list",
    '"{value}" has spaces or empty items beside its commas. Rollbook leaves them out.',
    "Separate the items by a comma alone.",
    "Lists made by hand read `a, b`; the standard allows only `a,b`.",
)
SPELLED_BOOLEAN: Final = _repair(
    "ROS-263",
    "True or false in another spelling",
    '"{value}" is read as {repaired}.',
    "Write true or false, in lower case.",
    "Databases write 1 and 0, spreadsheets TRUE and FALSE.",
)
OTHER_CASE: Final = _repair(
    "ROS-264",
    "Word in another case",
    '"{value}" is read as "{repaired}".',
    'Write "{repaired}".',
    "Vocabularies are case sensitive; exports often write `Scheduled` or `Student`.",
)
INACTIVE: Final = _repair(
    "ROS-265",
    "Status of OneRoster 1.0",
    '"{value}" is a status of OneRoster 1.0. Rollbook reads it as "tobedeleted".',
    "Write active or tobedeleted.",
    "Version 1.0 said `inactive` where 1.1 and 1.2 say `tobedeleted`.",
)
US_DATE: Final = _repair(
    "ROS-266",
    "Date written month first or day first",
    '"{value}" is read as {repaired}: some date in the file can be read in no other order.',
    "Write dates as YYYY-MM-DD.",
    "Spreadsheets rewrite dates in local style. The order is decided by all the dates of the "
    "file, never by one cell.",
)
DATE_WITH_TIME: Final = _repair(
    "ROS-267",
    "Date with a time of day",
    '"{value}" is read as the day {repaired}.',
    "Write dates as YYYY-MM-DD.",
    "Databases export dates as moments at midnight.",
)
LOOSE_MOMENT: Final = _repair(
    "ROS-268",
    "Moment in another form",
    '"{value}" is read as {repaired}.',
    "Write moments in UTC with three decimals, as 2026-08-15T12:00:00.000Z.",
    "Only the exact form is allowed, yet dates alone and moments without milliseconds are common.",
)
YEAR_RANGE: Final = _repair(
    "ROS-269",
    "School year as a range",
    '"{value}" is read as {repaired}, the year in which it ends.',
    "Write the year in which the school year ends.",
    "People say 2026-2027; the standard says 2027.",
)
LOCAL_GRADE: Final = _repair(
    "ROS-270",
    "Grade in another spelling",
    '"{value}" is read as {repaired}.',
    "Use PK, KG, or 01 to 12.",
    "Spreadsheets cut leading zeros; schools say K for kindergarten.",
)
WHOLE_NUMBER: Final = _repair(
    "ROS-271",
    "Whole number with decimals",
    '"{value}" is read as {repaired}.',
    "Write whole numbers without a decimal point.",
    "Spreadsheets write 10 as 10.0.",
)

CELL_REPAIRS: Final = (
    OUTER_SPACES,
    LINE_BREAK,
    SPACED_LIST,
    SPELLED_BOOLEAN,
    OTHER_CASE,
    INACTIVE,
    US_DATE,
    DATE_WITH_TIME,
    LOOSE_MOMENT,
    YEAR_RANGE,
    LOCAL_GRADE,
    WHOLE_NUMBER,
)


@dataclass(frozen=True, slots=True)
class CellRepair:
    """Pair a repair with what it makes of a column: the new text, null where it does not apply."""

    check: RosterCheck
    repaired: Callable[[Column, pl.Series], pl.Series]


def _evaluated(cells: pl.Series, expression: pl.Expr) -> pl.Series:
    return cells.to_frame("cell").select(expression.alias("cell")).to_series()


def _without_outer_spaces(_: Column, cells: pl.Series) -> pl.Series:
    trimmed = pl.col("cell").str.strip_chars()
    return _evaluated(cells, pl.when(trimmed != pl.col("cell")).then(trimmed))


def _without_line_breaks(_: Column, cells: pl.Series) -> pl.Series:
    cell = pl.col("cell")
    joined = cell.str.replace_all(r"\s*[\r\n]+\s*", " ")
    return _evaluated(cells, pl.when(cell.str.contains(r"[\r\n]")).then(joined))


def _tight_list(_: Column, cells: pl.Series) -> pl.Series:
    cell = pl.col("cell")
    tight = cell.str.replace_all(r"\s*(,\s*)+", ",").str.strip_chars(" \t,")
    return _evaluated(cells, pl.when(tight != cell).then(tight))


_BOOLEANS: Final = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0"), "true"),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0"), "false"),
}


def _plain_boolean(_: Column, cells: pl.Series) -> pl.Series:
    cell = pl.col("cell")
    plain = cell.str.to_lowercase().replace_strict(_BOOLEANS, default=None)
    return _evaluated(cells, pl.when(plain != cell).then(plain))


def _vocabulary_case(column: Column, cells: pl.Series) -> pl.Series:
    words = {word.lower(): word for word in column.vocabulary}
    cell = pl.col("cell")
    if column.is_list:
        item = pl.element()
        lowered = item.str.to_lowercase().replace_strict(words, default=item)
        said = cell.str.split(",").list.eval(lowered).list.join(",")
    else:
        said = cell.str.to_lowercase().replace_strict(words, default=None)
    return _evaluated(cells, pl.when(said != cell).then(said))


def _inactive(column: Column, cells: pl.Series) -> pl.Series:
    if column.name != "status":
        return pl.Series("cell", [None], dtype=pl.String).new_from_index(0, cells.len())
    old = pl.col("cell").str.to_lowercase() == "inactive"
    return _evaluated(cells, pl.when(old).then(pl.lit("tobedeleted")))


_SLASHED: Final = r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$"


def _slashed(cells: pl.Series) -> pl.DataFrame:
    """Return what a cell like 8/15/2026 is as a day, month first and day first; null where none."""
    year, one, two = (pl.col("cell").str.extract(_SLASHED, group) for group in (3, 1, 2))
    said = {"month_first": (one, two), "day_first": (two, one)}
    days = [
        pl.concat_str([year, month.str.zfill(2), day.str.zfill(2)], separator="-").alias(name)
        for name, (month, day) in said.items()
    ]
    is_day = pl.all().str.to_date("%Y-%m-%d", strict=False).is_not_null()
    return cells.to_frame("cell").select(days).select(pl.when(is_day).then(pl.all()))


def dates_in_order(cells: Sequence[pl.Series]) -> CellRepair:
    """Read dates like 8/15/2026 in the one order that all these columns of a file allow.

    What is a day of the calendar in neither order decides nothing.
    """
    parts = [_slashed(column) for column in cells]
    first, second = pl.col("day_first").is_null(), pl.col("month_first").is_null()
    month_is_first = any(part.select((first & ~second).any()).item() for part in parts)
    day_is_first = any(part.select((second & ~first).any()).item() for part in parts)
    said = pl.col("month_first" if month_is_first else "day_first")
    if day_is_first == month_is_first:  # no date decides, or they contradict each other
        said = pl.lit(None, pl.String)
    return CellRepair(US_DATE, lambda _, column: _slashed(column).with_columns(cell=said)["cell"])


def _day_of_moment(_: Column, cells: pl.Series) -> pl.Series:
    pattern = r"^(\d{4}-\d\d-\d\d)[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$"
    return _evaluated(cells, pl.col("cell").str.extract(pattern, 1))


def _exact_moment(_: Column, cells: pl.Series) -> pl.Series:
    form = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$"
    cell = pl.col("cell")
    day, time = cell.str.slice(0, 10), cell.str.extract(r"[T ](\d\d:\d\d(:\d\d)?)", 1)
    seconds = pl.when(time.str.len_bytes() == 5).then(time + ":00").otherwise(time)
    fraction = cell.str.extract(r"\.(\d+)", 1).fill_null("").str.pad_end(3, "0").str.slice(0, 3)
    zone = cell.str.extract(r":\d\d(?:\.\d+)?([+-]\d\d):?\d\d$", 1)
    minutes = cell.str.extract(r":\d\d(?:\.\d+)?[+-]\d\d:?(\d\d)$", 1)
    offset = zone.fill_null("+00") + minutes.fill_null("00")
    stamp = day + "T" + seconds.fill_null("00:00:00") + "." + fraction + offset
    moment = stamp.str.to_datetime("%Y-%m-%dT%H:%M:%S%.3f%z", time_unit="ms", strict=False)
    exact = moment.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    return _evaluated(cells, pl.when(cell.str.contains(form)).then(exact))


def _ending_year(_: Column, cells: pl.Series) -> pl.Series:
    cell = pl.col("cell")
    pattern = r"^(\d{4})\s*[-/–]\s*(\d{2}|\d{4})$"
    first = cell.str.extract(pattern, 1).cast(pl.Int32)
    second = cell.str.extract(pattern, 2).cast(pl.Int32)
    follows = (second == first + 1) | (second == (first + 1) % 100)
    return _evaluated(cells, pl.when(follows).then((first + 1).cast(pl.String)))


_GRADES: Final = {
    **{str(grade): f"{grade:02d}" for grade in range(1, 14)},
    **dict.fromkeys(("k", "kg", "kn", "0", "00", "kindergarten"), "KG"),
    **dict.fromkeys(("pk", "prek", "pre-k", "-1", "prekindergarten"), "PK"),
    "tk": "TK",
    "pr": "PR",
    "it": "IT",
    "ps": "PS",
    "ug": "UG",
    "other": "Other",
    **{f"{grade}th": f"{grade:02d}" for grade in range(4, 13)},
    "1st": "01",
    "2nd": "02",
    "3rd": "03",
    **{f"grade {grade}": f"{grade:02d}" for grade in range(1, 13)},
}


def _ceds_grade(_: Column, cells: pl.Series) -> pl.Series:
    item = pl.element()
    known = item.str.strip_chars().str.to_lowercase().replace_strict(_GRADES, default=item)
    cell = pl.col("cell")
    said = cell.str.split(",").list.eval(known).list.join(",")
    return _evaluated(cells, pl.when(said != cell).then(said))


def _whole(_: Column, cells: pl.Series) -> pl.Series:
    return _evaluated(cells, pl.col("cell").str.extract(r"^(-?\d+)\.0+$", 1))


_TRIM: Final = CellRepair(OUTER_SPACES, _without_outer_spaces)
_JOIN: Final = CellRepair(LINE_BREAK, _without_line_breaks)
_LIST: Final = CellRepair(SPACED_LIST, _tight_list)
_BY_KIND: Final[dict[Kind, tuple[CellRepair, ...]]] = {
    Kind.BOOLEAN: (CellRepair(SPELLED_BOOLEAN, _plain_boolean),),
    Kind.ENUM: (CellRepair(INACTIVE, _inactive), CellRepair(OTHER_CASE, _vocabulary_case)),
    Kind.DATE: (CellRepair(DATE_WITH_TIME, _day_of_moment),),  # after `dates_in_order`
    Kind.DATETIME: (CellRepair(LOOSE_MOMENT, _exact_moment),),
    Kind.YEAR: (CellRepair(YEAR_RANGE, _ending_year),),
    Kind.GRADE: (CellRepair(LOCAL_GRADE, _ceds_grade),),
    Kind.INTEGER: (CellRepair(WHOLE_NUMBER, _whole),),
}


def repairs_of(column: Column) -> tuple[CellRepair, ...]:
    """List the repairs that may apply to a column, in the order in which they are tried."""
    shape = (_JOIN, _LIST) if column.is_list else (_JOIN, _TRIM)
    return (*shape, *_BY_KIND.get(column.kind, ()))
