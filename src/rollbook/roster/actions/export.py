"""Give a roster back as a OneRoster package."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rollbook.audit.actions import record
from rollbook.roster.queries.export import districts_of, held_roster
from rollbook.roster.sources.packing import RosterTables
from rollbook.roster.targets.oneroster_csv import roster_files
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope

SYSTEM: Final = "Rollbook"


@dataclass(frozen=True, slots=True)
class Exported:
    """Hold a package, and how many rows each of its files has."""

    content: bytes
    counts: dict[str, int]


def export_roster(
    scope: Scope, key: str, *, version: str = "1.2", with_people: bool, by: Actor, now: datetime
) -> Exported:
    """Write what one roster source holds now as a bulk OneRoster package.

    A roster that was clean and has no people comes back cell by cell; with people, all that is
    held of them does (see targets.oneroster_csv). No cell is changed for the sake of a spreadsheet
    that would run it as a formula: this is a package for another system, whose ids must be exact.

    Shape:  the rows of each file that has any, sorted by sourcedId. Equal content is equal bytes.
    Raises: SourceNotFound; MayNotExportPeople.
    """
    tables = RosterTables(version)
    held = held_roster(scope, key, with_people=with_people)
    for file, frame in roster_files(held, version=version).items():
        tables.add_frame(file, frame)
    packed = io.BytesIO()
    tables.write(packed, mode="bulk", system=SYSTEM)
    exported = Exported(packed.getvalue(), tables.counts())
    districts = sorted(districts_of(key))
    record(
        action="roster.exported",
        subject_kind="roster",
        subject_uuid=None,
        by=by,
        now=now,
        organization_id=districts[0] if len(districts) == 1 else None,
        detail={"rows": exported.counts, "with_people": with_people, "version": version},
    )
    return exported
