"""`rollbook groups check`: what is wrong with a group file, before anybody sends it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from rollbook.cli.terminal import FORMAT, print_findings, print_json
from rollbook.groups.checks.reading import read_group_file
from rollbook.groups.checks.state import state_answer, state_verdict
from rollbook.groups.types import GroupFileReading, GroupFileWorld, StateMessage, StateVerdict
from rollbook.shared.findings import Finding

_IN = click.Path(exists=True, dir_okay=False, path_type=Path)


def _years(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> frozenset[int] | None:
    if text is None:
        return None
    try:
        years = frozenset(int(year) for year in _parts(text))
    except ValueError:
        years = frozenset[int]()
    if not years:
        raise click.BadParameter(f'"{text}" is not a list of years, such as 2026,2027.')
    return years


def _subjects(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> tuple[str, ...] | None:
    return None if text is None else tuple(_parts(text))


def _schools(
    _context: click.Context, _option: click.Parameter, path: Path | None
) -> frozenset[str] | None:
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.BadParameter(
            f"{path.name} is not a UTF-8 text of ids, one in a line."
        ) from None
    return frozenset(line.strip() for line in text.splitlines() if line.strip())


def _parts(text: str) -> Iterable[str]:
    return (part.strip() for part in text.split(",") if part.strip())


@click.command()
@click.argument("file", type=_IN)
@click.option(
    "--schools",
    type=_IN,
    callback=_schools,
    help="The ids of schools whose groups you may write, one in a line.",
)
@click.option("--subjects", callback=_subjects, help="The subjects that there are: ELA,Math.")
@click.option("--years", callback=_years, help="The school years that are open: 2026,2027.")
@click.option(
    "--strict",
    is_flag=True,
    help="Say what the state's system says, in its words; its rows do not count the header.",
)
@FORMAT
@click.pass_context
def check(
    context: click.Context,
    *,
    file: Path,
    schools: frozenset[str] | None,
    subjects: tuple[str, ...] | None,
    years: frozenset[int] | None,
    strict: bool,
    output: str,
) -> None:
    """Say what is wrong with a student-group file. Needs no installation and changes nothing.

    What is left out of the options is not judged: without --schools any school will do.

    Exit status: 0 when the file may go in, 1 when it may not.
    """
    world = GroupFileWorld(school_ids=schools, subjects=subjects, years=years)
    if strict:
        verdict = state_verdict(file, world)
    else:
        reading = read_group_file(file, name=file.name, world=world)
        verdict = _verdict_of(reading)
        if output == "text":
            _print_reading(file.name, reading)
    if output == "json":
        messages = [{"row": message.row, "says": message.says} for message in verdict.messages]
        print_json({"accepted": verdict.accepted, "messages": messages})
    elif strict:
        click.echo(state_answer(verdict))
        click.echo(f"{file.name}: {'accepted' if verdict.accepted else 'not accepted'}.")
    context.exit(0 if verdict.accepted else 1)


def _verdict_of(reading: GroupFileReading) -> StateVerdict:
    """Return our own findings in the shape of a verdict, each with what to do."""
    return StateVerdict(
        accepted=reading.is_accepted,
        messages=tuple(_message(finding) for finding in reading.findings),
    )


def _message(finding: Finding) -> StateMessage:
    return StateMessage(finding.line or 0, f"{finding.says} {finding.fix} [{finding.code}]")


def _print_reading(name: str, reading: GroupFileReading) -> None:
    print_findings(reading.findings, {})
    if reading.finding_count > len(reading.findings):
        click.echo(f"        … {reading.finding_count:,} findings in all")
    said = "accepted" if reading.is_accepted else "not accepted"
    good, bad = reading.rows.height, reading.faulty.height
    click.echo(f"{name}: {said}. Rows that can be used: {good:,}; that cannot: {bad:,}.")
