"""Reads of schedules: when an organization's profiles are written by themselves."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from rollbook.extracts.models import ExtractProfile, ExtractSchedule
from rollbook.extracts.types import ScheduleSettings, ScheduleView
from rollbook.orgs.queries import current_school_year, get_organization
from rollbook.shared.scope import Permission, Scope

# What a page offers before anybody has said otherwise: Friday night, off.
_DAYS, _TIME = "5", "22:30"


def schedule_of(scope: Scope, organization_uuid: UUID | str) -> ScheduleView:
    """Return the schedule of an organization where the reader writes groups; off if there is none.

    Shape:  `profile_count` counts the profiles that a run would take now, of this school year.
    Raises: OrganizationNotFound.
    """
    place = get_organization(scope, organization_uuid, permission=Permission.GROUP_WRITE)
    kept = ExtractSchedule.objects.filter(organization_id=place.id)
    found = kept.select_related("schedule").first()
    count = ExtractProfile.objects.filter(
        organization_id=place.id,
        school_year=int(current_school_year(scope.on)),
        in_schedule=True,
        is_active=True,
    ).count()
    return ScheduleView(
        organization_uuid=place.uuid,
        organization_name=place.name,
        settings=_settings(found),
        profile_count=count,
        next_run_at=found.schedule.next_run_at if found and found.schedule.is_on else None,
        last_processed_at=found.last_processed_at if found else None,
    )


def _settings(found: ExtractSchedule | None) -> ScheduleSettings:
    if found is None:
        return ScheduleSettings(_DAYS, _TIME, settings.TIME_ZONE, is_on=False)
    return ScheduleSettings(
        days=found.schedule.days,
        time_of_day=found.schedule.time_of_day.strftime("%H:%M"),
        time_zone=found.schedule.time_zone,
        is_on=found.schedule.is_on,
        mails=tuple(found.mails),
        targets=tuple(found.targets),
        is_consolidated=found.is_consolidated,
    )
