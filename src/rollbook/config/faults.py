"""What is answered where no view answers: JSON to a program, a calm page to a person."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.defaults import bad_request

from rollbook.api import errors as programs
from rollbook.web import errors as pages


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing here."""
    return programs.not_found() if _is_api(request) else pages.not_found(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    """Say that something of ours broke."""
    return programs.broken(request) if _is_api(request) else pages.broken(request)


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that a request could not be read as one."""
    return programs.not_understood() if _is_api(request) else bad_request(request, exception)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(settings.API_PATHS)
