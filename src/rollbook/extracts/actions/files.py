"""Write group files: bytes, records and the memory of blocks, all or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import polars as pl
from django.db import transaction
from django.db.models import Count, Sum

from rollbook.extracts.actions.deliveries import ask_delivery
from rollbook.extracts.actions.keeping import keep_blocks, keep_file, take_turns
from rollbook.extracts.models import ExtractFile, ExtractProfile
from rollbook.extracts.plan.extraction import extract
from rollbook.extracts.queries.files import files_of_run, groups_path, left_out_path
from rollbook.extracts.queries.profiles import as_asked, profiles_asked
from rollbook.extracts.queries.reading import blocks_of, extract_data
from rollbook.extracts.types import AskedProfile, Extraction, ExtractWarning, ExtractWorld
from rollbook.jobs.actions import enqueue
from rollbook.orgs.models import Organization, OrganizationLink
from rollbook.orgs.queries import within
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

Progress = Callable[[int, int, str], None]


class ProfilesCannotJoin(ValueError):
    """Say that profiles have no organization in common at which somebody writes groups."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Hold what one file of a run is made of."""

    place: Organization
    profile: ExtractProfile | None
    profiles: tuple[str, ...]
    school_year: int
    rows: pl.DataFrame
    groups: pl.DataFrame
    left_out: pl.DataFrame
    warnings: tuple[ExtractWarning, ...]


def make_files(
    scope: Scope,
    profile_uuids: Iterable[UUID | str],
    *,
    is_consolidated: bool,
    on: date | None = None,
    is_scheduled: bool = False,
    run: UUID | None = None,
    progress: Progress | None = None,
    by: Actor,
    now: datetime,
) -> list[UUID]:
    """Write the group files of some profiles: one for all of them, or one for each.

    Profiles are always worked out together, so that a group is in one file whichever way they are
    written: in that of the profile that wins. A file without rows is made too, and says why.

    Shape:  public ids of the files, those that win an overlap first. A `run` that has made files
            makes no others: its files come back, so a job may run again.
    Raises: ProfileNotFound; ProfilesCannotJoin.
    """
    return write_files(
        scope,
        profiles_asked(scope, profile_uuids),
        is_consolidated=is_consolidated,
        on=on,
        is_scheduled=is_scheduled,
        run=run,
        progress=progress,
        by=by,
        now=now,
    )


def write_files(
    scope: Scope,
    profiles: Sequence[ExtractProfile],
    *,
    is_consolidated: bool,
    on: date | None = None,
    is_scheduled: bool = False,
    run: UUID | None = None,
    progress: Progress | None = None,
    by: Actor,
    now: datetime,
) -> list[UUID]:
    """Write the files of profiles that are at hand; part of a run by hand and by schedule.

    Shape:  as `make_files`.
    Raises: ProfilesCannotJoin.
    """
    tell = progress or _tell_nobody
    if run is not None and (made := files_of_run(scope, run)):
        return made
    run = run or uuid.uuid4()
    place = _common_place(scope, profiles) if is_consolidated else None
    asked = as_asked(profiles)
    on = on or scope.on
    tell(0, 3, "Reading students, classes and groups")
    data = extract_data(scope, asked, on=on)
    tell(1, 3, "Choosing students and naming groups")
    extraction = extract(asked, data)
    with transaction.atomic():
        take_turns({p.organization_id for p in profiles})
        if not blocks_of(scope, data.schools["id"], _years(asked)).equals(data.blocks):
            data = extract_data(scope, asked, on=on)  # somebody else's run came first
            extraction = extract(asked, data)
        tell(2, 3, "Writing files")
        keep_blocks(data.blocks, extraction.blocks)
        files = [
            _kept(part, on=on, run=run, is_scheduled=is_scheduled, by=by, now=now)
            for part in _parts(profiles, place, asked, extraction, data)
        ]
    tell(3, 3, "Done")
    return [file.uuid for file in files]


def ask_for_files(
    scope: Scope,
    profile_uuids: Iterable[UUID | str],
    *,
    is_consolidated: bool,
    target_uuids: Iterable[UUID | str] = (),
    by: Actor,
    now: datetime,
) -> UUID:
    """Queue the writing of files, and their delivery, for a run that takes longer than a page may.

    Shape:  the public id of the job, which tells who asked when it is done.
    Raises: ProfileNotFound; ProfilesCannotJoin.
    """
    profiles = profiles_asked(scope, profile_uuids)
    if is_consolidated:
        _common_place(scope, profiles)
    job = enqueue(
        "extracts.make_files",
        arguments={
            "profiles": [str(profile.uuid) for profile in profiles],
            "is_consolidated": is_consolidated,
            "targets": [str(target) for target in target_uuids],
        },
        by=by,
        now=now,
    )
    return job.uuid


