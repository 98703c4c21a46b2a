"""Save, order, copy and delete profiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from rollbook.audit.actions import record
from rollbook.extracts.models import ExtractProfile
from rollbook.extracts.queries.choosing import (
    course_choices,
    department_choices,
    known_uuids,
    schools_chosen,
    subject_area_choices,
)
from rollbook.extracts.queries.profiles import found_profile, is_admin_of, profiles_asked
from rollbook.extracts.rules.naming import lint_pattern
from rollbook.extracts.rules.owning import may_change_profile
from rollbook.extracts.types import CopiedProfile, ProfileKind, ProfileSettings
from rollbook.groups.models import StudentGroup
from rollbook.orgs.models import Organization, OrganizationLink
from rollbook.orgs.queries import get_organization
from rollbook.people.models import Staff
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

_LONGEST_NAME: Final = 120
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class ProfileIsWrong(ValueError):
    """Say what is wrong with a profile, field by field, in words for who typed it."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


class MayNotChangeProfile(PermissionError):
    """Say that a profile is somebody else's, who shares it to be used and copied."""


def save_profile(
    scope: Scope,
    *,
    uuid: UUID | str | None = None,
    organization_uuid: UUID | str,
    name: str,
    settings: ProfileSettings,
    is_shared: bool,
    in_schedule: bool,
    by: Actor,
    now: datetime,
) -> UUID:
    """Keep a choice of students and names under a name; whoever makes it owns it.

    Shape:  a new profile comes last: all others win an overlap with it.
    Raises: OrganizationNotFound; ProfileNotFound; MayNotChangeProfile; ProfileIsWrong, with a
            sentence by field: name, organization, schools, school_year, pattern.
    """
    place = get_organization(scope, organization_uuid, permission=Permission.GROUP_WRITE)
    with transaction.atomic():
        Organization.objects.select_for_update(no_key=True).get(pk=place.id)  # one name at a time
        profile = _made(scope, by=by, now=now) if uuid is None else _to_change(scope, uuid)
        profile.organization_id = place.id
        name = " ".join(name.split())
        faults = _faults_of_name(name, profile, settings) | _faults(scope, place.id, settings)
        if faults:
            raise ProfileIsWrong(faults)
        profile.name = name
        profile.school_year = settings.school_year
        profile.settings = settings.as_json()
        profile.is_shared = is_shared
        profile.in_schedule = in_schedule
        return _saved(profile, "save_profile", by=by, now=now)


def delete_profile(scope: Scope, uuid: UUID | str, *, by: Actor, now: datetime) -> None:
    """Put a profile away; the files that it wrote stay.

    Raises: ProfileNotFound; MayNotChangeProfile.
    """
    with transaction.atomic():
        profile = _to_change(scope, uuid)
        profile.is_active = False
        profile.in_schedule = False
        _saved(profile, "delete_profile", by=by, now=now)


def restore_profile(scope: Scope, uuid: UUID | str, *, by: Actor, now: datetime) -> None:
    """Bring back a profile that was put away.

    Raises: ProfileNotFound; MayNotChangeProfile; ProfileIsWrong where its name is taken by now.
    """
    with transaction.atomic():
        away = ExtractProfile.objects.filter(uuid__in=known_uuids([str(uuid)]), is_active=False)
        away.update(is_active=True)  # undone with the transaction where the reader may not
        profile = _to_change(scope, uuid)
        settings = ProfileSettings.from_json(profile.settings)
        if faults := _faults_of_name(profile.name, profile, settings):
            raise ProfileIsWrong(faults)
        _saved(profile, "restore_profile", by=by, now=now)


def move_profile(
    scope: Scope, uuid: UUID | str, *, position: int, by: Actor, now: datetime
) -> None:
    """Give a profile a place among those of its organization and year: the lower wins an overlap.

    Shape:  `position` counts from 1; one that is too large is the last.
    Raises: ProfileNotFound; MayNotChangeProfile.
    """
    with transaction.atomic():
        profile = _to_change(scope, uuid)
        Organization.objects.select_for_update(no_key=True).get(pk=profile.organization_id)
        others = list(
            _siblings(profile, profile.school_year).order_by("position", "created_at", "pk")
        )
        others.insert(max(position, 1) - 1, profile)
        for place, moved in enumerate(others, start=1):
            moved.position = place
        ExtractProfile.objects.bulk_update(others, ["position"])
        _saved(profile, "move_profile", by=by, now=now)


