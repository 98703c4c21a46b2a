"""Sign-in, as django-allauth asks for it."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Keep sign-up closed: administrators make accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
