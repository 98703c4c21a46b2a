"""Make, edit, archive and copy student groups from the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import click

from rollbook.assessments.layouts import shipped_subject
from rollbook.cli.orgs import organization_called
from rollbook.cli.terminal import Operator, operator
from rollbook.groups.types import GroupRule

Function = TypeVar("Function", bound=Callable[..., None])

GROUP = click.argument("group", type=click.UUID)
GROUPS = click.argument("groups", metavar="GROUP...", nargs=-1, type=click.UUID, required=True)
SUBJECT = click.option("--subject", default="", help="Show results of this subject; All for all.")
STUDENTS = click.option(
    "--students",
    "file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="A file with one SSID or public id in a line; - reads what is piped in.",
)


def _asks(function: Function) -> Function:
    """Add the options that make a rule."""
    for name, says in (
        ("--grade", "By rule: in this grade, such as 05."),
        ("--course", "By rule: takes a class of the course with this code."),
        ("--class", "By rule: takes this class, by public id."),
        ("--teacher", "By rule: taught by this staff member, by public id."),
        ("--topic", "By rule: takes a course with this word among its subjects."),
    ):
        function = click.option(name, f"of_{name[2:]}", multiple=True, help=says)(function)
    return function


def _rule(asked: dict[str, Any]) -> GroupRule | None:
    rule = GroupRule(
        grades=asked.pop("of_grade"),
        course_codes=asked.pop("of_course"),
        class_uuids=asked.pop("of_class"),
        teachers=asked.pop("of_teacher"),
        subjects=asked.pop("of_topic"),
    )
    return None if rule == GroupRule() else rule


def _subject(said: str) -> str:
    """Return a subject as results spell it."""
    known = shipped_subject(said)
    return known.code if known else said


@click.command()
@click.argument("name")
@click.option("--school", required=True, help="Its state code, public id or name.")
@click.option("--school-year", type=int, help="2027 for 2026-27; by default the year of today.")
@SUBJECT
@STUDENTS
@click.option("--user", "logins", multiple=True, help="Assign it to this e-mail address.")
@click.option("--by-rule", is_flag=True, help="Keep it in step with the roster, whoever is there.")
@_asks
def create(name: str, school: str, subject: str, file: Path | None, **asked: Any) -> None:
    """Make a group by hand, or by a rule that is worked out again after each roster."""
    rule = _rule(asked) or (GroupRule() if asked["by_rule"] else None)
    if rule is not None and file is not None:
        raise click.UsageError("A rule finds its students itself: leave --students out.")
    who = operator()
    from rollbook.groups.actions import create_group, create_rule_group
    from rollbook.orgs.queries import current_school_year

    wanted: dict[str, Any] = {
        "school_uuid": organization_called(who, school).uuid,
        "school_year": asked["school_year"] or int(current_school_year(who.scope.on)),
        "name": name,
        "subject": _subject(subject),
        "logins": asked["logins"],
        "by": who.by,
        "now": who.now,
    }
    if rule is not None:
        made = create_rule_group(who.scope, rule=rule, **wanted)
    else:
        made = create_group(who.scope, student_uuids=_students(who, file), **wanted)
    click.echo(f"Made the group {made}.")


def _students(who: Operator, file: Path | None) -> list[UUID]:
    """Return the students that a file names, by public id.

    Raises: ClickException with the numbers of the lines that name nobody; never with what is there.
    """
    if file is None:
        return []
    from rollbook.cli.groups import student_called  # it adds the commands of this module
    from rollbook.people.queries.students import StudentNotFound

    with click.open_file(str(file), encoding="utf-8-sig") as opened:
        lines = [line.strip() for line in opened]
    found: list[UUID] = []
    unknown: list[int] = []
    for number, line in enumerate(lines, start=1):
        try:
            found += [student_called(who, line)] if line else []
        except StudentNotFound:
            unknown.append(number)
    if unknown:
        raise click.ClickException(
            f"{file.name} line {', '.join(map(str, unknown[:20]))}: no such student. "
            "Nothing was changed."
        )
    return found


@click.command()
@GROUP
@click.option("--name", help="Another name.")
@click.option("--subject", help="Show results of this subject; All for all.")
@click.option("--school-year", type=int, help="Another school year.")
@_asks
def change(
    group: UUID, name: str | None, subject: str | None, school_year: int | None, **asked: Any
) -> None:
    """Give a group another name, subject, school year or rule."""
    rule = _rule(asked)
    who = operator()
    from rollbook.groups.actions import rename_group, set_rule, set_school_year, set_subject

    act: dict[str, Any] = {"by": who.by, "now": who.now}
    if name is not None:
        rename_group(who.scope, group, name=name, **act)
    if subject is not None:
        set_subject(who.scope, group, subject=_subject(subject), **act)
    if school_year is not None:
        set_school_year(who.scope, group, school_year=school_year, **act)
    if rule is not None:
        set_rule(who.scope, group, rule=rule, **act)
    if not any((name is not None, subject is not None, school_year, rule)):
        raise click.UsageError("Say what to change: --name, --subject, --school-year or a rule.")
    click.echo("Changed.")


@click.command()
@GROUP
@STUDENTS
def add(group: UUID, file: Path | None) -> None:
    """Add students to a group."""
    who = operator()
    from rollbook.groups.actions import add_students  # after Django has started

    count = add_students(
        who.scope, group, student_uuids=_students(who, file), by=who.by, now=who.now
    )
    click.echo(f"Added {_counted(count, 'student')}.")


@click.command()
@GROUP
@STUDENTS
def remove(group: UUID, file: Path | None) -> None:
    """Take students out of a group."""
    who = operator()
    from rollbook.groups.actions import remove_students  # after Django has started

    count = remove_students(
        who.scope, group, student_uuids=_students(who, file), by=who.by, now=who.now
    )
    click.echo(f"Removed {_counted(count, 'student')}.")


@click.command()
@GROUP
@click.option("--add", "added", multiple=True, help="Assign it to this e-mail address.")
@click.option("--remove", "removed", multiple=True, help="Take it from this e-mail address.")
def users(group: UUID, added: Iterable[str], removed: Iterable[str]) -> None:
    """Assign a group to people, or take it from them."""
    who = operator()
    from rollbook.groups.actions import add_users, remove_users  # after Django has started

    came = add_users(who.scope, group, logins=added, by=who.by, now=who.now) if added else 0
    left = remove_users(who.scope, group, logins=removed, by=who.by, now=who.now) if removed else 0
    click.echo(f"Added {_counted(came, 'user')}, removed {_counted(left, 'user')}.")


@click.command()
@GROUPS
def archive(groups: tuple[UUID, ...]) -> None:
    """Put groups away: they grant nothing, and can be restored."""
    who = operator()
    from rollbook.groups.actions import archive_groups  # after Django has started

    count = archive_groups(who.scope, groups, by=who.by, now=who.now)
    click.echo(f"Archived {_counted(count, 'group')}.")


@click.command()
@GROUPS
def restore(groups: tuple[UUID, ...]) -> None:
    """Bring archived groups back."""
    who = operator()
    from rollbook.groups.actions import restore_groups  # after Django has started

    count = restore_groups(who.scope, groups, by=who.by, now=who.now)
    click.echo(f"Restored {_counted(count, 'group')}.")


@click.command("copy")
@GROUPS
@click.option("--school-year", type=int, required=True, help="To this year, 2028 for 2027-28.")
@click.option("--with-students/--without-students", default=True, show_default=True)
def copy_to_year(groups: tuple[UUID, ...], school_year: int, with_students: bool) -> None:
    """Copy groups to a later school year, with their users and the students who stay."""
    who = operator()
    from rollbook.groups.actions import copy_groups  # after Django has started

    count = copy_groups(
        who.scope, groups, school_year=school_year, with_students=with_students,
        by=who.by, now=who.now,
    )  # fmt: skip
    click.echo(f"Made {_counted(count, 'group')}.")


@click.command("from-classes")
@click.argument("classes", metavar="CLASS...", nargs=-1, type=click.UUID, required=True)
@SUBJECT
def from_classes(classes: tuple[UUID, ...], subject: str) -> None:
    """Make one group by hand from each class, by public id: its students, its teachers."""
    who = operator()
    from rollbook.groups.actions import create_groups_from_classes  # after Django has started

    made = create_groups_from_classes(
        who.scope, classes, subject=_subject(subject), by=who.by, now=who.now
    )
    for group in made:
        click.echo(f"Made the group {group}.")


@click.command()
@click.option("--school", help="Of this school alone: its state code, public id or name.")
def refresh(school: str | None) -> None:
    """Work out again who is in the groups by rule; a roster commit does it by itself."""
    who = operator()
    from rollbook.groups.actions import refresh_rule_groups  # after Django has started

    ids = [organization_called(who, school).id] if school else None
    counts = refresh_rule_groups(school_ids=ids, by=who.by, now=who.now)
    groups, students = counts.group_count, counts.member_count
    click.echo(f"{_counted(groups, 'group')} by rule, {_counted(students, 'member')}.")


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


EDITS: Final = (
    create, change, add, remove, users, archive, restore, copy_to_year, from_classes, refresh,
)  # fmt: skip
