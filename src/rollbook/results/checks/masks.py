"""Run rules over a whole frame at once and tell of the rows that break them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from rollbook.results.layouts import RAW_RESULT_COLUMNS, XML_NAMES
from rollbook.shared.findings import Check, FindingReport, Severity

# Of one rule, so many rows are told by name; the rest are counted.
MOST_TOLD: Final = 10_000

_REFUSING: Final = (Severity.ERROR, Severity.FATAL)
_PLACE_IN_LINES: Final = {name: place for place, name in enumerate(RAW_RESULT_COLUMNS)}


def _no_words() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Rule:
    """Say which rows break a check, and in which column.

    Shape: `words` maps a word of the check's sentence to the frame's column that holds it;
           `shown` is the column whose text is quoted when it is not `column` itself; `severity`
           replaces the check's own.
    """

    check: Check
    column: str
    is_broken: pl.Expr
    words: Mapping[str, str] = field(default_factory=_no_words)
    shown: str | None = None
    severity: Severity | None = None

    @property
    def refuses(self) -> bool:
        """Tell whether breaking this rule leaves the row out."""
        return (self.severity or self.check.severity) in _REFUSING


def run_rules(frame: pl.DataFrame, rules: Sequence[Rule], report: FindingReport) -> pl.Series:
    """Add a finding for every row that breaks a rule; return which rows must be left out."""
    if not frame.height or not rules:
        return pl.Series("refused", [False] * frame.height, dtype=pl.Boolean)
    broken = frame.select(
        rule.is_broken.fill_null(False).alias(str(place)) for place, rule in enumerate(rules)
    )
    counts = broken.sum().row(0)
    for place, (rule, count) in enumerate(zip(rules, counts, strict=True)):
        if count:
            _tell(frame, broken.get_column(str(place)), rule, int(count), report)
    refusing = [str(place) for place, rule in enumerate(rules) if rule.refuses]
    nothing = pl.lit(False)
    return broken.select(pl.any_horizontal(nothing, *refusing).alias("refused")).to_series()


def _tell(
    frame: pl.DataFrame, mask: pl.Series, rule: Rule, count: int, report: FindingReport
) -> None:
    shown = rule.shown or rule.column
    has_lines = "_lines" in frame.columns
    wanted = [
        pl.col("_file"),
        pl.col("_line"),
        (_line_of(rule.column) if has_lines else pl.lit(None, pl.Int32)).alias("_at"),
        pl.col(shown).cast(pl.String).fill_null("").alias("_shown"),
        *(pl.col(column).alias(word) for word, column in rule.words.items()),
    ]
    rows = frame.filter(mask).head(MOST_TOLD).select(wanted)
    remaining = count - rows.height
    for place, row in enumerate(rows.iter_rows()):
        file, line, at, value, *words = row
        named: dict[str, Any] = dict(zip(rule.words, words, strict=True))
        finding = rule.check.finding(
            file=file,
            line=line if at is None else at,
            # Only XML spreads a result over lines, and it has its own names.
            column=rule.column if at is None else XML_NAMES.get(rule.column, rule.column),
            value=value,
            severity=rule.severity,
            **named,
        )
        report.add(finding, times=1 if place else 1 + remaining)


def _line_of(column: str) -> pl.Expr:
    place = _PLACE_IN_LINES.get(column)
    if place is None:
        return pl.lit(None, pl.Int32)
    return pl.col("_lines").list.get(place, null_on_oob=True)
