"""Where rosters come from, from the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rollbook.cli.terminal import FORMAT, operator, print_json, print_table
from rollbook.roster.rules.policy import IntakePolicy
from rollbook.roster.rules.running import LOOKS_EVERY, NEVER, ClosedDays, NextStep
from rollbook.roster.types import Profile, RunOutcome, SourceFormat, SourceKind

if TYPE_CHECKING:  # tables load only after Django has started
    from rollbook.roster.models.sources import SyncRun
    from rollbook.roster.queries.sources import SourceHealth
    from rollbook.roster.sources.connecting import SettingField

SOURCE = click.argument("source", type=click.UUID)
TROUBLE = frozenset({RunOutcome.FAILED, RunOutcome.REFUSED, RunOutcome.SKIPPED})
STEPS: Mapping[NextStep, str] = {
    NextStep.NOTHING: "Nothing to do.",
    NextStep.WAIT: "Wait; it goes on by itself.",
    NextStep.RUN: "Run it: `rollbook sources run`.",
    NextStep.SEND: "Send its first file on the page of rosters.",
    NextStep.RESUME: "Resume it: `rollbook sources resume`.",
    NextStep.DECIDE: "Read the plan, then commit or discard it: `rollbook plans show`.",
    NextStep.COMMIT: "Read the plan, then commit it: `rollbook plans show`.",
    NextStep.READ_FINDINGS: "Read what is wrong with the file: `rollbook roster list`.",
    NextStep.CHECK_CONNECTION: "See which step fails: `rollbook sources check`.",
    NextStep.CHANGE_SETTINGS: "Correct its settings: `rollbook sources change`.",
    NextStep.RENEW_ACCESS: "Type in a new secret: `rollbook sources change --secret`.",
    NextStep.ASK_SENDER: "Tell whoever runs the other system.",
    NextStep.ASK_OPERATOR: "Start a worker: `rollbook worker`; see `rollbook doctor`.",
}


@click.group()
def sources() -> None:
    """Say where rosters come from, run sources, see how they are."""


@sources.command("list")
@FORMAT
def list_sources(output: str) -> None:
    """List the sources of all districts, and how each is."""
    who = operator()
    from rollbook.roster.queries.sources import sources_health  # after Django has started

    found = [_told(health) for health in sources_health(who.scope, now=who.now)]
    if output == "json":
        print_json(found)
        return
    columns = ["name", "district", "status", "next_run_at", "source"]
    print_table("Sources", columns, ([row[name] for name in columns] for row in found))


@sources.command()
@SOURCE
@FORMAT
def show(source: Any, output: str) -> None:
    """Say whether a source is well, what came of its latest 20 runs, and what to do next."""
    who = operator()
    from rollbook.roster.queries.sources import get_source, runs_of, source_health
    from rollbook.shared.page import PageRequest

    health = source_health(who.scope, get_source(who.scope, source), now=who.now)
    runs = [_run(run) for run in runs_of(who.scope, source, PageRequest(size=20)).items]
    if output == "json":
        print_json(_told(health) | {"runs": runs})
        return
    told = _told(health)
    click.echo(f"{told['name']}: {told['status']}. {told['says']}".rstrip())
    click.echo(STEPS[health.step])
    columns = ["started_at", "outcome", "says", "intake"]
    print_table("Runs", columns, ([run[name] or "" for name in columns] for run in runs))


def _told(health: SourceHealth) -> dict[str, Any]:
    source = health.source
    return {
        "source": source.uuid,
        "name": source.name,
        "district": str(source.organization),
        "kind": source.kind,
        "format": source.format,
        "settings": dict(source.settings),  # without secrets: those are sealed, elsewhere
        "status": health.status.value.replace("_", " "),
        "next_step": health.step.value,
        "says": source.paused_because or (health.told.says if health.told else ""),
        "good_run_at": health.good_run_at,
        "next_run_at": health.next_run_at or "",
    }


def _run(run: SyncRun) -> dict[str, Any]:
    return {
        "run": run.uuid,
        "started_at": run.started_at,
        "outcome": run.outcome,
        "code": run.code,
        "says": run.says,
        "counts": run.counts,
        "intake": run.intake.uuid if run.intake else None,
    }


def settings_given(given: Iterable[str]) -> dict[str, str]:
    """Read NAME=VALUE pairs."""
    pairs = [pair.partition("=") for pair in given]
    if wrong := [name for name, sign, _value in pairs if not sign]:
        raise click.BadParameter(f'"{wrong[0]}" has no value: write NAME=VALUE.')
    return {name.strip(): value for name, _sign, value in pairs}


def secrets_given(names: Iterable[str], files: Iterable[str]) -> dict[str, str]:
    """Ask for secrets, or read them from files: an argument would stay in the shell's history."""
    found = {name: Path(path).read_text() for name, path in settings_given(files).items()}
    # A file ends in a line break that is no part of a token; a key's own is put back.
    stripped = {name: text.rstrip("\r\n") for name, text in found.items()}
    keys = {name: text + "\n" for name, text in stripped.items() if "\n" in text}
    asked = {name: click.prompt(name, hide_input=True, err=True) for name in names}
    return {**stripped, **keys, **asked}


