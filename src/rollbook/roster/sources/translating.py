"""Tell what was found in the words of the file that was received."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl

from rollbook.roster.checks.cell_checks import NOT_A_GUID, REQUIRED
from rollbook.roster.checks.damage import DAMAGED_ID
from rollbook.roster.checks.references import DEPENDS_ON_LEFT_OUT, MISSING_FILE
from rollbook.roster.layouts import ONEROSTER_1_2
from rollbook.roster.sources.people_of_files import STAFF_PREFIX
from rollbook.roster.types import BundleResult, OneRosterBundle, Origin
from rollbook.shared.findings import KEPT_PER_KIND, Finding, FindingReport, Severity

_LINE_WORD: Final = re.compile(r"\bline (\d+)\b")
_FILE_WORD: Final = re.compile(r"\b(\w+)\.csv\b")
# Ids that the conversion made begin so; the file knows only what comes after.
_MADE: Final = re.compile(r"^(?:staff|school|district|class|course)-")
# What is wrong with an id that was made of other cells is wrong with one of those.
_OF_THE_CELL: Final = frozenset({REQUIRED.code, NOT_A_GUID.code, DAMAGED_ID.code})
_ID: Final = "sourcedId"
_CAMEL: Final = re.compile(r"[a-z][A-Z]")
_PLACEHOLDER: Final = "\x00"
_HEADER_LINE: Final = 1
# What tells findings apart: code, file, line, column, value.
_Key = tuple[str, str, int | None, str | None, str | None]


@dataclass
class _Places:
    """Look up where the lines of one converted table stood.

    Shape: `lines` maps a line to its first place: file, line, and whether it is of staff; `cells`
           does so for columns that stood elsewhere: file and line.
    """

    origin: Origin
    files: tuple[str, ...]
    lines: Mapping[int, tuple[str, int, bool]] = field(
        default_factory=dict[int, tuple[str, int, bool]]
    )
    cells: Mapping[tuple[str, int], tuple[str, int]] = field(
        default_factory=dict[tuple[str, int], tuple[str, int]]
    )

    def column(self, file: str, name: str, *, is_staff: bool = False) -> str | None:
        """Return what the received file calls a converted column.

        Shape: of an id that was made of several cells, the first of those, under `made:`.
        """
        kinds = ("staff:", "") if is_staff else ("", "staff:")
        for kind in (*kinds, "made:"):
            found = self.origin.columns.get((file, f"{kind}{name}"))
            if found:
                return found
        return None

    def is_received(self, file: str, name: str) -> bool:
        """Tell whether a converted column is a column of the received file."""
        return bool({(file, name), (file, f"staff:{name}")} & self.origin.columns.keys())


def translated(result: BundleResult, bundle: OneRosterBundle) -> BundleResult:
    """Tell what was found by the files, lines and columns that were received.

    Shape: findings keep their order and counts; what is left out stays under the converted files,
           whose origins say where it came from. A bundle without origins keeps its result.
    """
    if not bundle.origins:
        return result
    received = {_key(finding) for finding in bundle.findings}
    report = _without_our_own(result.report, bundle)
    wanted = _wanted_lines(report, received)
    places = {
        table: _places(origin, wanted.get(table, set()), bundle, table)
        for table, origin in bundle.origins.items()
    }
    pairs = [
        (finding, finding if _key(finding) in received else _told(finding, places))
        for finding in report
    ]
    report, pairs = _told_once(report, pairs, received, places)
    told = FindingReport(
        findings=[told for _, told in pairs],
        counts=report.counts,
        by_severity=report.by_severity,
        touched=_touched(report, pairs),
    )
    return replace(result, report=told)


def _without_our_own(report: FindingReport, bundle: OneRosterBundle) -> FindingReport:
    """Leave out what is only about the conversion, and means nothing to who sent the file.

    Shape: the warning that the sessions of classes are not there, where the file has none at all
           and that has been said; and that a row falls with itself, or with a course made of it.
    """
    has_sessions = "academicSessions" in bundle.tables
    is_flat = len({file for o in bundle.origins.values() for file in o.rows["file"].unique()}) == 1
    made = _courses_of_classes(bundle)
    kept = FindingReport(counts=dict(report.counts), by_severity=dict(report.by_severity))
    dropped: set[tuple[str, str, str | None]] = set()
    for finding in report:
        is_session = (finding.code, finding.column) == (MISSING_FILE.code, "termSourcedIds")
        is_session = is_session and not has_sessions and finding.severity is Severity.WARNING
        is_itself = is_flat or (finding.column == "courseSourcedId" and finding.value in made)
        if is_session or (is_itself and finding.code == DEPENDS_ON_LEFT_OUT.code):
            kept.by_severity[finding.severity] -= 1
            kept.counts[finding.code] -= 1
            dropped.add((finding.code, finding.file, finding.column))
        else:
            kept.findings.append(finding)
    kept.counts = {code: times for code, times in kept.counts.items() if times}
    kept.touched = {kind: n for kind, n in report.touched.items() if kind not in dropped}
    return kept


def _courses_of_classes(bundle: OneRosterBundle) -> frozenset[str]:
    """Return the ids of the courses that were made of the rows of classes."""
    if not {"courses", "classes"} <= bundle.origins.keys():
        return frozenset()
    files = bundle.origins["classes"].rows["file"].unique()
    lines = bundle.origins["courses"].rows.filter(pl.col("file").is_in(files.implode()))
    courses = bundle.tables["courses"].frame
    return frozenset(courses.filter(pl.col("_line").is_in(lines["_line"].implode()))["sourcedId"])


def _told_once(
    report: FindingReport,
    pairs: list[tuple[Finding, Finding]],
    received: set[_Key],
    places: Mapping[str, _Places],
) -> tuple[FindingReport, list[tuple[Finding, Finding]]]:
    """Tell what is wrong with one cell once, however many records were made of it.

    Shape: what is said of a column that no received file has goes where the row's own column says
           the same, and where it is an id that was made of other cells.
    """
    ours = [old for old, new in pairs if _is_ours(old, new, received, places)]
    is_ours = {id(old) for old in ours}
    said = {(new.code, new.file, new.line) for old, new in pairs if id(old) not in is_ours}
    seen: set[_Key] = set()
    kept: list[tuple[Finding, Finding]] = []
    dropped: dict[tuple[str, str, str | None], list[Finding]] = {}
    for old, new in pairs:
        is_made = old.column == _ID and old.code in _OF_THE_CELL
        is_again = is_made or (new.code, new.file, new.line) in said
        if (id(old) in is_ours and is_again) or (_key(new) in seen and _key(old) not in received):
            dropped.setdefault((old.code, old.file, old.column), []).append(old)
        else:
            kept.append((old, new))
            seen.add(_key(new))
    return _without(report, dropped), kept


def _is_ours(
    old: Finding, new: Finding, received: set[_Key], places: Mapping[str, _Places]
) -> bool:
    """Tell whether a finding is about a column that only the conversion knows."""
    of = places.get(old.file.removesuffix(".csv"))
    if of is None or old.column is None or old.line is None or _key(old) in received:
        return False
    return not of.is_received(new.file, old.column)


def _without(
    report: FindingReport, dropped: Mapping[tuple[str, str, str | None], list[Finding]]
) -> FindingReport:
    """Take findings out of the figures of a report; those of a kind not kept by name go along."""
    left = FindingReport(
        report.findings, dict(report.counts), dict(report.by_severity), dict(report.touched)
    )
    for kind, findings in dropped.items():
        is_all = len(findings) >= KEPT_PER_KIND
        times = left.touched[kind] if is_all else len(findings)
        left.counts[kind[0]] -= times
        left.by_severity[findings[0].severity] -= times
        left.touched[kind] -= times if is_all else sum(each.weight for each in findings)
    left.counts = {code: times for code, times in left.counts.items() if times}
    left.touched = {kind: times for kind, times in left.touched.items() if times > 0}
    return left


def _key(finding: Finding) -> _Key:
    return (finding.code, finding.file, finding.line, finding.column, finding.value)


def _touched(
    report: FindingReport, pairs: list[tuple[Finding, Finding]]
) -> dict[tuple[str, str, str | None], int]:
    """Count the records that each kind touches under the kind's new name."""
    names = {
        (old.code, old.file, old.column): (new.code, new.file, new.column) for old, new in pairs
    }
    touched: dict[tuple[str, str, str | None], int] = {}
    for kind, records in report.touched.items():
        name = names.get(kind, kind)
        touched[name] = touched.get(name, 0) + records
    return touched


