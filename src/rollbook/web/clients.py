"""Programs that call the API: who lets them in, their secrets, and how they are shut out."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rollbook.access.actions import (
    ProgramRefused,
    TwoSecretsHold,
    add_client,
    close_client,
    renew_secret,
    revoke_secret,
)
from rollbook.access.queries import clients_in, get_client
from rollbook.access.rules import GIVABLE_TO_PROGRAMS, REMINDER_DAYS, SECRET_DAYS
from rollbook.access.types import ClientRow
from rollbook.orgs.queries import OrganizationNotFound, organizations_in
from rollbook.shared.scope import Permission
from rollbook.web.administration import crumbs
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.shown_words import said

MAY: Final[dict[Permission, Promise]] = {
    Permission.GROUP_READ: gettext_lazy("see student groups"),
    Permission.GROUP_WRITE: gettext_lazy("send student-group files"),
    Permission.DATA_WRITE: gettext_lazy("send results and rosters"),
}
# What a form offers before anybody chooses: what a student information system needs.
USUAL: Final = (Permission.GROUP_READ, Permission.GROUP_WRITE)


@door(
    rule="Programs of organizations within ACCOUNT_READ; no student. A new secret, once.",
    needs=Permission.ACCOUNT_READ,
)
def clients(request: Reader, school_year: int) -> HttpResponse:
    """List the programs that may call the API, and let another in."""
    made: dict[str, Any] = {}
    if request.method == "POST":
        made = _added(request)
        if not made:
            return redirect("clients", school_year=school_year)
    scope = request.scope
    context = {
        "title": _("Which programs may call the API?"),
        "section": "administration",
        "breadcrumbs": crumbs(school_year),
        "rows": [(row, _may(row), _end(row)) for row in clients_in(scope)],
        "choices": [(each, MAY[each], each in USUAL) for each in GIVABLE_TO_PROGRAMS],
        "organizations": organizations_in(scope, Permission.ACCOUNT_WRITE),
        "may_add": scope.may(Permission.ACCOUNT_WRITE),
        "days": SECRET_DAYS,
        **made,
    }
    return render(request, "administration/clients.html", context)


@door(
    rule="One program of an organization within ACCOUNT_READ; no student. A new secret, once.",
    needs=Permission.ACCOUNT_READ,
)
def client(request: Reader, school_year: int, client: UUID) -> HttpResponse:
    """Show one program's secrets; renew, revoke, shut out."""
    # First of all: a program out of sight answers like one that there is not, whatever is sent.
    get_client(request.scope, client)
    secret = ""
    if request.method == "POST":
        secret = _changed(request, client)
        if not secret:
            return redirect("client", school_year=school_year, client=client)
    row = get_client(request.scope, client)
    context = {
        "title": _("What may this program do?"),
        "heading": row.name,
        "section": "administration",
        "breadcrumbs": [
            *crumbs(school_year),
            (_("Programs"), reverse("clients", args=[school_year])),
        ],
        "client": row,
        "may": _may(row),
        "may_change": request.scope.over(Permission.ACCOUNT_WRITE).includes(row.organization.id),
        "secret": secret,
        "days": SECRET_DAYS,
        "soon": max(REMINDER_DAYS),
        "token_address": f"{settings.BASE_URL}{reverse('api_token')}",
        "imports_address": f"{settings.BASE_URL}/groups/imports",
    }
    return render(request, "administration/client.html", context)


def _added(request: Reader) -> dict[str, Any]:
    """Let the program in that the form names; return what is shown once, or nothing."""
    chosen = set(request.POST.getlist("may"))
    try:
        _uuid, username, secret = add_client(
            request.scope,
            name=typed(request, "name", 120),
            organization_uuid=request.POST.get("organization", ""),
            permissions=[each for each in GIVABLE_TO_PROGRAMS if each in chosen],
            expires_on=parse_date(request.POST.get("expires_on", "")),
            by=request.actor,
            now=now(),
        )
    except ProgramRefused as refusal:
        messages.error(request, said(str(refusal)))
    except (OrganizationNotFound, ValidationError, ValueError):
        messages.error(request, _("Choose a place from the list, and a day that there is."))
    else:
        return {"username": username, "secret": secret}
    return {}


def _changed(request: Reader, client: UUID) -> str:
    """Do what the form asks; return a new secret, or nothing."""
    choice = request.POST.get("choice", "")
    says: dict[str, Any] = {"by": request.actor, "now": now()}
    try:
        if choice == "renew":
            until = parse_date(request.POST.get("expires_on", ""))
            return renew_secret(request.scope, client, expires_on=until, **says)
        if choice == "revoke":
            secret = UUID(request.POST.get("secret", ""))
            revoke_secret(request.scope, client, secret, **says)
            messages.success(request, _("The secret holds no more, nor does any token of it."))
        elif choice == "close":
            close_client(request.scope, client, **says)
            messages.success(request, _("The program is shut out."))
    except (ProgramRefused, TwoSecretsHold) as refusal:
        messages.error(request, said(str(refusal)))
    except ValueError:
        messages.error(request, _("Choose a secret from the list, and a day that there is."))
    return ""


def _may(row: ClientRow) -> list[Promise]:
    return [MAY[each] for each in row.permissions if each in MAY]


def _end(row: ClientRow) -> str:
    """Say how long the last of a program's secrets holds."""
    if not row.is_active:
        return _("shut out")
    days = max((secret.days_left for secret in row.secrets if secret.holds), default=0)
    if not days:
        return _("no secret holds")
    return ngettext("%(n)d day left", "%(n)d days left", days) % {"n": days}