SET = click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="One setting.")
SECRET = click.option(
    "--secret", "secret_names", multiple=True, metavar="NAME", help="Ask for this secret."
)
SECRET_FILE = click.option(
    "--secret-file",
    "secret_files",
    multiple=True,
    metavar="NAME=PATH",
    help="Read this secret from a file.",
)
EVERY = click.option(
    "--every-minutes",
    type=click.Choice([str(minutes) for minutes in (NEVER, *LOOKS_EVERY)]),
    help="Look for something new so often; 0 for never.",
)


ALONE = click.option(
    "--commits-itself/--waits",
    default=None,
    help="Let scheduled runs commit what passes no limit, or wait for a person.",
)
ADDITIVE = click.option(
    "--additive/--whole", default=None, help="Never archive anybody, or whoever no longer comes."
)


def _policy(
    policy: IntakePolicy, *, commits_itself: bool | None, additive: bool | None
) -> IntakePolicy:
    """Return a policy with what was said of it."""
    return replace(
        policy,
        commits_itself=policy.commits_itself if commits_itself is None else commits_itself,
        is_additive=policy.is_additive if additive is None else additive,
    )


@sources.command("fields")
@click.argument("kind", type=click.Choice([kind.value for kind in SourceKind]))
@FORMAT
def list_fields(kind: str, output: str) -> None:
    """List what a kind of source must be told: settings, and secrets."""
    from rollbook.roster.sources.setting_values import fields_of  # connectors are slow to load

    print_fields(f"Settings of {kind}", fields_of(SourceKind(kind)), output)


def print_fields(title: str, fields: Iterable[SettingField], output: str) -> None:
    """Print what an outside system must be told."""
    found = [
        {
            "name": field.name,
            "says": field.label,
            "is_secret": field.is_secret,
            "is_required": field.is_required,
            "default": field.default,
            "choices": [code for code, _label in field.choices],
        }
        for field in fields
    ]
    if output == "json":
        print_json(found)
        return
    columns = ["name", "says", "secret", "needed", "default"]
    rows = (
        (
            row["name"],
            row["says"],
            "secret" if row["is_secret"] else "",
            "needed" if row["is_required"] else "",
            row["default"],
        )
        for row in found
    )
    print_table(title, columns, rows)


@sources.command()
@click.option("--district", type=click.UUID, required=True, help="As `rollbook orgs list` shows.")
@click.option("--name", required=True)
@click.option("--kind", type=click.Choice([kind.value for kind in SourceKind]), required=True)
@click.option(
    "--layout",
    type=click.Choice([layout.value for layout in SourceFormat]),
    default=SourceFormat.ONEROSTER_CSV.value,
    show_default=True,
)
@click.option(
    "--profile", type=click.Choice([profile.value for profile in Profile]), default="lenient"
)
@SET
@SECRET
@SECRET_FILE
@EVERY
@ALONE
@ADDITIVE
def add(
    *,
    district: Any,
    name: str,
    kind: str,
    layout: str,
    profile: str,
    given: tuple[str, ...],
    secret_names: tuple[str, ...],
    secret_files: tuple[str, ...],
    every_minutes: str | None,
    commits_itself: bool | None,
    additive: bool | None,
) -> None:
    """Let a district's rosters come from one more place. `fields` lists what it must be told."""
    who = operator()
    from rollbook.roster.actions.sources import SourceDraft, add_source

    draft = SourceDraft(
        name=name,
        kind=SourceKind(kind),
        format=SourceFormat(layout),
        values={**settings_given(given), **secrets_given(secret_names, secret_files)},
        profile=Profile(profile),
        policy=_policy(IntakePolicy(), commits_itself=commits_itself, additive=additive),
        every_minutes=int(every_minutes or NEVER),
    )
    made = add_source(who.scope, district, draft, by=who.by, now=who.now)
    click.echo(f"{made.name}: added as {made.uuid}. Check it with `rollbook sources check`.")


@sources.command()
@SOURCE
@click.option("--name")
@SET
@SECRET
@SECRET_FILE
@EVERY
@ALONE
@ADDITIVE
def change(
    *,
    source: Any,
    name: str | None,
    given: tuple[str, ...],
    secret_names: tuple[str, ...],
    secret_files: tuple[str, ...],
    every_minutes: str | None,
    commits_itself: bool | None,
    additive: bool | None,
) -> None:
    """Change a source's settings; what is not named stays, secrets too."""
    who = operator()
    from rollbook.roster.actions.sources import SourceDraft, change_source
    from rollbook.roster.queries.sources import every_minutes_of, get_source, reading_of

    found = get_source(who.scope, source)
    reading = reading_of(found)
    kept = {key: str(value) for key, value in found.settings.items()}
    draft = SourceDraft(
        name=name or found.name,
        kind=SourceKind(found.kind),
        format=SourceFormat(found.format),
        values={**kept, **settings_given(given), **secrets_given(secret_names, secret_files)},
        profile=reading.profile,
        encoding=reading.encoding,
        switched_off=reading.switched_off,
        mapping=found.mapping.uuid if found.mapping else None,
        policy=_policy(reading.policy, commits_itself=commits_itself, additive=additive),
        every_minutes=every_minutes_of(found) if every_minutes is None else int(every_minutes),
    )
    changed = change_source(who.scope, source, draft, by=who.by, now=who.now)
    click.echo(f"{changed.name}: changed.")


