"""What is found while a bundle is checked: findings, counts by file, rows left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from rollbook.roster.types import Profile
from rollbook.shared.findings import KEPT_PER_KIND, Check, Finding, FindingReport, Severity


@dataclass(frozen=True, slots=True)
class RosterCheck(Check):
    """Describe one thing that can be wrong with a roster, as each profile judges it.

    Shape: `severity` is the strict profile's; `lenient` is the lenient one's, where it differs;
           `is_repair` marks what only the lenient profile does: change a cell and say so.
    """

    lenient: Severity | None = None
    is_repair: bool = False

    def severity_in(self, profile: Profile) -> Severity:
        """Return how heavily this profile takes it."""
        if profile is Profile.LENIENT and self.lenient is not None:
            return self.lenient
        return self.severity


_CONDEMNED = pl.Schema(
    {
        "_line": pl.UInt32(),
        "cause": pl.String(),
        "column": pl.String(),
        "value": pl.String(),
        "on_file": pl.String(),
        "on_line": pl.UInt32(),
    }
)


@dataclass
class Ledger:
    """Collect what the checks of one bundle find, judged by one profile.

    Shape: `condemned` maps a file to the lines that are left out and the code that did it;
           `switched_off` names codes: a warning of that code is not looked for; a repair is
           not made, so the check behind it speaks; a check that the lenient profile takes
           lightly is taken as strict does. Errors cannot be switched off.
    """

    profile: Profile
    switched_off: frozenset[str] = frozenset()
    report: FindingReport = field(default_factory=FindingReport)
    errors: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    warnings: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    condemned: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))

    @property
    def is_lenient(self) -> bool:
        """Tell whether repairs are made."""
        return self.profile is Profile.LENIENT

    def looks_for(self, check: RosterCheck) -> bool:
        """Tell whether this check is on: repairs only in the lenient profile, errors always."""
        if check.is_repair and not self.is_lenient:
            return False
        return check.severity is Severity.ERROR or check.code not in self.switched_off

    def severity_of(self, check: RosterCheck) -> Severity:
        """Return how heavily a check is taken: as strict does, when its leniency is off."""
        if check.code in self.switched_off:
            return check.severity
        return check.severity_in(self.profile)

    def add(
        self,
        check: RosterCheck,
        *,
        file: str,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        severity: Severity | None = None,
        weight: int = 1,
        **words: object,
    ) -> None:
        """Note one finding, at one place."""
        finding = check.finding(
            file=f"{file}.csv" if file else "",
            line=line,
            column=column,
            value=value,
            severity=severity or self.severity_of(check),
            weight=weight,
            **words,
        )
        self.take(finding, file=file)

    def take(
        self, finding: Finding, *, file: str, times: int = 1, records: int | None = None
    ) -> None:
        """Note a finding that is already made."""
        self.report.add(finding, times=times, records=records)
        if finding.severity in (Severity.FATAL, Severity.ERROR):
            self.errors[file] += times
        elif finding.severity is Severity.WARNING:
            self.warnings[file] += times

    def add_rows(
        self,
        check: RosterCheck,
        file: str,
        rows: pl.DataFrame,
        *,
        column: str | None,
        severity: Severity | None = None,
        condemn: bool = True,
        **words: object,
    ) -> None:
        """Note one finding for each row, and leave the rows out if it is an error.

        Shape: `rows` has `_line`, `value`, and any further column is a word of the sentence.
        """
        if rows.is_empty() or not self.looks_for(check):
            return
        taken = severity or self.severity_of(check)
        for finding, times, records in _examples(
            check, rows, file=f"{file}.csv", column=column, severity=taken, words=words
        ):
            self.take(finding, file=file, times=times, records=records)
        if condemn and taken is Severity.ERROR:
            values = rows["value"].cast(pl.String)
            self.condemn(file, rows["_line"], check.code, column=column, values=values)

    def add_groups(
        self,
        check: RosterCheck,
        file: str,
        groups: pl.DataFrame,
        *,
        column: str | None,
        severity: Severity | None = None,
        **words: object,
    ) -> None:
        """Note one finding for each cause: `groups` has `_line`, `value`, `weight` and words."""
        if not self.looks_for(check):
            return
        taken = severity or self.severity_of(check)
        for finding, times, records in _examples(
            check, groups, file=f"{file}.csv", column=column, severity=taken, words=words
        ):
            self.take(finding, file=file, times=times, records=records)

    def condemn(
        self,
        file: str,
        lines: pl.Series,
        cause: str,
        *,
        column: str | None = None,
        values: pl.Series | None = None,
        on: tuple[str, pl.Series] | None = None,
    ) -> None:
        """Leave these lines of a file out, because of the check with this code.

        Shape: `values` are the cells that did it, in `column`; `on` are the file and the lines of
               the records that are left out and that these lines cannot do without.
        """
        frame = pl.DataFrame({"_line": lines.cast(pl.UInt32)}).with_columns(
            cause=pl.lit(cause, pl.String),
            column=pl.lit(column, pl.String),
            value=pl.lit(None, pl.String) if values is None else values,
            on_file=pl.lit(on[0] if on else None, pl.String),
            on_line=on[1].cast(pl.UInt32) if on else pl.lit(None, pl.UInt32),
        )
        self.condemned[file].append(frame)

    def lines_left_out(self, file: str) -> pl.DataFrame:
        """Return the lines of a file that are left out, each once with its first cause."""
        frames = self.condemned.get(file)
        if not frames:
            return pl.DataFrame(schema=_CONDEMNED)
        return pl.concat(frames).unique("_line", keep="first", maintain_order=True)


def _examples(
    check: Check,
    rows: pl.DataFrame,
    *,
    file: str,
    column: str | None,
    severity: Severity,
    words: dict[str, object],
) -> Iterable[tuple[Finding, int, int]]:
    """Make the findings that are kept, with how often and for how many records each counts.

    Shape: the last of them counts for the rest.
    """
    kept, left = rows.head(KEPT_PER_KIND), rows.slice(KEPT_PER_KIND)
    rest = left.height
    unseen = int(left["weight"].sum()) if "weight" in left.columns else rest
    last = kept.height - 1
    for index, row in enumerate(kept.iter_rows(named=True)):
        line, value = row.pop("_line"), row.pop("value")
        weight = row.pop("weight", 1)
        finding = check.finding(
            file=file,
            line=line,
            column=column,
            value=value if value is None else str(value),
            severity=severity,
            weight=weight,
            **{**words, **row},
        )
        yield (finding, 1 + rest, weight + unseen) if index == last else (finding, 1, weight)
