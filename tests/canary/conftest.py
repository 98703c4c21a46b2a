"""A fixed clock, and no static files: pages are what is looked at."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.utils import timezone

from tests.canary.worlds import NOON


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOON)


@pytest.fixture(autouse=True)
def without_static_files(settings: LazySettings) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "whitenoise" not in name]


@pytest.fixture(autouse=True)
def open_sandbox(settings: LazySettings) -> None:
    """Let the worlds' visitors in, for they could see too much."""
    settings.SANDBOX = True