def _wanted_lines(report: FindingReport, received: set[_Key]) -> dict[str, set[int]]:
    """List the lines of each table that findings speak of, in figures or in words."""
    wanted: dict[str, set[int]] = {}
    for finding in report:
        if _key(finding) in received:
            continue
        lines = wanted.setdefault(finding.file.removesuffix(".csv"), set())
        if finding.line is not None:
            lines.add(finding.line)
        lines |= {int(found) for found in _LINE_WORD.findall(finding.says)}
    return wanted


def _places(origin: Origin, lines: set[int], bundle: OneRosterBundle, table: str) -> _Places:
    rows = origin.rows.filter(pl.col("_line").is_in(sorted(lines)))
    once = rows.unique("_line", keep="first", maintain_order=True)
    frame = bundle.tables[table].frame
    ids = "userSourcedId" if table in ("roles", "enrollments") else "sourcedId"
    staff = frame.filter(pl.col(ids).str.starts_with(STAFF_PREFIX))["_line"].implode()
    told = once.with_columns(is_staff=pl.col("_line").is_in(staff))
    by_line = {line: (file, at, of) for line, file, at, of in told.iter_rows()}
    files = tuple(origin.rows["file"].unique(maintain_order=True))
    cells = {
        (column, at): (file, line)
        for column, places in origin.cells.items()
        for at, file, line in places.filter(pl.col("_line").is_in(sorted(lines))).iter_rows()
    }
    return _Places(origin, files, by_line, cells)


