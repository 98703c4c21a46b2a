"""Accounts and roles from the command line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

import click

from rollbook.access.types import GrantRow
from rollbook.cli.orgs import organization_called
from rollbook.cli.terminal import FORMAT, Operator, operator, print_json, print_table

MOST_LISTED = 1_000
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def accounts() -> None:
    """Say who may sign in, and as what. An ACCOUNT is an e-mail address or a public id."""


@accounts.command("list")
@click.option("--search", default="", help="Part of a name or of an e-mail address.")
@FORMAT
def list_accounts(search: str, output: str) -> None:
    """List accounts with their roles."""
    who = operator()
    from rollbook.access.queries import accounts_in  # after Django has started
    from rollbook.shared.page import PageRequest

    page = accounts_in(who.scope, PageRequest(size=MOST_LISTED), search=search)
    if output == "json":
        print_json(
            [
                {
                    "account": str(row.uuid),
                    "email": row.email,
                    "is_active": row.is_active,
                    "roles": [_role(grant) for grant in row.grants],
                }
                for row in page.items
            ]
        )
        return
    rows = [
        (row.email, "may sign in" if row.is_active else "disabled", _roles(row.grants))
        for row in page.items
    ]
    print_table(f"Accounts ({page.total_count:,})", ["e-mail", "state", "roles"], rows)


def _role(grant: GrantRow) -> dict[str, object]:
    return {
        "grant": str(grant.uuid),
        "role": grant.role,
        "organization": str(grant.organization.uuid),
        "at": grant.organization.name,
        "starts_on": grant.starts_on,
        "ends_before": grant.ends_before,
    }


def _roles(grants: Iterable[GrantRow]) -> str:
    return "\n".join(
        f"{grant.role} at {grant.organization.name} [{grant.uuid}]"
        + (f" until before {grant.ends_before}" if grant.ends_before else "")
        for grant in grants
    )


@accounts.command()
@click.argument("email")
@click.option("--first-name", default="")
@click.option("--last-name", default="")
def add(email: str, first_name: str, last_name: str) -> None:
    """Make an account for EMAIL. It may do nothing until it is given a role."""
    who = operator()
    from django.core.exceptions import ValidationError  # after Django has started
    from django.core.validators import validate_email

    from rollbook.access.actions import add_account

    try:
        validate_email(email)
    except ValidationError as error:
        raise click.BadParameter(f'"{email}" is not an e-mail address.') from error
    account = add_account(
        who.scope, email=email, first_name=first_name, last_name=last_name, by=who.by, now=who.now
    )
    click.echo(f"{account}: made. Give it a role with `rollbook accounts grant`.")


@accounts.command()
@click.argument("account")
@click.argument("role")
@click.option("--at", "place", required=True, help="Code or public id of the organization.")
@click.option("--from", "starts", type=DAY, help="First day, today by default.")
@click.option("--until", "ends", type=DAY, help="First day on which it no longer holds.")
def grant(
    account: str, role: str, place: str, starts: datetime | None, ends: datetime | None
) -> None:
    """Give ACCOUNT a ROLE, such as district_admin, at an organization and all below it."""
    who = operator()
    from rollbook.access.actions import grant_role  # after Django has started

    given = grant_role(
        who.scope,
        account=account_called(who, account),
        role=role,
        organization=organization_called(who, place).uuid,
        starts_on=_day(starts) or who.scope.on,
        ends_before=_day(ends),
        by=who.by,
        now=who.now,
    )
    click.echo(f"{given}: given.")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@accounts.command("end-grant")
@click.argument("grant", type=click.UUID)
@click.option("--on", "day", type=DAY, help="First day on which it no longer holds: today.")
def end(grant: UUID, day: datetime | None) -> None:
    """End a role that was given; `accounts list` shows the ids."""
    who = operator()
    from rollbook.access.actions import end_grant  # after Django has started

    end_grant(who.scope, grant=grant, on=_day(day) or who.scope.on, by=who.by, now=who.now)
    click.echo(f"{grant}: ended.")


@accounts.command()
@click.argument("account")
def disable(account: str) -> None:
    """Keep somebody out from this moment, and sign them out everywhere."""
    who = operator()
    from rollbook.access.actions import disable_account  # after Django has started

    disable_account(who.scope, account=account_called(who, account), by=who.by, now=who.now)
    click.echo(f"{account}: disabled and signed out.")


@accounts.command()
@click.argument("account")
def enable(account: str) -> None:
    """Let somebody sign in again."""
    who = operator()
    from rollbook.access.actions import enable_account  # after Django has started

    enable_account(who.scope, account=account_called(who, account), by=who.by, now=who.now)
    click.echo(f"{account}: may sign in again.")


@accounts.command("sign-out")
@click.argument("account")
def sign_out(account: str) -> None:
    """Sign somebody out everywhere."""
    who = operator()
    from rollbook.access.actions import end_sessions  # after Django has started

    count = end_sessions(who.scope, account=account_called(who, account), by=who.by, now=who.now)
    click.echo(f"{account}: signed out of {count} {'place' if count == 1 else 'places'}.")


@accounts.command("reset-password")
@click.argument("account")
def reset(account: str) -> None:
    """Give somebody a new password, print it once, and sign them out everywhere."""
    who = operator()
    from rollbook.access.actions import reset_password  # after Django has started

    password = reset_password(
        who.scope, account=account_called(who, account), by=who.by, now=who.now
    )
    click.echo(f"{account} signs in with this password, then chooses another: {password}")


def account_called(who: Operator, called: str) -> UUID:
    """Return the public id of the account with this e-mail address or public id.

    Raises: AccountNotFound.
    """
    from rollbook.access.queries import AccountNotFound, accounts_in  # after Django has started
    from rollbook.shared.page import PageRequest

    try:
        return UUID(called)
    except ValueError:
        found = accounts_in(who.scope, PageRequest(size=MOST_LISTED), search=called).items
    for row in found:
        if row.email.lower() == called.strip().lower():
            return row.uuid
    raise AccountNotFound(f'No account has the e-mail address "{called}".')
