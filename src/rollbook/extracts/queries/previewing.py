"""What a profile would write, before anything is kept."""

from __future__ import annotations

from datetime import date

from rollbook.extracts.plan.extraction import extract
from rollbook.extracts.queries.reading import extract_data
from rollbook.extracts.types import AskedProfile, Extraction, ProfileSettings
from rollbook.shared.scope import Scope


def preview(scope: Scope, settings: ProfileSettings, *, on: date, name: str = "") -> Extraction:
    """Work out what a profile would write, without keeping anything."""
    asked = [AskedProfile("preview", name, settings)]
    return extract(asked, extract_data(scope, asked, on=on))
