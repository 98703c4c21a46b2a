"""What every page's template may use."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from rollbook.messages.queries import unread_count
from rollbook.orgs.queries import current_school_year
from rollbook.shared.scope import Permission, Scope
from rollbook.shared.years import SchoolYear

# How many earlier years the year chooser offers.
YEARS_BACK = 5


def page(request: HttpRequest) -> dict[str, object]:
    """Return the reader's scope, the school year of the address, and the reader's navigation."""
    scope: Scope | None = getattr(request, "scope", None)
    if scope is None or not request.user.is_authenticated:
        return {"scope": scope, "is_sandbox_open": settings.SANDBOX, "navigation": []}
    current = current_school_year(scope.on)
    chosen = SchoolYear(_year_of(request) or current)
    return {
        "scope": scope,
        "is_sandbox_open": settings.SANDBOX,
        "school_year": chosen,
        "school_years": [SchoolYear(current - back) for back in range(YEARS_BACK)],
        "navigation": navigation(scope, chosen),
        "roster_links": roster_links(scope, chosen),
        "group_links": group_links(scope, chosen),
        "unread_count": unread_count(scope),
        "reader_name": f"{request.user.first_name} {request.user.last_name}".strip()
        or request.user.email,
        "as_of": as_of(chosen),
    }


def as_of(school_year: SchoolYear, *, version: int | None = None) -> str:
    """Say of when a page is, of which school year and, for results, of which version."""
    moment = formats.date_format(timezone.localtime(timezone.now()), "j M Y, H:i e")
    year = SchoolYear(school_year).label
    if version is None:
        return _("As of %(moment)s · school year %(year)s") % {"moment": moment, "year": year}
    return _("As of %(moment)s · results version %(version)s · school year %(year)s") % {
        "moment": moment,
        "version": version,
        "year": year,
    }


def _year_of(request: HttpRequest) -> int | None:
    match = request.resolver_match
    return match.kwargs.get("school_year") if match else None


def navigation(scope: Scope, school_year: int) -> list[tuple[str, str, str]]:
    """List the parts of the product that this reader may use, as (key, label, address)."""
    links: list[tuple[str, str, str, tuple[Permission, ...]]] = [
        ("home", _("Home"), "home", ()),
        (
            "results",
            _("Results"),
            "results",
            (Permission.INDIVIDUAL_PII_READ, Permission.GROUP_PII_READ),
        ),
        ("rosters", _("Rosters"), "rosters", (Permission.ROSTER_READ,)),
        ("groups", _("Groups"), "groups", (Permission.GROUP_READ,)),
        ("intakes", _("Result files"), "result_intakes", (Permission.DATA_WRITE,)),
        (
            "administration",
            _("Administration"),
            "administration",
            (Permission.ACCOUNT_READ, Permission.AUDIT_READ),
        ),
    ]
    return [
        (key, label, reverse(name, args=[school_year]))
        for key, label, name, needs in links
        if not needs or any(scope.may(permission) for permission in needs)
    ]


def roster_links(scope: Scope, school_year: int) -> list[tuple[str, str]]:
    """List the pages about rosters that this reader may use, as (label, address)."""
    if not scope.may(Permission.ROSTER_READ):
        return []
    links = [
        ("rosters", _("Files that came in")),
        ("roster_sources", _("Sources")),
        ("readiness", _("Readiness")),
        ("roster_questions", _("Decisions")),
        ("students", _("Students")),
        ("edits", _("Edits by hand")),
        ("login_cards", _("Login cards")),
    ]
    return [(label, reverse(name, args=[school_year])) for name, label in links]


def group_links(scope: Scope, school_year: int) -> list[tuple[str, str]]:
    """List the pages about student groups that this reader may use, as (label, address)."""
    links = [
        ("groups", _("Groups"), Permission.GROUP_READ),
        ("my_groups", _("My groups"), Permission.GROUP_PII_READ),
        ("group_uploads", _("Upload"), Permission.GROUP_WRITE),
        ("extract_profiles", _("Extract profiles"), Permission.GROUP_WRITE),
        ("extract_files", _("Files"), Permission.GROUP_WRITE),
        ("extract_schedule", _("Schedule"), Permission.GROUP_WRITE),
        ("deliveries", _("Deliveries"), Permission.GROUP_WRITE),
    ]
    return [
        (label, reverse(name, args=[school_year]))
        for name, label, needs in links
        if scope.may(needs)
    ]
