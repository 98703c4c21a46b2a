"""What a group file looks like, in words, and an empty one to fill in."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from rollbook.files.csv_write import csv_row
from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.types import MOST_STUDENTS
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, door
from rollbook.web.group_trail import crumbs
from rollbook.web.group_words import COLUMNS

# An invented group of one user and two students, as it stands in a file.
EXAMPLE = (
    ("Period 3 Algebra", "01100170123456", "Math", "", "teacher@example.org"),
    ("Period 3 Algebra", "01100170123456", "", "8000000001", ""),
    ("Period 3 Algebra", "01100170123456", "", "8000000002", ""),
    ("Homeroom 12", "01100170123456", "All", "8000000001", ""),
)


@door(rule="A description of a file layout; no group and no student.", needs=Permission.GROUP_READ)
def csv_format(request: Reader, school_year: int) -> HttpResponse:
    """Say which rules a group file follows, what its columns hold, and give an example."""
    context = {
        "title": _("What does a group file look like?"),
        "crumb": _("CSV file format"),
        "section": "groups",
        "breadcrumbs": crumbs(school_year),
        "columns": [(name, *told) for name, told in COLUMNS.items()],
        "header": GROUP_FILE,
        "example": [(n, s, school_year, *rest) for n, s, *rest in EXAMPLE],
        "most": MOST_STUDENTS,
        "may_upload": request.scope.may(Permission.GROUP_WRITE),
    }
    return render(request, "groups/format.html", context)


@door(rule="An empty file layout; no group and no student.", needs=Permission.GROUP_READ)
def template_csv(request: Reader, school_year: int) -> HttpResponse:
    """Download a group file that holds nothing but its headers."""
    response = HttpResponse(csv_row(GROUP_FILE), content_type="text/csv")
    response["Content-Disposition"] = 'attachment; filename="groups-template.csv"'
    return response