def copy_profile(scope: Scope, uuid: UUID | str, *, by: Actor, now: datetime) -> UUID:
    """Make a profile of one's own that asks for the same; it is neither shared nor scheduled.

    Raises: ProfileNotFound.
    """
    source = found_profile(scope, uuid)
    with transaction.atomic():
        Organization.objects.select_for_update(no_key=True).get(pk=source.organization_id)
        settings = ProfileSettings.from_json(source.settings)
        return _copied(scope, source, settings, in_schedule=False, by=by, now=now)


def copy_to_year(
    scope: Scope, uuid: UUID | str, *, school_year: int, by: Actor, now: datetime
) -> CopiedProfile:
    """Make a profile ask for another school year what it asked for its own.

    Shape:  choices that there are no more go, and are counted; groups become their copies of that
            year. A filter that would go whole stays as it is: without it everybody would come. A
            profile that lost a choice is not scheduled until somebody has looked.
    Raises: ProfileNotFound; ProfileIsWrong, where none of its schools is in reach.
    """
    source = found_profile(scope, uuid)
    asked = ProfileSettings.from_json(source.settings)
    settings, missing = _of_year(scope, asked, school_year)
    with transaction.atomic():
        Organization.objects.select_for_update(no_key=True).get(pk=source.organization_id)
        if faults := _faults(scope, source.organization_id, settings):
            raise ProfileIsWrong(faults)
        in_schedule = source.in_schedule and not missing
        made = _copied(scope, source, settings, in_schedule=in_schedule, by=by, now=now)
    return CopiedProfile(made, missing)


def schedule_profiles(
    scope: Scope, uuids: Iterable[UUID | str], *, in_schedule: bool, by: Actor, now: datetime
) -> int:
    """Take profiles into the scheduled process, or out of it; count those that changed.

    Raises: ProfileNotFound; MayNotChangeProfile.
    """
    with transaction.atomic():
        found = [p for p in profiles_asked(scope, uuids) if p.in_schedule != in_schedule]
        for profile in found:
            _check_may_change(scope, profile)
            profile.in_schedule = in_schedule
            _saved(profile, "schedule_profile", by=by, now=now)
    return len(found)


def _made(scope: Scope, *, by: Actor, now: datetime) -> ExtractProfile:
    return ExtractProfile(owner_id=scope.account_id, created_by=by.label[:80], created_at=now)


def _to_change(scope: Scope, uuid: UUID | str) -> ExtractProfile:
    profile = found_profile(scope, uuid)
    _check_may_change(scope, profile)
    return profile


def _check_may_change(scope: Scope, profile: ExtractProfile) -> None:
    if not may_change_profile(
        owner_id=profile.owner_id,
        reader_id=scope.account_id,
        is_admin=is_admin_of(scope, profile),
    ):
        raise MayNotChangeProfile("This profile is somebody else's. Copy it and change the copy.")


def _saved(profile: ExtractProfile, action: str, *, by: Actor, now: datetime) -> UUID:
    profile.updated_by = by.label[:80]
    profile.updated_at = now
    if profile.pk is None:
        latest = _siblings(profile, profile.school_year).aggregate(latest=Max("position"))
        profile.position = (latest["latest"] or 0) + 1
    profile.save()
    settings = ProfileSettings.from_json(profile.settings)
    record(
        action=action,
        subject_kind="extract_profile",
        subject_uuid=profile.uuid,
        organization_id=profile.organization_id,
        detail={
            "kind": settings.kind.value,
            "year": settings.school_year,
            "schools": len(settings.schools),
            "is_shared": profile.is_shared,
            "in_schedule": profile.in_schedule,
        },
        by=by,
        now=now,
    )
    return profile.uuid


def _siblings(profile: ExtractProfile, school_year: int) -> QuerySet[ExtractProfile]:
    same = ExtractProfile.objects.filter(
        organization_id=profile.organization_id, school_year=school_year, is_active=True
    )
    return same if profile.pk is None else same.exclude(pk=profile.pk)


def _faults_of_name(
    name: str, profile: ExtractProfile, settings: ProfileSettings
) -> dict[str, str]:
    if not name or len(name) > _LONGEST_NAME:
        return {"name": f"Give the profile a name of up to {_LONGEST_NAME} characters."}
    names = _siblings(profile, settings.school_year).values_list("name", flat=True)
    if name.casefold() in {taken.casefold() for taken in names}:
        return {"name": f'There is a profile "{name}" of this school year. Choose another name.'}
    return {}


