"""Collect rows of files of any layout as the tables of a OneRoster 1.2 bundle, origins and all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import polars as pl

from rollbook.files.csv import CsvTable
from rollbook.roster.layouts import MANIFEST_HEADER, MANIFEST_VERSION, ONEROSTER_1_2
from rollbook.roster.types import Manifest, Mode, OneRosterBundle, Origin
from rollbook.shared.findings import KEPT_PER_KIND, Check, FindingReport, Severity

VERSION: Final = "1.2"
FILE, LINE = "_file", "_from"
_FIRST_ROW: Final = 2
_HEADER_LINE: Final = 1
_PLACES: Final = pl.Schema({FILE: pl.String(), LINE: pl.UInt32()})


@dataclass
class Conversion:
    """Collect the rows of a bundle under way.

    Shape: `parts` are frames of text with `_file` and `_from`, the received file and line, and
           columns of their table; `columns` says what those are called in the received file.
           `further` are more places (`sourcedId`, `_file`, `_from`) that speak of the same
           records; `unread` are rows of received files that nobody could read, by the tables
           that they may belong to; `noted` are findings, by table.
    """

    name: str
    findings: FindingReport = field(default_factory=FindingReport)
    parts: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))
    columns: dict[str, dict[tuple[str, str], str]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    further: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))
    unread: dict[str, list[tuple[CsvTable, bool]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    noted: dict[str, list[tuple[Check, str, pl.DataFrame, dict[str, object]]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, table: str, rows: pl.DataFrame, columns: Mapping[str, str]) -> None:
        """Add rows to a table; `columns` names the received column of each converted one.

        Shape: `rows` come from one received file.
        """
        self.parts[table].append(rows)
        if rows.height:
            file = rows[FILE][0]
            self.columns[table] |= {(file, ours): theirs for ours, theirs in columns.items()}

    def say(self, check: Check, *, file: str, **words: Any) -> None:
        """Note one finding about the received files themselves."""
        self.findings.add(check.finding(file=file, **words))

    def note_rows(
        self, check: Check, table: str, rows: pl.DataFrame, *, column: str, **words: object
    ) -> None:
        """Note one finding for each row; an error leaves the rows out.

        Shape: `rows` have `_file`, `_from`, `value`, those of an error also the `sourcedId` of
               the record; any further column is a word.
        """
        if rows.is_empty():
            return
        if check.severity is Severity.ERROR:
            self.noted[table].append((check, column, rows, words))
            return
        for place in rows.partition_by(FILE, maintain_order=True):
            told = place.rename({LINE: "_line"}).drop(FILE)
            _tell(self.findings, check, told, str(place[FILE][0]), column, words)

    def take_reading(self, source: CsvTable, *tables: str) -> None:
        """Take over what reading a file found; its unread rows may belong to any of the tables."""
        rows = FindingReport()
        left = dict(source.findings.counts)
        for finding in source.findings:
            left[finding.code] -= 1
        for finding in source.findings:
            times = 1 + left.pop(finding.code, 0)
            is_row = finding.severity is Severity.ERROR and (finding.line or 0) > _HEADER_LINE
            is_header = finding.severity is Severity.ERROR and not is_row
            kept = replace(finding, severity=Severity.FATAL) if is_header else finding
            (rows if is_row else self.findings).add(kept, times=times)
        if source.left_out or rows.findings:
            told = replace(source, findings=rows)
            for place, table in enumerate(tables):
                self.unread[table].append((told, place == 0))

    def bundle(self) -> OneRosterBundle:
        """Return what was collected; tables without rows are absent."""
        tables: dict[str, CsvTable] = {}
        origins: dict[str, Origin] = {}
        is_fatal = self.findings.is_fatal
        for table in ONEROSTER_1_2:
            parts = [] if is_fatal else [part for part in self.parts.get(table, ()) if part.height]
            if parts or (not is_fatal and table in self.unread):
                tables[table], origins[table] = self._table(table, parts)
        modes = {name: Mode.BULK if name in tables else Mode.ABSENT for name in ONEROSTER_1_2}
        return OneRosterBundle(
            version=VERSION,
            modes=modes,
            tables=tables,
            findings=self.findings,
            manifest=_manifest(modes),
            name=self.name,
            origins=origins,
        )

    def _table(self, table: str, parts: list[pl.DataFrame]) -> tuple[CsvTable, Origin]:
        layout = ONEROSTER_1_2[table]
        drafted = pl.concat(parts, how="diagonal") if parts else pl.DataFrame(schema=_PLACES)
        drafted = drafted.with_row_index("_line", offset=_FIRST_ROW)
        empty = pl.lit(None, pl.String)
        frame = drafted.select(
            "_line",
            *(name if name in drafted.columns else empty.alias(name) for name in layout.header),
        )
        places = [drafted.select("_line", file=FILE, line=LINE)]
        places += [self._more_places(frame, more) for more in self.further.get(table, ())]
        findings, left_out, unread = self._unread(table, _FIRST_ROW + drafted.height)
        self._told(table, drafted, findings, left_out)
        if unread is not None:
            places.append(unread)
        made = CsvTable(f"{table}.csv", layout.header, frame, findings, left_out=left_out)
        return made, Origin(pl.concat(places), dict(self.columns.get(table, {})))

    def _more_places(self, frame: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
        lines = frame.select("sourcedId", "_line").unique("sourcedId", keep="first")
        return more.join(lines, on="sourcedId", how="inner", maintain_order="left").select(
            "_line", file=FILE, line=LINE
        )

    def _unread(
        self, table: str, free: int
    ) -> tuple[FindingReport, dict[str, pl.Series], pl.DataFrame | None]:
        """Give the rows that nobody could read lines after those that were read."""
        findings, left_out = FindingReport(), dict[str, pl.Series]()
        places: list[pl.DataFrame] = []
        for source, tells in self.unread.get(table, ()):
            lines = {line: code for code, out in source.left_out.items() for line in out.to_list()}
            at = {line: free + place for place, line in enumerate(lines)}
            free += len(lines)
            for code in source.left_out:
                out = pl.Series([at[line] for line in at if lines[line] == code], dtype=pl.UInt32)
                left_out[code] = pl.concat([left_out[code], out]) if code in left_out else out
            places.append(_places(at, source.name))
            if tells:
                _copy(source.findings, findings, f"{table}.csv", at)
        return findings, left_out, pl.concat(places) if places else None

    def _told(
        self,
        table: str,
        drafted: pl.DataFrame,
        findings: FindingReport,
        left_out: dict[str, pl.Series],
    ) -> None:
        """Make the findings noted by received line, with the line of the converted table."""
        for check, column, rows, words in self.noted.get(table, ()):
            lines = drafted.select("_line", "sourcedId").unique("sourcedId", keep="first")
            here = rows.join(lines, on="sourcedId", how="inner", maintain_order="left")
            out = here["_line"].cast(pl.UInt32)
            known = left_out.get(check.code)
            left_out[check.code] = out if known is None else pl.concat([known, out])
            _tell(
                findings, check, here.drop(FILE, LINE, "sourcedId"), f"{table}.csv", column, words
            )


def _tell(  # noqa: PLR0917 # a check, the rows it is about, and where they are
    findings: FindingReport,
    check: Check,
    rows: pl.DataFrame,
    file: str,
    column: str,
    words: Mapping[str, object],
) -> None:
    """Make a finding of each row that is kept by name; the last of them counts for the rest."""
    kept = rows.head(KEPT_PER_KIND)
    rest = rows.height - kept.height
    for place, row in enumerate(kept.iter_rows(named=True)):
        line, value = row.pop("_line"), row.pop("value")
        told = check.finding(file=file, line=line, column=column, value=value, **{**words, **row})
        findings.add(told, times=1 + rest if place == kept.height - 1 else 1)


def _copy(source: FindingReport, to: FindingReport, file: str, at: dict[int, int]) -> None:
    left = dict(source.counts)
    for finding in source:
        left[finding.code] -= 1
    for finding in source:
        times = 1 + left.pop(finding.code, 0)
        line = at.get(finding.line or 0, finding.line)
        to.add(replace(finding, file=file, line=line), times=times)


def _places(at: dict[int, int], file: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"_line": list(at.values()), "file": [file] * len(at), "line": list(at)},
        schema={"_line": pl.UInt32, "file": pl.String, "line": pl.UInt32},
    )


def _manifest(modes: Mapping[str, Mode]) -> Manifest:
    """Say what a manifest would: nothing is missing from what was made."""
    said = {"manifest.version": MANIFEST_VERSION, "oneroster.version": VERSION}
    said |= {f"file.{name}": mode.value for name, mode in modes.items()}
    properties = tuple((line, *pair) for line, pair in enumerate(said.items(), start=_FIRST_ROW))
    return Manifest(MANIFEST_HEADER, properties, FindingReport())


def placed(table: CsvTable, columns: Mapping[str, str]) -> pl.DataFrame:
    """Return the rows of a received file: `_file`, `_from`, and these columns by their own names.

    Shape: `columns` maps the name wanted to the column in the frame; cells without outer spaces,
           an empty one null.
    """
    cells = [_cell(pl.col(theirs)).alias(ours) for ours, theirs in columns.items()]
    return table.frame.select(
        pl.lit(table.name).alias(FILE), pl.col("_line").cast(pl.UInt32).alias(LINE), *cells
    )


def _cell(cell: pl.Expr) -> pl.Expr:
    trimmed = cell.str.strip_chars()
    return pl.when(trimmed != "").then(trimmed)


def text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Return a column, or nothing when the file does not have it."""
    return pl.col(name) if name in frame.columns else pl.lit(None, pl.String)


def slug(cell: pl.Expr) -> pl.Expr:
    """Make an id of a name: what ids may not hold becomes a hyphen, case makes no difference."""
    return cell.str.to_lowercase().str.replace_all(r"[^0-9a-z./@_]+", "-").str.strip_chars("-")
