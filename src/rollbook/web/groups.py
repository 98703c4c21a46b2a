"""The list of student groups: which there are, put away, bring back, copy, take along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rollbook.files.csv_write import write_csv
from rollbook.groups.actions import (
    GroupIsWrong,
    MayNotChangeGroup,
    archive_groups,
    copy_groups,
    restore_groups,
)
from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.queries import find_groups, may_write, years_of_groups
from rollbook.groups.queries.takeaway import group_file_rows
from rollbook.groups.types import GroupFilter, GroupOrigin, GroupRow
from rollbook.orgs.queries import schools_in
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope
from rollbook.shared.years import SchoolYear
from rollbook.web.door import Reader, door, now
from rollbook.web.group_words import ORIGINS, SUBJECTS, subject_word
from rollbook.web.shown_words import said

ON_A_PAGE: Final = 50
MOST_WORDS: Final = 100
# Groups that somebody should look at, and those put away.
LOOKS: Final = {
    "users": gettext_lazy("Nobody reads them"),
    "students": gettext_lazy("Without students"),
    "large": gettext_lazy("More than 200 students"),
    "archived": gettext_lazy("Archived"),
}
FILTERS: Final = ("school", "subject", "origin", "look")


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold what a reader asked for, as typed; words never become part of an address."""

    told: Mapping[str, str]
    words: str
    page: int

    @property
    def query(self) -> str:
        """Return the filters as part of an address."""
        return urlencode({name: value for name, value in self.told.items() if value})


@door(
    rule=(
        "Groups assigned to the reader, those of schools within GROUP_READ where the reader reads "
        "students or writes groups: names and counts; a download names students whom the reader "
        "sees, of schools within GROUP_READ and INDIVIDUAL_PII_READ."
    ),
    needs=Permission.GROUP_READ,
)
def groups(request: Reader, school_year: int) -> HttpResponse:
    """List the groups that the reader may open, and do something with several at once."""
    if request.method == "POST" and request.POST.get("choice") in _BULK:
        return _done(request, school_year)
    asked = _asked(request)
    if year := _other_year(request, school_year):
        return redirect(f"{reverse('groups', args=[year])}?{asked.query}")
    wanted = _filter(asked, school_year)
    if request.method == "POST" and request.POST.get("choice") == "download":
        return _download(request, school_year, wanted)
    if request.method == "POST" and not asked.words:
        return redirect(f"{reverse('groups', args=[school_year])}?{asked.query}")
    page = find_groups(request.scope, wanted, PageRequest(number=asked.page, size=ON_A_PAGE))
    return render(request, "groups/groups.html", _context(request, school_year, asked, page))


def _asked(request: Reader) -> Asked:
    sent = request.POST if request.method == "POST" else request.GET
    number = sent.get("page", "1")
    return Asked(
        told={name: sent.get(name, "")[:40] for name in FILTERS},
        words=request.POST.get("words", "").strip()[:MOST_WORDS],
        page=max(1, int(number)) if number.isdecimal() and len(number) < 7 else 1,
    )


def _other_year(request: Reader, school_year: int) -> int | None:
    """Return the school year that the form asks for, where it is not the address's own."""
    sent = request.POST if request.method == "POST" else request.GET
    year = sent.get("year", "")
    is_other = year.isdecimal() and len(year) == 4 and int(year) != school_year
    return int(year) if is_other else None