@sources.command()
@SOURCE
@click.pass_context
def check(context: click.Context, source: Any) -> None:
    """Try the connection step by step; nothing is taken in.

    Exit status: 0 when every step worked, else 1.
    """
    who = operator()
    from rollbook.roster.actions.sources import check_source_connection

    report = check_source_connection(who.scope, source, by=who.by, now=who.now)
    for what, worked, says in report.steps:
        click.echo(f"{'works' if worked else 'FAILS'}  {what}. {says}")
    context.exit(0 if report.is_good else 1)


@sources.command()
@SOURCE
@FORMAT
@click.pass_context
def run(context: click.Context, source: Any, output: str) -> None:
    """Run a source at once: fetch what it has, check it, and plan what it would change.

    Exit status: 0 when something usable came of it, 1 when it failed, was refused or is paused.
    """
    who = operator()
    from rollbook.roster.actions.runs import run_source

    done = run_source(who.scope, source, is_scheduled=False, by=who.by, now=who.now)
    if output == "json":
        print_json(_run(done))
    else:
        click.echo(f"{done.source.name}: {done.outcome.replace('_', ' ')}. {done.says}".rstrip())
        if done.intake is not None:
            click.echo(f"See it with `rollbook roster list`: intake {done.intake.uuid}.")
    context.exit(1 if RunOutcome(done.outcome) in TROUBLE else 0)


@sources.command()
@SOURCE
@click.option("--reason", default="", help="As others should read it.")
def pause(source: Any, reason: str) -> None:
    """Let a source rest until somebody resumes it."""
    who = operator()
    from rollbook.roster.actions.resting import pause_source

    rests = pause_source(who.scope, source, reason=reason, by=who.by, now=who.now)
    click.echo(f"{rests.name}: paused.")


@sources.command()
@SOURCE
def resume(source: Any) -> None:
    """Let a paused source run again."""
    who = operator()
    from rollbook.roster.actions.resting import resume_source

    found = resume_source(who.scope, source, by=who.by, now=who.now)
    click.echo(f"{found.name}: resumed.")


@sources.command()
@SOURCE
@click.option("--at", "clock", type=click.DateTime(["%H:%M"]), required=True, metavar="HH:MM")
@click.option("--days", default="1234567", show_default=True, help="1 is Monday.")
@click.option("--time-zone", help="Otherwise the agency's own.")
@click.option("--off", is_flag=True, help="Keep the schedule, and do not run by it.")
def schedule(source: Any, clock: datetime, days: str, time_zone: str | None, off: bool) -> None:
    """Run a source by itself on some days of the week."""
    who = operator()
    from django.conf import settings

    from rollbook.roster.actions.resting import schedule_source

    first = schedule_source(
        who.scope,
        source,
        days=days,
        time_of_day=clock.time(),
        time_zone=time_zone or settings.TIME_ZONE,
        is_on=not off,
        by=who.by,
        now=who.now,
    )
    click.echo("Off." if off else f"Runs first at {first:%Y-%m-%d %H:%M} UTC.")


DAY = click.DateTime(["%Y-%m-%d"])


@sources.command()
@SOURCE
@click.option("--from", "first", type=DAY, metavar="DAY", help="The first day.")
@click.option("--to", "latest", type=DAY, metavar="DAY", help="The last day.")
@click.option("--reason", default="", help="As others should read it.")
@click.option("--clear", is_flag=True, help="Take all blackout days away first.")
def blackout(
    source: Any, first: datetime | None, latest: datetime | None, reason: str, clear: bool
) -> None:
    """Name days on which a source does not run by itself."""
    who = operator()
    from rollbook.roster.actions.resting import set_blackouts
    from rollbook.roster.queries.sources import closed_days_of, get_source

    if (first is None) != (latest is None):
        raise click.UsageError("Name both days: --from and --to.")
    days = [] if clear else closed_days_of(who.scope, get_source(who.scope, source))
    if first is not None and latest is not None:
        ends_before: date = latest.date() + timedelta(days=1)
        days = [*days, ClosedDays(first.date(), ends_before, reason)]
    set_blackouts(who.scope, source, days, by=who.by, now=who.now)
    for stretch in days:
        click.echo(f"{stretch.starts_on} to before {stretch.ends_before} {stretch.reason}".rstrip())


@sources.command()
@SOURCE
def archive(source: Any) -> None:
    """Put a source away for good: it runs no more and its secrets are forgotten."""
    who = operator()
    from rollbook.roster.actions.sources import archive_source

    archive_source(who.scope, source, by=who.by, now=who.now)
    click.echo("Put away. The students and classes that it brought stay.")
