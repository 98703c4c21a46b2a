"""Saved profiles for tests of files and schedules."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rollbook.extracts.actions.profiles import save_profile
from rollbook.extracts.types import ProfileSettings
from rollbook.orgs.models import Organization
from rollbook.shared.scope import Scope
from tests.factories.accounts import BY, EVERYTHING, NOW


def saved(
    place: Organization, settings: ProfileSettings, *, scope: Scope = EVERYTHING, **more: Any
) -> UUID:
    """Save a profile at a place."""
    fields: dict[str, Any] = {"name": "English", "is_shared": False, "in_schedule": False} | more
    return save_profile(
        scope, organization_uuid=place.uuid, settings=settings, by=BY, now=NOW, **fields
    )
