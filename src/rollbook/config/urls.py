"""Every address."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", include("rollbook.web.urls")),
]

handler404 = "rollbook.web.errors.not_found"
handler500 = "rollbook.web.errors.broken"
