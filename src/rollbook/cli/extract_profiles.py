"""Profiles from the command line: list, save, order, copy, put away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import click

from rollbook.cli.terminal import FORMAT, operator, print_json, print_table
from rollbook.extracts.types import LISTS, ProfileKind, ProfileSettings, SubjectArea

if TYPE_CHECKING:  # tables load only after Django has started
    from rollbook.extracts.types import ProfileRow

PROFILE = click.argument("profile", type=click.UUID)
# The words of an option are said once each: --department English --department Math.
FILTERS: Final = {
    "schools": "school",
    "departments": "department",
    "subject_areas": "subject-area",
    "courses": "course",
    "teachers": "teacher",
    "grades": "grade",
    "counselors": "counselor",
    "groups": "group",
    "additional_staff": "staff",
}


@click.command("profiles")
@click.option("--words", default="", help="Words of the name.")
@click.option("--year", type=int, help="Of this school year alone: 2027 means 2026-27.")
@click.option("--prior-to", type=int, help="Of the years before this one: they write nothing.")
@FORMAT
def list_profiles(words: str, year: int | None, prior_to: int | None, output: str) -> None:
    """List profiles, those that win an overlap first."""
    who = operator()
    from rollbook.extracts.queries.profiles import prior_profiles, profile_list

    if prior_to is not None:
        found = prior_profiles(who.scope, prior_to, words)
    else:
        found = profile_list(who.scope, words, school_year=year)
    rows = [_told(profile) for profile in found]
    if output == "json":
        print_json(rows)
        return
    columns = ["name", "kind", "school_year", "organization", "in_schedule", "profile"]
    print_table("Profiles", columns, ([row[name] for name in columns] for row in rows))


@click.command()
@PROFILE
@FORMAT
def show(profile: UUID, output: str) -> None:
    """Show what a profile asks for; --format json prints what `save --from` reads."""
    who = operator()
    from rollbook.extracts.queries.profiles import get_profile

    found = get_profile(who.scope, profile)
    if output == "json":
        print_json(_told(found) | {"settings": found.settings.as_json()})
        return
    told = _told(found) | {k: v for k, v in found.settings.as_json().items() if v}
    for name, value in told.items():
        click.echo(f"{name}: {', '.join(value) if isinstance(value, list) else value}")


def _filters(command: Any) -> Any:
    for name, option in FILTERS.items():
        command = click.option(f"--{option}", name, multiple=True, help=f"One of its {name}.")(
            command
        )
    return command


@click.command()
@click.option("--profile", "uuid", type=click.UUID, help="Change this one instead of adding one.")
@click.option("--organization", type=click.UUID, help="Whose profile it is: a district, a school.")
@click.option("--name")
@click.option(
    "--from", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read settings from a JSON file; options say otherwise.",
)  # fmt: skip
@click.option("--kind", type=click.Choice([kind.value for kind in ProfileKind]))
@click.option("--year", "school_year", type=int, help="2027 means 2026-27.")
@click.option("--subject", "subject_area", type=click.Choice([s.value for s in SubjectArea]))
@click.option("--pattern", help="A template of names; without it, the type's own.")
@click.option("--primary-only/--all-classes", default=None)
@click.option("--shared/--own", "is_shared", default=None, help="With the team, or not.")
@click.option("--in-schedule/--by-hand", default=None)
@_filters
def save(
    *,
    uuid: UUID | None,
    organization: UUID | None,
    name: str | None,
    file: Path | None,
    is_shared: bool | None,
    in_schedule: bool | None,
    **given: Any,
) -> None:
    """Add a profile, or change what is said of one; what is not named stays."""
    who = operator()
    from rollbook.extracts.actions.profiles import save_profile
    from rollbook.extracts.queries.profiles import found_profile, get_profile

    known = get_profile(who.scope, uuid) if uuid else None
    told = _read(file) if file else {}
    place = organization or told.get("organization_uuid")
    if known and not place:
        place = found_profile(who.scope, known.uuid).organization.uuid
    name = name or told.get("name") or (known.name if known else None)
    if not place or not name:
        raise click.UsageError("Say whose profile it is and what it is called.")
    made = save_profile(
        who.scope,
        uuid=uuid,
        organization_uuid=place,
        name=name,
        settings=_settings(known.settings if known else None, told.get("settings", told), given),
        is_shared=_either(is_shared, known.is_shared if known else False),
        in_schedule=_either(in_schedule, known.in_schedule if known else False),
        by=who.by,
        now=who.now,
    )
    click.echo(f"{name}: saved as {made}. Try it with `rollbook extracts run`.")


@click.command()
@PROFILE
def delete(profile: UUID) -> None:
    """Put a profile away; the files that it wrote stay."""
    who = operator()
    from rollbook.extracts.actions.profiles import delete_profile

    delete_profile(who.scope, profile, by=who.by, now=who.now)
    click.echo("Put away. `rollbook extracts restore` brings it back.")


@click.command()
@PROFILE
def restore(profile: UUID) -> None:
    """Bring back a profile that was put away."""
    who = operator()
    from rollbook.extracts.actions.profiles import restore_profile

    restore_profile(who.scope, profile, by=who.by, now=who.now)
    click.echo("It is back.")


@click.command()
@PROFILE
@click.option("--to", "position", type=click.IntRange(1), required=True, help="1 wins all.")
def move(profile: UUID, position: int) -> None:
    """Give a profile another place: where two overlap, the earlier writes the group."""
    who = operator()
    from rollbook.extracts.actions.profiles import move_profile

    move_profile(who.scope, profile, position=position, by=who.by, now=who.now)
    click.echo("Moved.")


@click.command()
@PROFILE
@click.option("--to-year", type=int, help="For another school year; else the same one.")
def copy(profile: UUID, to_year: int | None) -> None:
    """Copy a profile, within its year or to another."""
    who = operator()
    from rollbook.extracts.actions.profiles import copy_profile, copy_to_year

    if to_year is None:
        made = copy_profile(who.scope, profile, by=who.by, now=who.now)
        click.echo(f"Copied to {made}.")
        return
    copied = copy_to_year(who.scope, profile, school_year=to_year, by=who.by, now=who.now)
    click.echo(f"Copied to {copied.uuid}.")
    for name, count in copied.missing.items():
        click.echo(f"{name}: {count:,} of them are no more. Look at them before it is scheduled.")


@click.command("in-schedule")
@click.argument("profiles", type=click.UUID, nargs=-1, required=True)
@click.option("--off", is_flag=True, help="Take them out instead.")
def in_schedule(profiles: tuple[UUID, ...], off: bool) -> None:
    """Take profiles into the scheduled process, or out of it."""
    who = operator()
    from rollbook.extracts.actions.profiles import schedule_profiles

    count = schedule_profiles(who.scope, profiles, in_schedule=not off, by=who.by, now=who.now)
    click.echo(f"{count:,} changed.")


def _told(profile: ProfileRow) -> dict[str, Any]:
    return {
        "profile": profile.uuid,
        "name": profile.name,
        "kind": profile.settings.kind.value,
        "school_year": str(profile.settings.school_year),
        "organization": profile.organization_name,
        "is_shared": profile.is_shared,
        "in_schedule": profile.in_schedule,
    }


def _read(file: Path) -> dict[str, Any]:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise click.BadParameter(f"{file.name} is no JSON.") from None
    if not isinstance(told, dict):
        raise click.BadParameter(f"{file.name} holds no settings.")
    return told


def _settings(
    known: ProfileSettings | None, told: dict[str, Any], given: dict[str, Any]
) -> ProfileSettings:
    """Return settings as an option says them, else the file, else the profile that there is."""
    said = {name: value for name, value in given.items() if value not in (None, ())}
    named = {"kind", "school_year", "subject_area", "pattern", "primary_only", *LISTS}
    from_file = {name: value for name, value in told.items() if name in named}
    everything = (known.as_json() if known else {}) | from_file | said
    if not {"kind", "school_year"} <= everything.keys():
        raise click.UsageError("Say --kind and --year.")
    return ProfileSettings.from_json(everything)


def _either(said: bool | None, known: bool) -> bool:
    return known if said is None else said


PROFILE_COMMANDS: Final = (
    list_profiles,
    show,
    save,
    delete,
    restore,
    move,
    copy,
    in_schedule,
)
