"""Reads of an intake's sections: who is in which, kept beside the received bytes."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Final
from uuid import UUID

import polars as pl
from django.conf import settings

from rollbook.roster.models.intakes import Intake
from rollbook.roster.plan.sections import SectionWorld
from rollbook.roster.queries.intakes import get_intake
from rollbook.roster.rules.reading import reading_from
from rollbook.roster.rules.sharing import Sharing
from rollbook.shared.scope import Scope

# Raised when what is kept has another shape: then it is read anew.
SHAPE: Final = 1


def find_section_world(scope: Scope, uuid: UUID) -> SectionWorld | None:
    """Return the sections and students of an intake as they were kept, None before that.

    Raises: IntakeNotFound.
    """
    intake = get_intake(scope, uuid)
    parts = {name: section_path(intake, name) for name in PARTS}
    if not all(path.exists() for path in parts.values()):
        return None
    return SectionWorld(**{name: pl.read_parquet(path) for name, path in parts.items()})


def sharing_of(scope: Scope, uuid: UUID) -> Sharing:
    """Return what of an intake's roster was used.

    Raises: IntakeNotFound.
    """
    return reading_from(get_intake(scope, uuid).reading).sharing


PARTS: Final = tuple(part.name for part in fields(SectionWorld))


def section_path(intake: Intake, part: str) -> Path:
    """Return where one frame of an intake's sections is kept; no address serves it."""
    name = f"{intake.uuid}.sections-{SHAPE}.{part}.parquet"
    return Path(settings.FILES_ROOT) / "intakes" / name
