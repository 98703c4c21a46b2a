"""Compute the reader's scope once per request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from rollbook.shared.scope import Scope


class ScopeMiddleware:
    """Put `request.scope` on every request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.scope = Scope.nobody(on=timezone.localdate())  # type: ignore[attr-defined]
        return self.get_response(request)
