"""Name the nine students that the tutorial looks for in the Sample District."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class KnownStudent:
    """Describe one student whom the tutorial names."""

    first_name: str
    last_name: str
    ssid: str
    grade: str
    sex: str
    is_english_learner: bool = False


KNOWN_STUDENTS: Final = (
    KnownStudent("Jonathan", "Corcoran", "4000015759", "11", "Male"),
    KnownStudent("Richard", "James", "8000017340", "11", "Male", is_english_learner=True),
    KnownStudent("George", "Simon-Fenner", "8000016196", "11", "Male"),
    KnownStudent("Luke", "Bond", "5000034581", "08", "Male"),
    KnownStudent("Martin", "Hixson", "6000009063", "08", "Male"),
    KnownStudent("Amelia", "Reitz", "2000010843", "08", "Female", is_english_learner=True),
    KnownStudent("Sarah", "Blackwell-Gilles", "3000003149", "05", "Female"),
    KnownStudent("Kelli", "Jacobs", "4000003764", "05", "Female", is_english_learner=True),
    KnownStudent("Alice", "Sidney-Collins", "8000003653", "05", "Female"),
)
