"""Who does something."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """Tell a person from a machine."""

    PERSON = "person"
    COMMAND = "command"
    JOB = "job"
    API = "api"


@dataclass(frozen=True, slots=True)
class Actor:
    """Name who does something, as text that outlives the account.

    Shape: `account_id` is None for a command on the server and for a job; `label` never
           holds a student's data: it is a role or an account's public id.
    """

    kind: ActorKind
    label: str
    account_id: int | None = None

    @classmethod
    def command(cls, label: str = "command line") -> Actor:
        """Return the operator at the server's own shell."""
        return cls(ActorKind.COMMAND, label)

    @classmethod
    def job(cls, label: str) -> Actor:
        """Return the background job named `label`."""
        return cls(ActorKind.JOB, label)
