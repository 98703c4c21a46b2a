"""Every API address's door: which program may come in, judged before any of its file is read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from rollbook.access.queries import client_of_token
from rollbook.access.types import Caller
from rollbook.api.errors import Refused, refusal
from rollbook.shared.scope import Permission

View = TypeVar("View", bound=Callable[..., HttpResponse])

MOST_OF_A_FORM: Final = 64 * 1024  # bytes of a body that is no file
LONGEST_TOKEN: Final = 200


class Call(HttpRequest):
    """Type a request that has come through a door: `caller` is the program."""

    caller: Caller


def door(
    *,
    rule: str,
    methods: Mapping[str, tuple[Permission, ...]],
    most_bytes: Callable[[], int] | None = None,
    is_public: bool = False,
) -> Callable[[View], View]:
    """Declare who may call an address, in a sentence an auditor reads.

    Shape: `methods` says which permissions let one in by each method: any of them, held anywhere;
           none named, none asked. `most_bytes` is how long a body may be. A public address is
           one where a program is not signed in yet.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                _judge_method(request, methods)
                if not is_public:
                    cast("Call", request).caller = _caller(request)
                _judge_length(request, most_bytes() if most_bytes else MOST_OF_A_FORM)
                if not is_public:
                    _judge_permission(cast("Call", request), methods)
                response = view(request, *args, **kwargs)
            except Refused as refused:
                response = refusal(refused.code, refused.says, **refused.headers)
            response.headers["Cache-Control"] = "no-store, private"
            return response

        opened.scope_rule = rule
        opened.needs = None
        opened.is_api = True
        opened.csrf_exempt = True  # a token is shown on purpose; no browser sends one by itself
        return cast("View", opened)

    return decorate


def now() -> datetime:
    """Return the moment of this call: the one place where the API looks at the clock."""
    return timezone.now()


def _judge_method(request: HttpRequest, methods: Mapping[str, tuple[Permission, ...]]) -> None:
    if _method(request) not in methods:
        allowed = ", ".join(sorted(methods))
        raise Refused("method_not_allowed", f"This address takes {allowed}.", Allow=allowed)


def _method(request: HttpRequest) -> str:
    return "GET" if request.method == "HEAD" else request.method or ""


def _caller(request: HttpRequest) -> Caller:
    scheme, _sep, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(
            "unauthorized",
            "Show a token: Authorization: Bearer and the token.",
            WWW_Authenticate='Bearer realm="rollbook"',
        )
    caller = client_of_token(token.strip()[:LONGEST_TOKEN], now=now())
    if caller is None:
        raise Refused(
            "unauthorized",
            "This token does not hold, or no longer. Ask for another.",
            WWW_Authenticate='Bearer realm="rollbook", error="invalid_token"',
        )
    return caller


def _judge_length(request: HttpRequest, most: int) -> None:
    told = request.META.get("CONTENT_LENGTH") or "0"
    if not (told.isascii() and told.isdecimal()):
        raise Refused("illegal_argument", "Content-Length is a number of bytes.")
    if int(told[:20]) > most:
        raise Refused("too_large", f"No more than {most:,} bytes are taken here.")


def _judge_permission(call: Call, methods: Mapping[str, tuple[Permission, ...]]) -> None:
    needed = methods[_method(call)]
    if needed and not any(call.caller.scope.may(permission) for permission in needed):
        raise Refused(
            "forbidden",
            f"This program does not hold {' or '.join(needed)}. Ask who let it in.",
            WWW_Authenticate='Bearer realm="rollbook", error="insufficient_scope"',
        )
