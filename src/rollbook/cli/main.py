"""The `rollbook` command."""

from __future__ import annotations

import os

import click

from rollbook.cli.accounts import accounts
from rollbook.cli.assessments import assessments
from rollbook.cli.audit import audit
from rollbook.cli.clients import clients
from rollbook.cli.deliveries import deliveries
from rollbook.cli.demo import demo
from rollbook.cli.extracts import extracts
from rollbook.cli.generate import generate
from rollbook.cli.groups import groups
from rollbook.cli.identity import identity
from rollbook.cli.installation import backup, doctor, init, migrate, restore
from rollbook.cli.jobs import jobs
from rollbook.cli.mappings import mappings
from rollbook.cli.orgs import orgs
from rollbook.cli.plans import plans
from rollbook.cli.readiness import cards, readiness
from rollbook.cli.refusals import Refusing
from rollbook.cli.report import report
from rollbook.cli.results import results
from rollbook.cli.roster import roster
from rollbook.cli.roster_sources import sources
from rollbook.cli.sections import sections
from rollbook.cli.service import serve, worker
from rollbook.cli.students import students

# What a command or the service writes is for the user who runs it: databases, files that came in,
# reports. A folder that an administrator opened to others before does not open them too.
OTHERS_MAY_NOTHING = 0o077

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Refusing, context_settings=SETTINGS)
@click.version_option(package_name="rollbook")
def main() -> None:
    """Run a school system's assessment year, from the first roster to certified results."""
    os.umask(OTHERS_MAY_NOTHING)


INSTALLATION = (init, migrate, serve, worker, doctor, backup, restore, demo, generate)
DOMAINS = (
    accounts,
    clients,
    orgs,
    identity,
    roster,
    sources,
    sections,
    mappings,
    readiness,
    cards,
    plans,
    students,
    groups,
    extracts,
    deliveries,
    assessments,
    results,
    report,
    jobs,
    audit,
)

for command in INSTALLATION + DOMAINS:
    main.add_command(command)
