"""What was found in a roster, as files to work with: with or without an installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import click

from rollbook.cli.terminal import FORMAT, operator, print_findings, print_json
from rollbook.roster.checks.catalogue import CHECKS
from rollbook.roster.rules.root_causes import repairs_made, root_causes
from rollbook.roster.rules.summary import PreflightSummary, summary_text
from rollbook.roster.targets.findings_files import findings_csv, placed_findings, root_causes_csv
from rollbook.roster.targets.left_out_rows import left_out_file, left_out_of
from rollbook.roster.types import BundleResult, OneRosterBundle

REPAIR_CODES: Final = frozenset(check.code for check in CHECKS if check.is_repair)
_OUT: Final = click.Path(dir_okay=False, writable=True, path_type=Path)


def papers(command: Any) -> Any:
    """Give a command the options that write what was found to files."""
    options = (
        click.option("--findings-csv", type=_OUT, help="Write all findings to this file."),
        click.option("--root-causes", type=_OUT, help="Write the root causes to this file."),
        click.option(
            "--excluded",
            type=_OUT,
            help="Write the rows left out to this file, in their own layout, to correct and send.",
        ),
        click.option("--summary", is_flag=True, help="Print one page in plain words instead."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def write_papers(
    path: Path,
    result: BundleResult,
    told: BundleResult,
    bundle: OneRosterBundle,
    *,
    encoding: str,
    wanted: Mapping[str, Path | None],
) -> None:
    """Write the papers that were asked for: `findings_csv`, `root_causes`, `excluded`."""
    result = replace(result, report=told.report, counts=told.counts)
    if (out := wanted.get("findings_csv")) is not None:
        out.write_bytes(findings_csv(placed_findings(result, bundle.origins)))
    if (out := wanted.get("root_causes")) is not None:
        causes = root_causes(result, repair_codes=REPAIR_CODES, origins=bundle.origins)
        out.write_bytes(root_causes_csv(causes))
    if (out := wanted.get("excluded")) is not None:
        left = left_out_of(result, bundle, repair_codes=REPAIR_CODES)
        moment = f"{datetime.now(tz=UTC):%Y-%m-%dT%H:%M:%S}.000Z"
        found = left_out_file(path, left, encoding=encoding, moment=moment)
        if found is None:
            click.echo("No row is left out, so there is nothing to send again.", err=True)
        else:
            out.write_bytes(found[1])


def summary_of_check(
    path: Path, result: BundleResult, told: BundleResult, bundle: OneRosterBundle
) -> str:
    """Say on one page what a check found, without what it would change: no installation knows."""
    result = replace(result, report=told.report, counts=told.counts)
    return summary_text(
        PreflightSummary(
            file_name=path.name,
            status=result.report.verdict.value,
            records=result.counts.records,
            causes=root_causes(result, repair_codes=REPAIR_CODES, origins=bundle.origins),
            repairs=repairs_made(result, REPAIR_CODES),
            left_out={file: left.frame.height for file, left in result.excluded.items()},
            is_sent_alone=not bundle.origins,
        )
    )


@click.command("findings")
@click.argument("intake", type=click.UUID)
@papers
@FORMAT
def show_findings(
    *,
    intake: UUID,
    findings_csv: Path | None,
    root_causes: Path | None,
    excluded: Path | None,
    summary: bool,
    output: str,
) -> None:
    """Say what was found in a roster that came in, and write it to files.

    INTAKE is the id that `rollbook roster list --format json` prints.
    """
    who = operator()
    from rollbook.roster.queries import papers as kept  # after Django has started
    from rollbook.roster.queries.intakes import IntakeNotFound, findings_of, get_intake

    try:
        counts = get_intake(who.scope, intake).counts
    except IntakeNotFound:
        raise click.ClickException("There is no such intake.") from None
    downloads = (
        (findings_csv, kept.findings_download),
        (root_causes, kept.root_causes_download),
        (excluded, kept.excluded_download),
    )
    for out, download in downloads:
        found = download(who.scope, intake) if out is not None else None
        if out is not None and found is not None:
            out.write_bytes(found.content)
        elif out is not None:
            click.echo("No row is left out, so there is nothing to send again.", err=True)
    if summary:
        click.echo(summary_text(kept.summary_of(who.scope, intake)), nl=False)
    elif output == "json":
        print_json(
            {
                "root_causes": [cause.as_dict() for cause in kept.causes_of(who.scope, intake)],
                "repairs": [repair.as_dict() for repair in kept.repairs_of(who.scope, intake)],
                "findings": findings_of(who.scope, intake, limit=kept.EVERY_FINDING),
            }
        )
    else:
        print_findings(findings_of(who.scope, intake), counts.get("by_code", {}))
