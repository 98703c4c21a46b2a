"""Sign-in, as django-allauth asks for it."""

from __future__ import annotations

import logging

from allauth.account.adapter import DefaultAccountAdapter
from django.http import Http404, HttpRequest, HttpResponse

from rollbook.web.door import door

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Keep sign-up closed: administrators make accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Send a mail; a mail server that is away tells no visitor whose address is known."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as failure:
            log.warning("A mail about signing in could not be sent: %s", type(failure).__name__)


@door(rule="Public: shows nothing. An address is changed by nobody.", is_public=True)
def fixed_address(request: HttpRequest, key: str = "") -> HttpResponse:
    """Answer where django-allauth would let people sign up, or take another e-mail address."""
    raise Http404
