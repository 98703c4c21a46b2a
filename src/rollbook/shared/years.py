"""School years and the dates they hold."""

from __future__ import annotations

from datetime import date

# California's school year runs from 1 July to 30 June (Education Code 37200).
FIRST_MONTH = 7


class SchoolYear(int):
    """Name a school year by the calendar year in which it ends: 2027 means 2026–27."""

    @classmethod
    def containing(cls, day: date) -> SchoolYear:
        """Return the school year that holds `day`."""
        return cls(day.year + 1 if day.month >= FIRST_MONTH else day.year)

    @property
    def label(self) -> str:
        """Say the year as people do: `2026–27`."""
        return f"{int(self) - 1}–{int(self) % 100:02d}"

    @property
    def starts_on(self) -> date:
        """Return the first day of the year."""
        return date(int(self) - 1, FIRST_MONTH, 1)

    @property
    def ends_before(self) -> date:
        """Return the first day that no longer belongs to the year."""
        return date(int(self), FIRST_MONTH, 1)
