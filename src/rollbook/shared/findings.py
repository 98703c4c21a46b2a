"""Wrong data is a value: checks, findings, and the report that collects them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """Say what a finding does to the data it is about."""

    FATAL = "fatal"  # the file cannot be read; nothing of it is used
    ERROR = "error"  # the record is left out, and what depends on it
    WARNING = "warning"  # the record is kept
    INFO = "info"


class Verdict(StrEnum):
    """Say in one word how a file did."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """Say one thing that is wrong: where, what, what to do.

    Shape: `line` is the line as a spreadsheet shows it (header = 1), None for a whole file;
           `weight` is how many records this one cause touches.
    """

    code: str
    severity: Severity
    file: str
    line: int | None
    column: str | None
    value: str | None
    says: str
    fix: str
    weight: int = 1

    @property
    def where(self) -> str:
        """Say the file and the line; blank when the sentence begins with them already."""
        if self.says.startswith(self.file):
            return ""
        return self.file if self.line is None else f"{self.file} line {self.line}"

    def as_dict(self) -> dict[str, object]:
        """Return the finding as plain values, for JSON; `says` begins with where it is."""
        where = f"{self.where}: " if self.where and self.file else ""
        return {**asdict(self), "says": where + self.says}


@dataclass(frozen=True, slots=True)
class Check:
    """Describe one thing that can be wrong, once, for the reference page and for every finding.

    Shape: `says` and `fix` are format strings over {file}, {line}, {column}, {value} and extras.
    """

    code: str
    name: str
    severity: Severity
    says: str
    fix: str
    why: str
    source: str = ""

    def finding(
        self,
        *,
        file: str,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        severity: Severity | None = None,
        weight: int = 1,
        **words: object,
    ) -> Finding:
        """Make the finding of this check at one place."""
        shown = clipped(value)
        told = {"file": file, "line": line, "column": column, "value": shown, **words}
        return Finding(
            code=self.code,
            severity=severity or self.severity,
            file=file,
            line=line,
            column=column,
            value=shown,
            says=self.says.format(**told),
            fix=self.fix.format(**told),
            weight=weight,
        )


# Long cells are quoted by their beginning: a finding is read by a person.
SHOWN_LENGTH = 120


def clipped(value: str | None) -> str | None:
    """Shorten a cell to what a finding quotes."""
    if value is None or len(value) <= SHOWN_LENGTH:
        return value
    return value[:SHOWN_LENGTH] + "…"


# How many findings of one kind a report keeps by name; the rest are only counted.
KEPT_PER_KIND = 1000


@dataclass
class FindingReport:
    """Collect findings, keep the first of each kind by name, and count them all.

    Shape: a kind is (code, file, column). `counts` maps a code to how many times it was found;
           `touched` maps a kind to how many records it touches, those not kept by name included.
    """

    findings: list[Finding] = field(default_factory=list[Finding])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    by_severity: dict[Severity, int] = field(default_factory=dict[Severity, int])
    touched: dict[tuple[str, str, str | None], int] = field(
        default_factory=dict[tuple[str, str, str | None], int]
    )
    _kept: dict[tuple[str, str, str | None], int] = field(
        default_factory=dict[tuple[str, str, str | None], int]
    )

    def add(self, finding: Finding, *, times: int = 1, records: int | None = None) -> None:
        """Add one finding; `times` counts it several times when the caller kept only examples.

        Shape: `records` is how many records all these times touch, where their weights differ.
        """
        kind = (finding.code, finding.file, finding.column)
        touches = finding.weight * times if records is None else records
        self.touched[kind] = self.touched.get(kind, 0) + touches
        self.counts[finding.code] = self.counts.get(finding.code, 0) + times
        self.by_severity[finding.severity] = self.by_severity.get(finding.severity, 0) + times
        self._keep(finding)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add several findings."""
        for finding in findings:
            self.add(finding)

    def merge(self, other: FindingReport) -> None:
        """Add another report: its findings, and its counts of those it only counted."""
        for code, times in other.counts.items():
            self.counts[code] = self.counts.get(code, 0) + times
        for severity, times in other.by_severity.items():
            self.by_severity[severity] = self.by_severity.get(severity, 0) + times
        for kind, records in other.touched.items():
            self.touched[kind] = self.touched.get(kind, 0) + records
        for finding in other.findings:
            self._keep(finding)

    def _keep(self, finding: Finding) -> None:
        kind = (finding.code, finding.file, finding.column)
        kept = self._kept.get(kind, 0)
        if kept < KEPT_PER_KIND:
            self._kept[kind] = kept + 1
            self.findings.append(finding)

    def as_json(self, counts: Mapping[str, int]) -> dict[str, object]:
        """Return the verdict, the findings and `counts` as plain values: what a command prints."""
        return {
            "verdict": self.verdict.value,
            "findings": [finding.as_dict() for finding in self.findings],
            "counts": dict(counts),
        }

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return sum(self.counts.values())

    @property
    def is_fatal(self) -> bool:
        """Tell whether the file could not be read at all."""
        return self.by_severity.get(Severity.FATAL, 0) > 0

    @property
    def verdict(self) -> Verdict:
        """Sum the findings up in one word."""
        if self.by_severity.get(Severity.FATAL) or self.by_severity.get(Severity.ERROR):
            return Verdict.ERROR
        if self.by_severity.get(Severity.WARNING):
            return Verdict.WARNING
        return Verdict.OK
