"""What happened to a group."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from rollbook.groups.models import GroupEvent
from rollbook.groups.queries.groups import get_group
from rollbook.groups.types import EventRow, GroupEventKind
from rollbook.people.queries.merged import kept_ids
from rollbook.people.queries.students import students_by_id
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Scope

# Of whom history tells that somebody came or went, to a reader who may not know who.
A_STUDENT = "a student"


def history_of(scope: Scope, uuid: UUID, page: PageRequest) -> Page[EventRow]:
    """Return one page of what happened to a group, the latest first.

    Shape:  a student whom the reader does not see today is called "a student"; `by` is the label
            of an actor. A record that was merged is called by the one that stayed.
    Raises: GroupNotFound.
    """
    group = get_group(scope, uuid, archived_too=True)
    found = GroupEvent.objects.filter(group_id=group.id).order_by("-at", "-pk")
    events = list(found[page.offset : page.offset + page.size])
    names = _names(scope, {event.student_number for event in events if event.student_number})
    rows = [
        EventRow(
            at=event.at,
            by=event.by,
            kind=GroupEventKind(event.kind),
            who=_who(event, names),
            detail=event.detail,
        )
        for event in events
    ]
    return Page(rows, number=page.number, size=page.size, total_count=found.count())


def _names(scope: Scope, numbers: set[int]) -> Mapping[int, str]:
    kept = kept_ids(scope, numbers)
    seen = students_by_id(scope, {kept.get(number, number) for number in numbers})
    named = {number: seen.get(kept.get(number, number)) for number in numbers}
    return {number: row.full_name for number, row in named.items() if row is not None}


def _who(event: GroupEvent, names: Mapping[int, str]) -> str:
    if event.student_number is None:
        return event.login
    return names.get(event.student_number, A_STUDENT)
