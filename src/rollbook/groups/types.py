"""Words of student groups."""

from __future__ import annotations

from enum import StrEnum


class GroupOrigin(StrEnum):
    """Say how a group came to be."""

    CLASS = "class"  # kept in step with one class of the roster
    HAND = "hand"
    FILE = "file"
