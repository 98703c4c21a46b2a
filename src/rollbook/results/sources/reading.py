"""Read result files of any kind and check them: the door that needs no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

from rollbook.assessments.layouts import SHIPPED_SUBJECTS
from rollbook.assessments.types import Assessment, Subject
from rollbook.files.limits import DEFAULT
from rollbook.files.zip import EntryCannotBeRead, ZipContents, open_zip
from rollbook.results.checks.catalog import FILE_UNKNOWN, NOT_RESULTS
from rollbook.results.checks.results import NAMES_REQUIRED
from rollbook.results.checks.run import check_results
from rollbook.results.sources.results_csv import CSV_NAMES, read_results_csv, read_tables
from rollbook.results.sources.trt_xml import looks_like_xml, read_documents
from rollbook.results.types import CheckedResults, IncomingResults
from rollbook.shared.findings import FindingReport, Severity

# A night's results come as one zip of many small documents.
LIMITS: Final = replace(DEFAULT, max_entries=100_000)

_ZIP_MARKS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_START_LENGTH: Final = 4096

# What systems leave in folders and zips without being asked.
_LITTER: Final = ("__MACOSX/", ".", "Thumbs.db", "desktop.ini")

Source = bytes | Path


def check_files(
    paths: Iterable[Path],
    *,
    known: Mapping[str, Assessment] | None = None,
    subjects: Iterable[Subject] = SHIPPED_SUBJECTS,
    required: tuple[str, ...] = NAMES_REQUIRED,
) -> CheckedResults:
    """Read and check result files, without a database.

    Shape:  `known` maps natural ids to loaded assessments; None checks by subject alone.
    Raises: OSError when a path cannot be read.
    """
    return check_results(read_files(paths), known=known, subjects=subjects, required=required)


def read_files(paths: Iterable[Path]) -> IncomingResults:
    """Read XML, CSV, zips of either, and folders of any of these, told apart by content.

    Shape:  files of a folder in the order of their names. Many XML documents stand by themselves:
            a damaged one is an error of its own and the others stay. So do several tables or zips.
    Raises: OSError when a path cannot be read.
    """
    listed = list(paths)
    groups = [_files_under(path) for path in listed]
    times = Counter(name for group in groups for name, _ in group)
    sources: list[tuple[str, Source]] = []
    for path, group in zip(listed, groups, strict=True):
        folder = (path if path.is_dir() else path.parent).as_posix()
        # Files of one name are told apart by where they were given.
        sources += [
            (name if times[name] == 1 else f"{folder}/{name}", file) for name, file in group
        ]
    return read_sources(sources)


def read_sources(sources: Sequence[tuple[str, Source]]) -> IncomingResults:
    """Read files by name, each given as bytes or as a path; as `read_files` does."""
    is_alone = len(sources) == 1
    parts: list[IncomingResults] = []
    documents: list[tuple[str, Source]] = []
    tables: dict[str, dict[str, tuple[str, Source]]] = {}
    for name, source in sources:
        start = _start_of(source)
        if start.startswith(_ZIP_MARKS):
            parts.append(_read_zip(name, source, is_alone=is_alone))
        elif looks_like_xml(start):
            documents.append((name, source))
        elif (kind := PurePosixPath(name).name.lower()) in CSV_NAMES:
            folder = str(PurePosixPath(name).parent)
            tables.setdefault(folder, {})[kind] = (name, source)
        elif kind.endswith(".csv") or b"\x00" not in start:
            parts.append(read_results_csv(name, source))
        else:
            parts.append(_refused(name))
    parts += [read_tables(group, document=folder) for folder, group in tables.items()]
    if len(parts) + len(documents) > 1:
        parts = [_left_out(part) if part.findings.is_fatal else part for part in parts]
    read = read_documents(_contents(documents))
    parts.append(read if is_alone else _with_errors(read))
    return IncomingResults.combined(parts)


def _left_out(part: IncomingResults) -> IncomingResults:
    """Use nothing of a file that cannot be read, and everything of the others."""
    return IncomingResults(findings=_with_errors(part).findings, file_count=part.file_count)


def _with_errors(part: IncomingResults) -> IncomingResults:
    """Make what is fatal to one of many an error: the others are used."""
    if not part.findings.is_fatal:
        return part
    findings = FindingReport()
    for finding in part.findings:
        is_fatal = finding.severity is Severity.FATAL
        findings.add(replace(finding, severity=Severity.ERROR) if is_fatal else finding)
    return replace(part, findings=findings)


def _files_under(path: Path) -> list[tuple[str, Path]]:
    if not path.is_dir():
        return [(path.name, path)]
    found = sorted(one for one in path.rglob("*") if one.is_file())
    named = ((one.relative_to(path).as_posix(), one) for one in found)
    return [(name, one) for name, one in named if not _is_litter(name)]


def _is_litter(name: str) -> bool:
    return name.startswith(_LITTER) or PurePosixPath(name).name.startswith(_LITTER)


def _start_of(source: Source) -> bytes:
    if isinstance(source, bytes):
        return source[:_START_LENGTH]
    with source.open("rb") as stream:
        return stream.read(_START_LENGTH)


def _contents(documents: Iterable[tuple[str, Source]]) -> Iterator[tuple[str, bytes]]:
    for name, source in documents:
        yield name, source if isinstance(source, bytes) else source.read_bytes()


def _refused(name: str) -> IncomingResults:
    findings = FindingReport()
    findings.add(NOT_RESULTS.finding(file=name, value="bytes that are neither text nor a zip"))
    return IncomingResults(findings=findings)


def _read_zip(name: str, source: Source, *, is_alone: bool) -> IncomingResults:
    """Read a zip of CSV files, of XML documents, or of both."""
    package = open_zip(source, name=name, limits=LIMITS)
    tables: dict[str, dict[str, tuple[str, Source]]] = {}
    documents: list[str] = []
    findings = FindingReport()
    for entry in package.entries:
        if entry.is_folder or _is_litter(entry.name):
            continue
        kind = PurePosixPath(entry.name).name.lower()
        if kind in CSV_NAMES:
            content = _unpacked(package, entry.name)
            if content is not None:
                shown = _shown(name, entry.name, is_alone=is_alone)
                tables.setdefault(str(PurePosixPath(entry.name).parent), {})[kind] = (
                    shown,
                    content,
                )
        elif kind.endswith(".xml"):
            documents.append(entry.name)
        else:
            findings.add(FILE_UNKNOWN.finding(file=name, value=entry.name))
    parts = [
        read_tables(group, document=name if len(tables) == 1 else f"{name}/{folder}")
        for folder, group in tables.items()
    ]
    if documents:
        read = read_documents(_members(package, documents, is_alone=is_alone))
        parts.append(read if len(documents) == 1 and not tables else _with_errors(read))
    elif not tables and not package.findings.is_fatal:
        findings.add(NOT_RESULTS.finding(file=name, value="no result file"))
    # Reading members may have added to the package's own findings, so those come last.
    findings.merge(package.findings)
    count = 0 if parts else 1
    return IncomingResults.combined([*parts, IncomingResults(findings=findings, file_count=count)])


def _members(
    package: ZipContents, names: Iterable[str], *, is_alone: bool
) -> Iterator[tuple[str, bytes]]:
    for name in names:
        content = _unpacked(package, name)
        if content is not None:
            yield _shown(package.name, name, is_alone=is_alone), content


def _unpacked(package: ZipContents, name: str) -> bytes | None:
    """Return a member's bytes; None when they are not what the zip promised, which it notes."""
    try:
        return package.read(name)
    except EntryCannotBeRead:
        return None


def _shown(package: str, name: str, *, is_alone: bool) -> str:
    return name if is_alone else f"{package}/{name}"
