"""What is shown when there is nothing at an address, and when something of ours broke."""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing here, or nothing for this reader."""
    return render(request, "404.html", {"title": _("Nothing here")}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Show a calm page with a number that the log has too; neither holds anybody's data.

    Django logs what broke right after this, with the request: rollbook.config.logs finds the
    number there and writes it into the same line.
    """
    number = secrets.token_hex(4)
    request.request_id = number
    return HttpResponse(render_to_string("500.html", {"request_id": number}), status=500)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form was too old to be trusted."""
    return render(request, "403_csrf.html", {"title": _("This form is too old")}, status=403)
