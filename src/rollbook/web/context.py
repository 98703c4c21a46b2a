"""What every page's template may use."""

from __future__ import annotations

from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, object]:
    """Return the reader's scope."""
    return {"scope": getattr(request, "scope", None)}
