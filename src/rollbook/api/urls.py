"""Addresses of the import API: somebody else's contract, so no slash at their end.

A SIS that posts to the state's service posts here once the host is changed.
"""

from __future__ import annotations

from django.urls import URLPattern, path

from rollbook.api import tokens

urlpatterns: list[URLPattern] = [
    path("auth/oauth2/access_token", tokens.token, name="api_token"),
    path("oauth2/<str:server>/v1/token", tokens.token, name="api_token_of"),
]
