"""Read a roster file of any layout as one OneRoster bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rollbook.roster.checks.repairs import LINE_BREAK
from rollbook.roster.rules.import_fields import folded_header
from rollbook.roster.rules.reading import Reading
from rollbook.roster.sources.clever_csv import read_clever
from rollbook.roster.sources.flat_file import is_workbook
from rollbook.roster.sources.mapped_file import read_mapped
from rollbook.roster.sources.oneroster_csv import MANIFEST, read_bundle
from rollbook.roster.sources.packages import package_header, package_names
from rollbook.roster.sources.sds_csv import read_sds
from rollbook.roster.sources.translating import translated
from rollbook.roster.types import OneRosterBundle, Profile, SourceFormat

__all__ = ["format_of", "read_roster", "translated"]

_FLAT_NAMES: Final = (".csv", ".tsv", ".txt", ".xlsx")
_ZIP_MARKS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06")


def read_roster(path: Path, reading: Reading, *, name: str) -> OneRosterBundle:
    """Read a file as a bundle of text tables, whatever its layout.

    Shape:  as `read_bundle`; a file that cannot be read as what it is has a fatal finding. A
            bundle that was made from another layout has origins.
    Raises: OSError when the path cannot be read.
    """
    joins = reading.profile is Profile.LENIENT and LINE_BREAK.code not in reading.switched_off
    layout = reading.format or format_of(path, name)
    if layout is SourceFormat.MAPPED:
        return read_mapped(path, reading.mapping, name=name, encoding=reading.encoding)
    if layout is SourceFormat.ONEROSTER_CSV:
        return read_bundle(
            path, name=name, allow_field_line_breaks=joins, encoding=reading.encoding
        )
    read = read_clever if layout is SourceFormat.CLEVER_CSV else read_sds
    return read(path, name=name, encoding=reading.encoding, allow_line_breaks=joins)


def format_of(path: Path, name: str) -> SourceFormat:
    """Tell the layout of a file from its bytes, and from its name where its bytes do not say.

    Shape:  what is none of the others is taken for a OneRoster package, whose checks then say
            what is wrong with it.
    Raises: OSError when the path cannot be read.
    """
    with path.open("rb") as stream:
        mark = stream.read(4)
    if mark not in _ZIP_MARKS:
        is_flat = name.lower().endswith(_FLAT_NAMES)
        return SourceFormat.MAPPED if is_flat else SourceFormat.ONEROSTER_CSV
    if name.lower().endswith(".xlsx") and is_workbook(path):
        return SourceFormat.MAPPED
    names = package_names(path)
    if MANIFEST in names:
        return SourceFormat.ONEROSTER_CSV
    if {"students", "sections"} & names.keys():
        return SourceFormat.CLEVER_CSV
    if {"orgs", "users", "roles"} <= names.keys() and _is_sds(path, names):
        return SourceFormat.SDS_CSV
    return SourceFormat.ONEROSTER_CSV


def _is_sds(path: Path, names: dict[str, str]) -> bool:
    """Tell School Data Sync by its roles, which have no id of their own, and by its users."""
    roles = {folded_header(column) for column in package_header(path, names["roles"])}
    users = {folded_header(column) for column in package_header(path, names["users"])}
    return "usersourcedid" in roles and "sourcedid" not in roles and "enableduser" not in users
