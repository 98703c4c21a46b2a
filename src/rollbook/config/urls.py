"""Every address."""

from __future__ import annotations

from django.urls import include, path

from rollbook.web.sign_in import fixed_address

urlpatterns = [
    # Who somebody is, an administrator says: groups are assigned to addresses.
    path("accounts/email/", fixed_address, name="no_other_address"),
    path("accounts/signup/", fixed_address, name="no_sign_up"),
    path("accounts/confirm-email/", fixed_address, name="no_confirmation"),
    path("accounts/confirm-email/<str:key>/", fixed_address, name="no_confirmation_of"),
    path("accounts/", include("allauth.urls")),
    path("", include("rollbook.api.urls")),
    path("", include("rollbook.web.urls")),
]

handler400 = "rollbook.config.faults.not_understood"
handler404 = "rollbook.config.faults.not_found"
handler500 = "rollbook.config.faults.broken"