def _filter(asked: Asked, school_year: int) -> GroupFilter:
    told = asked.told
    origins = {origin.value: origin for origin in ORIGINS if origin is not GroupOrigin.OWN}
    subject = told["subject"]
    return GroupFilter(
        school=_uuid(told["school"]),
        school_year=school_year,
        subject="" if subject == "all" else subject or None,
        origin=origins.get(told["origin"]),
        archived=told["look"] == "archived",
        words=asked.words,
        without_users=told["look"] == "users",
        without_students=told["look"] == "students",
        too_large=told["look"] == "large",
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _context(
    request: Reader, school_year: int, asked: Asked, page: Page[GroupRow]
) -> dict[str, object]:
    scope = request.scope
    known = years_of_groups(scope)
    years = sorted({*known, school_year, school_year + 1}, reverse=True)
    return {
        "title": _("Which groups are there?"),
        "crumb": _("Groups"),
        "section": "groups",
        "breadcrumbs": [(_("Home"), reverse("home", args=[school_year]))],
        "page": page,
        "rows": [_row(scope, row) for row in page.items],
        "asked": asked.told,
        "words": asked.words,
        "query": asked.query,
        "is_filtered": bool(asked.words or asked.query),
        "schools": schools_in(scope, Permission.GROUP_READ),
        "years": [SchoolYear(year) for year in years],
        "next_year": SchoolYear(school_year + 1),
        "subjects": [(code, subject_word(code)) for code in SUBJECTS],
        "origins": [(o.value, w) for o, w in ORIGINS.items() if o is not GroupOrigin.OWN],
        "looks": LOOKS.items(),
        "reads_none": not known and not _reads_groups(scope),
        "may_write": scope.may(Permission.GROUP_WRITE),
        "may_take": _may_take(scope),
    }


def _row(scope: Scope, row: GroupRow) -> dict[str, object]:
    return {
        "group": row,
        "subject": subject_word(row.subject),
        "origin": ORIGINS[row.origin],
        "year": SchoolYear(row.school_year),
        "may_write": may_write(scope, row),
    }


def _reads_groups(scope: Scope) -> bool:
    reads = scope.may(Permission.INDIVIDUAL_PII_READ) or scope.may(Permission.GROUP_WRITE)
    return bool(scope.group_ids) or reads


def _may_take(scope: Scope) -> bool:
    """Tell whether the reader may take groups along with their students."""
    return scope.may(Permission.GROUP_READ) and scope.may(Permission.INDIVIDUAL_PII_READ)


def _download(request: Reader, school_year: int, wanted: GroupFilter) -> HttpResponse:
    if not _may_take(request.scope):
        messages.error(request, _("Your role shows no students here, so there is no download."))
        return redirect("groups", school_year=school_year)
    rows = group_file_rows(request.scope, wanted)
    # People open it in a spreadsheet too; our own reading takes the guard off again.
    content = write_csv(rows, columns=GROUP_FILE, formula_safe=True)
    response = HttpResponse(content, content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="groups-{school_year}.csv"'
    return response


def _done(request: Reader, school_year: int) -> HttpResponse:
    """Do what the pressed button says with the chosen groups, and show the list again."""
    chosen = [uuid for text in request.POST.getlist("group") if (uuid := _uuid(text))]
    address = f"{reverse('groups', args=[school_year])}?{_asked(request).query}"
    if not chosen:
        messages.error(request, _("Choose one or more groups in the list first."))
        return redirect(address)
    try:
        says = _BULK[request.POST["choice"]](request, school_year, chosen)
    except (GroupIsWrong, MayNotChangeGroup) as refusal:
        messages.error(request, f"{said(str(refusal))} {_('Nothing was done.')}")
    else:
        messages.success(request, says)
    return redirect(address)


def _archive(request: Reader, school_year: int, chosen: list[UUID]) -> str:
    n = archive_groups(request.scope, chosen, by=request.actor, now=now())
    return ngettext(
        "%(n)d group was archived: nobody reads results through it. You find it under “Archived” "
        "to restore it.",
        "%(n)d groups were archived: nobody reads results through them. You find them under "
        "“Archived” to restore them.",
        n,
    ) % {"n": n}


def _restore(request: Reader, school_year: int, chosen: list[UUID]) -> str:
    n = restore_groups(request.scope, chosen, by=request.actor, now=now())
    return ngettext("%(n)d group is in use again.", "%(n)d groups are in use again.", n) % {"n": n}


def _copy(request: Reader, school_year: int, chosen: list[UUID]) -> str:
    n = copy_groups(
        request.scope,
        chosen,
        school_year=school_year + 1,
        with_students=request.POST.get("with_students") == "yes",
        by=request.actor,
        now=now(),
    )
    return ngettext(
        "%(n)d group was copied to %(year)s.", "%(n)d groups were copied to %(year)s.", n
    ) % {"n": n, "year": SchoolYear(school_year + 1).label}


_BULK: Final[Mapping[str, Callable[[Reader, int, list[UUID]], str]]] = {
    "archive": _archive,
    "restore": _restore,
    "copy": _copy,
}
