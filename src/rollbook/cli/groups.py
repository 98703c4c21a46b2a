"""Student groups from the command line: which there are, who is in them, who sees whom and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from rollbook.cli.accounts import account_called
from rollbook.cli.group_check import check
from rollbook.cli.group_edits import EDITS
from rollbook.cli.group_imports import FILES
from rollbook.cli.orgs import organization_called
from rollbook.cli.terminal import FORMAT, Operator, operator, print_json, print_table
from rollbook.groups.types import GroupFilter, GroupOrigin, GroupRow, SightReason

if TYPE_CHECKING:  # tables load only after Django has started
    from rollbook.people.types import StudentRow

MOST_LISTED = 10_000
GROUP = click.argument("group", type=click.UUID)
STUDENT = click.argument("student", metavar="STUDENT")
COLUMNS = ("group", "name", "school", "school_year", "subject", "origin", "students", "users")


@click.group()
def groups() -> None:
    """Check group files; list, make and change student groups. A GROUP is a public id."""


for command in (check, *EDITS, *FILES):
    groups.add_command(command)


@groups.command("list")
@click.option("--school", help="Of this school: its state code, public id or name.")
@click.option("--school-year", type=int, help="Of this school year, 2027 for 2026-27.")
@click.option("--subject", help="Of this subject, or All.")
@click.option("--origin", type=click.Choice([o.value for o in GroupOrigin if o.value != "own"]))
@click.option("--words", default="", help="With these words in the name.")
@click.option("--archived", is_flag=True, help="Archived ones instead.")
@click.option("--without-users", is_flag=True, help="That nobody uses.")
@click.option("--without-students", is_flag=True, help="That nobody is in.")
@click.option("--too-large", is_flag=True, help="With more students than the state's system takes.")
@FORMAT
def list_groups(output: str, school: str | None, subject: str | None, **asked: Any) -> None:
    """List groups, those that people keep for themselves left out."""
    who = operator()
    from rollbook.groups.queries import find_groups  # after Django has started
    from rollbook.shared.page import PageRequest

    origin = asked.pop("origin")
    wanted = GroupFilter(
        school=organization_called(who, school).uuid if school else None,
        subject="" if subject and subject.casefold() == "all" else subject,
        origin=GroupOrigin(origin) if origin else None,
        **asked,
    )
    page = find_groups(who.scope, wanted, PageRequest(size=MOST_LISTED))
    found = [_told(row) for row in page.items]
    if output == "json":
        print_json(found)
        return
    # A year is no number to part by thousands.
    rows = (row | {"school_year": str(row["school_year"])} for row in found)
    print_table("Groups", COLUMNS, ([row[name] for name in COLUMNS] for row in rows))


def _told(row: GroupRow) -> dict[str, Any]:
    return {
        "group": row.uuid,
        "name": row.name,
        "school": row.school_name,
        "school_year": row.school_year,
        "subject": row.subject,
        "origin": row.origin.value,
        "is_active": row.is_active,
        "students": row.student_count,
        "users": row.user_count,
        "is_too_large": row.is_too_large,
    }


@groups.command()
@GROUP
@click.option("--students", "names", is_flag=True, help="Name the students too.")
@FORMAT
def show(group: UUID, names: bool, output: str) -> None:
    """Say what a group is, who uses it and, if asked, who is in it."""
    who = operator()
    from rollbook.groups.queries import get_group, members_of, rule_of, users_of
    from rollbook.shared.page import PageRequest

    row = get_group(who.scope, group, archived_too=True)
    told = _told(row) | {
        "rule": rule_of(who.scope, group).as_json() if row.origin is GroupOrigin.RULE else None,
        "used_by": [
            {"login": user.login, "has_account": user.has_account, "may_read": user.may_read}
            for user in users_of(who.scope, group)
        ],
    }
    if names:
        members = members_of(who.scope, group, PageRequest(size=MOST_LISTED)).items
        told["members"] = [_named(member) for member in members]
    if output == "json":
        print_json(told)
        return
    _print_group(told)


def _named(member: StudentRow) -> dict[str, Any]:
    return {"student": member.uuid, "ssid": member.ssid, "name": member.full_name}


def _print_group(told: dict[str, Any]) -> None:
    state = "" if told["is_active"] else ", archived"
    click.echo(
        f"{told['name']}: {told['school']}, {told['school_year']}, "
        f"{told['subject'] or 'all subjects'}{state}"
    )
    students = "1 student" if told["students"] == 1 else f"{told['students']} students"
    click.echo(students + (", too many for the state's system" if told["is_too_large"] else ""))
    if told["rule"]:
        asks = [f"{name} {', '.join(values)}" for name, values in told["rule"].items() if values]
        click.echo(f"By rule: {'; '.join(asks) or 'everybody at the school'}")
    users = [
        (user["login"], "reads it" if user["may_read"] else _why_not(user))
        for user in told["used_by"]
    ]
    print_table("Users", ["login", "state"], users)
    if "members" in told:
        rows = [(row["student"], row["ssid"], row["name"]) for row in told["members"]]
        print_table("Students", ["student", "ssid", "name"], rows)


def _why_not(user: dict[str, Any]) -> str:
    return "has no role that reads groups there" if user["has_account"] else "has no account"


@groups.command()
@GROUP
@click.option("--names", is_flag=True, help="Name the students too.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@FORMAT
def history(group: UUID, names: bool, page: int, output: str) -> None:
    """Say what happened to a group, the latest first, 50 at a time."""
    who = operator()
    from rollbook.groups.queries import history_of  # after Django has started
    from rollbook.shared.page import PageRequest

    found = history_of(who.scope, group, PageRequest(number=page))
    rows = [
        {
            "at": event.at,
            "by": event.by,
            "what": event.kind.value,
            "who": event.who if names or "@" in event.who or not event.who else "a student",
            "detail": dict(event.detail),
        }
        for event in found.items
    ]
    if output == "json":
        print_json(rows)
        return
    columns = ["at", "by", "what", "who"]
    title = f"History, page {found.number} of {found.page_count}"
    print_table(title, columns, ([row[name] for name in columns] for row in rows))


@groups.command()
@click.argument("account")
@STUDENT
@FORMAT
def why(account: str, student: str, output: str) -> None:
    """Say why an ACCOUNT sees a STUDENT today; the student is an SSID or a public id."""
    who = operator()
    from rollbook.groups.queries import why_sees  # after Django has started

    found = why_sees(who.scope, account_called(who, account), student_called(who, student))
    if output == "json":
        print_json([_reason(reason) for reason in found])
        return
    for reason in found:
        click.echo(_sentence(reason))
    if not found:
        click.echo("This account does not see this student.")


@groups.command("who")
@STUDENT
@FORMAT
def who_sees(student: str, output: str) -> None:
    """Say who sees a STUDENT today, and why; the student is an SSID or a public id."""
    who = operator()
    from rollbook.groups.queries import onlookers_of  # after Django has started

    found = onlookers_of(who.scope, student_called(who, student))
    if output == "json":
        print_json(
            [
                {
                    "account": seen.account_uuid,
                    "email": seen.email,
                    "reasons": [_reason(reason) for reason in seen.reasons],
                }
                for seen in found
            ]
        )
        return
    rows = [
        (seen.email, seen.name, "\n".join(_sentence(reason) for reason in seen.reasons))
        for seen in found
    ]
    print_table("Who sees this student", ["e-mail", "name", "why"], rows)


def _reason(reason: SightReason) -> dict[str, Any]:
    return {
        "kind": reason.kind,
        "through": reason.through,
        "role": reason.role,
        "subject": reason.subject,
        "group": reason.group_uuid,
    }


def _sentence(reason: SightReason) -> str:
    if reason.kind == "group":
        return f"{reason.role}, by the group {reason.through} ({reason.subject or 'all subjects'})"
    return f"{reason.role} at {reason.through}"


def student_called(who: Operator, called: str) -> UUID:
    """Return the public id of the student with this SSID or public id.

    Raises: StudentNotFound.
    """
    from rollbook.people.queries.students import (  # after Django has started
        StudentNotFound,
        find_student_by_ssid,
    )

    try:
        return UUID(called)
    except ValueError:
        found = find_student_by_ssid(who.scope, called)
    if found is None:
        raise StudentNotFound
    return found.uuid
