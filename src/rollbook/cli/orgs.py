"""Organizations from the command line."""

from __future__ import annotations

from uuid import UUID

import click

from rollbook.cli.terminal import FORMAT, Operator, operator, print_json, print_table
from rollbook.orgs.types import OrganizationKind, OrganizationRow

KINDS = click.Choice([kind.value for kind in OrganizationKind])


@click.group()
def orgs() -> None:
    """Say which districts and schools there are, and how they hang together."""


@orgs.command("list")
@FORMAT
def list_organizations(output: str) -> None:
    """List the organizations as a tree."""
    who = operator()
    from rollbook.orgs.queries import organization_tree  # after Django has started

    tree = organization_tree(who.scope)
    if output == "json":
        uuids = {row.organization.id: str(row.organization.uuid) for row in tree}
        print_json(
            [
                {
                    "organization": str(row.organization.uuid),
                    "kind": row.organization.kind.value,
                    "name": row.organization.name,
                    "code": row.organization.natural_id,
                    "parent": uuids.get(row.organization.parent_id or 0),
                }
                for row in tree
            ]
        )
        return
    rows = [
        (
            "  " * row.depth + row.organization.name,
            row.organization.kind.label,
            row.organization.natural_id,
            row.organization.uuid,
        )
        for row in tree
    ]
    print_table(f"Organizations ({len(rows):,})", ["name", "level", "code", "public id"], rows)


@orgs.command()
@click.argument("kind", type=KINDS)
@click.argument("name")
@click.option("--under", help="Code or public id of the organization above.")
@click.option("--code", default="", help="The state's code, such as a CDS code.")
@click.option("--nces", default="", help="The federal id.")
def add(kind: str, name: str, under: str | None, code: str, nces: str) -> None:
    """Add one organization; rosters add schools by themselves."""
    who = operator()
    from rollbook.orgs.actions import add_organization  # after Django has started

    added = add_organization(
        who.scope,
        kind=OrganizationKind(kind),
        name=name,
        parent=organization_called(who, under).uuid if under else None,
        natural_id=code,
        nces_id=nces,
        by=who.by,
        now=who.now,
    )
    click.echo(f"{added.uuid}: {added.name} was added.")


def organization_called(who: Operator, called: str) -> OrganizationRow:
    """Return the organization with this state code, public id, or name that only one has.

    Raises: OrganizationNotFound.
    """
    from rollbook.orgs.queries import (  # after Django has started
        OrganizationNotFound,
        find_by_natural_id,
        get_organization,
        organizations_in,
    )
    from rollbook.shared.scope import Permission

    try:
        return get_organization(who.scope, UUID(called))
    except ValueError:
        found = find_by_natural_id(who.scope, called)
    if found is not None:
        return found
    listed = organizations_in(who.scope, Permission.ORGANIZATION_READ)
    named = [row for row in listed if row.name.lower() == called.lower()]
    if len(named) != 1:
        raise OrganizationNotFound(
            f'{len(named)} organizations are called "{called}". Use a code or a public id; '
            "`rollbook orgs list` shows them."
        )
    return named[0]
