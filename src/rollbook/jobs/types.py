"""Words of background work."""

from __future__ import annotations

from enum import StrEnum


class JobStatus(StrEnum):
    """Name a step in the life of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # tried as often as it may be; a person must look
    CANCELLED = "cancelled"
