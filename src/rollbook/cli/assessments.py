"""Assessments from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from rollbook.cli.terminal import exit_code, operator, print_findings


@click.group()
def assessments() -> None:
    """Load assessment packages."""


@assessments.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.pass_context
def load(context: click.Context, files: tuple[Path, ...]) -> None:
    """Load assessment packages (the state system's CSV): names, cut scores, items."""
    who = operator()
    from rollbook.assessments.actions import load_packages  # after Django has started

    loaded = load_packages(who.scope, files, by=who.by, now=who.now)
    print_findings(loaded.report, loaded.report.counts)
    click.echo(
        f"{loaded.created_count:,} assessments created, {loaded.updated_count:,} updated, "
        f"{loaded.item_count:,} items."
    )
    context.exit(exit_code(loaded.report.verdict))
