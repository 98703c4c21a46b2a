"""The shape in which the command line and the API tell what was found."""

from __future__ import annotations

from typing import Any

from rollbook.roster.types import BundleResult


def verdict_json(result: BundleResult) -> dict[str, Any]:
    """Return a result as plain values, for JSON: see `BundleResult.as_json`."""
    return result.as_json()
