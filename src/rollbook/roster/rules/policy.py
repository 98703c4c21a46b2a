"""What a preflight does with errors, with absences, and with what is large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from rollbook.roster.rules.holds import Thresholds


class ErrorPolicy(StrEnum):
    """Name what one bad record does to the rest."""

    BLOCK_ON_ANY_ERROR = "block_on_any_error"
    EXCLUDE_BAD_RECORDS = "exclude_bad_records"


class SecondSchoolPolicy(StrEnum):
    """Name what is done with a student who comes at a second school, unless a person says so."""

    ASK = "ask"
    ADD = "add"
    MOVE = "move"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class IntakePolicy:
    """Say how one source's rosters are judged.

    Shape: `is_additive` never archives; `commits_itself` lets a plan without a hold go in alone,
           which only a scheduled run does. `second_person_from` is the number of leaving students
           from which two people must approve, None never.
    Units: `largest_excluded_percent` is 0–100 of the records of one file.
    """

    errors: ErrorPolicy = ErrorPolicy.EXCLUDE_BAD_RECORDS
    largest_excluded_percent: float = 2.0
    is_additive: bool = False
    commits_itself: bool = False
    second_school: SecondSchoolPolicy = SecondSchoolPolicy.ADD
    second_person_from: int | None = 500
    thresholds: Thresholds = field(default_factory=Thresholds)

    def as_json(self) -> dict[str, Any]:
        """Return the policy as plain values, for a JSON column."""
        return asdict(self)


def policy_from(plain: Mapping[str, Any]) -> IntakePolicy:
    """Read what `IntakePolicy.as_json` wrote; what it does not say is as the default has it.

    Raises: ValueError or TypeError where a value is of no policy.
    """
    known = {f.name for f in fields(IntakePolicy)}
    said = {name: value for name, value in plain.items() if name in known}
    if "errors" in said:
        said["errors"] = ErrorPolicy(said["errors"])
    if "second_school" in said:
        said["second_school"] = SecondSchoolPolicy(said["second_school"])
    if "thresholds" in said:
        names = {f.name for f in fields(Thresholds)}
        said["thresholds"] = Thresholds(
            **{name: value for name, value in said["thresholds"].items() if name in names}
        )
    return IntakePolicy(**said)
