from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.messages import queries
from rollbook.messages.actions import mark_read, tell
from rollbook.messages.models import Message
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, account

pytestmark = pytest.mark.django_db


def reader(account_id: int | None) -> Scope:
    return Scope(account_id=account_id, label="t", on=ON)


def say(*account_ids: int, title: str = "A plan is on hold", key: str = "") -> int:
    return tell(
        account_ids, kind="hold", title=title, link="/plans/1", dedupe_key=key, by=BY, now=NOW
    )


def test_everybody_told_has_a_message_of_their_own() -> None:
    one, two, off = account("1@x.org"), account("2@x.org"), account("3@x.org", is_active=False)
    assert say(one.pk, two.pk, two.pk, off.pk, 999_999) == 2
    assert [row.title for row in queries.messages_of(reader(one.pk)).items] == ["A plan is on hold"]
    assert queries.unread_count(reader(two.pk)) == 1
    assert queries.unread_count(reader(off.pk)) == 0


def test_the_same_thing_is_told_once() -> None:
    one, two = account("1@x.org"), account("2@x.org")
    assert say(one.pk, key="hold:1") == 1
    assert say(one.pk, two.pk, key="hold:1") == 1
    assert say(one.pk, key="hold:2") == 1
    assert say(one.pk) == say(one.pk) == 1
    assert queries.unread_count(reader(one.pk)) == 4


def test_telling_three_takes_as_many_queries_as_telling_one() -> None:
    people = [account(f"{n}@x.org").pk for n in range(4)]
    with CaptureQueriesContext(connection) as one:
        say(people[0], key="a")
    with CaptureQueriesContext(connection) as three:
        say(*people[1:], key="a")
    assert len(one) == len(three)


def test_nobody_reads_or_marks_somebody_elses_messages() -> None:
    one, two = account("1@x.org"), account("2@x.org")
    say(one.pk)
    uuid = Message.objects.get().uuid
    for other in (reader(two.pk), Scope.nobody(on=ON), EVERYTHING):
        assert queries.unread_count(other) == 0
        assert queries.messages_of(other).total_count == 0
        assert mark_read(other, messages=[uuid], by=BY, now=NOW) == 0
        assert mark_read(other, by=BY, now=NOW) == 0
    assert queries.unread_count(reader(one.pk)) == 1


def test_messages_are_marked_read_once_singly_or_all() -> None:
    one = account("1@x.org")
    for number in range(3):
        say(one.pk, title=str(number))
    uuid = Message.objects.get(title="1").uuid
    assert mark_read(reader(one.pk), messages=[uuid], by=BY, now=NOW) == 1
    assert mark_read(reader(one.pk), messages=[uuid], by=BY, now=NOW + timedelta(hours=1)) == 0
    unread = queries.messages_of(reader(one.pk), only_unread=True)
    assert [row.title for row in unread.items] == ["2", "0"]
    assert mark_read(reader(one.pk), by=BY, now=NOW) == 2
    assert {message.read_at for message in Message.objects.all()} == {NOW}


def test_lists_of_messages_are_paged_in_two_queries() -> None:
    one, counts = account("1@x.org"), []
    for number in range(3):
        say(one.pk, title=str(number))
        with CaptureQueriesContext(connection) as captured:
            page = queries.messages_of(reader(one.pk), PageRequest(size=2))
        counts.append((len(captured), [row.title for row in page.items]))
    assert counts == [(2, ["0"]), (2, ["1", "0"]), (2, ["2", "1"])]
