"""The limits over which a plan waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Say when a plan waits for a person.

    Units: shares are 0–1 of what the school (or the district) has now; a threshold below its
           minimum count never trips, so that small schools do not wait for three children.
    Source: reference, rostering 6.3, item 5.
    """

    archive_share: float = 0.10
    archive_count: int = 25  # students of one school
    archive_minimum: int = 5
    update_share: float = 0.75
    create_share: float = 0.50
    minimum: int = 50
    staff_minimum: int = 5
    class_minimum: int = 10
    enrollment_minimum: int = 100
    file_share: float = 0.50  # of the records that a file brought before
    largest_class: int = 60
    most_classes: int = 50
    graduates_share: float = 0.80

    def least(self, table: str) -> int:
        """Return how many records of a table must leave before their share counts."""
        least = {
            "staff": self.staff_minimum,
            "classes": self.class_minimum,
            "enrollments": self.enrollment_minimum,
        }
        return least.get(table, self.archive_minimum)


DEFAULT_THRESHOLDS: Final = Thresholds()
