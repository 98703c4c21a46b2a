"""Group files that were written: what to know of each, who is not in it, what changed, where to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

import polars as pl
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollbook.extracts.actions.deliveries import ask_delivery
from rollbook.extracts.queries.deliveries import delivery_list
from rollbook.extracts.queries.files import (
    earlier_files,
    file_changes,
    file_groups,
    file_list,
    file_path,
    found_file,
    get_file,
    left_out_counts,
    left_out_of,
    profile_names_of,
    warnings_of,
)
from rollbook.extracts.queries.profiles import get_profile
from rollbook.extracts.queries.targets import targets_of_place
from rollbook.extracts.types import FileRow, LeftOut, LeftOutRow
from rollbook.files.csv_write import csv_row, write_csv
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from rollbook.web.deliveries import shown_delivery
from rollbook.web.door import Reader, door, now, refused, typed
from rollbook.web.extract_words import LEFT_OUT
from rollbook.web.group_trail import crumbs
from rollbook.web.lists import page_number
from rollbook.web.words import known_as

ON_A_PAGE: Final = 50
CHANGES_SHOWN: Final = 300
ROWS_AT_ONCE: Final = 5_000
_MOST_WORDS: Final = 100

VIEWS: Final = {
    "groups": gettext_lazy("Groups"),
    "left-out": gettext_lazy("Who is not in it"),
    "changes": gettext_lazy("What changed"),
    "deliveries": gettext_lazy("Deliveries"),
}
CHANGES: Final = {
    "added": gettext_lazy("new"),
    "removed": gettext_lazy("gone"),
    "changed": gettext_lazy("changed"),
}
COLUMNS: Final = ("student", "ssid", "school", "profile", "reason")


@door(
    rule=(
        "Group files of organizations within GROUP_WRITE: names of files and profiles, counts, and "
        "who made them, to who may see that account."
    ),
    needs=Permission.GROUP_WRITE,
)
def files(request: Reader, school_year: int) -> HttpResponse:
    """List the group files that were written, the latest first."""
    profile = _uuid(request.GET.get("profile", ""))
    named = get_profile(request.scope, profile) if profile else None
    page = file_list(
        request.scope,
        PageRequest(number=page_number(request), size=ON_A_PAGE),
        profile_uuid=profile,
    )
    makers = {row.made_by for row in page.items}
    words = {maker: known_as(request.scope, maker) for maker in makers}
    context = {
        "title": _("Which group files were written?"),
        "crumb": _("Files"),
        "section": "groups",
        "breadcrumbs": crumbs(school_year),
        "page": page,
        "rows": [(row, words[row.made_by]) for row in page.items],
        "profile": named,
        "query": f"profile={profile}" if profile else "",
    }
    return render(request, "extracts/files.html", context)


@door(
    rule=(
        "One group file whose organization and schools are all within GROUP_WRITE: its groups and "
        "counts; students who are not in it by name where the reader sees them."
    ),
    needs=Permission.GROUP_WRITE,
)
def file(request: Reader, school_year: int, file: UUID) -> HttpResponse:
    """Show what to know of one file before it goes out, and send it."""
    row = get_file(request.scope, file)
    targets = targets_of_place(request.scope, row.organization_id)
    if request.method == "POST" and request.POST.get("choice") == "send":
        target = _uuid(request.POST.get("target", ""))
        if target in {each.uuid for each in targets}:
            made = ask_delivery(request.scope, file, str(target), by=request.actor, now=now())
            return redirect("delivery", school_year=school_year, delivery=made)
        messages.error(request, _("Choose where the file should go."))
        return redirect("extract_file", school_year=school_year, file=file)
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "groups"
    context = {
        "title": _("Is this file fit to be sent?"),
        "crumb": row.name,
        "section": "groups",
        "breadcrumbs": file_crumbs(school_year),
        "file": row,
        "by": known_as(request.scope, row.made_by),
        "warnings": list(_warnings(request, file)),
        "targets": targets,
        "views": VIEWS.items(),
        "view": view,
        **_SHOWN[view](request, row),
    }
    return render(request, "extracts/file.html", context)


def _warnings(request: Reader, file: UUID) -> Iterator[dict[str, Any]]:
    """Say of which profile each warning is: a consolidated file has several."""
    names = profile_names_of(request.scope, file)
    for told in warnings_of(request.scope, file):
        name = names.get(told.profile, "") if len(names) > 1 else ""
        yield asdict(told) | {"profile_name": name}


@door(
    rule=(
        "The bytes of one group file whose organization and schools are all within GROUP_WRITE: "
        "state ids of its students, addresses of its users."
    ),
    needs=Permission.GROUP_WRITE,
)
def download(request: Reader, school_year: int, file: UUID) -> HttpResponse:
    """Download one group file as it was written."""
    found = found_file(request.scope, file)
    return _attached(file_path(found).read_bytes(), found.name)


@door(
    rule=(
        "Students who are not in one group file within GROUP_WRITE, with the reason: names and "
        "state ids of those alone whom the reader sees within INDIVIDUAL_PII_READ."
    ),
    needs=Permission.GROUP_WRITE,
)
def left_out(request: Reader, school_year: int, file: UUID) -> HttpResponse:
    """Download who is not in a file, and why."""
    row = get_file(request.scope, file)
    if not request.scope.may(Permission.INDIVIDUAL_PII_READ):
        return refused(request)
    name = row.name.removesuffix(".csv")
    return _attached(b"".join(_left_out_csv(request, row)), f"{name}-left-out.csv")


def file_crumbs(school_year: int) -> list[tuple[str, str]]:
    """Return the way to the list of files."""
    return [*crumbs(school_year), (_("Files"), reverse("extract_files", args=[school_year]))]


def _attached(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _left_out_csv(request: Reader, row: FileRow) -> Iterator[bytes]:
    yield csv_row(COLUMNS)
    number = 0
    while True:
        number += 1
        page = left_out_of(request.scope, row.uuid, PageRequest(number=number, size=ROWS_AT_ONCE))
        told = pl.DataFrame(
            [_cells(each) for each in page.items],
            schema=dict.fromkeys(COLUMNS, pl.String),
            orient="row",
        )
        # For people, who open it in a spreadsheet.
        written = write_csv(told, columns=COLUMNS, formula_safe=True)
        yield written.split(b"\r\n", 1)[1]
        if not page.has_next:
            return


def _cells(row: LeftOutRow) -> tuple[str, ...]:
    reason = str(LEFT_OUT[row.criterion])
    return (row.student_name, row.ssid, row.school_name, row.profile_name, reason)


def _groups(request: Reader, row: FileRow) -> dict[str, object]:
    words = typed(request, "words", _MOST_WORDS)
    number = 1 if words else page_number(request)
    asked = PageRequest(number=number, size=ON_A_PAGE)
    page = file_groups(request.scope, row.uuid, asked, words=words)
    return {"page": page, "words": words, "query": "view=groups"}


def _left_out(request: Reader, row: FileRow) -> dict[str, object]:
    counts = left_out_counts(request.scope, row.uuid)
    asked = request.GET.get("criterion", "")
    criterion = next((each for each in counts if each.value == asked), None)
    request_of = PageRequest(number=page_number(request), size=ON_A_PAGE)
    page = left_out_of(request.scope, row.uuid, request_of, criterion=criterion)
    more = f"&criterion={criterion.value}" if criterion else ""
    return {
        "page": page,
        "left": [(each, LEFT_OUT[each.criterion]) for each in page.items],
        "counts": [(each.value, LEFT_OUT[each], n) for each, n in counts.items()],
        "criterion": criterion.value if criterion else "",
        "may_see_names": request.scope.may(Permission.INDIVIDUAL_PII_READ),
        "overlap": LeftOut.OVERLAP.value,
        "query": f"view=left-out{more}",
    }


def _changes(request: Reader, row: FileRow) -> dict[str, object]:
    earlier = earlier_files(request.scope, row.uuid)
    asked = _uuid(request.GET.get("earlier", ""))
    before = next((each for each in earlier if each.uuid == asked), None)
    before = before or (earlier[0] if earlier else None)
    if before is None:
        return {"earlier": [], "before": None}
    found = file_changes(request.scope, row.uuid, before.uuid)
    counts = Counter(change.action for change in found)
    differing = [(CHANGES[each.action], each) for each in found if each.action in CHANGES]
    return {
        "earlier": earlier,
        "before": before,
        "counts": [(word, counts[action]) for action, word in CHANGES.items()],
        "same_count": counts["unchanged"],
        "differing": differing[:CHANGES_SHOWN],
        "differing_count": len(differing),
    }


def _deliveries(request: Reader, row: FileRow) -> dict[str, object]:
    asked = PageRequest(number=page_number(request), size=ON_A_PAGE)
    page = delivery_list(request.scope, asked, file_uuid=row.uuid)
    return {
        "page": page,
        "rows": [shown_delivery(request, each) for each in page.items],
        "query": "view=deliveries",
    }


_SHOWN: Final = {
    "groups": _groups,
    "left-out": _left_out,
    "changes": _changes,
    "deliveries": _deliveries,
}
