"""Reads of saved mappings: how the columns of one kind of file become a roster."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.db.models import Q

from rollbook.roster.models.sources import SavedMapping, Source
from rollbook.roster.queries.sources import mappings_in
from rollbook.roster.rules.mapping import ColumnMapping, fingerprint, mapping_from
from rollbook.roster.sources.flat_file import header_of
from rollbook.shared.scope import Scope


class MappingNotFound(LookupError):
    """Say that there is no such mapping, or none that this reader may see."""


def get_mapping(scope: Scope, uuid: UUID | str) -> SavedMapping:
    """Return one saved mapping that the reader may use.

    Raises: MappingNotFound.
    """
    found = mappings_in(scope).filter(uuid=uuid).first()
    if found is None:
        raise MappingNotFound("No such mapping, or not one that you may see.")
    return found


def find_mapping(
    scope: Scope, of_header: str, *, organization_id: int | None = None
) -> SavedMapping | None:
    """Find the mapping that was saved for a header: the district's own before everybody's.

    Shape: `of_header` is the header's fingerprint. Without an organization, and where the mappings
           of several districts fit, there is none: nobody can tell which is meant.
    """
    found = mappings_in(scope).filter(fingerprint=of_header)
    if organization_id is not None:
        own = Q(organization_id=organization_id) | Q(organization_id=None)
        return next(iter(sorted(found.filter(own), key=lambda m: m.organization_id is None)), None)
    fitting = list(found[:2])
    return fitting[0] if len(fitting) == 1 else None


def known_mapping(
    scope: Scope, path: Path, *, file_name: str, source: Source | None, encoding: str
) -> ColumnMapping | None:
    """Find how a received file is to be read, if a file with its header was read before.

    Raises: OSError when the path cannot be read.
    """
    header = header_of(path, name=file_name, encoding=encoding)
    if not header:
        return None
    found = find_mapping(
        scope, fingerprint(header), organization_id=source.organization_id if source else None
    )
    return mapping_from(found.mapping) if found else None
