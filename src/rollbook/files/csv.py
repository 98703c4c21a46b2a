"""Read and write CSV: RFC 4180, as text, every cell exactly as it stands in the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rollbook.files import checks
from rollbook.files.csv_cells import LINE, CellStore
from rollbook.files.csv_encoding import to_utf8
from rollbook.files.csv_rows import Fault, read_row
from rollbook.files.csv_scan import PADDING, Bytes, Places, Window, scan_window
from rollbook.files.csv_signs import EVERY_SIGN, Sign, signs_in
from rollbook.files.csv_write import write_csv
from rollbook.files.limits import DEFAULT, KIB, Limits
from rollbook.shared.findings import KEPT_PER_KIND, Check, FindingReport, Severity

__all__ = ["CsvTable", "read_csv", "write_csv"]

# Windows that stay in the processor's cache; after a faulty row reading resumes small.
_WINDOW = 256 * KIB
_WINDOW_AFTER_FAULT = 8 * KIB

_FAULT_CHECKS = {
    Fault.UNCLOSED_QUOTE: checks.CSV_UNCLOSED_QUOTE,
    Fault.BARE_CR: checks.CSV_BARE_CR,
    Fault.LONG_FIELD: checks.CSV_LONG_FIELD,
    Fault.LONG_LINE: checks.CSV_LONG_LINE,
}


@dataclass(frozen=True)
class CsvTable:
    """Hold a CSV file as text, and what was wrong with it.

    Shape: `frame` has the column `_line` (the physical line, header = 1), then one text column
           per header name in the file's order, an empty cell being null. A second column of
           the same name is called `name__2`, one without a name `column_3`. After a fatal
           finding `frame` has no rows. `line_ends` is crlf, lf, mixed or none. `left_out` maps
           the code of an error to all the lines that are not in the frame because of it;
           `signs` are the kinds of damage that the bytes hint at.
    """

    name: str
    header: tuple[str, ...]
    frame: pl.DataFrame
    findings: FindingReport
    encoding: str = "utf-8"
    line_ends: str = "none"
    had_bom: bool = False
    left_out: Mapping[str, pl.Series] = field(default_factory=dict[str, pl.Series])
    signs: frozenset[Sign] = EVERY_SIGN


def read_csv(
    source: bytes | Path | memoryview,
    *,
    name: str,
    limits: Limits = DEFAULT,
    allow_field_line_breaks: bool = False,
    expected_encoding: str | None = None,
) -> CsvTable:
    """Read a CSV file as text; what cannot be read becomes a finding.

    Shape:  a row that is ragged, or has a stray quote or a line break that is not allowed, is
            left out of the frame with an error for its line.
    Raises: OSError when a path cannot be read; LookupError for an unknown `expected_encoding`.
    Source: RFC 4180; reliability reference, "Hostile and mangled CSV".
    """
    findings = FindingReport()
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if size == 0:
        return _lost(name, findings, checks.CSV_EMPTY)
    if size > limits.max_bytes:
        return _lost(name, findings, checks.CSV_TOO_LARGE, most=limits.max_bytes)
    content = source.read_bytes() if isinstance(source, Path) else bytes(source)
    text = to_utf8(content, file=name, declared=expected_encoding)
    del content
    if text.finding is not None:
        findings.add(text.finding)
    reading = _Reading(name, text.content, findings, limits, allow_field_line_breaks)
    if not text.is_lost:
        reading.run()
    return CsvTable(
        name=name,
        header=reading.header,
        frame=reading.frame(),
        findings=findings,
        encoding=text.encoding,
        line_ends=reading.line_ends,
        had_bom=text.had_bom,
        left_out={code: pl.Series(lines, dtype=pl.UInt32) for code, lines in reading.out.items()},
        signs=signs_in(text.content),
    )


def _lost(name: str, findings: FindingReport, check: Check, **words: Any) -> CsvTable:
    findings.add(check.finding(file=name, **words))
    return CsvTable(name, (), _empty_frame(()), findings)


@dataclass
class _Reading:
    """Hold the state of reading one file: where it is, and what it has found."""

    name: str
    source: bytes
    findings: FindingReport
    limits: Limits
    allow_line_breaks: bool
    header: tuple[str, ...] = ()
    position: int = 0
    line: int = 1
    crlf: int = 0
    lf: int = 0
    quote_faults: int = 0
    faulty_bytes: int = 0
    window_size: int = _WINDOW
    store: CellStore | None = None
    named: Counter[str] = field(default_factory=Counter[str])
    out: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def run(self) -> None:
        """Read the header, then the rows window by window."""
        # A file once closed with Ctrl-Z may still end with it.
        self.source = self.source.removesuffix(b"\x1a")
        if not self._read_header():
            return
        columns = len(self.header)
        most = self.limits.max_cells // columns + 1
        # A row takes at least its commas and a line end.
        rows = min(self.source.count(b"\n") + 1, len(self.source) // columns + 1, most)
        self.store = CellStore(self.source, columns, rows)
        content = np.frombuffer(self.source, np.uint8)
        while self.position < len(self.source) and not self.findings.is_fatal:
            self._read_window(content, columns)
        self._sum_up()

    @property
    def line_ends(self) -> str:
        """Say how the lines end."""
        if self.crlf and self.lf:
            return "mixed"
        return "crlf" if self.crlf else "lf" if self.lf else "none"

    def frame(self) -> pl.DataFrame:
        """Return what was accepted."""
        if self.store is None or self.findings.is_fatal:
            return _empty_frame(self.header)
        return self.store.frame(_column_names(self.header))

    def _read_header(self) -> bool:
        row = read_row(self.source, 0, self.limits)
        if len(row.cells) > self.limits.max_columns:
            return self._stop(checks.CSV_TOO_MANY_COLUMNS, most=self.limits.max_columns)
        if row.fault is not None and row.fault in _FAULT_CHECKS:
            return self._stop_at_fault(row.fault, row.at)
        if row.fault is not None:
            return self._stop(checks.CSV_DAMAGED_HEADER, what="a quote is out of place")
        if row.has_line_break and not self.allow_line_breaks:
            return self._stop(checks.CSV_DAMAGED_HEADER, what="a name has a line break inside")
        if row.cells == [b""] and not self.source.startswith(b'"'):
            return self._stop(checks.CSV_WITHOUT_HEADER)
        self.header = tuple(cell.decode() for cell in row.cells)
        self._count_line_end(row.crlf)
        self.line += self.source.count(b"\n", 0, row.after)
        self.position = row.after
        self._judge_header()
        return True

    def _judge_header(self) -> None:
        for number, name in enumerate(self.header, start=1):
            if not name.strip():
                self._find(checks.CSV_UNNAMED_COLUMN, 1, number=number)
        for name, times in Counter(self.header).items():
            if times > 1 and name.strip():
                finding = checks.CSV_DUPLICATE_COLUMN.finding(
                    file=self.name, line=1, column=name, value=name
                )
                self.findings.add(finding)

    def _read_window(self, content: Bytes, columns: int) -> None:
        end = min(self.position + self.window_size, len(content))
        is_end = end == len(content)
        rows = scan_window(
            _padded(content, self.position, end),
            is_end=is_end,
            columns=columns,
            limits=self.limits,
            allow_line_breaks=self.allow_line_breaks,
        )
        self._take(content, rows)
        if rows.is_blocked or (not rows.size and self._is_at_limit(is_end=is_end)):
            self._read_one_row()
            self.window_size = _WINDOW_AFTER_FAULT
        elif not rows.size or self.window_size < _WINDOW:
            self.window_size *= 2

    def _is_at_limit(self, *, is_end: bool) -> bool:
        """Tell whether a window without a whole row can never have one."""
        return is_end or self.window_size > self.limits.max_line_bytes + PADDING

    def _take(self, content: Bytes, rows: Window) -> None:
        """Keep the accepted rows of a window and report the rejected ones."""
        if self.store is None or not rows.size:
            return
        if (self.store.height + len(rows.lines)) * len(self.header) > self.limits.max_cells:
            self._stop(checks.CSV_TOO_MANY_CELLS, most=self.limits.max_cells)
            return
        window = _padded(content, self.position, self.position + rows.size)
        self.store.add(window, self.position, self.line, rows)
        self._reject(checks.CSV_RAGGED_ROW, rows.ragged, rows.found)
        self._reject(checks.CSV_LINE_BREAK, rows.broken)
        self._reject(checks.CSV_BLANK_LINE, rows.blank)
        self.crlf += rows.crlf
        self.lf += rows.lf
        self.line += rows.line_feeds
        self.position += rows.size

    def _reject(self, check: Check, lines: Places, found: Places | None = None) -> None:
        """Report lines: as many by name as a report keeps, the others by count."""
        if len(lines) and check.severity is Severity.ERROR:
            self.out.setdefault(check.code, []).extend((lines + self.line).tolist())
        room = max(KEPT_PER_KIND - self.named[check.code], 0)
        for index, line in enumerate(lines[:room].tolist()):
            cells = 0 if found is None else int(found[index])
            self._find(check, line + self.line, found=cells, expected=len(self.header))
        self.named[check.code] += min(room, len(lines))
        if len(lines) > room:
            cells = 0 if found is None else int(found[room])
            self._find(
                check,
                int(lines[room]) + self.line,
                times=len(lines) - room,
                found=cells,
                expected=len(self.header),
            )

    def _read_one_row(self) -> None:
        """Decide what the row at the position is, when its quotes or its size are odd."""
        row = read_row(self.source, self.position, self.limits)
        if row.fault is not Fault.STRAY_QUOTE:
            self._stop_at_fault(row.fault or Fault.LONG_LINE, row.at)
            return
        self._find(checks.CSV_STRAY_QUOTE, self.line)
        self.out.setdefault(checks.CSV_STRAY_QUOTE.code, []).append(self.line)
        self.quote_faults += 1
        self.faulty_bytes += row.after - self.position
        is_too_much = self.faulty_bytes > self.limits.max_faulty_bytes
        if is_too_much or self.quote_faults > self.limits.max_quote_faults:
            self._stop(checks.CSV_NOT_CSV, self.line, found=self.quote_faults)
        self._count_line_end(row.crlf)
        self.line += self.source.count(b"\n", self.position, row.after)
        self.position = row.after

    def _stop_at_fault(self, fault: Fault, at: int) -> bool:
        check = _FAULT_CHECKS[fault]
        most = self.limits.max_field_bytes
        if fault is Fault.LONG_LINE:
            most = self.limits.max_line_bytes
        line = self.line + self.source.count(b"\n", self.position, at)
        return self._stop(check, line, most=most)

    def _sum_up(self) -> None:
        if self.findings.is_fatal:
            return
        if self.crlf and self.lf:
            finding = checks.CSV_MIXED_LINE_ENDS.finding(file=self.name, crlf=self.crlf, lf=self.lf)
            self.findings.add(finding)
        if self.store is not None and not self.store.height and not self.findings.counts:
            self.findings.add(checks.CSV_WITHOUT_ROWS.finding(file=self.name))

    def _count_line_end(self, crlf: bool | None) -> None:
        if crlf is not None:
            self.crlf += crlf
            self.lf += not crlf

    def _find(self, check: Check, line: int, *, times: int = 1, **words: Any) -> None:
        self.findings.add(check.finding(file=self.name, line=line, **words), times=times)

    def _stop(self, check: Check, line: int | None = 1, **words: Any) -> bool:
        self.findings.add(check.finding(file=self.name, line=line, **words))
        return False


def _padded(content: Bytes, start: int, end: int) -> Bytes:
    """Return a window and the PADDING bytes after it, zeros where the file ends."""
    window = content[start : end + PADDING]
    missing = end - start + PADDING - len(window)
    return np.append(window, np.zeros(missing, np.uint8)) if missing else window


def _column_names(header: tuple[str, ...]) -> list[str]:
    """Return a different name for each column."""
    taken = {LINE, *header}
    seen: set[str] = {LINE}
    names: list[str] = []
    for number, name in enumerate(header, start=1):
        wanted = name if name.strip() else f"column_{number}"
        chosen, copy = wanted, 1
        while chosen in seen or (chosen != name and chosen in taken):
            copy += 1
            chosen = f"{wanted}__{copy}"
        seen.add(chosen)
        names.append(chosen)
    return names


def _empty_frame(header: tuple[str, ...]) -> pl.DataFrame:
    names = _column_names(header)
    return pl.DataFrame(schema={LINE: pl.UInt32} | dict.fromkeys(names, pl.String))
