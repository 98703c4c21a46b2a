"""Name the source of a roster, so that the next one is known to be its successor."""

from __future__ import annotations

import hashlib
from typing import Final

from rollbook.people.queries.roster import source_of_organizations
from rollbook.roster.types import OneRosterBundle
from rollbook.shared.scope import Scope

LONGEST_KEY: Final = 40

# Where a bundle without orgs.csv names its schools.
_PLACE_COLUMNS: Final = (
    ("users", "orgSourcedIds"),
    ("roles", "orgSourcedId"),
    ("classes", "schoolSourcedId"),
    ("enrollments", "schoolSourcedId"),
)


def source_of(scope: Scope, bundle: OneRosterBundle) -> str:
    """Name the source of a bundle that no saved source brought.

    Shape: the source that brought the organizations this bundle speaks of, if there is one; else a
           name made from its district.
    """
    orgs = _column(bundle, "orgs", "sourcedId")
    speaks_of = orgs + [
        key
        for file, column in _PLACE_COLUMNS
        for cell in _column(bundle, file, column)
        for key in cell.split(",")
    ]
    if (known := source_of_organizations(scope, set(speaks_of))) is not None:
        return known
    types = _column(bundle, "orgs", "type")
    for kinds in (("district", "local"), ("state",), ("school",)):
        found = [key for key, kind in zip(orgs, types, strict=False) if kind in kinds]
        if found:
            return _short(f"oneroster:{found[0]}")
    return "oneroster"


def _short(name: str) -> str:
    if len(name) <= LONGEST_KEY:
        return name
    return "oneroster:" + hashlib.sha256(name.encode()).hexdigest()[:30]


def _column(bundle: OneRosterBundle, file: str, column: str) -> list[str]:
    """Return the cells of one column, in order; none when the file did not come."""
    if file not in bundle.tables:
        return []
    frame = bundle.tables[file].frame
    return frame[column].drop_nulls().to_list() if column in frame.columns else []