def deliver_files(
    scope: Scope,
    file_uuids: Iterable[UUID],
    target_uuids: Iterable[UUID | str],
    *,
    by: Actor,
    now: datetime,
) -> list[UUID]:
    """Ask for the delivery of each file to each target.

    Raises: FileNotFound; TargetNotFound.
    """
    targets = list(target_uuids)
    return [
        ask_delivery(scope, file, target, by=by, now=now)
        for file in file_uuids
        for target in targets
    ]


def _kept(
    part: _Part, *, on: date, run: UUID, is_scheduled: bool, by: Actor, now: datetime
) -> ExtractFile:
    file = keep_file(
        part.place.pk,
        part.rows,
        name=_file_name(part, on),
        school_year=part.school_year,
        on=on,
        run=run,
        profile=part.profile,
        profiles=part.profiles,
        is_scheduled=is_scheduled,
        warnings=part.warnings,
        left_out_count=part.left_out["student_id"].n_unique(),
        by=by,
        now=now,
    )
    part.groups.write_parquet(groups_path(file))
    part.left_out.write_parquet(left_out_path(file))
    return file


def _parts(
    profiles: Sequence[ExtractProfile],
    place: Organization | None,
    asked: Sequence[AskedProfile],
    extraction: Extraction,
    data: ExtractWorld,
) -> list[_Part]:
    schools = data.schools.select(school_natural_id="natural_id", school_id="id")
    groups = extraction.groups.join(
        schools, on="school_natural_id", how="left", maintain_order="left"
    )
    left_out = extraction.left_out.with_columns(pl.col("profile", "criterion").cast(pl.String))
    if place is not None:
        warnings = _loud(extraction.warnings, extraction.rows)
        left = _not_in(extraction.rows, left_out, data)
        uuids = tuple(each.uuid for each in asked)
        year = max(_years(asked))
        only = profiles[0] if len(profiles) == 1 else None
        return [_Part(place, only, uuids, year, extraction.rows, groups, left, warnings)]
    parts: list[_Part] = []
    for profile in profiles:
        mine = pl.col("profile") == str(profile.uuid)
        rows = extraction.rows.filter(mine)
        said = tuple(w for w in extraction.warnings if w.profile in {"", str(profile.uuid)})
        parts.append(
            _Part(
                place=profile.organization,
                profile=profile,
                profiles=(str(profile.uuid),),
                school_year=profile.school_year,
                rows=rows,
                groups=groups.filter(mine),
                left_out=_not_in(rows, left_out.filter(mine), data),
                warnings=_loud(said, rows),
            )
        )
    return parts


def _not_in(rows: pl.DataFrame, left_out: pl.DataFrame, data: ExtractWorld) -> pl.DataFrame:
    """Keep of those left out who is not in the file by another profile or school."""
    written = data.students.filter(pl.col("ssid").str.strip_chars() != "").join(
        rows.select(ssid="student_ssid").unique(), on="ssid", how="semi"
    )
    return left_out.join(written, left_on="student_id", right_on="id", how="anti")


def _loud(warnings: tuple[ExtractWarning, ...], rows: pl.DataFrame) -> tuple[ExtractWarning, ...]:
    """Say first that a file is empty, if nobody has said so."""
    if rows.height or any(warning.code == "no_rows" for warning in warnings):
        return warnings
    empty = ExtractWarning(
        code="no_rows",
        profile="",
        says="This file has no rows: nobody fits.",
        fix="Read who is left out and why before you send it.",
    )
    return (empty, *warnings)


def _file_name(part: _Part, on: date) -> str:
    """Name a file by place, day and profile; never by words that somebody typed."""
    place = "".join(sign for sign in part.place.natural_id if sign.isalnum()) or "district"
    what = "consolidated"
    if part.profile is not None:
        kind = str(part.profile.settings["kind"]).replace("_", "-")
        what = f"{kind}-{part.profile.uuid.hex[:8]}"
    return f"groups-{place}-{on.isoformat()}-{what}.csv"


def _years(asked: Sequence[AskedProfile]) -> set[int]:
    return {each.settings.school_year for each in asked}


def _common_place(scope: Scope, profiles: Sequence[ExtractProfile]) -> Organization:
    """Return the lowest organization that holds those of all profiles."""
    places = {profile.organization_id for profile in profiles}
    if len(places) == 1:
        return profiles[0].organization
    links = OrganizationLink.objects.filter(
        within(scope.over(Permission.GROUP_WRITE), "ancestor_id"), descendant_id__in=places
    )
    above = links.values("ancestor_id").annotate(held=Count("id"), far=Sum("depth"))
    lowest = above.filter(held=len(places)).order_by("far").first()
    if lowest is None:
        raise ProfilesCannotJoin(
            "These profiles are of several organizations. Write one file for each profile."
        )
    return Organization.objects.get(pk=lowest["ancestor_id"])


def _tell_nobody(_done: int, _total: int, _says: str) -> None:
    """Keep progress to oneself."""
