"""ROS-101 to ROS-122: what can be wrong with the zip's files and with its manifest."""

from __future__ import annotations

from typing import Final

from rollbook.roster.checks.ledger import Ledger, RosterCheck
from rollbook.roster.layouts import (
    LAYOUTS,
    MANIFEST_HEADER,
    MANIFEST_VERSION,
    MODES,
    OPTIONAL_MANIFEST_PROPERTIES,
    manifest_properties,
)
from rollbook.roster.types import Manifest, Mode, OneRosterBundle
from rollbook.shared.findings import Severity

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING
_BINDING: Final = "OneRoster CSV binding, package and manifest"


def _package_check(  # noqa: PLR0917 # a table of checks reads best by position
    code: str, name: str, says: str, fix: str, why: str, lenient: Severity | None = _WARNING
) -> RosterCheck:
    return RosterCheck(code, name, _ERROR, says, fix, why, _BINDING, lenient)


NOTHING_KNOWN: Final = RosterCheck(
    code="ROS-101",
    name="No OneRoster file",
    severity=Severity.FATAL,
    says="{value} holds no file of OneRoster.",
    fix="Send a zip with manifest.csv, orgs.csv, users.csv and the others at its top.",
    why="A package without a roster never means that everyone left.",
    source=_BINDING,
)
NO_MANIFEST: Final = _package_check(
    "ROS-102",
    "Manifest is missing",
    "manifest.csv is not in the zip. A lenient reading takes the files for version {version}, "
    "and each for delta if all its rows say what changed, else for bulk.",
    "Add manifest.csv.",
    "Only the manifest says which version it is and whether a file is the whole set.",
)
UNKNOWN_FILE: Final = RosterCheck(
    code="ROS-103",
    name="File that the standard does not know",
    severity=_WARNING,
    says='"{value}" is no file of OneRoster {version}. Rollbook does not read it.',
    fix="Leave it out of the zip.",
    why="The standard allows no other files; other systems refuse the package.",
    source=_BINDING,
)
IN_FOLDER: Final = _package_check(
    "ROS-104",
    "File in a folder of the zip",
    '"{value}" is in a folder.',
    "Zip the files themselves, not the folder that holds them.",
    "All files must be at the top of the zip.",
)
OTHER_FILE_NAME: Final = _package_check(
    "ROS-105",
    "File name in another case",
    '"{value}" is read as {file}.',
    "Name it {file}.",
    "File names are case sensitive.",
)
FILE_TWICE: Final = _package_check(
    "ROS-106",
    "File that is there twice",
    '"{value}" is a second {file}; Rollbook does not read it.',
    "Keep one {file}.",
    "Nobody can tell which of the two counts.",
    None,
)
MANIFEST_HEADER_WRONG: Final = _package_check(
    "ROS-110",
    "Manifest has another header",
    'The header is "{value}", not "propertyName,value".',
    'Write "propertyName,value" on line 1.',
    "The standard fixes these two names and their case.",
)
MANIFEST_UNREADABLE: Final = _package_check(
    "ROS-111",
    "Manifest without two columns",
    'The header is "{value}", not "propertyName,value".',
    'Write "propertyName,value" on line 1 and two cells on every other line.',
    "The manifest is a list of names and values.",
)
PROPERTY_TWICE: Final = _package_check(
    "ROS-112",
    "Property that is there twice",
    'The manifest has "{value}" more than once. A lenient reading heeds the first.',
    "Keep one line with {value}.",
    "Nobody can tell which of the two counts.",
)
UNKNOWN_PROPERTY: Final = _package_check(
    "ROS-113",
    "Property that the standard does not know",
    '"{value}" is no property of a OneRoster {version} manifest.',
    "Remove the line.",
    "A misspelled property looks like this, and what it meant is lost.",
)
MISSING_PROPERTY: Final = _package_check(
    "ROS-114",
    "Property is missing",
    "The manifest lacks {column}.",
    "Add {column}: every file of the version needs its line, also if it is absent.",
    "Without it nobody can tell a file that was left out from one that was lost.",
)
MANIFEST_VERSION_WRONG: Final = _package_check(
    "ROS-115",
    "Manifest version is not 1.0",
    'manifest.version is "{value}", not "1.0".',
    "Write 1.0, as text: a spreadsheet turns it into 1.",
    "Both OneRoster 1.1 and 1.2 have manifest version 1.0.",
)
VERSION_UNKNOWN: Final = _package_check(
    "ROS-116",
    "OneRoster version is neither 1.1 nor 1.2",
    'oneroster.version is "{value}". A lenient reading takes the files for version {version}.',
    "Write 1.1 or 1.2.",
    "The version decides which columns a file must have.",
)
MODE_UNKNOWN: Final = _package_check(
    "ROS-117",
    "Mode is none of absent, bulk, delta",
    '{column} is "{value}", so the file cannot be used.',
    "Write absent, bulk or delta.",
    "A bulk file removes what it does not name, so its mode is never guessed.",
    None,
)
MODE_CASE: Final = RosterCheck(
    code="ROS-118",
    name="Mode in another spelling",
    severity=_WARNING,
    says='{column} is "{value}", read as {mode}.',
    fix="Write {mode}.",
    why="The words are lower case; spreadsheets capitalize.",
    is_repair=True,
)
FILE_MISSING: Final = _package_check(
    "ROS-119",
    "Declared file is not there",
    "The manifest says that {file} is {value}, and the zip does not have it.",
    "Add {file}, or declare it absent.",
    "A file lost on its way must not look like one without records.",
    None,
)
FILE_UNEXPECTED: Final = _package_check(
    "ROS-120",
    "Absent file is there",
    "The manifest says that {file} is absent, and the zip has it. Rollbook does not use it.",
    "Declare it bulk or delta, or leave it out.",
    "The manifest decides, and it says that nothing of this kind changes.",
)
PROPERTY_OF_TWO_VALUES: Final = RosterCheck(
    code="ROS-122",
    name="Property that says two things",
    severity=Severity.FATAL,
    says='{column} is "{first}" and, on line {line}, "{value}".',
    fix="Keep the line that is right.",
    why="It decides which version the files are of, or whether a file removes what it does not "
    "name. Neither is ever guessed.",
    source=_BINDING,
)

