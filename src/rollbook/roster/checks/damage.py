"""ROS-231 to ROS-236: cells damaged by spreadsheets and encodings, and unseen characters."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.files.csv_signs import Sign
from rollbook.roster.checks.ledger import Ledger, RosterCheck
from rollbook.roster.layouts import Column, FileLayout, Kind
from rollbook.shared.findings import Severity

_PRACTICE: Final = "practice; reliability reference, hostile and mangled CSV"

DAMAGED_ID: Final = RosterCheck(
    code="ROS-231",
    name="Id that was damaged on its way",
    severity=Severity.ERROR,
    says='"{value}" is what a spreadsheet, or a copy with unseen characters, made of an id.',
    fix="Export the file again from the source system; do not save it in a spreadsheet.",
    why="4.00002E+09 was ten digits once, and nobody can tell which: several people become one. "
    "An id with an unseen character names somebody else than the same id without it.",
    source=_PRACTICE,
)
UNSEEN: Final = RosterCheck(
    code="ROS-232",
    name="Characters that nobody sees",
    severity=Severity.WARNING,
    says='{column} "{value}" has characters that nobody sees: control characters, or marks that '
    "have no width or turn the direction of writing.",
    fix="Remove them in the source system.",
    why="Two names that look alike are then not alike, and text can be made to read backwards.",
    source=_PRACTICE,
)
LOST_VALUE: Final = RosterCheck(
    code="ROS-234",
    name="Value that was lost in a spreadsheet",
    severity=Severity.ERROR,
    says='{column} is "{value}", which a spreadsheet shows in place of the value.',
    fix="Export the file again from the source system; do not save it in a spreadsheet.",
    why="A number rounded to 4.00002E+09, a column too narrow (####) and a failed formula (#N/A) "
    "cannot be turned back.",
    source=_PRACTICE,
)
GARBLED: Final = RosterCheck(
    code="ROS-236",
    name="Letters garbled by a wrong encoding",
    severity=Severity.WARNING,
    says='{column} is "{value}": letters were lost, or read in a wrong encoding, before this file '
    "was made. Rollbook keeps it as it is.",
    fix="Export the file again as CSV UTF-8, from a system that shows the name correctly.",
    why="A name that is wrong here is wrong on every report.",
    source=_PRACTICE,
)
UNSEEN_REMOVED: Final = RosterCheck(
    code="ROS-272",
    name="Unseen characters removed",
    severity=Severity.WARNING,
    says='{column} "{value}" has characters that nobody sees. Rollbook reads "{repaired}".',
    fix="Remove them in the source system.",
    why="Copying from web pages and documents brings marks without width along.",
    is_repair=True,
)
DAMAGE_CHECKS: Final = (DAMAGED_ID, UNSEEN, LOST_VALUE, GARBLED, UNSEEN_REMOVED)

_ALWAYS_UNSEEN: Final = (
    r"\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x{9F}\x{AD}\x{34F}\x{61C}\x{180E}\x{200B}\x{200E}\x{200F}\x{2028}"
    r"\x{2029}-\x{202E}\x{2060}-\x{206F}\x{FEFF}\x{FFF9}-\x{FFFB}\x{E0000}-\x{E007F}"
)
# Joiners mean something in Persian and in the scripts of India; in other text nobody sees them.
_JOINERS: Final = r"\x{200C}\x{200D}"
_JOINING_SCRIPTS: Final = r"[\x{0590}-\x{1FFF}]"
_SCIENTIFIC: Final = r"^\d(\.\d+)?[Ee]\+\d{1,3}$"
_SHEET_ERROR: Final = r"^(#{3,}|#N/A|#REF!|#VALUE!|#NAME\?|#DIV/0!|#NULL!|#NUM!)$"
# The replacement character; and two bytes of UTF-8 read as two letters of Windows-1252.
_MISREAD: Final = (
    r"\x{FFFD}|[\x{C2}\x{C3}][\x{80}-\x{BF}]"
    r"|\x{C3}[\x{20AC}-\x{2122}\x{192}\x{2C6}\x{2DC}\x{160}-\x{178}]|\x{E2}\x{20AC}"
)
# Text columns that hold numbers as names; elsewhere 1E+05 may be a title.
_NUMBERED: Final = frozenset(
    {
        "identifier", "username", "userMasterIdentifier", "courseCode", "classCode", "sms",
        "phone", "stateOfBirthAbbreviation",
    }
)  # fmt: skip


def is_damaged_id(cell: pl.Expr) -> pl.Expr:
    """Tell which ids cannot be taken at their word."""
    return cell.str.contains(_SCIENTIFIC) | cell.str.contains(_SHEET_ERROR) | _is_unseen(cell)


def is_lost(column: Column, cell: pl.Expr) -> pl.Expr | None:
    """Tell which cells of a text column a spreadsheet lost; None where it cannot."""
    if column.kind is not Kind.TEXT or column.is_list:
        return None
    lost = cell.str.contains(_SHEET_ERROR)
    return lost | cell.str.contains(_SCIENTIFIC) if column.name in _NUMBERED else lost


def without_unseen(
    frame: pl.DataFrame, layout: FileLayout, signs: frozenset[Sign], ledger: Ledger
) -> pl.DataFrame:
    """Say of text which characters nobody sees, and take them out where repairs are made."""
    for column in layout.columns:
        if column.kind is Kind.TEXT and frame[column.name].null_count() < frame.height:
            if Sign.UNSEEN in signs:
                frame = _judge_unseen(frame, column.name, layout.name, ledger)
            if Sign.GARBLED in signs:
                _judge_garbled(frame, column.name, layout.name, ledger)
    return frame


def _is_unseen(cell: pl.Expr) -> pl.Expr:
    joins = cell.str.contains(f"[{_JOINERS}]") & ~cell.str.contains(_JOINING_SCRIPTS)
    return cell.str.contains(f"[{_ALWAYS_UNSEEN}]") | joins


def _judge_unseen(frame: pl.DataFrame, name: str, file: str, ledger: Ledger) -> pl.DataFrame:
    cell = pl.col(name)
    bad = frame.select(_is_unseen(cell).fill_null(False)).to_series()
    if not bad.any():
        return frame
    joined = cell.str.replace_all(f"[{_JOINERS}]", "")
    seen = pl.when(cell.str.contains(_JOINING_SCRIPTS)).then(cell).otherwise(joined)
    seen = seen.str.replace_all(f"[{_ALWAYS_UNSEEN}]", "")
    rows = frame.filter(bad).select("_line", value=cell, repaired=seen)
    if not ledger.looks_for(UNSEEN_REMOVED):
        ledger.add_rows(UNSEEN, file, rows.drop("repaired"), column=name)
        return frame
    ledger.add_rows(UNSEEN_REMOVED, file, rows, column=name, condemn=False)
    kept = pl.when(seen != "").then(seen)
    return frame.with_columns(pl.when(bad).then(kept).otherwise(cell).alias(name))


def _judge_garbled(frame: pl.DataFrame, name: str, file: str, ledger: Ledger) -> None:
    rows = frame.filter(pl.col(name).str.contains(_MISREAD)).select("_line", value=pl.col(name))
    ledger.add_rows(GARBLED, file, rows, column=name)
