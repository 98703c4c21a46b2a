"""Reads of profiles: which a reader may use, and what each of them asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from rollbook.access.models import Account
from rollbook.access.queries import seen_among
from rollbook.extracts.models import ExtractProfile
from rollbook.extracts.queries.choosing import known_uuids
from rollbook.extracts.rules.owning import may_change_profile
from rollbook.extracts.types import AskedProfile, ProfileRow, ProfileSettings
from rollbook.orgs.models import OrganizationLink
from rollbook.orgs.queries import within
from rollbook.orgs.types import OrganizationKind
from rollbook.shared.scope import Permission, Scope

_DISTRICT_OR_ABOVE: Final = (
    OrganizationKind.STATE,
    OrganizationKind.DISTRICT_GROUP,
    OrganizationKind.DISTRICT,
)


class ProfileNotFound(LookupError):
    """Say that there is no such profile, or none that this reader may use."""


def profiles_in(scope: Scope) -> QuerySet[ExtractProfile]:
    """Return the profiles that a reader may use, those that win an overlap first.

    Shape: of organizations where the reader writes groups, the reader's own, those shared with
           the team, and all where the reader writes groups for the whole district. Deleted ones
           are not there.
    """
    reach = scope.over(Permission.GROUP_WRITE)
    usable = Q(is_shared=True) | Q(organization_id__in=administered(scope))
    if reach.everything:
        usable = ~Q(pk__in=[])
    if scope.account_id is not None:
        usable |= Q(owner_id=scope.account_id)
    found = ExtractProfile.objects.filter(usable, within(reach, "organization_id"), is_active=True)
    return found.order_by("position", "created_at", "pk")


def administered(scope: Scope) -> QuerySet[OrganizationLink, int]:
    """Return the ids of the organizations in whose district, or above it, a reader writes groups.

    Shape: of no use to a reader of everything, who need not be asked.
    """
    reach = scope.over(Permission.GROUP_WRITE)
    links = OrganizationLink.objects.filter(
        within(reach, "ancestor_id"), ancestor__kind__in=_DISTRICT_OR_ABOVE
    )
    return links.values_list("descendant_id", flat=True)


def is_admin_of(scope: Scope, profile: ExtractProfile) -> bool:
    """Tell whether a reader looks after all profiles of this one's organization."""
    if scope.over(Permission.GROUP_WRITE).everything:
        return True
    return administered(scope).filter(descendant_id=profile.organization_id).exists()


def profile_list(
    scope: Scope, words: str = "", *, school_year: int | None = None
) -> list[ProfileRow]:
    """List the profiles that a reader may use, those that win an overlap first.

    Shape: four statements whatever their number; `words` are looked for in the name.
    """
    found = profiles_in(scope)
    if school_year is not None:
        found = found.filter(school_year=school_year)
    return _rows(scope, _named(found, words))


def prior_profiles(scope: Scope, school_year: int, words: str = "") -> list[ProfileRow]:
    """List the profiles of former school years: they write nothing until they are copied."""
    return _rows(scope, _named(profiles_in(scope).filter(school_year__lt=school_year), words))


def get_profile(scope: Scope, uuid: UUID | str) -> ProfileRow:
    """Return one profile that the reader may use.

    Raises: ProfileNotFound when there is none or it is somebody else's own: one answer.
    """
    return _rows(scope, profiles_in(scope).filter(pk=found_profile(scope, uuid).pk))[0]


def found_profile(scope: Scope, uuid: UUID | str) -> ExtractProfile:
    """Return the record of one profile that the reader may use, for the actions.

    Raises: ProfileNotFound.
    """
    found = profiles_in(scope).filter(uuid__in=known_uuids([str(uuid)])).first()
    if found is None:
        raise ProfileNotFound("No such profile, or not one that you may use.")
    return found


def profiles_asked(scope: Scope, uuids: Iterable[UUID | str]) -> list[ExtractProfile]:
    """Return the records of some profiles, those that win an overlap first.

    Raises: ProfileNotFound when any is missing, or none is named.
    """
    asked = set(known_uuids(str(uuid) for uuid in uuids))
    found = list(profiles_in(scope).filter(uuid__in=asked).select_related("organization"))
    if not asked or len(found) != len(asked):
        raise ProfileNotFound("No such profile, or not one that you may use.")
    return found


def position_beside(scope: Scope, uuid: UUID | str, *, is_up: bool) -> int | None:
    """Return the place before the next profile above that the reader sees, or after the one below.

    Shape:  as `move_profile` takes it; None where there is no such profile of the same organization
            and year.
    Raises: ProfileNotFound.
    """
    profile = found_profile(scope, uuid)
    same = ExtractProfile.objects.filter(
        organization_id=profile.organization_id, school_year=profile.school_year, is_active=True
    )
    order = list(same.order_by("position", "created_at", "pk").values_list("pk", flat=True))
    seen = set(profiles_in(scope).filter(pk__in=order).values_list("pk", flat=True))
    here = order.index(profile.pk)
    places = range(here - 1, -1, -1) if is_up else range(here + 1, len(order))
    beside = next((place for place in places if order[place] in seen), None)
    return None if beside is None else beside + 1


def as_asked(profiles: Sequence[ExtractProfile]) -> list[AskedProfile]:
    """Turn records into what an extraction takes. Reads nothing."""
    return [
        AskedProfile(str(p.uuid), p.name, ProfileSettings.from_json(p.settings)) for p in profiles
    ]


def _named(found: QuerySet[ExtractProfile], words: str) -> QuerySet[ExtractProfile]:
    for word in words.split():
        found = found.filter(name__icontains=word)
    return found


def _rows(scope: Scope, found: QuerySet[ExtractProfile]) -> list[ProfileRow]:
    profiles = list(found.select_related("organization"))
    everywhere = scope.over(Permission.GROUP_WRITE).everything
    places = {profile.organization_id for profile in profiles}
    looked_after = set[int]()
    if not everywhere and places:
        looked_after = set(administered(scope).filter(descendant_id__in=places))
    owners = _owner_names(scope, {p.owner_id for p in profiles if p.owner_id is not None})
    return [
        ProfileRow(
            uuid=profile.uuid,
            name=profile.name,
            settings=ProfileSettings.from_json(profile.settings),
            organization_id=profile.organization_id,
            organization_name=profile.organization.name,
            owner_id=profile.owner_id,
            owner_name=owners.get(profile.owner_id or 0, ""),
            is_shared=profile.is_shared,
            in_schedule=profile.in_schedule,
            may_change=may_change_profile(
                owner_id=profile.owner_id,
                reader_id=scope.account_id,
                is_admin=everywhere or profile.organization_id in looked_after,
            ),
            updated_at=profile.updated_at,
        )
        for profile in profiles
    ]


def _owner_names(scope: Scope, ids: set[int]) -> dict[int, str]:
    """Return the names of those owners whom the reader may see: colleagues are people too."""
    if not ids:
        return {}
    seen = seen_among(scope, ids)
    return {owner.pk: owner.get_full_name() for owner in Account.objects.filter(pk__in=seen)}
