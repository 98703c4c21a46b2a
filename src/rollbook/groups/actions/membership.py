"""Settle who is in groups whose students are worked out, set by set, with their history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import connection

from rollbook.groups.types import GroupEventKind
from rollbook.shared.actor import Actor

if TYPE_CHECKING:  # names for the reader only
    from django.db.backends.utils import CursorWrapper

# Two tables for the length of one transaction: the groups to settle, and who should be in them.
# History names nobody for a group that was just made: `is_new` tells.
_OPEN: Final = (
    "create temporary table group_watched (group_id bigint primary key, is_new boolean not null)",
    "create temporary table group_wanted "
    "(group_id bigint, student_id bigint, primary key (group_id, student_id))",
)
_CLOSE: Final = ("drop table group_wanted", "drop table group_watched")

_NOTE: Final = """
insert into rollbook_groupevent (group_id, kind, at, "by", student_number, login, detail)
"""
_GONE: Final = """
from rollbook_groupmember m join group_watched w on w.group_id = m.group_id
where not exists (select 1 from group_wanted x
                  where x.group_id = m.group_id and x.student_id = m.student_id)
"""
_NEW: Final = """
from group_wanted x join group_watched w on w.group_id = x.group_id
where not exists (select 1 from rollbook_groupmember m
                  where m.group_id = x.group_id and m.student_id = x.student_id)
"""
_NOTE_GONE: Final = _NOTE + "select m.group_id, %s, %s, %s, m.student_id, '', {empty}" + _GONE
_DROP: Final = "delete from rollbook_groupmember where id in (select m.id" + _GONE + ")"
_NOTE_NEW: Final = (
    _NOTE
    + "select x.group_id, %s, %s, %s, x.student_id, '', {empty}"
    + _NEW
    + " and w.is_new = {false}"
)
_ADD: Final = (
    "insert into rollbook_groupmember (group_id, student_id) select x.group_id, x.student_id" + _NEW
)


def in_words_of_database(statement: str) -> str:
    """Fill in what SQLite and PostgreSQL write differently: {true}, {false}, {empty}."""
    lite = connection.vendor == "sqlite"
    return statement.format(
        true="1" if lite else "true",
        false="0" if lite else "false",
        empty="'{}'" if lite else "cast('{}' as jsonb)",
    )


def noted(kind: GroupEventKind, by: Actor, now: datetime) -> list[object]:
    """Return the parameters of a statement that writes history."""
    return [kind.value, connection.ops.adapt_datetimefield_value(now), by.label[:80]]


@contextmanager
def settling(*, by: Actor, now: datetime) -> Iterator[CursorWrapper]:
    """Open the two tables to be filled; then bring members in line with them, and write history.

    Shape: `group_watched` (group_id, is_new) and `group_wanted` (group_id, student_id), for the
           caller's transaction only. Groups that are not watched are left alone.
    """
    with connection.cursor() as cursor:
        for statement in _OPEN:
            cursor.execute(statement)
        yield cursor
        if connection.vendor == "postgresql":  # it knows nothing of what was just written
            cursor.execute("analyze group_wanted")
            cursor.execute("analyze group_watched")
        cursor.execute(
            in_words_of_database(_NOTE_GONE), noted(GroupEventKind.STUDENT_REMOVED, by, now)
        )
        cursor.execute(_DROP)
        cursor.execute(
            in_words_of_database(_NOTE_NEW), noted(GroupEventKind.STUDENT_ADDED, by, now)
        )
        cursor.execute(_ADD)
        for statement in _CLOSE:
            cursor.execute(statement)
