"""Student groups from the command line."""

from __future__ import annotations

import click

from rollbook.cli.group_check import check


@click.group()
def groups() -> None:
    """Check group files; list, make and change student groups."""


groups.add_command(check)
