"""Collect rows of files of any layout as the tables of a OneRoster 1.2 bundle, origins and all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import polars as pl

from rollbook.files.checks import CSV_DUPLICATE_COLUMN, CSV_WITHOUT_ROWS
from rollbook.files.csv import CsvTable
from rollbook.roster.checks.conversions import COLUMN_TWICE, NO_ROWS_CAME, NOT_READ
from rollbook.roster.layouts import MANIFEST_HEADER, MANIFEST_VERSION, ONEROSTER_1_2
from rollbook.roster.rules.import_fields import folded_header
from rollbook.roster.types import Manifest, Mode, OneRosterBundle, Origin, Vocabulary
from rollbook.shared.findings import KEPT_PER_KIND, Check, Finding, FindingReport, Severity

VERSION: Final = "1.2"
FILE, LINE = "_file", "_from"
_FIRST_ROW: Final = 2
_HEADER_LINE: Final = 1


@dataclass
class Conversion:
    """Collect the rows of a bundle under way.

    Shape: `parts` are frames of text with `_file` and `_from`, the received file and line, and
           columns of their table; `columns` says what those are called in the received file.
           `further` are more places (`sourcedId`, `_file`, `_from`) that speak of the same
           records, and `cells` the places of columns that come from other rows. `unread` are
           rows of received files that nobody could read, with the tables that they may belong
           to; `noted` are findings, by table. `vocabulary` is what the files can say.
    """

    name: str
    findings: FindingReport = field(default_factory=FindingReport)
    parts: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))
    columns: dict[str, dict[tuple[str, str], str]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    further: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))
    unread: list[tuple[CsvTable, Collection[str]]] = field(
        default_factory=list[tuple[CsvTable, Collection[str]]]
    )
    noted: dict[str, list[tuple[Check, str, pl.DataFrame, dict[str, object]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    cells: dict[str, dict[str, pl.DataFrame]] = field(default_factory=lambda: defaultdict(dict))
    vocabulary: Vocabulary = field(default_factory=Vocabulary)

    def add(self, table: str, rows: pl.DataFrame, columns: Mapping[str, str]) -> None:
        """Add rows to a table; `columns` names the received column of each converted one.

        Shape: `rows` come from one received file.
        """
        self.parts[table].append(rows)
        if rows.height:
            file = rows[FILE][0]
            self.columns[table] |= {(file, ours): theirs for ours, theirs in columns.items()}

    def add_places(
        self, table: str, column: str, rows: pl.DataFrame, *, theirs: str | None
    ) -> None:
        """Say where the cells of a column stood that come from other rows than their record.

        Shape: `rows` have `sourcedId`, `_file` and `_from`, of one received file.
        """
        self.cells[table][column] = rows
        if theirs is not None and rows.height:
            self.columns[table][rows[FILE][0], column] = theirs

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

    def take_reading(
        self, source: CsvTable, *tables: str, reads: Collection[str] = (), is_needed: bool = True
    ) -> None:
        """Take over what reading a file found; its unread rows may belong to any of the tables.

        Shape: `reads` are the folded headers that are read: others may come twice.
        """
        rows = FindingReport()
        left = dict(source.findings.counts)
        for finding in source.findings:
            left[finding.code] -= 1
        for finding in source.findings:
            times = 1 + left.pop(finding.code, 0)
            is_row = finding.severity is Severity.ERROR and (finding.line or 0) > _HEADER_LINE
            told = finding if is_row else _of_header(finding, reads, is_needed=is_needed)
            (rows if is_row else self.findings).add(told, times=times)
        if source.left_out or rows.findings:
            self.unread.append((replace(source, findings=rows), tables))

    def leave_rows_out(self, check: Check, rows: pl.DataFrame, *tables: str, column: str) -> None:
        """Leave out rows that nobody can tell apart any more: they may be anybody's.

        Shape: `rows` have `_file`, `_from` and `value`, all of one file.
        """
        told = rows.select(pl.col(LINE).alias("_line"), "value")
        file, findings = str(rows[FILE][0]), FindingReport()
        _tell(findings, check, told, file, column, {})
        left_out = {check.code: rows[LINE]}
        told_file = CsvTable(file, (), pl.DataFrame(), findings, left_out=left_out)
        self.unread.append((told_file, tables))

    def bundle(self) -> OneRosterBundle:
        """Return what was collected; tables without rows are absent."""
        tables: dict[str, CsvTable] = {}
        origins: dict[str, Origin] = {}
        parts = {name: [rows for rows in made if rows.height] for name, made in self.parts.items()}
        parts = {name: made for name, made in parts.items() if made}
        self._tell_what_is_nowhere(parts.keys())
        if not self.findings.is_fatal:
            for table in [name for name in ONEROSTER_1_2 if name in parts]:
                tables[table], origins[table] = self._table(table, parts[table])
        modes = {name: Mode.BULK if name in tables else Mode.ABSENT for name in ONEROSTER_1_2}
        return OneRosterBundle(
            version=VERSION,
            modes=modes,
            tables=tables,
            findings=self.findings,
            manifest=_manifest(modes),
            name=self.name,
            origins=origins,
            vocabulary=self.vocabulary,
        )

    def _tell_what_is_nowhere(self, there: Collection[str]) -> None:
        """Stop at unread rows where nothing was read that they may belong to."""
        for source, tables in self.unread:
            if not set(tables) & set(there):
                told = FindingReport()
                _copy(source.findings, told, source.name, {})
                for finding in told:
                    fatal = replace(finding, severity=Severity.FATAL)
                    self.findings.add(fatal, times=told.counts.pop(finding.code, 1))

    def _table(self, table: str, parts: list[pl.DataFrame]) -> tuple[CsvTable, Origin]:
        layout = ONEROSTER_1_2[table]
        drafted = pl.concat(parts, how="diagonal")
        drafted = drafted.with_row_index("_line", offset=_FIRST_ROW)
        empty = pl.lit(None, pl.String)
        frame = drafted.select(
            "_line",
            *(name if name in drafted.columns else empty.alias(name) for name in layout.header),
        )
        places = [drafted.select("_line", file=FILE, line=LINE)]
        places += [self._more_places(frame, more) for more in self.further.get(table, ())]
        findings, left_out, unread = self._unread_rows(table, _FIRST_ROW + drafted.height)
        self._told(table, drafted, findings, left_out)
        if unread is not None:
            places.append(unread)
        made = CsvTable(f"{table}.csv", layout.header, frame, findings, left_out=left_out)
        cells = {
            column: self._more_places(frame, rows)
            for column, rows in self.cells.get(table, {}).items()
        }
        return made, Origin(pl.concat(places), dict(self.columns.get(table, {})), cells)

    def _more_places(self, frame: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
        lines = frame.select("sourcedId", "_line").unique("sourcedId", keep="first")
        return more.join(lines, on="sourcedId", how="inner", maintain_order="left").select(
            "_line", file=FILE, line=LINE
        )

    def _unread_rows(
        self, table: str, free: int
    ) -> tuple[FindingReport, dict[str, pl.Series], pl.DataFrame | None]:
        """Give the rows that nobody could read lines after those that were read."""
        findings, left_out = FindingReport(), dict[str, pl.Series]()
        places: list[pl.DataFrame] = []
        for source, tables in self.unread:
            if table not in tables:
                continue
            lines = {line: code for code, out in source.left_out.items() for line in out.to_list()}
            at = {line: free + place for place, line in enumerate(lines)}
            free += len(lines)
            for code in source.left_out:
                out = pl.Series([at[line] for line in at if lines[line] == code], dtype=pl.UInt32)
                left_out[code] = pl.concat([left_out[code], out]) if code in left_out else out
            places.append(_places(at, source.name))
            first = next(name for name in tables if any(part.height for part in self.parts[name]))
            if table == first:
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
        words_of_row: dict[str, Any] = {**words, **row}
        told = check.finding(file=file, line=line, column=column, value=value, **words_of_row)
        findings.add(told, times=1 + rest if place == kept.height - 1 else 1)


def _of_header(finding: Finding, reads: Collection[str], *, is_needed: bool) -> Finding:
    """Say of a finding about a file's header what it means for a roster."""
    where = {"file": finding.file, "line": finding.line, "value": finding.value}
    if finding.code == CSV_DUPLICATE_COLUMN.code:
        if folded_header(finding.value or "") in reads:
            return COLUMN_TWICE.finding(**where)  # type: ignore[arg-type] # their types hide in a mapping
        return NOT_READ.finding(**where, layout="known")  # type: ignore[arg-type] # their types hide in a mapping
    if finding.code == CSV_WITHOUT_ROWS.code:
        lightly = Severity.FATAL if is_needed else Severity.WARNING
        return NO_ROWS_CAME.finding(file=finding.file, severity=lightly)
    return finding


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
    # By place: asked for by name, a header such as "*" or "^.*$" means many columns.
    places = {name: place for place, name in enumerate(table.frame.columns)}
    cells = [_cell(pl.nth(places[theirs])).alias(ours) for ours, theirs in columns.items()]
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
