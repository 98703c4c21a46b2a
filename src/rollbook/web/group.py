"""One student group: who is in it, who reads it, what happened to it; and to change it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollbook.groups import actions
from rollbook.groups.actions import GroupFollowsRoster, GroupIsWrong, MayNotChangeGroup
from rollbook.groups.queries import get_group, may_write, rule_of
from rollbook.groups.queries.history import history_of
from rollbook.groups.queries.members import members_of, students_to_add, users_of
from rollbook.groups.types import MOST_NAME, MOST_STUDENTS, EventRow, GroupOrigin, GroupRow
from rollbook.orgs.queries import current_school_year
from rollbook.people.types import StudentRow
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission
from rollbook.shared.years import SchoolYear
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.group_rules import rule_context, rule_in
from rollbook.web.group_trail import crumbs
from rollbook.web.group_words import EVENTS, ORIGINS, SUBJECTS, subject_word
from rollbook.web.lists import page_number
from rollbook.web.shown_words import said
from rollbook.web.words import known_as

MEMBERS_SHOWN: Final = 200
FOUND_SHOWN: Final = 25
EVENTS_SHOWN: Final = 20
MOST_WORDS: Final = 100
MOST_ADDRESSES: Final = 10_000  # characters typed at once
REFUSALS: Final = (GroupIsWrong, MayNotChangeGroup, GroupFollowsRoster)
# Which part of the page a button belongs to: a refusal is said beside it.
PARTS: Final = {
    "rename": "name",
    "subject": "subject",
    "year": "year",
    "add": "students",
    "remove": "students",
    "add_users": "users",
    "remove_users": "users",
    "rule": "rule",
}


@door(
    rule=(
        "A group assigned to the reader, the reader's own, or one of a school within GROUP_READ "
        "where the reader reads students or writes groups; by name only students whom the reader "
        "sees; changed only within GROUP_WRITE, or the reader's actions."
    ),
    needs=Permission.GROUP_READ,
)
def group(request: Reader, school_year: int, group: UUID) -> HttpResponse:
    """Show who is in a group and who reads it, and change it as the pressed button says."""
    found = get_group(request.scope, group, archived_too=True)
    choice = request.POST.get("choice", "") if request.method == "POST" else ""
    wrong: dict[str, str] = {}
    if choice in _CHANGES:
        try:
            messages.success(request, _CHANGES[choice](request, found))
        except REFUSALS as refusal:
            wrong[PARTS.get(choice, "page")] = said(str(refusal))
        else:
            return redirect(_after(school_year, found, choice))
    context = _context(request, school_year, found, wrong)
    return render(request, "groups/group.html", context, status=422 if wrong else 200)


def _after(school_year: int, found: GroupRow, choice: str) -> str:
    address = reverse("group", args=[school_year, found.uuid])
    return f"{address}#{PARTS[choice]}" if choice in PARTS else address


def _context(
    request: Reader, school_year: int, found: GroupRow, wrong: Mapping[str, str]
) -> dict[str, object]:
    scope = request.scope
    is_open = may_write(scope, found) and found.is_active
    words = typed(request, "words", MOST_WORDS)
    members = members_of(
        scope, found.uuid, PageRequest(number=page_number(request), size=MEMBERS_SHOWN)
    )
    events = history_of(scope, found.uuid, PageRequest(size=EVENTS_SHOWN))
    return {
        "title": _("Who is in %(name)s?") % {"name": found.name},
        "crumb": found.name,
        "section": "groups",
        "breadcrumbs": crumbs(school_year),
        "group": found,
        "wrong": wrong,
        "subject": subject_word(found.subject),
        "subjects": [(code, subject_word(code)) for code in SUBJECTS],
        "origin": ORIGINS[found.origin],
        "year": SchoolYear(found.school_year),
        "next_year": SchoolYear(found.school_year + 1),
        "years": _years(request, found),
        "most_students": MOST_STUDENTS,
        "most_name": MOST_NAME,
        "page": members,
        "hidden_count": max(0, found.student_count - members.total_count),
        "found": _found(request, found, words) if is_open else None,
        "users": users_of(scope, found.uuid),
        "events": [_event(request, event) for event in events.items],
        "more_events": max(0, events.total_count - len(events.items)),
        "may_write": may_write(scope, found),
        "is_open": is_open,
        "may_pick": is_open and not found.follows_roster,
        "may_see_results": found.is_active,
        **(
            rule_context(scope, found.school_uuid, found.school_year, rule_of(scope, found.uuid))
            if found.origin is GroupOrigin.RULE
            else {}
        ),
    }


def _years(request: Reader, found: GroupRow) -> list[SchoolYear]:
    """Return the school years that a group may be moved to: those around today's, and its own."""
    if found.is_own or found.follows_roster:
        return []
    current = int(current_school_year(request.scope.on))
    return [SchoolYear(y) for y in sorted({found.school_year, current - 1, current, current + 1})]


def _found(request: Reader, found: GroupRow, words: str) -> Page[StudentRow] | None:
    """Return the students that a search on this page finds, None before anybody searched."""
    if found.follows_roster or not words:
        return None
    return students_to_add(request.scope, found.uuid, words, PageRequest(size=FOUND_SHOWN))


