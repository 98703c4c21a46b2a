"""What really is wrong with a roster: thousands of findings told as the few things behind them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import polars as pl

from rollbook.roster.layouts import LAYOUTS
from rollbook.roster.types import BundleResult, Origin
from rollbook.shared.findings import Finding, Severity

NO_ORIGINS: Final[Mapping[str, Origin]] = MappingProxyType({})
# The checks of references, by their codes: a file that decides may not import what it is below.
MISSING_RECORD: Final = "ROS-301"
MISSING_FILE: Final = "ROS-303"
# Said again of what hangs on a record that is left out: never a cause of its own.
CONSEQUENCES: Final = frozenset({"ROS-310", "ROS-311"})
# A column is told as a whole when more than half of its rows fail alike, and that is no accident.
WHOLE_COLUMN_SHARE: Final = 0.5
WHOLE_COLUMN_FROM: Final = 10
SHOWN_PLACES: Final = 5
# Of the records missing from one file so many are named, the heaviest; the rest is one cause.
NAMED_RECORDS: Final = 500

_ORDER: Final = (Severity.FATAL, Severity.ERROR, Severity.WARNING, Severity.INFO)
_THINGS: Final = {
    "orgs": "School or organization",
    "academicSessions": "Session",
    "courses": "Course",
    "classes": "Class",
    "users": "User",
}

_Kind = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class RootCause:
    """Name one thing that is wrong, and everything that it touches.

    Shape: `weight` is the number of rows that it touches, those that depend on them included;
           `records` counts them by file, `left_out` how many of them are left out; `places` are
           some of them. `cause` and `fix` may quote cells; `mentions` says it without any.
    """

    code: str
    severity: Severity
    file: str
    column: str | None
    cause: str
    fix: str
    weight: int
    left_out: int = 0
    records: Mapping[str, int] = field(default_factory=dict[str, int])
    places: tuple[str, ...] = ()

    @property
    def mentions(self) -> str:
        """Say where it is and how large, without the value of any cell: for mails and logs."""
        where = f"{self.column} of {self.file}" if self.column else self.file or "the package"
        return f"{where}: {counted(self.weight, 'row')} [{self.code}]"

    @property
    def touches(self) -> str:
        """Say in which files its rows stand."""
        return ", ".join(f"{count:,} in {file}" for file, count in self.records.items())

    def as_dict(self) -> dict[str, object]:
        """Return the cause as plain values, for JSON."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "file": self.file,
            "column": self.column,
            "cause": self.cause,
            "weight": self.weight,
            "left_out": self.left_out,
            "records": dict(self.records),
            "fix": self.fix,
            "places": list(self.places),
        }


@dataclass(frozen=True, slots=True)
class Repair:
    """Count what one repair of the lenient profile did in one column."""

    code: str
    file: str
    column: str | None
    count: int
    example: str

    def as_dict(self) -> dict[str, object]:
        """Return the repair as plain values, for JSON."""
        return {
            "code": self.code,
            "file": self.file,
            "column": self.column,
            "count": self.count,
            "example": self.example,
        }


def cause_from(plain: Mapping[str, Any]) -> RootCause:
    """Read what `RootCause.as_dict` wrote."""
    said: dict[str, Any] = {**plain}
    said |= {"severity": Severity(plain["severity"]), "places": tuple(plain["places"])}
    return RootCause(**said)


