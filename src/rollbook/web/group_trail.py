"""The way to the pages of student groups."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _


def crumbs(school_year: int) -> list[tuple[str, str]]:
    """Return the way to the list of groups."""
    return [
        (_("Home"), reverse("home", args=[school_year])),
        (_("Groups"), reverse("groups", args=[school_year])),
    ]


def upload_crumbs(school_year: int) -> list[tuple[str, str]]:
    """Return the way to the list of group files."""
    return [*crumbs(school_year), (_("Upload"), reverse("group_uploads", args=[school_year]))]
