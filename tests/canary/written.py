"""Extract profiles, the files they wrote and where those went, for every world."""

from __future__ import annotations

import random
from datetime import date, datetime

import polars as pl

from rollbook.extracts.actions.keeping import keep_file
from rollbook.extracts.models import Delivery, DeliveryTarget, ExtractFile, ExtractProfile
from rollbook.extracts.queries.files import groups_path, left_out_path
from rollbook.extracts.types import ProfileKind, ProfileSettings
from rollbook.groups.layouts import GROUP_FILE
from rollbook.shared.actor import Actor, ActorKind
from tests.canary.facts import ExtractOf, Place, Pupil, Reader, World

GROUP = "0101 Moss Kim P1 1"


def add_extracts(world: World, dice: random.Random, *, on: date, now: datetime) -> None:
    """Let every district have a profile, a file of it about students of anywhere, a delivery."""
    for district in world.of_kind("district"):
        owner = dice.choice(world.readers)
        schools = [place for place in world.of_kind("school") if _is_below(world, place, district)]
        known = dice.sample([pupil for pupil in world.pupils.values() if pupil.id], 6)
        profile = _profile(world, district, schools, owner, now)
        file = keep_file(
            district.id,
            _rows(world, known[:3]),
            name=f"groups-{district.id}.csv",
            school_year=world.school_year,
            on=on,
            profile=profile,
            profiles=[str(profile.uuid)],
            left_out_count=3,
            by=Actor(ActorKind.PERSON, _label(owner), owner.id),
            now=now,
        )
        _papers(file, schools, known[3:])
        target = DeliveryTarget.objects.create(
            organization_id=district.id, name=f"Groups of {district.id}", kind="rollbook",
            created_by="test", created_at=now,
        )  # fmt: skip
        delivery = Delivery.objects.create(
            file=file, target=target, status="done", asked_by=_label(owner), asked_at=now
        )
        world.extracts.append(
            ExtractOf(
                uuid=str(file.uuid),
                profile=str(profile.uuid),
                target=str(target.uuid),
                delivery=str(delivery.uuid),
                district_id=district.id,
                school_ids=frozenset(school.id for school in schools),
                pupils=frozenset(pupil.number for pupil in known[:3]),
            )
        )


def _is_below(world: World, place: Place, above: Place) -> bool:
    here: int | None = place.id
    while here is not None and here != above.id:
        here = world.places[here].parent_id
    return here is not None


def _label(reader: Reader) -> str:
    return f"account {reader.uuid}"


def _profile(
    world: World, district: Place, schools: list[Place], owner: Reader, now: datetime
) -> ExtractProfile:
    settings = ProfileSettings(
        kind=ProfileKind.ELEMENTARY_GRADES,
        schools=tuple(school.uuid for school in schools),
        school_year=world.school_year,
    )
    return ExtractProfile.objects.create(
        organization_id=district.id, name=f"Grades of {district.id}", owner_id=owner.id,
        is_shared=True, settings=settings.as_json(), school_year=settings.school_year,
        created_by="test", created_at=now, updated_by="test", updated_at=now,
    )  # fmt: skip


def _rows(world: World, named: list[Pupil]) -> pl.DataFrame:
    year = str(world.school_year)
    rows = [(GROUP, "0101", year, "All", pupil.token("s"), "") for pupil in named]
    return pl.DataFrame(rows, schema=dict.fromkeys(GROUP_FILE, pl.String), orient="row")


def _papers(file: ExtractFile, schools: list[Place], left: list[Pupil]) -> None:
    """Write beside a file its groups with their schools, and who is not in it."""
    groups = [
        {
            "school_natural_id": "0101", "name": GROUP, "school_year": file.school_year,
            "subject": "All", "profile": file.profiles[0], "student_count": 3, "user_count": 0,
            "school_id": school.id,
        }
        for school in schools
    ]  # fmt: skip
    pl.DataFrame(groups).write_parquet(groups_path(file))
    missing = [
        {
            "student_id": pupil.id, "school_id": schools[0].id, "profile": file.profiles[0],
            "criterion": "no_ssid",
        }
        for pupil in left
    ]  # fmt: skip
    pl.DataFrame(missing).write_parquet(left_out_path(file))