def _told(finding: Finding, places: Mapping[str, _Places]) -> Finding:
    table = finding.file.removesuffix(".csv")
    of = places.get(table)
    if of is None or not of.files:
        return replace(finding, says=_with_files(finding.says, places))
    file, line, is_staff = of.files[0], finding.line, False
    if finding.line is not None and finding.line in of.lines:
        file, line, is_staff = of.lines[finding.line]
    elif finding.line is not None and finding.line != _HEADER_LINE:
        line = None
    column = None
    if finding.column is not None:
        file, line = of.cells.get((finding.column, finding.line or 0), (file, line))
        column = of.column(file, finding.column, is_staff=is_staff) or finding.column
    value = _plain(finding.value)
    says = _with_words(finding, of, file, is_staff=is_staff)
    return replace(
        finding,
        file=file,
        line=line,
        column=column,
        value=value,
        says=_with_files(says, places).replace(_PLACEHOLDER, value or ""),
        fix=_with_files(_with_columns(finding.fix, finding, of, file, is_staff=is_staff), places),
    )


def _plain(value: str | None) -> str | None:
    return value if value is None else _MADE.sub("", value)


def _with_words(finding: Finding, of: _Places, file: str, *, is_staff: bool) -> str:
    """Put the received columns and lines into a sentence, but for the value that it quotes."""
    says = finding.says
    if finding.value:
        says = says.replace(finding.value, _PLACEHOLDER)
    says = _LINE_WORD.sub(lambda found: _line_word(found, of), says)
    return _with_columns(says, finding, of, file, is_staff=is_staff)


def _line_word(found: re.Match[str], of: _Places) -> str:
    place = of.lines.get(int(found.group(1)))
    return f"line {place[1]}" if place else found.group()


def _with_columns(text: str, finding: Finding, of: _Places, file: str, *, is_staff: bool) -> str:
    """Name columns as the received file does: the finding's own, and those that are no words."""
    names = {name for name in _COLUMN_NAMES if _CAMEL.search(name)}
    if finding.column:
        names.add(finding.column)
    for name in sorted(names & set(re.findall(r"\w+", text)), key=len, reverse=True):
        theirs = of.column(file, name, is_staff=is_staff)
        if theirs:
            times = 1 if name == finding.column and not _CAMEL.search(name) else 0
            text = re.sub(rf"\b{name}\b", lambda _, told=theirs: told, text, count=times)
    return text


def _with_files(text: str, places: Mapping[str, _Places]) -> str:
    """Name files as they were received."""

    def named(found: re.Match[str]) -> str:
        of = places.get(found.group(1))
        return of.files[0] if of is not None and of.files else found.group()

    return _FILE_WORD.sub(named, text)


_COLUMN_NAMES: Final = frozenset(
    name for layout in ONEROSTER_1_2.values() for name in layout.header
)