def counted(count: int, one: str) -> str:
    """Write a number with its word."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def root_causes(
    result: BundleResult,
    *,
    repair_codes: frozenset[str] = frozenset(),
    origins: Mapping[str, Origin] = NO_ORIGINS,
) -> list[RootCause]:
    """Work out the few things behind all findings: what stops the file first, then by weight.

    Shape: one cause for each record, file or column that is missing or does not fit; a row that
           is left out counts once, for the first thing that was wrong with it, and so does what
           depends on it. `repair_codes` are not causes: nothing has to be done about them.
           `origins` as in the bundle: then files and columns are told as they were received.
    """
    told = _Telling(result, origins)
    for key, rows in _rows_by_root(result, told):
        if key.code not in repair_codes:
            told.add_rows(key, rows)
    left = _covered(told)
    for kind, touched in told.touched.items():
        code = kind[0]
        if code not in CONSEQUENCES | repair_codes and kind not in left:
            told.add_kind(kind, touched)
    causes = [told.cause(key) for key in told.roots]
    return sorted(causes, key=lambda c: (_ORDER.index(c.severity), -c.weight, c.code, c.cause))


def repairs_made(result: BundleResult, repair_codes: frozenset[str]) -> list[Repair]:
    """Count the repairs that were made on the way in, the most frequent first."""
    examples: dict[_Kind, Finding] = {}
    for finding in result.report:
        examples.setdefault((finding.code, finding.file, finding.column), finding)
    made = [
        Repair(code, file, column, count, str(examples[code, file, column].as_dict()["says"]))
        for (code, file, column), count in result.report.touched.items()
        if code in repair_codes and (code, file, column) in examples
    ]
    return sorted(made, key=lambda repair: (-repair.count, repair.code, repair.file))


@dataclass(frozen=True, slots=True)
class _Key:
    """Tell one cause from another: the check, the file and column, and for a record its id."""

    code: str
    file: str
    column: str | None = None
    value: str | None = None


@dataclass
class _Root:
    """Gather the rows of one cause."""

    records: Counter[str] = field(default_factory=Counter[str])
    left_out: int = 0
    kinds: set[_Kind] = field(default_factory=set[_Kind])


class _Telling:
    """Gather the causes of one result, and put them into words."""

    def __init__(self, result: BundleResult, origins: Mapping[str, Origin]) -> None:
        self.result = result
        self.origins = origins
        self.roots: dict[_Key, _Root] = defaultdict(_Root)
        self.examples: dict[_Kind, list[Finding]] = defaultdict(list)
        self.by_code: dict[str, Finding] = {}
        self.naming: dict[str | None, list[Finding]] = defaultdict(list)
        for finding in result.report:
            self.by_code.setdefault(finding.code, finding)
            kept = self.examples[finding.code, finding.file, finding.column]
            if len(kept) < SHOWN_PLACES:
                kept.append(finding)
            if finding.code == MISSING_RECORD:
                self.naming[finding.value].append(finding)
        self.touched = dict(result.report.touched)
        for kind in self.examples:
            self.touched.setdefault(kind, len(self.examples[kind]))

    def received(self, file: str, column: str | None, line: int | None) -> tuple[str, str | None]:
        """Say what a file and a column of the bundle are called in what was received."""
        origin = self.origins.get(file)
        if origin is None:
            return f"{file}.csv", column
        rows = origin.rows.filter(pl.col("_line") == line)
        if rows.is_empty():
            return f"{file}.csv", column
        name = str(rows["file"][0])
        theirs = [origin.columns.get((name, f"{kind}{column}")) for kind in ("", "made:")]
        return name, next((said for said in theirs if said), column)

    def add_rows(self, key: _Key, rows: pl.DataFrame) -> None:
        """Add rows that are left out: `file`, `root_line`, `count` and the cell of their root."""
        root = self.roots[key]
        for row in rows.iter_rows(named=True):
            line = row["root_line"]
            file, column = self.received(row["root_file"], row["root_column"], line)
            if key.code not in _LOSES_FILE:
                root.kinds.add((row["root_code"], file, column))
            root.records[f"{row['file']}.csv"] += row["count"]
            root.left_out += row["count"]

    def add_kind(self, kind: _Kind, touched: int) -> None:
        """Add a kind of finding that left no row out."""
        code, file, column = kind
        is_whole = code == MISSING_FILE
        root = self.roots[_Key(code, _target(file, column)) if is_whole else _Key(*kind)]
        root.kinds.add(kind)
        if code in _LOSES_FILE and code != REQUIRED_COLUMN and root.records:
            return  # nobody knows how many rows it has; those of other files are counted
        root.records[file] += touched
        root.left_out += touched if code == REQUIRED_COLUMN else 0

    def cause(self, key: _Key) -> RootCause:
        """Put one cause into words."""
        root = self.roots[key]
        examples = self._examples(key, root)
        file, column = examples[0].file, examples[0].column
        if key.code in (MISSING_RECORD, MISSING_FILE):
            file, column = f"{key.file}.csv", None
        return RootCause(
            code=key.code,
            severity=min((e.severity for e in examples), key=_ORDER.index),
            file=file,
            column=column,
            cause=self._says(key, root, examples),
            fix=examples[0].fix,
            weight=sum(root.records.values()),
            left_out=root.left_out,
            records=dict(root.records.most_common()),
            places=tuple(_place(example) for example in examples[:SHOWN_PLACES]),
        )

    def _examples(self, key: _Key, root: _Root) -> list[Finding]:
        if key.code == MISSING_RECORD and self.naming.get(key.value):
            return self.naming[key.value]
        found = [finding for kind in sorted(root.kinds, key=str) for finding in self.examples[kind]]
        return found or [self.by_code.get(key.code) or next(iter(self.result.report))]

    def _says(self, key: _Key, root: _Root, examples: list[Finding]) -> str:
        rows = sum(root.records.values())
        if key.code in (MISSING_RECORD, MISSING_FILE):
            return _says_missing(key, counted(rows, "row"))
        example = examples[0]
        if key.code in _LOSES_FILE:
            others = rows - root.records[example.file]
            hang = f" {counted(others, 'row')} of other files hang on it." if others else ""
            return f"{example.as_dict()['says']}{hang}"
        touched = max((self.touched.get(kind, 0) for kind in root.kinds), default=0)
        if example.line is None or touched <= 1:
            return str(example.as_dict()["says"])
        where = f"{example.column} of {example.file}" if example.column else example.file
        of = self._rows_of(example.file)
        as_on = f"as on line {example.line}: {example.says}"
        if example.column and of >= WHOLE_COLUMN_FROM and touched > WHOLE_COLUMN_SHARE * of:
            return f"The whole column {where} ({touched:,} of {counted(of, 'row')}), {as_on}"
        return f"{where}, {counted(touched, 'row')}, {as_on}"

    def _rows_of(self, file: str) -> int:
        found = self.result.counts.by_file.get(file)
        return found.rows if found else 0


def _says_missing(key: _Key, rows: str) -> str:
    if key.code == MISSING_FILE:
        return f"{key.file}.csv did not come, and {rows} name its records."
    if key.value is None:
        return f"Many other records are not in {key.file}.csv, and {rows} cannot do without them."
    thing = _THINGS.get(key.file, "Record")
    return f'{thing} "{key.value}" is not in {key.file}.csv, and {rows} cannot do without it.'


def _place(finding: Finding) -> str:
    return finding.file if finding.line is None else f"{finding.file} line {finding.line}"


def _covered(told: _Telling) -> set[_Kind]:
    """Return the kinds of findings that the rows left out already stand for."""
    covered = {kind for root in told.roots.values() for kind in root.kinds}
    about_rows = {MISSING_RECORD, MISSING_FILE} & {key.code for key in told.roots}
    lost = _lost_files(told)
    for kind in told.touched:
        code, file, column = kind
        if code == MISSING_FILE and _target(file, column) in lost:
            covered.add(kind)
        elif code in about_rows:
            example = told.examples[kind][0] if told.examples.get(kind) else None
            if example is None or example.severity is Severity.ERROR:
                covered.add(kind)
    return covered


def _rows_by_root(result: BundleResult, told: _Telling) -> Iterable[tuple[_Key, pl.DataFrame]]:
    """Group the rows left out by the row, cell or file that they are left out for."""
    frames = _with_roots(result)
    if not frames:
        return
    root = ["root_code", "root_file", "root_column", "root_value"]
    rows = _naming_the_heaviest(pl.concat(frames))
    counted_rows = rows.group_by(*root, "file", maintain_order=True).agg(
        pl.col("root_line").first(), count=pl.len()
    )
    groups: dict[_Key, list[pl.DataFrame]] = defaultdict(list)
    lost = _lost_files(told)
    for names, group in counted_rows.group_by(root, maintain_order=True):
        code, file, column, value = (None if name is None else str(name) for name in names)
        key = _key(str(code), str(file), column, value, lost)
        groups[key].append(group)
    for key, parts in groups.items():
        yield key, pl.concat(parts)


def _naming_the_heaviest(rows: pl.DataFrame) -> pl.DataFrame:
    """Keep a value only where it names a missing record, one of the heaviest of its file."""
    missing = rows.filter(pl.col("root_code") == MISSING_RECORD)
    if missing.is_empty():
        return rows.with_columns(root_value=pl.lit(None, pl.String))
    places = missing.select("root_code", "root_file", "root_column").unique()
    targets = [_target(file, column) for _, file, column in places.iter_rows()]
    places = places.with_columns(target=pl.Series(targets, dtype=pl.String))
    keys = ["root_code", "root_file", "root_column"]
    rows = rows.join(places, on=keys, how="left", maintain_order="left")
    weights = rows.filter(pl.col("target").is_not_null()).group_by("target", "root_value").len()
    heaviest = (
        weights.sort("len", "root_value", descending=[True, False])
        .group_by("target", maintain_order=True)
        .head(NAMED_RECORDS)
        .select("target", "root_value", is_named=pl.lit(True))
    )
    rows = rows.join(heaviest, on=["target", "root_value"], how="left", maintain_order="left")
    return rows.with_columns(root_value=pl.when("is_named").then("root_value"))


def _key(
    code: str, file: str, column: str | None, value: str | None, lost: Mapping[str, _Kind]
) -> _Key:
    if code not in (MISSING_RECORD, MISSING_FILE):
        return _Key(code, file, column)
    target = _target(file, column)
    if code == MISSING_RECORD:
        return _Key(code, target, None, value)
    if (kind := lost.get(target)) is not None:
        return _Key(*kind)
    return _Key(code, target)


def _target(file: str, column: str | None) -> str:
    """Return the file whose records a column names."""
    file = file.removesuffix(".csv")
    for layouts in LAYOUTS.values():
        found = layouts[file].find(column or "") if file in layouts else None
        if found is not None and found.refers_to is not None:
            return found.refers_to
    return file


def _lost_files(told: _Telling) -> dict[str, _Kind]:
    """Return why files that should be there cannot be used: the finding that says so."""
    lost: dict[str, _Kind] = {}
    for kind, examples in told.examples.items():
        code, file, column = kind
        if code in _LOSES_FILE and examples[0].severity in (Severity.ERROR, Severity.FATAL):
            target = (column or "").removeprefix("file.") if code == "ROS-117" else ""
            lost.setdefault(target or file.removesuffix(".csv"), kind)
    for kind, examples in told.examples.items():  # a file of which no row can be read
        if kind[0].startswith("FIL-2") and examples[0].severity is Severity.ERROR:
            lost.setdefault(kind[1].removesuffix(".csv"), kind)
    return lost


REQUIRED_COLUMN: Final = "ROS-203"
# Not by comma, no rows, a required column missing or a column twice; a mode nobody knows;
# declared and not there.
_LOSES_FILE: Final = frozenset(
    {"ROS-201", "ROS-202", REQUIRED_COLUMN, "FIL-210", "ROS-117", "ROS-119"}
)


def _with_roots(result: BundleResult) -> list[pl.DataFrame]:
    """Return the rows left out, each with the row that is the reason for it."""
    frames = {
        file: exclusion.frame.select(
            "_line",
            "on_file",
            "on_line",
            file=pl.lit(file),
            root_code="cause",
            root_file=pl.lit(file),
            root_column="column",
            root_value="value",
            root_line="_line",
        )
        for file, exclusion in result.excluded.items()
    }
    for _ in range(len(frames)):  # a chain of dependants has no more links than there are files
        frames, waits = _one_link(frames)
        if not waits:
            break
    return list(frames.values())


def _one_link(frames: dict[str, pl.DataFrame]) -> tuple[dict[str, pl.DataFrame], bool]:
    """Let every row that depends on another take over the reason of that one."""
    waits = False
    linked: dict[str, pl.DataFrame] = {}
    every = pl.concat(frames.values()) if frames else pl.DataFrame()
    reasons = every.select(
        on_file="file",
        on_line="_line",
        next_file="on_file",
        next_line="on_line",
        **{f"its_{name}": pl.col(f"root_{name}") for name in _ROOT},
    )
    for file, frame in frames.items():
        if frame["on_file"].null_count() == frame.height:
            linked[file] = frame
            continue
        joined = frame.join(reasons, on=["on_file", "on_line"], how="left", maintain_order="left")
        found = pl.col("its_code").is_not_null()
        linked[file] = joined.select(
            "_line",
            on_file="next_file",
            on_line="next_line",
            file="file",
            **{
                f"root_{name}": pl.when(found).then(f"its_{name}").otherwise(f"root_{name}")
                for name in _ROOT
            },
        ).select(frame.columns)
        waits = waits or linked[file]["on_file"].null_count() < frame.height
    return linked, waits


_ROOT: Final = ("code", "file", "column", "value", "line")
