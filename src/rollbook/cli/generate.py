"""A made-up state from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from rollbook.cli.terminal import progress


@click.command()
@click.option("--students", type=click.IntRange(min=300), default=3000, show_default=True)
@click.option("--districts", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed makes the same bytes."
)
@click.option("--years", type=click.IntRange(min=1, max=10), default=4, show_default=True)
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
def generate(students: int, districts: int, seed: int, years: int, out: Path) -> None:
    """Write a believable state to OUT: rosters, assessments and years of test results."""
    from rollbook.generator.generate import write_state  # numpy is slow to start

    with progress("Making a state") as tell:
        write_state(
            out, students=students, districts=districts, seed=seed, years=years, progress=tell
        )
    click.echo(f"{out}: {students:,} students in {districts:,} districts.")
