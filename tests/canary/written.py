"""Extract profiles, the files they wrote and where those went, for every world."""

from __future__ import annotations

import random
from datetime import date, datetime

import polars as pl

from rollbook.extracts.actions.keeping import keep_file
from rollbook.extracts.models import (
    Delivery,
    DeliveryTarget,
    ExtractFile,
    ExtractProfile,
    ExtractSchedule,
)
from rollbook.extracts.queries.files import groups_path, left_out_path
from rollbook.extracts.queries.wanted import sent_path
from rollbook.extracts.types import ProfileKind, ProfileSettings
from rollbook.groups.layouts import GROUP_FILE
from rollbook.jobs.models import Schedule
from rollbook.shared.actor import Actor, ActorKind
from tests.canary.facts import ExtractOf, Place, Pupil, Reader, World

GROUP = "0101 Moss Kim P1 1"


def add_extracts(world: World, dice: random.Random, *, on: date, now: datetime) -> None:
    """Let every district have profiles, a file about students of anywhere, a delivery, a schedule.

    The first district's file has a group of a school that belongs to another district by now.
    """
    for count, district in enumerate(world.of_kind("district")):
        owner, *users = dice.sample(world.readers, 4)
        schools = [place for place in world.of_kind("school") if _is_below(world, place, district)]
        known = dice.sample([pupil for pupil in world.pupils.values() if pupil.id], 6)
        profile = _profile(world, district, schools, owner, now, is_shared=True)
        own = _profile(world, schools[0], schools[:1], owner, now, is_shared=False)
        moved = [] if count else [p for p in world.of_kind("school") if p not in schools][:1]
        rows = _rows(world, known[:3], users[:2])
        file = keep_file(
            district.id,
            rows,
            name=f"groups-{district.id}.csv",
            school_year=world.school_year,
            on=on,
            profile=profile,
            profiles=[str(profile.uuid)],
            left_out_count=3,
            by=Actor(ActorKind.PERSON, _label(owner), owner.id),
            now=now,
        )
        _papers(file, [*schools, *moved], known[3:])
        target = _target(district, rows, now)
        delivery = _refused(file, target, known[0], owner, now)
        _schedule(district, target, users[2], now)
        world.extracts.append(
            ExtractOf(
                uuid=str(file.uuid),
                profile=str(profile.uuid),
                own_profile=str(own.uuid),
                own_school_id=schools[0].id,
                owner=owner.number,
                target=str(target.uuid),
                delivery=str(delivery.uuid),
                district_id=district.id,
                school_ids=frozenset(school.id for school in (*schools, *moved)),
                pupils=frozenset(pupil.number for pupil in known[:3]),
                logins=frozenset(user.email for user in users[:2]),
                mails=frozenset({users[2].email}),
            )
        )


def _target(district: Place, rows: pl.DataFrame, now: datetime) -> DeliveryTarget:
    """Make a target that was sent these rows: nothing writes them any more."""
    path = sent_path(f"{district.id}.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.write_parquet(path)
    return DeliveryTarget.objects.create(
        organization_id=district.id, name=f"Groups of {district.id}", kind="rollbook",
        created_by="test", created_at=now, sent_file=path.name, sent_at=now,
    )  # fmt: skip


def _refused(
    file: ExtractFile, target: DeliveryTarget, pupil: Pupil, owner: Reader, now: datetime
) -> Delivery:
    """Let the other side refuse a file, and repeat a cell of it."""
    return Delivery.objects.create(
        file=file, target=target, status="refused", remote_status="BAD_DATA",
        says=f"Row: 1 Failure: {pupil.token('s')} is unknown.", asked_by=_label(owner),
        asked_at=now, finished_at=now,
    )  # fmt: skip


def _schedule(district: Place, target: DeliveryTarget, hears: Reader, now: datetime) -> None:
    schedule = Schedule.objects.create(
        name=f"extracts of {district.id}", job_name="extracts.run_schedule",
        arguments={"organization": district.id}, time_of_day=now.time(), time_zone="UTC",
    )  # fmt: skip
    ExtractSchedule.objects.create(
        organization_id=district.id, schedule=schedule, mails=[hears.email],
        targets=[str(target.uuid)], saved_by="test", saved_at=now,
    )  # fmt: skip


def _is_below(world: World, place: Place, above: Place) -> bool:
    here: int | None = place.id
    while here is not None and here != above.id:
        here = world.places[here].parent_id
    return here is not None


def _label(reader: Reader) -> str:
    return f"account {reader.uuid}"


def _profile(
    world: World,
    place: Place,
    schools: list[Place],
    owner: Reader,
    now: datetime,
    *,
    is_shared: bool,
) -> ExtractProfile:
    settings = ProfileSettings(
        kind=ProfileKind.STUDENT_GROUP if is_shared else ProfileKind.ELEMENTARY_GRADES,
        schools=tuple(school.uuid for school in schools),
        school_year=world.school_year,
    )
    return ExtractProfile.objects.create(
        organization_id=place.id, name=f"Grades of {place.id}", owner_id=owner.id,
        is_shared=is_shared, settings=settings.as_json(), school_year=settings.school_year,
        in_schedule=is_shared, created_by="test", created_at=now, updated_by="test",
        updated_at=now,
    )  # fmt: skip


def _rows(world: World, named: list[Pupil], users: list[Reader]) -> pl.DataFrame:
    year = str(world.school_year)
    rows = [(GROUP, "0101", year, "All", "", user.email) for user in users]
    rows += [(GROUP, "0101", year, "All", pupil.token("s"), "") for pupil in named]
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
