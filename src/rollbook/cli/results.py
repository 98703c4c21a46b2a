"""Test results from the command line: check files, load them."""

from __future__ import annotations

from pathlib import Path

import click

from rollbook.cli.terminal import FORMAT, exit_code, operator, print_findings, print_json
from rollbook.results.sources.reading import check_files
from rollbook.results.types import ResultIntakeStatus

FILES = click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)


@click.group()
def results() -> None:
    """Check and load test results: TRT XML, CSV, zips and folders of them."""


@results.command()
@FILES
@FORMAT
@click.pass_context
def check(context: click.Context, files: tuple[Path, ...], output: str) -> None:
    """Say what is wrong with result files. Needs no installation and changes nothing.

    Exit status: 0 when they are sound or have only warnings, 1 when they have errors.
    """
    checked = check_files(files)
    if output == "json":
        print_json(checked.report.as_json(checked.counts))
    else:
        print_findings(checked.report, checked.report.counts)
        click.echo(
            f"{checked.report.verdict.value}. "
            + ", ".join(f"{n:,} {name}" for name, n in checked.counts.items())
        )
    context.exit(exit_code(checked.report.verdict))


@results.command()
@FILES
@FORMAT
@click.pass_context
def load(context: click.Context, files: tuple[Path, ...], output: str) -> None:
    """Check result files and publish every result that is sound.

    Exit status: 0 when results were published (or had been before), 1 when none could be used.
    """
    who = operator()
    from rollbook.results.actions.publish import publish_results  # after Django has started
    from rollbook.results.queries.intakes import findings_of

    name = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
    intake = publish_results(who.scope, files, file_name=name, by=who.by, now=who.now)
    findings = findings_of(who.scope, intake.uuid)
    if output == "json":
        print_json(
            {
                "status": intake.status,
                "verdict": intake.verdict,
                "intake": str(intake.uuid),
                "findings": findings,
                "counts": intake.counts,
                "versions": intake.lake_versions,
            }
        )
    else:
        print_findings(findings, intake.counts.get("by_code", {}))
        click.echo(
            f"{name}: {intake.status}, {intake.counts.get('accepted', 0):,} results accepted."
        )
    context.exit(0 if intake.status == ResultIntakeStatus.PUBLISHED else 1)