def _event(request: Reader, event: EventRow) -> dict[str, object]:
    students, users = event.detail.get("students"), event.detail.get("users")
    counts: list[str] = []
    if isinstance(students, int) and students:
        counts.append(ngettext("%(n)d student", "%(n)d students", students) % {"n": students})
    if isinstance(users, int) and users:
        counts.append(ngettext("%(n)d user", "%(n)d users", users) % {"n": users})
    before, after = event.detail.get("before"), event.detail.get("after")
    word = EVENTS[event.kind]
    years = event.detail.get("school_year_before"), event.detail.get("school_year_after")
    if isinstance(years[0], int) and isinstance(years[1], int):
        word = _("School year changed")
        before, after = SchoolYear(years[0]).label, SchoolYear(years[1]).label
    return {
        "at": event.at,
        "by": known_as(request.scope, event.by),
        "word": word,
        "who": _("a student") if event.who == "a student" else event.who,
        "more": ", ".join(counts),
        "before": before if isinstance(before, str) else "",
        "after": after if isinstance(after, str) else "",
    }


def _uuids(request: Reader, field: str) -> list[UUID]:
    found: list[UUID] = []
    for text in request.POST.getlist(field):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def addresses_in(text: str) -> list[str]:
    """Return the e-mail addresses that somebody typed, however they are separated."""
    return [word for word in re.split(r"[\s,;]+", text) if word]


def _rename(request: Reader, found: GroupRow) -> str:
    name = typed(request, "name", MOST_NAME + 1)
    if found.is_own:
        actions.rename_own_group(request.scope, found.uuid, name=name, by=request.actor, now=now())
    else:
        actions.rename_group(request.scope, found.uuid, name=name, by=request.actor, now=now())
    return _("The group has its new name.")


def _subject(request: Reader, found: GroupRow) -> str:
    change = actions.set_own_subject if found.is_own else actions.set_subject
    subject = typed(request, "subject", 10)
    change(request.scope, found.uuid, subject=subject, by=request.actor, now=now())
    return _("The subject was changed.")


def _year(request: Reader, found: GroupRow) -> str:
    asked = typed(request, "year", 4)
    year = next((year for year in _years(request, found) if str(int(year)) == asked), None)
    if year is None:
        raise GroupIsWrong(_("Choose a school year from the list."))
    actions.set_school_year(
        request.scope, found.uuid, school_year=int(year), by=request.actor, now=now()
    )
    return _("The group is of %(year)s now.") % {"year": year.label}


def _add(request: Reader, found: GroupRow) -> str:
    chosen = _uuids(request, "student")
    if not chosen:
        raise GroupIsWrong(_("Choose one or more students."))
    add = actions.add_own_students if found.is_own else actions.add_students
    n = add(request.scope, found.uuid, student_uuids=chosen, by=request.actor, now=now())
    return ngettext("%(n)d student was added.", "%(n)d students were added.", n) % {"n": n}


def _remove(request: Reader, found: GroupRow) -> str:
    chosen = _uuids(request, "member")
    if not chosen:
        raise GroupIsWrong(_("Choose one or more students of the group."))
    remove = actions.remove_own_students if found.is_own else actions.remove_students
    n = remove(request.scope, found.uuid, student_uuids=chosen, by=request.actor, now=now())
    return ngettext("%(n)d student was removed.", "%(n)d students were removed.", n) % {"n": n}


def _add_users(request: Reader, found: GroupRow) -> str:
    logins = addresses_in(typed(request, "logins", MOST_ADDRESSES))
    if not logins:
        raise GroupIsWrong(_("Type one or more e-mail addresses."))
    n = actions.add_users(request.scope, found.uuid, logins=logins, by=request.actor, now=now())
    return ngettext("%(n)d user was added.", "%(n)d users were added.", n) % {"n": n}


def _remove_users(request: Reader, found: GroupRow) -> str:
    logins = request.POST.getlist("login")[:1000]
    if not logins:
        raise GroupIsWrong(_("Choose one or more users."))
    n = actions.remove_users(request.scope, found.uuid, logins=logins, by=request.actor, now=now())
    return ngettext("%(n)d user was removed.", "%(n)d users were removed.", n) % {"n": n}


def _rule(request: Reader, found: GroupRow) -> str:
    rule = rule_in(request.POST)
    actions.set_rule(request.scope, found.uuid, rule=rule, by=request.actor, now=now())
    return _("The rule was changed, and the students follow it.")


def _archive(request: Reader, found: GroupRow) -> str:
    if found.is_own:
        actions.archive_own_group(request.scope, found.uuid, by=request.actor, now=now())
    else:
        actions.archive_groups(request.scope, [found.uuid], by=request.actor, now=now())
    return _("The group was archived. Nobody reads results through it. You can restore it here.")


def _restore(request: Reader, found: GroupRow) -> str:
    if found.is_own:
        actions.restore_own_group(request.scope, found.uuid, by=request.actor, now=now())
    else:
        actions.restore_groups(request.scope, [found.uuid], by=request.actor, now=now())
    return _("The group is in use again.")


_CHANGES: Final[Mapping[str, Callable[[Reader, GroupRow], str]]] = {
    "rename": _rename,
    "subject": _subject,
    "year": _year,
    "add": _add,
    "remove": _remove,
    "add_users": _add_users,
    "remove_users": _remove_users,
    "rule": _rule,
    "archive": _archive,
    "restore": _restore,
}
