"""Administration pages: people and roles, organizations, the audit log, the system."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from rollbook.access.actions import (
    AccountExists,
    GrantExists,
    GrantRefused,
    NotYours,
    add_account,
    disable_account,
    enable_account,
    end_grant,
    end_sessions,
    grant_role,
    reset_password,
)
from rollbook.access.queries import accounts_in, get_account
from rollbook.access.rules import ROLES, NoSuchRole
from rollbook.audit.queries import entries
from rollbook.orgs.actions import NaturalIdIsTaken, ParentCannotHold, add_organization
from rollbook.orgs.queries import OrganizationNotFound, organization_tree, organizations_in
from rollbook.orgs.types import OrganizationKind
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, door, now, refused, typed
from rollbook.web.lists import page_number


def crumbs(school_year: int) -> list[tuple[str, str]]:
    """Return the way to the administration pages."""
    return [
        (_("Home"), reverse("home", args=[school_year])),
        (_("Administration"), reverse("administration", args=[school_year])),
    ]


@door(rule="Links only, each shown to who may open it.")
def index(request: Reader, school_year: int) -> HttpResponse:
    """List the administration pages that this reader may open."""
    scope = request.scope
    links = [
        (
            _("People and roles"),
            _("Who may sign in, and as what"),
            "people",
            Permission.ACCOUNT_READ,
        ),
        (
            _("Programs"),
            _("Which systems may call the API, and when their secrets end"),
            "clients",
            Permission.ACCOUNT_READ,
        ),
        (
            _("What each role may do"),
            _("For auditors and the curious"),
            "roles",
            Permission.ORGANIZATION_READ,
        ),
        (
            _("Organizations"),
            _("Districts, schools and groups of them"),
            "organizations",
            Permission.ORGANIZATION_READ,
        ),
        (
            _("Assessments"),
            _("Which tests are known, and load more"),
            "assessments",
            Permission.DATA_WRITE,
        ),
        (_("Audit log"), _("Who did what, to what, when"), "audit", Permission.AUDIT_READ),
        (_("System"), _("Background work and the queue"), "system", Permission.SYSTEM_READ),
    ]
    shown = [
        (label, says, reverse(name, args=[school_year]))
        for label, says, name, needs in links
        if scope.may(needs)
    ]
    if not shown:
        return refused(request)
    context = {
        "title": _("What do you want to administer?"),
        "section": "administration",
        "breadcrumbs": crumbs(school_year)[:1],
        "links": shown,
    }
    return render(request, "administration/index.html", context)


@door(
    rule=(
        "Accounts with a role at organizations within ACCOUNT_READ, with their e-mail "
        "addresses; no student."
    ),
    needs=Permission.ACCOUNT_READ,
)
def people(request: Reader, school_year: int) -> HttpResponse:
    """List accounts, and make one."""
    scope = request.scope
    if request.method == "POST" and request.POST.get("choice") == "add":
        return _added(request, school_year)
    search = typed(request, "search", 100)
    context = {
        "title": _("Who may sign in?"),
        "section": "administration",
        "breadcrumbs": crumbs(school_year),
        "page": accounts_in(
            scope, PageRequest(number=page_number(request), size=50), search=search
        ),
        "search": search,
        "may_add": scope.may(Permission.ACCOUNT_WRITE),
        "roles": ROLES,
        "organizations": organizations_in(scope, Permission.ACCOUNT_WRITE),
    }
    return render(request, "administration/people.html", context)


def _added(request: Reader, school_year: int) -> HttpResponse:
    """Make an account with its first role; nothing is made when the role may not be given."""
    scope, by, at = request.scope, request.actor, now()
    email = typed(request, "email", 255)
    try:
        validate_email(email)
        with transaction.atomic():
            account = add_account(
                scope,
                email=email,
                first_name=typed(request, "first_name", 100),
                last_name=typed(request, "last_name", 100),
                by=by,
                now=at,
            )
            told = _granted(request, account)
            transaction.set_rollback(bool(told))
    except ValidationError:
        told = _("Write the e-mail address in full, such as name@example.org.")
    except (NotYours, AccountExists) as refusal:
        told = _(str(refusal))
    (messages.error if told else messages.success)(
        request,
        told
        or _(
            "The account was made. Its holder sets a password with “Forgot your password?” on "
            "the sign-in page."
        ),
    )
    return redirect("people", school_year=school_year)


def _granted(request: Reader, account: UUID) -> str:
    """Give the role that the form names; return why not, or nothing."""
    try:
        # A well-formed date that no calendar has is a ValueError too.
        starts_on = parse_date(request.POST.get("starts_on", "")) or request.scope.on
        grant_role(
            request.scope,
            account=account,
            role=request.POST.get("role", ""),
            organization=request.POST.get("organization", ""),
            starts_on=starts_on,
            ends_before=parse_date(request.POST.get("ends_before", "")),
            by=request.actor,
            now=now(),
        )
    except (GrantRefused, GrantExists) as refusal:
        return _(str(refusal))
    except (NoSuchRole, OrganizationNotFound, ValidationError, ValueError):
        return _("Choose a role and a place from the lists.")
    return ""


@door(
    rule="One account with a role within ACCOUNT_READ, and its grants within reach.",
    needs=Permission.ACCOUNT_READ,
)
def person(request: Reader, school_year: int, account: UUID) -> HttpResponse:
    """Show one account's roles; give, end, disable, enable, sign out."""
    scope = request.scope
    # First of all: an account out of sight answers like one that there is not, whatever is sent.
    row = get_account(scope, account)
    password = ""
    if request.method == "POST" and request.POST.get("choice") == "password":
        password = _new_password(request, account)
    elif request.method == "POST":
        told = _changed(request, account, request.POST.get("choice", ""))
        (messages.error if told else messages.success)(request, told or _("Done."))
        return redirect("person", school_year=school_year, account=account)
    context = {
        "title": _("What may this person do?"),
        "heading": f"{row.first_name} {row.last_name}".strip() or row.email,
        "section": "administration",
        "breadcrumbs": [
            *crumbs(school_year),
            (_("People and roles"), reverse("people", args=[school_year])),
        ],
        "account": row,
        "password": password,
        "may_change": scope.may(Permission.ACCOUNT_WRITE),
        "roles": ROLES,
        "organizations": organizations_in(scope, Permission.ACCOUNT_WRITE),
        "today": scope.on,
    }
    return render(request, "administration/person.html", context)


