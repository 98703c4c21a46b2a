"""The `rollbook` command."""

from __future__ import annotations

import click

from rollbook.cli.assessments import assessments
from rollbook.cli.demo import demo
from rollbook.cli.generate import generate
from rollbook.cli.installation import backup, doctor, init, migrate, restore, serve, worker
from rollbook.cli.report import report
from rollbook.cli.results import results
from rollbook.cli.roster import roster


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="rollbook")
def main() -> None:
    """Run a school system's assessment year, from the first roster to certified results."""


for command in (
    init, migrate, serve, worker, doctor, backup, restore, demo, generate, roster, assessments, results, report
):  # fmt: skip
    main.add_command(command)
