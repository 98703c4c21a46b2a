"""Who is asking: the session's limits, the second factor, and the reader's scope."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from rollbook.access.actions import leave_sandbox
from rollbook.access.models import Account
from rollbook.access.queries import grants_held, scope_of
from rollbook.access.rules import account_label, must_use_mfa
from rollbook.groups.queries import groups_of_login
from rollbook.shared.actor import Actor, ActorKind
from rollbook.shared.scope import Scope

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
# The session is written at most this often for the sake of the idle clock.
SEEN_EVERY_SECONDS = 60
# Where somebody without a second factor may go: to set one up, or out.
SIGN_IN_PATHS = "/accounts/"


class ScopeMiddleware:
    """Put `request.scope` and `request.actor` on every request, worked out once.

    A disabled account has no user any more (the sign-in backend asks on every request), so it
    is nobody at once. Nobody sees nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A program is nobody here: it shows a token at the API's own doors.
        is_api = request.path.startswith(settings.API_PATHS)
        response = self.get_response(request) if is_api else self._answer(request)
        # Also of sign-in, whose pages show keys, and of refusals, which name the reader.
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        today = timezone.localdate(now)
        request.scope = Scope.nobody(on=today)
        request.actor = Actor(ActorKind.PERSON, "nobody")
        if request.user.is_authenticated and _is_over(request, now):
            _sign_out(request, now)
        if _is_too_long(request):
            return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not request.user.is_authenticated:
            return self.get_response(request)
        account: Account = request.user
        if account.is_sandbox and request.path.startswith(SIGN_IN_PATHS):
            return redirect("start")  # a visit has no password, no second factor and no address
        label = account_label(account.uuid)
        request.actor = Actor(ActorKind.PERSON, label, account.pk)
        grants = grants_held(account, on=today)
        if not account.is_sandbox and must_use_mfa(grants) and not is_mfa_enabled(account):
            if request.path.startswith(SIGN_IN_PATHS):
                return self.get_response(request)
            return redirect("mfa_activate_totp")
        request.scope = scope_of(
            account,
            on=today,
            groups=groups_of_login(account.email, today),
            grants=grants,
        )
        return self.get_response(request)


def _is_over(request: HttpRequest, now: datetime) -> bool:
    """Tell whether a session is over: idle, too old, of a closed sandbox; else note its use."""
    if request.user.is_sandbox and not settings.SANDBOX:
        return True  # the sandbox was closed meanwhile
    moment = int(now.timestamp())
    session = request.session
    begun = session.setdefault(SIGNED_IN_AT, moment)
    seen = session.setdefault(SEEN_AT, moment)
    if moment - seen > settings.SESSION_IDLE_SECONDS:
        return True
    if moment - begun > settings.SESSION_COOKIE_AGE:
        return True
    if moment - seen >= SEEN_EVERY_SECONDS:
        session[SEEN_AT] = moment
    return False


def _is_too_long(request: HttpRequest) -> bool:
    """Tell whether more is being sent than this reader may send, before any of it is read."""
    told = request.META.get("CONTENT_LENGTH") or "0"
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if request.user.is_authenticated:
        most += settings.UPLOAD_MAX_BYTES
    return not told.isdecimal() or int(told) > most


def _sign_out(request: HttpRequest, now: datetime) -> None:
    account: Account = request.user
    logout(request)
    if account.is_sandbox:
        by = Actor(ActorKind.PERSON, account_label(account.uuid), account.pk)
        leave_sandbox(account, by=by, now=now)
