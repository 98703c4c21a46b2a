"""Words of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold one thing that was done, as a reader sees it."""

    sequence: int
    at: datetime
    actor_kind: str
    actor_label: str
    account_id: int | None
    action: str
    subject_kind: str
    subject_uuid: str
    organization_id: int | None
    detail: Mapping[str, Any]
    hash: str


class BreakKind(StrEnum):
    """Say how the chain fails at one place."""

    MISSING = "missing"  # entries before this one are gone
    UNLINKED = "unlinked"  # does not name the hash of the entry before
    ALTERED = "altered"  # does not hash to its own hash
    REWRITTEN = "rewritten"  # not the entry that the checkpoint vouched for
    CUT_OFF = "cut off"  # the entry of the checkpoint, and all after it, are gone


@dataclass(frozen=True, slots=True)
class Break:
    """Name the entry at which the chain breaks: the first missing one, or the wrong one."""

    sequence: int
    kind: BreakKind


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Hold the end of the chain at one moment."""

    sequence: int
    hash: str
