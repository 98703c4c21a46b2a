"""A sample district to try everything with, from nothing to a page, in one command."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import click

from rollbook.cli.installation import make_home, run_migrations, serve
from rollbook.cli.terminal import console, operator, progress, start_django

DONE = "demo.json"


@click.command()
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), default=Path("demo"), show_default=True)  # fmt: skip
@click.option("--students", type=click.IntRange(min=300), default=1500, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--port", type=int, default=8000, show_default=True)
@click.option("--no-serve", is_flag=True, help="Make it and stop.")
@click.pass_context
def demo(
    context: click.Context, home: Path, students: int, seed: int, port: int, no_serve: bool
) -> None:
    """Make a sample district, load it through the same doors as a user, and serve it.

    Running it again starts at once with what is there. Delete the folder to begin anew.
    """
    port = port if no_serve else _free_port(port)
    os.environ.update(
        ROLLBOOK_HOME=str(home.absolute()),
        ROLLBOOK_SANDBOX="1",
        ROLLBOOK_BASE_URL=f"http://127.0.0.1:{port}",
    )
    os.environ.pop("DATABASE_URL", None)
    if not (home / DONE).exists():
        _make(home, students=students, seed=seed)
    if no_serve:
        click.echo(f"{home}: ready.")
        return
    context.invoke(serve, host="127.0.0.1", port=port, workers=2, no_worker=False)


def _free_port(wanted: int) -> int:
    """Return the first free port from `wanted` on."""
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise click.ClickException(f"No free port from {wanted} to {wanted + 49}. Say one with --port.")


def _make(home: Path, *, students: int, seed: int) -> None:
    make_home()
    start_django()
    console.print("Making the installation …")
    run_migrations(quiet=True)
    who = operator()
    from rollbook.cli.first_steps import make_state  # after Django has started

    make_state(who.scope, name="Sample State", by=who.by, now=who.now)
    state = home / "state"
    from rollbook.generator.generate import write_state

    with progress("Sample district") as tell:
        if not (state / "STATE.json").exists():
            write_state(state, students=students, districts=1, seed=seed, progress=tell)
        _load(state, tell)
    (home / DONE).write_text(json.dumps({"students": students, "seed": seed}))


def _load(state: Path, tell: object) -> None:
    """Load assessments, the roster and every year's results, as their own commands do."""
    who = operator()
    from rollbook.assessments.actions import load_packages
    from rollbook.jobs.actions import run_until_empty
    from rollbook.results.actions.publish import publish_results
    from rollbook.roster.actions.commit import commit_intake
    from rollbook.roster.actions.preflight import preflight_intake
    from rollbook.roster.types import Profile

    packages = sorted((state / "assessments").glob("*.csv"))
    load_packages(who.scope, packages, by=who.by, now=who.now)
    rosters = sorted(p for p in (state / "rosters").glob("*.zip") if not p.stem.endswith("-next"))
    for place, bundle in enumerate(rosters):
        tell("rosters", place, len(rosters))  # type: ignore[operator]
        intake = preflight_intake(
            who.scope, bundle, file_name=bundle.name, profile=Profile.STRICT, by=who.by, now=who.now
        )
        if intake.plan is not None and intake.plan.status != "committed":
            commit_intake(who.scope, intake.uuid, digest=intake.plan.digest, by=who.by, now=who.now)
    tell("rosters", len(rosters), len(rosters))  # type: ignore[operator]
    results: list[Path] = [*sorted((state / "results").glob("*.zip"))]
    if (state / "results-xml").exists():
        results.append(state / "results-xml")
    for place, path in enumerate(results):
        tell("results", place, len(results))  # type: ignore[operator]
        publish_results(who.scope, [path], file_name=path.name, by=who.by, now=who.now)
    tell("results", len(results), len(results))  # type: ignore[operator]
    run_until_empty(now=datetime.now(tz=UTC))
