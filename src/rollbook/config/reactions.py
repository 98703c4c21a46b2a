"""The one table in which something low causes something high.

A domain that finishes a fact announces it by name, after commit, through
`rollbook.shared.events`; this table says which job each fact queues. Nothing
else in the house calls upwards.
"""

from __future__ import annotations

from rollbook.shared import events


def connect() -> None:
    """Fill the table of reactions; calling it again changes nothing."""
    events.clear()
