"""Keep a lease while a job runs, and write its progress where pages see it."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Any

from django.db import DatabaseError, connection

from rollbook.jobs.models import Job
from rollbook.jobs.rules import HEARTBEAT, LEASE
from rollbook.jobs.types import JobStatus

# How often progress is written at most: pages refresh about once a second.
LOOKS_EVERY_SECONDS = 0.5


class Heartbeat:
    """Extend a job's lease and write its progress from a thread with a connection of its own.

    The job's own transaction would hide its progress until the end; and the job must never wait
    for a page's sake, so `progress` only leaves a note that the thread picks up.
    """

    def __init__(self, job: Job, *, now: datetime) -> None:
        self._lease = Job.objects.filter(
            pk=job.pk,
            worker=job.worker,
            attempt_count=job.attempt_count,
            status=JobStatus.RUNNING,
        )
        self._started_at, self._started = now, monotonic()
        self._note: tuple[int, int, str] = (0, 0, "")
        self._stop = Event()
        self._thread = Thread(target=self._beat, name=f"heartbeat {job.uuid}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def progress(self, done: int, total: int, says: str = "") -> None:
        """Note how far the job is."""
        self._note = (done, total, says[:200])

    def moment(self) -> datetime:
        """Return the present, told by a clock that nobody sets: the start plus time elapsed."""
        return self._started_at + timedelta(seconds=monotonic() - self._started)

    def noted(self) -> dict[str, Any]:
        """Return the latest progress as columns."""
        done, total, says = self._note
        return {"progress_done": done, "progress_total": total, "progress_says": says}

    def _beat(self) -> None:
        written, latest_beat = self._note, monotonic()
        try:
            while not self._stop.wait(LOOKS_EVERY_SECONDS):
                is_due = monotonic() - latest_beat >= HEARTBEAT.total_seconds()
                if (self._note != written or is_due) and self._write():
                    written, latest_beat = self._note, monotonic()
        finally:
            connection.close()

    def _write(self) -> bool:
        try:
            if connection.vendor == "sqlite":
                # The job itself may hold the one write lock: look again soon rather than wait.
                with connection.cursor() as cursor:
                    cursor.execute("PRAGMA busy_timeout=500")
            self._lease.update(leased_until=self.moment() + LEASE, **self.noted())
        except DatabaseError:
            return False
        return True
