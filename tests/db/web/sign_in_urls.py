"""Only the addresses of sign-in: the middleware is tested without any page of ours."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("accounts/", include("allauth.urls"))]
