"""What is found while a group file is read: findings, and what was read around."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl

from rollbook.shared.findings import KEPT_PER_KIND, Check, Finding, FindingReport, Severity

LINE: Final = "line"
_WORST_FIRST: Final = tuple(Severity)


@dataclass
class Ledger:
    """Collect what is found in one file.

    Shape: `repairs` counts by the name of a repair what was read around.
    """

    file: str
    report: FindingReport = field(default_factory=FindingReport)
    repairs: dict[str, int] = field(default_factory=dict[str, int])

    def add(
        self,
        check: Check,
        *,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        severity: Severity | None = None,
        weight: int = 1,
        **words: object,
    ) -> None:
        """Add one finding about the file, or about one place in it."""
        self.report.add(
            check.finding(
                file=self.file,
                line=line,
                column=column,
                value=value,
                severity=severity,
                weight=weight,
                **words,
            )
        )

    def add_rows(
        self,
        check: Check,
        rows: pl.DataFrame,
        *,
        column: str | None = None,
        **words: object,
    ) -> None:
        """Add a finding for each row, as many by name as a report keeps, the others by count.

        Shape: `rows` has `line`, and may have `value`, `weight` and words of the check.
        """
        named = rows.head(KEPT_PER_KIND).to_dicts()
        for place, told in enumerate(named, start=1):
            line = told.pop(LINE)
            finding = check.finding(file=self.file, line=line, column=column, **words, **told)
            rest = rows.height - place if place == len(named) else 0
            self.report.add(finding, times=1 + rest)

    def repaired(self, what: str, times: int = 1) -> None:
        """Count what was read around."""
        if not times:
            return
        self.repairs[what] = self.repairs.get(what, 0) + times

    def take_over(
        self, report: FindingReport, *, lines_before: int, without: frozenset[str]
    ) -> None:
        """Add another report, but for these codes, with its lines moved down."""
        for code, count in report.counts.items():
            kept = [finding for finding in report.findings if finding.code == code]
            if code in without or not kept:
                continue
            for finding in kept[1:]:
                self.report.add(_moved(finding, lines_before))
            self.report.add(_moved(kept[0], lines_before), times=count - len(kept) + 1)

    def findings(self) -> tuple[Finding, ...]:
        """Return what was found, the worst first, from the top of the file to its end."""
        return tuple(
            sorted(
                self.report.findings,
                key=lambda one: (_WORST_FIRST.index(one.severity), one.line or 0, one.code),
            )
        )


def _moved(finding: Finding, lines: int) -> Finding:
    if not lines or finding.line is None:
        return finding
    return replace(finding, line=finding.line + lines)
