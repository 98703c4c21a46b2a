"""A sample district to try everything with, from nothing to a page, in one command."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from rollbook.cli.installation import make_home, run_migrations
from rollbook.cli.service import PORTS, is_free, serve
from rollbook.cli.terminal import console, operator, progress, start_django

MARK = "demo.json"  # written first, so that a real installation is never taken for a demo
# Of the environment, what would lead out of the demo's own folder.
NOT_FOR_A_DEMO = ("DATABASE_URL", "ROLLBOOK_LAKE", "ROLLBOOK_SECRET_KEY")
PORTS_TRIED = 50

Tell = Callable[[str, int, int], None]


class NotADemo(Exception):
    """Say that a folder holds something else than a demo."""


class NoPortIsFree(Exception):
    """Say that every port in a row is taken."""


@click.command()
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
)
@click.option("--students", type=click.IntRange(min=300), default=1500, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--port", type=PORTS, default=8000, show_default=True)
@click.option("--no-serve", is_flag=True, help="Make it and stop.")
@click.pass_context
def demo(
    context: click.Context, *, home: Path, students: int, seed: int, port: int, no_serve: bool
) -> None:
    """Make a sample district, load it through the same doors as a user, and serve it.

    Running it again goes on where it stopped. Delete the folder to begin anew.
    """
    wanted = _mark(home, students=students, seed=seed)
    port = port if no_serve else free_port(port)
    for name in NOT_FOR_A_DEMO:
        os.environ.pop(name, None)
    os.environ.update(
        ROLLBOOK_HOME=str(home.absolute()),
        ROLLBOOK_SANDBOX="1",
        ROLLBOOK_BASE_URL=f"http://127.0.0.1:{port}",
    )
    if not wanted["is_ready"]:
        _make(home, students=wanted["students"], seed=wanted["seed"])
        (home / MARK).write_text(json.dumps({**wanted, "is_ready": True}))
    if no_serve:
        click.echo(f"{home}: ready.")
        return
    context.invoke(serve, host="127.0.0.1", port=port, workers=2, no_worker=False)


def _mark(home: Path, *, students: int, seed: int) -> dict[str, int]:
    """Say in the folder that it holds a demo, and which; an earlier demo's choices stay.

    Raises: NotADemo.
    """
    mark = home / MARK
    if mark.exists():
        return {"is_ready": False, **json.loads(mark.read_text())}
    if home.exists() and any(home.iterdir()):
        raise NotADemo(f"{home} holds something else than a demo. Choose another --home.")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    wanted = {"students": students, "seed": seed, "is_ready": False}
    mark.write_text(json.dumps(wanted))
    return wanted


def free_port(wanted: int) -> int:
    """Return the first free port from `wanted` on.

    Raises: NoPortIsFree.
    """
    for port in range(wanted, min(wanted + PORTS_TRIED, 65_536)):
        if is_free("127.0.0.1", port):
            return port
    raise NoPortIsFree(f"No port from {wanted} on is free. Choose another --port.")


def _make(home: Path, *, students: int, seed: int) -> None:
    make_home()
    start_django()
    console.print("Making the installation …")
    run_migrations(quiet=True)
    who = operator()
    from rollbook.cli.first_steps import make_state  # after Django has started
    from rollbook.generator.generate import write_state

    make_state(who.scope, name="Sample State", by=who.by, now=who.now)
    state = home / "state"
    with progress("Sample district") as tell:
        if not (state / "STATE.json").exists():
            write_state(state, students=students, districts=1, seed=seed, progress=tell)
        _load(state, tell)


def _load(state: Path, tell: Tell) -> None:
    """Load assessments, the roster and every year's results, as their own commands do."""
    who = operator()
    from rollbook.assessments.actions import load_packages  # after Django has started
    from rollbook.jobs.actions import run_until_empty
    from rollbook.results.actions.publish import publish_results

    load_packages(who.scope, sorted((state / "assessments").glob("*.csv")), by=who.by, now=who.now)
    rosters = sorted(p for p in (state / "rosters").glob("*.zip") if not p.stem.endswith("-next"))
    for place, bundle in enumerate(rosters):
        tell("loading the roster", place, len(rosters))
        _load_roster(bundle)
    tell("loading the roster", len(rosters), len(rosters))
    results = sorted((state / "results").glob("*.zip"))
    results += [folder for folder in [state / "results-xml"] if folder.exists()]
    for place, path in enumerate(results):
        tell("loading the results", place, len(results))
        publish_results(who.scope, [path], file_name=path.name, by=who.by, now=who.now)
    tell("loading the results", len(results), len(results))
    run_until_empty(now=datetime.now(tz=UTC))


def _load_roster(bundle: Path) -> None:
    who = operator()
    from rollbook.roster.actions.commit import commit_intake  # after Django has started
    from rollbook.roster.actions.preflight import preflight_intake
    from rollbook.roster.types import Profile

    intake = preflight_intake(
        who.scope, bundle, file_name=bundle.name, profile=Profile.STRICT, by=who.by, now=who.now
    )
    if intake.plan is not None and intake.plan.status != "committed":
        commit_intake(who.scope, intake.uuid, digest=intake.plan.digest, by=who.by, now=who.now)
