"""Programs that call the API, from the command line."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import click

from rollbook.access.types import ClientRow, SecretRow
from rollbook.cli.orgs import organization_called
from rollbook.cli.terminal import FORMAT, operator, print_json, print_table
from rollbook.shared.scope import Permission

DAY = click.DateTime(formats=["%Y-%m-%d"])
GIVABLE = click.Choice(["GROUP_READ", "GROUP_WRITE", "DATA_WRITE"])
UNTIL = click.option(
    "--until", "ends", type=DAY, help="First day on which the secret no longer holds: in 365 days."
)


@click.group()
def clients() -> None:
    """Say which programs may call the API, such as a student information system."""


@clients.command()
@click.argument("name")
@click.option("--at", "place", required=True, help="Code or public id of the organization.")
@click.option(
    "--may",
    "permissions",
    type=GIVABLE,
    multiple=True,
    default=("GROUP_READ", "GROUP_WRITE"),
    show_default=True,
    help="What it may do there and below; may be given more than once.",
)
@UNTIL
@FORMAT
def add(
    name: str, place: str, permissions: tuple[str, ...], ends: datetime | None, output: str
) -> None:
    """Let the program NAME in. Prints its user name, and its secret once."""
    who = operator()
    from rollbook.access.actions import add_client  # after Django has started

    client, username, secret = add_client(
        who.scope,
        name=name,
        organization_uuid=organization_called(who, place).uuid,
        permissions=[Permission(each) for each in permissions],
        expires_on=_day(ends),
        by=who.by,
        now=who.now,
    )
    if output == "json":
        print_json({"client": str(client), "username": username, "secret": secret})
        return
    click.echo(f"{client}: may call the API.")
    click.echo(f"user name: {username}")
    click.echo(f"secret, shown this once: {secret}")


@clients.command("list")
@FORMAT
def list_clients(output: str) -> None:
    """List programs and their secrets: what they may do, and when each secret ends."""
    who = operator()
    from rollbook.access.queries import clients_in  # after Django has started

    rows = clients_in(who.scope)
    if output == "json":
        print_json(
            [
                {
                    "client": str(row.uuid),
                    "name": row.name,
                    "username": row.username,
                    "at": row.organization.name,
                    "organization": str(row.organization.uuid),
                    "permissions": list(row.permissions),
                    "is_active": row.is_active,
                    "secrets": [_secret(secret) for secret in row.secrets],
                }
                for row in rows
            ]
        )
        return
    told = [
        (
            row.uuid,
            row.username,
            row.organization.name,
            ", ".join(row.permissions),
            secret.uuid,
            _words(row, secret),
        )
        for row in rows
        for secret in row.secrets
    ]
    columns = ["program", "user name", "at", "may", "secret", "ends"]
    print_table(f"Programs ({len(rows):,})", columns, told)


@clients.command()
@click.argument("client", type=click.UUID)
@UNTIL
def renew(client: UUID, ends: datetime | None) -> None:
    """Give CLIENT another secret and print it once; the one in use goes on until its day."""
    who = operator()
    from rollbook.access.actions import renew_secret  # after Django has started

    secret = renew_secret(who.scope, client, expires_on=_day(ends), by=who.by, now=who.now)
    click.echo(f"secret, shown this once: {secret}")


@clients.command()
@click.argument("client", type=click.UUID)
@click.argument("secret", type=click.UUID)
def revoke(client: UUID, secret: UUID) -> None:
    """End one SECRET of CLIENT, by its public id, and its tokens with it, at once."""
    who = operator()
    from rollbook.access.actions import revoke_secret  # after Django has started

    revoke_secret(who.scope, client, secret, by=who.by, now=who.now)
    click.echo(f"{secret}: holds no more.")


@clients.command()
@click.argument("client", type=click.UUID)
def close(client: UUID) -> None:
    """Shut CLIENT out for good, with all its secrets and tokens, at once."""
    who = operator()
    from rollbook.access.actions import close_client  # after Django has started

    close_client(who.scope, client, by=who.by, now=who.now)
    click.echo(f"{client}: shut out.")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _secret(row: SecretRow) -> dict[str, object]:
    return {
        "secret": str(row.uuid),
        "ends_with": row.hint,
        "expires_on": row.expires_on,
        "days_left": row.days_left,
        "holds": row.holds,
        "last_used_at": row.last_used_at,
    }


def _words(row: ClientRow, secret: SecretRow) -> str:
    if not row.is_active:
        return "shut out"
    return f"in {secret.days_left} days" if secret.holds else "over"
