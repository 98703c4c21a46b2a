"""Addresses of the import API: somebody else's contract, so no slash at their end.

A SIS that posts to the state's service posts here once the host is changed.
"""

from __future__ import annotations

from django.urls import URLPattern, path

from rollbook.api import imports, tokens

IMPORT = "imports/<int:number>"

urlpatterns: list[URLPattern] = [
    path("auth/oauth2/access_token", tokens.token, name="api_token"),
    path("oauth2/<str:server>/v1/token", tokens.token, name="api_token_of"),
    path("groups/imports", imports.imports, name="api_imports"),
    path("groups/imports/resubmit", imports.resubmit, name="api_resubmit"),
    path("imports/user", imports.user, name="api_user"),
    path(IMPORT, imports.group_import, name="api_import"),
    path(f"{IMPORT}/payload", imports.payload, name="api_payload"),
    path(f"{IMPORT}/payload/properties", imports.payload_properties, name="api_payload_properties"),
]
