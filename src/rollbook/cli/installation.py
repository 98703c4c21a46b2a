"""An installation from the command line: make it, look after it, copy it, bring it back."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

import click

from rollbook.cli.terminal import FORMAT, operator, print_json, start_django

FOLDERS = ("files/plans", "files/intakes", "files/results", "lake", "run", "static")


@click.command()
@click.option("--state", "name", help="Name of the state or agency at the top, like California.")
@click.option("--admin", help="E-mail address of the first administrator.")
def init(name: str | None, admin: str | None) -> None:
    """Make an installation in ROLLBOOK_HOME: its folders, its key, its tables.

    Running it again changes nothing that is there.
    """
    if admin is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", admin):
        raise click.BadParameter(f'"{admin}" is not an e-mail address.', param_hint="--admin")
    home = make_home()
    start_django()
    run_migrations(quiet=True)
    who = operator()
    from rollbook.cli.first_steps import make_administrator, make_state  # after Django has started

    state = make_state(who.scope, name=name or "The agency", by=who.by, now=who.now)
    click.echo(f"{home}: ready. Start it with `rollbook serve`.")
    if admin is None:
        return
    password = make_administrator(
        who.scope, email=admin, organization=state, by=who.by, now=who.now
    )
    if password:
        click.echo(f"{admin} signs in with this password, then chooses another: {password}")
    else:
        click.echo(f"{admin} has an account already.")


def home_folder() -> Path:
    """Return where the installation is, or will be."""
    return Path(os.environ.get("ROLLBOOK_HOME", "var")).absolute()


def make_home() -> Path:
    """Make the folders and the signing key of an installation, and return where it is."""
    home = home_folder()
    for folder in (home, *(home / name for name in FOLDERS)):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = home / "secret_key"
    if not key.exists():
        draft = home / f"secret_key.{os.getpid()}.part"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        draft.rename(key)  # a key that is there is whole
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
@FORMAT
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
            click.echo(f"{mark} {answer.asks}: {answer.says}")
            if answer.fix:
                click.echo(f"  {answer.fix}")
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
    """Make an installation from a backup, in an empty ROLLBOOK_HOME.

    A backup of a PostgreSQL database goes into the empty database of DATABASE_URL.
    """
    home = home_folder()
    lay_out(file, home)
    start_django()
    run_migrations(quiet=True)
    click.echo(f"{home}: restored. Start it with `rollbook serve`.")


def lay_out(file: Path, home: Path) -> None:
    """Put everything of a backup into its place, or nothing.

    Raises: what `archive` and `database_copies` raise.
    """
    from rollbook.cli import archive  # only a restore needs it
    from rollbook.cli.database_copies import is_sqlite, load_dump

    elsewhere = os.environ.get("ROLLBOOK_LAKE", "")
    lake = Path(elsewhere).absolute() if elsewhere else home / "lake"
    if elsewhere and lake.exists() and any(lake.iterdir()):
        raise archive.HomeIsNotEmpty(f"{lake} is not empty. Set ROLLBOOK_LAKE to a new folder.")
    is_new = not home.exists()
    draft = archive.read_backup(file, home)
    url = os.environ.get("DATABASE_URL", "")
    try:
        if is_sqlite(draft / archive.DATABASE):
            if url:
                raise archive.BackupIsOfAnotherKind(
                    "This backup holds a SQLite database. Unset DATABASE_URL to restore it."
                )
        elif not url.startswith(("postgres:", "postgresql:")):
            raise archive.BackupIsOfAnotherKind(
                "This backup holds a PostgreSQL database. Set DATABASE_URL to an empty one."
            )
        else:
            load_dump(draft / archive.DATABASE, url)
        archive.settle(draft, home, lake)
    except BaseException:
        archive.forget(home, is_new=is_new)
        raise
