"""Settle who is in groups whose students are worked out, set by set, with their history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import connection

from rollbook.changes.tables import indexed_afterwards
from rollbook.groups.models import GroupMember
from rollbook.groups.types import GroupEventKind
from rollbook.shared.actor import Actor

if TYPE_CHECKING:  # names for the reader only
    from django.db.backends.utils import CursorWrapper

# Two tables for the length of one transaction: the groups to settle, and who should be in them;
# and two for what is different, so that whatever is written and noted is looked for once.
# Both sides lie in the same order: comparing them is one walk, not a million look-ups.
# History names nobody for a group that was just made: `is_new` tells.
_OPEN: Final = (
    "create temporary table group_watched "
    "(group_id bigint primary key, is_new boolean not null) {in_order}",
    "create temporary table group_wanted "
    "(group_id bigint, student_id bigint, primary key (group_id, student_id)) {in_order}",
)
_FIND_GONE: Final = """
create temporary table group_gone as
select m.id, m.group_id, m.student_id
from rollbook_groupmember m join group_watched w on w.group_id = m.group_id
where not exists (select 1 from group_wanted x
                  where x.group_id = m.group_id and x.student_id = m.student_id)
"""
_FIND_COME: Final = """
create temporary table group_come as
select x.group_id, x.student_id, w.is_new
from group_wanted x join group_watched w on w.group_id = x.group_id
where not exists (select 1 from rollbook_groupmember m
                  where m.group_id = x.group_id and m.student_id = x.student_id)
order by x.group_id, x.student_id
"""
_CLOSE: Final = tuple(f"drop table group_{name}" for name in ("come", "gone", "wanted", "watched"))

# So many new members change what PostgreSQL should think of the whole table.
_MANY: Final = 50_000

_NOTE: Final = """
insert into rollbook_groupevent (group_id, kind, at, "by", student_number, login, detail)
select group_id, %s, %s, %s, student_id, '', {empty}
"""
_NOTE_GONE: Final = _NOTE + "from group_gone"
_DROP: Final = "delete from rollbook_groupmember where id in (select id from group_gone)"
_NOTE_COME: Final = _NOTE + "from group_come where is_new = {false}"
_ADD: Final = """
insert into rollbook_groupmember (group_id, student_id)
select group_id, student_id from group_come order by group_id, student_id
"""


def in_words_of_database(statement: str) -> str:
    """Fill in what SQLite and PostgreSQL write differently.

    Shape: {true} and {false}; {empty} and {json}, for a column of JSON; {in_order} after the
           columns of a table that lies in the order of its key.
    """
    lite = connection.vendor == "sqlite"
    return statement.format(
        true="1" if lite else "true",
        false="0" if lite else "false",
        empty="'{}'" if lite else "cast('{}' as jsonb)",
        json="text" if lite else "jsonb",
        in_order="without rowid" if lite else "",
    )


def learn(cursor: CursorWrapper, *tables: str) -> None:
    """Let PostgreSQL look at tables that were just written, or it takes them for empty."""
    if connection.vendor == "postgresql":
        cursor.execute(f"analyze {', '.join(tables)}")


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
            cursor.execute(in_words_of_database(statement))
        yield cursor
        learn(cursor, "group_watched", "group_wanted")
        cursor.execute(_FIND_GONE)
        cursor.execute(_FIND_COME)
        _let_go(cursor, by=by, now=now)
        _let_in(cursor, by=by, now=now)
        for statement in _CLOSE:
            cursor.execute(statement)


def _let_go(cursor: CursorWrapper, *, by: Actor, now: datetime) -> None:
    cursor.execute(in_words_of_database(_NOTE_GONE), noted(GroupEventKind.STUDENT_REMOVED, by, now))
    cursor.execute(_DROP)


def _let_in(cursor: CursorWrapper, *, by: Actor, now: datetime) -> None:
    cursor.execute(in_words_of_database(_NOTE_COME), noted(GroupEventKind.STUDENT_ADDED, by, now))
    cursor.execute("select count(*) from group_come")
    (count,) = cursor.fetchone()
    with indexed_afterwards(GroupMember._meta.db_table, count):
        cursor.execute(_ADD)
    if count >= _MANY:
        learn(cursor, GroupMember._meta.db_table)