def _new_password(request: Reader, account: UUID) -> str:
    """Make a new password; it is shown on this one page and kept nowhere in words."""
    try:
        return reset_password(request.scope, account=account, by=request.actor, now=now())
    except NotYours as refusal:
        messages.error(request, _(str(refusal)))
        return ""


def _changed(request: Reader, account: UUID, choice: str) -> str:
    scope, by, at = request.scope, request.actor, now()
    try:
        if choice == "grant":
            return _granted(request, account)
        if choice == "end":
            end_grant(scope, grant=request.POST.get("grant", ""), on=scope.on, by=by, now=at)
        elif choice == "disable":
            disable_account(scope, account=account, by=by, now=at)
        elif choice == "enable":
            enable_account(scope, account=account, by=by, now=at)
        elif choice == "sign_out":
            end_sessions(scope, account=account, by=by, now=at)
    except (GrantRefused, NotYours) as refusal:
        return _(str(refusal))
    except ValidationError:
        return _("Choose a role from the list.")
    return ""


@door(rule="What roles allow; no person is named.", needs=Permission.ORGANIZATION_READ)
def roles(request: Reader, school_year: int) -> HttpResponse:
    """Say in whole sentences what each role may and may not do."""
    context = {
        "title": _("What may each role do?"),
        "section": "administration",
        "breadcrumbs": crumbs(school_year),
        "roles": ROLES,
    }
    return render(request, "administration/roles.html", context)


@door(rule="Organizations within ORGANIZATION_READ.", needs=Permission.ORGANIZATION_READ)
def organizations(request: Reader, school_year: int) -> HttpResponse:
    """Show the organizations as a tree, and take another by hand."""
    scope = request.scope
    if request.method == "POST" and scope.may(Permission.ORGANIZATION_WRITE):
        told = _new_organization(request)
        (messages.error if told else messages.success)(
            request, told or _("The organization was added.")
        )
        return redirect("organizations", school_year=school_year)
    context = {
        "title": _("Which districts and schools are there?"),
        "section": "administration",
        "breadcrumbs": crumbs(school_year),
        "tree": organization_tree(scope),
        "kinds": [kind for kind in OrganizationKind if kind is not OrganizationKind.STATE],
        "parents": organizations_in(
            scope,
            Permission.ORGANIZATION_WRITE,
            kinds=[kind for kind in OrganizationKind if kind is not OrganizationKind.SCHOOL],
        ),
    }
    return render(request, "administration/organizations.html", context)


def _new_organization(request: Reader) -> str:
    """Add the organization that the form names; return why not, or nothing."""
    name = typed(request, "name", 200)
    if not name:
        return _("Give the organization a name.")
    try:
        add_organization(
            request.scope,
            kind=OrganizationKind(request.POST.get("kind", "")),
            name=name,
            parent=request.POST.get("parent", ""),
            natural_id=typed(request, "natural_id", 40),
            by=request.actor,
            now=now(),
        )
    except (NaturalIdIsTaken, ParentCannotHold) as refusal:
        return _(str(refusal))
    except (OrganizationNotFound, ValidationError, ValueError):
        return _("Choose a level and a place from the lists.")
    return ""


@door(
    rule="Audit entries of organizations within AUDIT_READ; entries hold no personal data.",
    needs=Permission.AUDIT_READ,
)
def audit(request: Reader, school_year: int) -> HttpResponse:
    """List what was done, the latest first."""
    context = {
        "title": _("Who did what?"),
        "section": "administration",
        "breadcrumbs": crumbs(school_year),
        "page": entries(request.scope, page=PageRequest(number=page_number(request), size=50)),
    }
    return render(request, "administration/audit.html", context)
