"""An installation from the command line: make it, serve it, look after it."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path

import click

from rollbook.cli.terminal import console, operator, print_json, start_django


@click.command()
@click.option("--state", "state_name", help="Name of the state or agency at the top, such as California.")  # fmt: skip
@click.option("--admin", "admin_email", help="E-mail address of the first administrator.")
def init(state_name: str | None, admin_email: str | None) -> None:
    """Make an installation in ROLLBOOK_HOME: its folders, its key, its tables.

    Running it again changes nothing that is there.
    """
    home = make_home()
    start_django()
    run_migrations(quiet=True)
    who = operator()
    from rollbook.cli.first_steps import make_administrator, make_state  # after Django has started

    state = make_state(who.scope, name=state_name or "The agency", by=who.by, now=who.now)
    click.echo(f"{home}: ready. Start it with `rollbook serve`.")
    if admin_email:
        password = make_administrator(
            who.scope, email=admin_email, organization=state, by=who.by, now=who.now
        )
        click.echo(f"{admin_email} signs in with this password once, then chooses another: {password}" if password
                   else f"{admin_email} has an account already.")  # fmt: skip


def make_home() -> Path:
    """Make the folders and the signing key of an installation, and return where it is."""
    home = Path(os.environ.get("ROLLBOOK_HOME", "var")).absolute()
    for folder in (home, home / "files" / "plans", home / "files" / "intakes", home / "files" / "results", home / "lake", home / "run", home / "static"):  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = home / "secret_key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(secrets.token_urlsafe(50))
    return home


def run_migrations(*, quiet: bool) -> None:
    """Bring the tables to what this version needs."""
    from django.core.management import call_command  # after Django has started

    call_command("migrate", interactive=False, verbosity=0 if quiet else 1)


@click.command()
def migrate() -> None:
    """Bring the installation's tables and lake to what this version needs."""
    start_django()
    run_migrations(quiet=False)
    from rollbook.results.queries.store import lake  # makes the lake's tables

    lake()
    click.echo("The tables are as this version needs them.")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=2, show_default=True, help="Processes that answer requests.")
@click.option("--no-worker", is_flag=True, help="Do not run background work beside the pages.")
def serve(host: str, port: int, workers: int, no_worker: bool) -> None:
    """Serve the pages, with a background worker beside them."""
    start_django()
    from django.conf import settings

    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "rollbook.config.settings"}
    background = None if no_worker else subprocess.Popen([sys.executable, "-m", "rollbook.cli", "worker"], env=environment)  # noqa: S603  # fmt: skip
    server = subprocess.Popen(  # noqa: S603
        [
            sys.executable, "-m", "gunicorn", "rollbook.config.wsgi:application",
            "--bind", f"{host}:{port}", "--workers", str(workers), "--threads", "4",
            "--timeout", "120", "--graceful-timeout", "10", "--log-level", "warning",
            "--logger-class", "rollbook.config.server_log.ServerLog",
            "--pid", str(settings.HOME / "run" / "gunicorn.pid"), "--worker-tmp-dir", "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp",
        ],
        env=environment,
    )  # fmt: skip
    console.print(f"Rollbook is at http://{host}:{port}/  (Ctrl-C stops it)")
    _wait([process for process in (server, background) if process is not None])


def _wait(processes: list[subprocess.Popen[bytes]]) -> None:
    """Wait until one process ends or somebody asks to stop; then stop them all."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(0.3) and all(process.poll() is None for process in processes):
        pass
    ended = [process.returncode for process in processes if process.poll() is not None]
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
    if not stop.is_set():
        raise click.ClickException(
            f"A part of Rollbook ended by itself (exit status {ended[0]}). See above."
        )


@click.command()
def worker() -> None:
    """Run background work: jobs from the queue, schedules, mail."""
    start_django()
    from rollbook.jobs.actions import run_worker  # after Django has started

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    run_worker(stop)


@click.command()
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def doctor(context: click.Context, output: str) -> None:
    """Check everything that a support person would ask about.

    Exit status: 0 when all is well or only warns, 1 when something is broken.
    """
    who = operator()
    from rollbook.cli.examination import examine  # after Django has started

    answers = examine(who.scope, now=who.now)
    if output == "json":
        print_json([answer.as_dict() for answer in answers])
    else:
        for answer in answers:
            mark = {"ok": "✓", "warning": "!", "broken": "✗"}[answer.state]
            click.echo(f"{mark} {answer.asks}: {answer.says}" + (f"\n  {answer.fix}" if answer.fix else ""))  # fmt: skip
    context.exit(1 if any(answer.state == "broken" for answer in answers) else 0)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write the whole installation to one file, while it runs."""
    who = operator()
    from rollbook.cli.archive import write_backup  # after Django has started

    size = write_backup(file, by=who.by, now=who.now)
    click.echo(
        f"{file}: {size / 1e6:,.1f} MB. Keep it as safe as the students' data that is in it."
    )


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Make an installation from a backup, in an empty ROLLBOOK_HOME."""
    home = Path(os.environ.get("ROLLBOOK_HOME", "var")).absolute()
    from rollbook.cli.archive import BackupIsDamaged, HomeIsNotEmpty, read_backup

    try:
        read_backup(file, home)
    except (HomeIsNotEmpty, BackupIsDamaged) as refusal:
        raise click.ClickException(str(refusal)) from refusal
    start_django()
    from rollbook.cli.archive import load_database_dump

    load_database_dump(home)
    run_migrations(quiet=True)
    click.echo(f"{home}: restored. Start it with `rollbook serve`.")
