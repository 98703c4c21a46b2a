"""What one roster source holds now, as far as a reader may take it along."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import polars as pl
from django.db.models import Q

from rollbook.changes.layouts import row_schema
from rollbook.changes.tables import read_table
from rollbook.changes.types import PlanTable
from rollbook.orgs.layouts import ACADEMIC_SESSIONS, ORGANIZATIONS
from rollbook.orgs.models import Organization
from rollbook.orgs.queries import within
from rollbook.orgs.types import OrganizationKind
from rollbook.people import layouts as people
from rollbook.people.models import Staff, Student
from rollbook.roster.models.sources import Source
from rollbook.roster.plan.held import held_from
from rollbook.roster.queries.sources import SourceNotFound
from rollbook.roster.types import HeldRoster
from rollbook.shared.scope import Permission, Reach, Scope

_PEOPLE: Final = (
    people.STUDENTS,
    people.STAFF,
    people.SCHOOL_ENROLLMENTS,
    people.STAFF_ASSIGNMENTS,
    people.ENROLLMENTS,
)
# Students whom the source writes, and those whom another one writes and it knows by a name.
_KNOWN_STUDENTS: Final = (
    "source = %s OR id IN (SELECT student_id FROM rollbook_studentalias"
    " WHERE source = %s AND is_active)"
)


class MayNotExportPeople(PermissionError):
    """Say that this reader may not take along the names of this roster's people."""


class SeveralRosters(LookupError):
    """Say that a district has several rosters, and which."""


def roster_key(scope: Scope, named: str) -> str:
    """Return the key of the roster source that is called so.

    Shape:  `named` is the key itself, or the public id of a source, or the public id or the state
            code of a district that has one roster.
    Raises: SourceNotFound where the reader sees none; SeveralRosters, with their keys.
    """
    sees = scope.over(Permission.ROSTER_READ)
    if named and districts_of(named) and _within(sees, districts_of(named)):
        return named
    saved = Source.objects.filter(within(sees, "organization_id")).exclude(key="")
    places = Organization.objects.filter(within(sees, "pk"))
    try:
        by_id = Q(uuid=UUID(named))
    except ValueError:
        by_id = Q(pk__in=())
    if key := saved.filter(by_id).values_list("key", flat=True).first():
        return key
    found = places.filter(by_id | (Q(natural_id=named) & ~Q(natural_id=""))).first()
    keys = sorted(set[str]() if found is None else _keys_under(found))
    if len(keys) > 1:
        raise SeveralRosters(f"There are {len(keys)} rosters. Name one of {', '.join(keys)}.")
    if not keys:
        raise SourceNotFound("No such roster, or not one that you may see.")
    return keys[0]


def _keys_under(place: Organization) -> set[str]:
    below = Organization.objects.filter(links_up__ancestor=place).exclude(source="")
    saved = Source.objects.filter(organization__links_up__ancestor=place).exclude(key="")
    return {*below.values_list("source", flat=True), *saved.values_list("key", flat=True)}


def districts_of(key: str) -> set[int]:
    """Return the organizations that a roster is of: its districts, and those of its people."""
    own = Organization.objects.filter(source=key)
    districts = own.filter(kind=OrganizationKind.DISTRICT)
    found = {
        *districts.values_list("pk", flat=True),
        *Source.objects.filter(key=key).values_list("organization_id", flat=True),
        *Student.objects.filter(source=key).values_list("district_id", flat=True).distinct(),
        *Staff.objects.filter(source=key).values_list("district_id", flat=True).distinct(),
    }
    return found or set(own.values_list("pk", flat=True))


def _within(reach: Reach, organizations: set[int]) -> bool:
    return all(reach.includes(organization) for organization in organizations)


def may_export_people(scope: Scope, key: str) -> bool:
    """Tell whether a reader may see by name all whom a roster source holds."""
    return _within(scope.over(Permission.INDIVIDUAL_PII_READ), districts_of(key))


def held_roster(scope: Scope, key: str, *, with_people: bool) -> HeldRoster:
    """Return what one roster source holds now, as edited here.

    Shape:  see HeldRoster; students and staff of districts where the reader sees no names stay out.
    Raises: SourceNotFound; MayNotExportPeople.
    """
    districts = districts_of(key) if key else set[int]()
    if not districts or not _within(scope.over(Permission.ROSTER_READ), districts):
        raise SourceNotFound("No such roster, or not one that you may see.")
    if with_people and not may_export_people(scope, key):
        raise MayNotExportPeople("Names may be taken along only by who sees them in each district.")
    frames = {ORGANIZATIONS.name: read_table(ORGANIZATIONS)}
    for table in (ACADEMIC_SESSIONS, people.COURSES, people.CLASSES):
        frames[table.name] = read_table(table, where="source = %s", values=[key])
    reach = scope.over(Permission.INDIVIDUAL_PII_READ)
    for table in _PEOPLE:
        frames[table.name] = (
            _persons(table, key, reach) if with_people else pl.DataFrame(schema=row_schema(table))
        )
    aliases = pl.DataFrame(schema=row_schema(people.STUDENT_ALIASES))
    if with_people:
        aliases = read_table(people.STUDENT_ALIASES, where="source = %s", values=[key])
    return held_from(frames, aliases, key=key)


def _persons(table: PlanTable, key: str, reach: Reach) -> pl.DataFrame:
    """Return what a source wrote of people, as far as the reader sees them by name."""
    if table is people.STUDENTS:
        found = read_table(table, where=_KNOWN_STUDENTS, values=[key, key])
    else:
        found = read_table(table, where="source = %s", values=[key])
    if reach.everything or "district_id" not in found.columns:
        return found
    # A student who is known by an alias may be of another district.
    return found.filter(pl.col("district_id").is_in(sorted(reach.organization_ids)))