PACKAGE_CHECKS: Final = (
    NOTHING_KNOWN,
    NO_MANIFEST,
    UNKNOWN_FILE,
    IN_FOLDER,
    OTHER_FILE_NAME,
    FILE_TWICE,
    MANIFEST_HEADER_WRONG,
    MANIFEST_UNREADABLE,
    PROPERTY_TWICE,
    UNKNOWN_PROPERTY,
    MISSING_PROPERTY,
    MANIFEST_VERSION_WRONG,
    VERSION_UNKNOWN,
    MODE_UNKNOWN,
    MODE_CASE,
    FILE_MISSING,
    FILE_UNEXPECTED,
    PROPERTY_OF_TWO_VALUES,
)

_MANIFEST: Final = "manifest"


def check_package(bundle: OneRosterBundle, ledger: Ledger) -> frozenset[str]:
    """Find what is wrong with the package, and return the files that are lost by it.

    Shape: a lost file is one that should be there and is not, or whose mode nobody can tell.
    """
    if not bundle.tables and not bundle.findings.is_fatal:
        ledger.add(NOTHING_KNOWN, file="", value=bundle.name)
        return frozenset()
    _check_names(bundle, ledger)
    if bundle.manifest is None:
        if not bundle.findings.is_fatal:
            ledger.add(NO_MANIFEST, file=_MANIFEST, version=bundle.version)
    elif not bundle.manifest.findings.is_fatal:
        _check_manifest(bundle.manifest, bundle, ledger)
    return frozenset(_lost(bundle, ledger))


