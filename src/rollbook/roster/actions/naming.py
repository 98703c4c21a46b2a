"""Name the source of a roster, so that the next one is known to be its successor."""

from __future__ import annotations

import hashlib
from typing import Final

import polars as pl

from rollbook.orgs.queries import organizations_in
from rollbook.orgs.types import OrganizationKind
from rollbook.people.queries.roster import is_source_of_others, source_of_organizations
from rollbook.roster.models.intakes import Intake
from rollbook.roster.types import OneRosterBundle, SourceFormat
from rollbook.shared.scope import Permission, Scope

LONGEST_KEY: Final = 40

# Where a bundle without orgs.csv names its schools.
_PLACE_COLUMNS: Final = (
    ("classes", "schoolSourcedId"),
    ("users", "orgSourcedIds"),
    ("roles", "orgSourcedId"),
    ("enrollments", "schoolSourcedId"),
)


def source_of(scope: Scope, bundle: OneRosterBundle) -> str:
    """Name the source of a bundle that no saved source brought.

    Shape: the source that brought the organizations this bundle speaks of, if there is one; else a
           name made from its district, and from its sender where another district has that name.
    """
    orgs = _column(bundle, "orgs", "sourcedId")
    if orgs and (known := source_of_organizations(scope, set(orgs))) is not None:
        return known
    # The first file that names known places decides: the large ones come last, and seldom.
    for file, column in () if orgs else _PLACE_COLUMNS:
        named = {key for cell in _column(bundle, file, column) for key in cell.split(",")}
        if (known := source_of_organizations(scope, named)) is not None:
            return known
    places = _cells(bundle, "orgs", "sourcedId", "type")
    for kinds in (("district", "local"), ("state",), ("school",)):
        found = places.filter(pl.col("type").is_in(kinds)) if places.width else places
        if found.height:
            return _own(scope, _short(f"oneroster:{found['sourcedId'][0]}"))
    return _own(scope, "oneroster")


def home_of(scope: Scope, intake: Intake) -> int | None:
    """Return the district that a roster is of, where the file need not name it.

    Shape: that of its saved source; for a layout other than OneRoster, whose files often name no
           district, the only one that the sender may send for; else None.
    """
    if intake.saved_source is not None:
        return intake.saved_source.organization_id
    if intake.format in ("", SourceFormat.ONEROSTER_CSV.value):
        return None
    districts = organizations_in(scope, Permission.ROSTER_WRITE, kinds=[OrganizationKind.DISTRICT])
    return districts[0].id if len(districts) == 1 else None


def _own(scope: Scope, name: str) -> str:
    """Return a name that no other district's source has; the same for the same sender."""
    if not is_source_of_others(scope, name):
        return name
    places = sorted(scope.over(Permission.ROSTER_WRITE).organization_ids)
    return "oneroster:" + hashlib.sha256(f"{name}{places[:1]}".encode()).hexdigest()[:30]


def _short(name: str) -> str:
    if len(name) <= LONGEST_KEY:
        return name
    return "oneroster:" + hashlib.sha256(name.encode()).hexdigest()[:30]


def _column(bundle: OneRosterBundle, file: str, column: str) -> list[str]:
    """Return the different cells of one column; none when the file did not come."""
    cells = _cells(bundle, file, column)
    return cells[column].unique(maintain_order=True).to_list() if cells.width else []


def _cells(bundle: OneRosterBundle, file: str, *columns: str) -> pl.DataFrame:
    """Return the rows of a file that fill all these columns; nothing when it has not all."""
    if file not in bundle.tables:
        return pl.DataFrame()
    frame = bundle.tables[file].frame
    return frame.select(columns).drop_nulls() if {*columns} <= {*frame.columns} else pl.DataFrame()
