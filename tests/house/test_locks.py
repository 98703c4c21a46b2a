"""Rows are held so that whoever refers to them need not wait."""

from __future__ import annotations

import re
from pathlib import Path

# Nobody refers to these rows, or the queue alone does: the name of the file, and why.
HELD_WHOLE = {
    "jobs/actions/work.py",  # jobs
    "jobs/actions/queue.py",  # jobs
    "jobs/actions/schedule.py",  # schedules that are due, skipped where held
    "changes/actions/propose.py",  # blocks of ids
    "changes/state.py",  # versions of areas
    "people/actions/edits.py",  # edits
    "roster/actions/transfers.py",  # requests
}


def test_a_held_row_may_be_referred_to(repository: Path) -> None:
    """On PostgreSQL a plain FOR UPDATE stops every commit that refers to the row.

    Such a commit holds the audit log meanwhile, which the holder of the row waits for: each waits
    for the other, and PostgreSQL breaks one of them. FOR NO KEY UPDATE takes turns without that.
    """
    source = repository / "src" / "rollbook"
    held = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        for call in re.findall(r"\.select_for_update\(([^)]*\)?[^)]*)\)", path.read_text("utf-8"))
        if "no_key=True" not in call
    }
    assert held == HELD_WHOLE