def _check_names(bundle: OneRosterBundle, ledger: Ledger) -> None:
    for entry in bundle.unknown_files:
        if ledger.looks_for(UNKNOWN_FILE):
            ledger.add(UNKNOWN_FILE, file="", value=entry, version=bundle.version)
    for file, entry in bundle.other_names.items():
        if "/" in entry:
            ledger.add(IN_FOLDER, file=file, value=entry)
        if entry.rsplit("/", 1)[-1] != f"{file}.csv":
            ledger.add(OTHER_FILE_NAME, file=file, value=entry)
    for entry in bundle.repeated_files:
        name = entry.rsplit("/", 1)[-1].removesuffix(".csv")
        ledger.add(FILE_TWICE, file=name, value=entry)


def _check_manifest(manifest: Manifest, bundle: OneRosterBundle, ledger: Ledger) -> None:
    if len(manifest.header) < len(MANIFEST_HEADER):
        ledger.add(MANIFEST_UNREADABLE, file=_MANIFEST, line=1, value=",".join(manifest.header))
        return
    if manifest.header != MANIFEST_HEADER:
        value = ",".join(manifest.header)
        ledger.add(MANIFEST_HEADER_WRONG, file=_MANIFEST, line=1, value=value)
    _check_properties(manifest, bundle.version, ledger)
    _check_versions(manifest, bundle.version, ledger)


def _check_properties(manifest: Manifest, version: str, ledger: Ledger) -> None:
    needed = manifest_properties(version)
    seen: dict[str, str] = {}
    for line, name, value in manifest.properties:
        said = (value or "").strip().lower()
        if name in seen and said != seen[name] and _decides(name):
            told = {"line": line, "column": name, "value": value or "", "first": seen[name]}
            ledger.add(PROPERTY_OF_TWO_VALUES, file=_MANIFEST, **told)  # type: ignore[arg-type] # their types hide in a mapping
        elif name in seen:
            ledger.add(PROPERTY_TWICE, file=_MANIFEST, line=line, value=name)
        elif name not in needed and name not in OPTIONAL_MANIFEST_PROPERTIES:
            ledger.add(UNKNOWN_PROPERTY, file=_MANIFEST, line=line, value=name, version=version)
        seen.setdefault(name, said)
    for name in needed:
        if manifest.value(name) is None:
            ledger.add(MISSING_PROPERTY, file=_MANIFEST, column=name)


def _decides(name: str) -> bool:
    """Tell whether what a property says decides how files are read."""
    return name == "oneroster.version" or name.startswith("file.")


def _check_versions(manifest: Manifest, version: str, ledger: Ledger) -> None:
    for line, name, value in manifest.properties:
        if value is None:
            continue
        where = {"line": line, "column": name, "value": value}
        if name == "manifest.version" and value != MANIFEST_VERSION:
            ledger.add(MANIFEST_VERSION_WRONG, file=_MANIFEST, **where)  # type: ignore[arg-type] # their types hide in a mapping
        elif name == "oneroster.version" and value not in LAYOUTS:
            ledger.add(VERSION_UNKNOWN, file=_MANIFEST, **where, version=version)  # type: ignore[arg-type] # their types hide in a mapping
        elif name.startswith("file.") and value not in MODES:
            _check_mode(name, line, value, ledger)


def _check_mode(name: str, line: int, value: str, ledger: Ledger) -> None:
    mode = value.strip().lower()
    check = MODE_CASE if mode in MODES and ledger.looks_for(MODE_CASE) else MODE_UNKNOWN
    ledger.add(check, file=_MANIFEST, line=line, column=name, value=value, mode=mode)


def _lost(bundle: OneRosterBundle, ledger: Ledger) -> list[str]:
    lost: list[str] = []
    for file in LAYOUTS[bundle.version]:
        mode = bundle.modes.get(file)
        is_there = file in bundle.tables
        if mode is None:
            lost.append(file)
        elif mode is Mode.ABSENT and is_there:
            ledger.add(FILE_UNEXPECTED, file=file)
        elif mode is not Mode.ABSENT and not is_there and not bundle.findings.is_fatal:
            ledger.add(FILE_MISSING, file=file, value=str(mode))
            lost.append(file)
    return lost
