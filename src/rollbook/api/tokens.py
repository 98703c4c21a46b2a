"""Where a program shows its secret and gets a token, as OAuth 2 has it (RFC 6749).

Two addresses, because the state's service has had two sign-in systems, and one answer.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_plus

from allauth.core.ratelimit import consume
from django.http import HttpRequest, HttpResponse, JsonResponse

from rollbook.access.actions import SecretRefused, issue_token
from rollbook.api.door import door, now
from rollbook.shared.actor import Actor, ActorKind

Pair = tuple[str, str]
CALLER: Final = Actor(ActorKind.API, "program")
FORM: Final = "application/x-www-form-urlencoded"
LONGEST: Final = 200
# RFC 6749 5.2
SAYS: Final = {
    "invalid_request": (400, "Send a form with grant_type, and a user name and a secret."),
    "invalid_grant": (400, "This user name and secret open nothing."),
    "invalid_client": (401, "This client_id and client_secret open nothing."),
    "unsupported_grant_type": (400, "Use the grant_type password or client_credentials."),
    "too_many_requests": (429, "Too many tries. Wait five minutes, then try again."),
}


@door(
    rule="Public: shows a new token to whoever shows a program's secret, and nothing else.",
    methods={"POST": ()},
    is_public=True,
)
def token(request: HttpRequest, server: str = "") -> HttpResponse:
    """Give a token for a secret, by the grant `password` or by `client_credentials`."""
    if request.content_type != FORM or _repeats(request):
        return _no("invalid_request")
    grant = request.POST.get("grant_type", "")
    if grant not in {"", "password", "client_credentials"}:
        return _no("unsupported_grant_type")
    pairs = list(_pairs(request, grant)) if grant else []
    if not pairs:
        return _no("invalid_client" if grant == "client_credentials" else "invalid_request")
    for username, secret in pairs:
        try:
            given, seconds, scope = issue_token(
                username=username, secret=secret, by=CALLER, now=now()
            )
        except SecretRefused:
            continue
        return _quiet(
            JsonResponse(
                {
                    "access_token": given,
                    "token_type": "Bearer",
                    "expires_in": seconds,
                    "scope": scope,
                }
            )
        )
    # Only those who are wrong are counted, so nobody shuts a program out by guessing at its name.
    if not consume(request, action="api_token", key=pairs[0][0]):
        return _no("too_many_requests")
    return _no("invalid_grant" if grant == "password" else "invalid_client")


def _pairs(request: HttpRequest, grant: str) -> Iterator[Pair]:
    """Tell where a user name and a secret may stand: which are tried, one after the other.

    Whoever posts to the state's service has a user and a client; here one pair is enough, and it
    may stand in either place.
    """
    form = request.POST
    told = [
        (form.get("username", ""), form.get("password", "")) if grant == "password" else ("", ""),
        (form.get("client_id", ""), form.get("client_secret", "")),
        _basic(request),
    ]
    for username, secret in told:
        if username and secret and "\x00" not in username:
            yield username[:LONGEST], secret[:LONGEST]


def _basic(request: HttpRequest) -> Pair:
    """Read a client's name and secret from HTTP Basic, each written as in a form."""
    scheme, _sep, packed = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(packed.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    username, _sep, secret = text.partition(":")
    return unquote_plus(username), unquote_plus(secret)


def _repeats(request: HttpRequest) -> bool:
    """Tell whether a parameter was sent twice, which RFC 6749 3.2 forbids."""
    return any(len(values) > 1 for _name, values in request.POST.lists())


def _no(error: str) -> HttpResponse:
    status, says = SAYS[error]
    response = JsonResponse({"error": error, "error_description": says}, status=status)
    if error == "invalid_client":
        response["WWW-Authenticate"] = 'Basic realm="rollbook"'
    return _quiet(response)


def _quiet(response: HttpResponse) -> HttpResponse:
    response["Pragma"] = "no-cache"
    return response