def _faults(scope: Scope, organization_id: int, settings: ProfileSettings) -> dict[str, str]:
    faults: dict[str, str] = {}
    schools = set(schools_chosen(scope, settings.schools).values_list("pk", flat=True))
    below = OrganizationLink.objects.filter(
        ancestor_id=organization_id, descendant_id__in=schools
    ).count()
    if not settings.schools:
        faults["schools"] = "Choose at least one school."
    elif len(schools) != len(set(settings.schools)):
        faults["schools"] = "Choose schools from the list: of one of these you write no groups."
    elif below != len(schools):
        faults["organization"] = "Choose an organization that all the schools belong to."
    if not _FIRST_YEAR <= settings.school_year <= _LAST_YEAR:
        faults["school_year"] = "Choose a school year from the list."
    errors = [f for f in lint_pattern(settings.pattern, settings.kind) if f.is_error]
    if errors:
        faults["pattern"] = " ".join(f"{fault.says} {fault.fix}" for fault in errors)
    if settings.primary_only and settings.kind is not ProfileKind.SECONDARY_CLASSES:
        faults["primary_only"] = "Only classes of a master schedule are primary or not."
    return faults


def _copied(
    scope: Scope,
    source: ExtractProfile,
    settings: ProfileSettings,
    *,
    in_schedule: bool,
    by: Actor,
    now: datetime,
) -> UUID:
    made = _made(scope, by=by, now=now)
    made.organization_id = source.organization_id
    made.school_year = settings.school_year
    made.settings = settings.as_json()
    made.name = _free_name(source, settings.school_year)
    made.is_shared = source.is_shared and source.school_year != settings.school_year
    made.in_schedule = in_schedule
    return _saved(made, "copy_profile", by=by, now=now)


def _free_name(source: ExtractProfile, school_year: int) -> str:
    """Return the name of a copy: the same in another year, else with the first free number."""
    siblings = ExtractProfile.objects.filter(
        organization_id=source.organization_id, school_year=school_year, is_active=True
    )
    taken = {name.casefold() for name in siblings.values_list("name", flat=True)}
    name, number = source.name, 1
    while name.casefold() in taken:
        number += 1
        ending = f" ({number})"
        name = source.name[: _LONGEST_NAME - len(ending)] + ending
    return name


def _of_year(
    scope: Scope, asked: ProfileSettings, school_year: int
) -> tuple[ProfileSettings, dict[str, int]]:
    """Return what a profile asks for in another year, and how many choices are gone, by filter."""
    schools = [str(u) for u in _active_schools(scope, asked)]
    staff = (*asked.teachers, *asked.counselors, *asked.additional_staff)
    known = Staff.objects.filter(uuid__in=known_uuids(staff), is_active=True)
    here = {str(uuid) for uuid in known.values_list("uuid", flat=True)}
    kept = {
        "schools": [s for s in asked.schools if s in schools],
        "departments": _still(asked.departments, department_choices(scope, schools, school_year)),
        "subject_areas": _still(
            asked.subject_areas, subject_area_choices(scope, schools, school_year)
        ),
        "courses": _still(asked.courses, course_choices(scope, schools, school_year)),
        "teachers": [s for s in asked.teachers if s in here],
        "counselors": [s for s in asked.counselors if s in here],
        "additional_staff": [s for s in asked.additional_staff if s in here],
        "groups": _copies(scope, asked, school_year),
    }
    missing = {
        name: len(getattr(asked, name)) - len(values)
        for name, values in kept.items()
        if len(values) < len(getattr(asked, name))
    }
    changed = {
        name: tuple(values)
        for name, values in kept.items()
        if values or name in {"schools", "additional_staff"}
    }
    return replace(asked, school_year=school_year, **changed), missing


def _still(asked: Iterable[str], choices: Iterable[object]) -> list[str]:
    there = {str(getattr(choice, "value", "")).casefold() for choice in choices}
    return [value for value in asked if value.strip().casefold() in there]


def _active_schools(scope: Scope, asked: ProfileSettings) -> list[UUID]:
    return list(
        schools_chosen(scope, asked.schools).filter(is_active=True).values_list("uuid", flat=True)
    )


def _copies(scope: Scope, asked: ProfileSettings, school_year: int) -> list[str]:
    """Return the groups of a year that were copied from those asked for."""
    found = StudentGroup.objects.filter(
        copied_from__uuid__in=known_uuids(asked.groups),
        school__in=schools_chosen(scope, asked.schools),
        school_year=school_year,
        is_active=True,
        owner=None,
    )
    by_source = dict(found.order_by("-pk").values_list("copied_from__uuid", "uuid"))
    return [str(by_source[uuid]) for uuid in known_uuids(asked.groups) if uuid in by_source]
