"""What every connector to an outside system offers: what it asks for, a test, and a pull."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from rollbook.roster.types import SourceFormat, SourceKind

FieldType = Literal["text", "url", "path", "number", "choice", "flag", "secret", "secret_text"]


@dataclass(frozen=True, slots=True)
class SettingField:
    """Describe one thing that a connector must know, for a form and for a command.

    Shape: `secret` and `secret_text` are sealed at rest and never shown again.
    """

    name: str
    label: str
    type: FieldType = "text"
    is_required: bool = True
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""

    @property
    def is_secret(self) -> bool:
        """Tell whether the value is sealed."""
        return self.type in {"secret", "secret_text"}


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """Say how a test of a connection went, step by step, in words for a person.

    Shape: `steps` are (what was tried, whether it worked, what to do or what was seen), in order,
           up to and including the first that failed. No personal data, no secrets.
    """

    steps: tuple[tuple[str, bool, str], ...]

    @property
    def is_good(self) -> bool:
        """Tell whether every step worked."""
        return bool(self.steps) and all(worked for _, worked, _ in self.steps)


@dataclass(frozen=True, slots=True)
class Pulled:
    """Hold what one pull brought: a file as it is kept, and what to hand to the next pull.

    Shape: `path` is a zip, CSV or XLSX file below the folder that the caller gave; an unchanged
           source gives the same bytes again. `counts` are records by entity. `cursor` is plain
           values; the caller keeps it only once the file has been taken in.
    """

    path: Path
    file_name: str
    format: SourceFormat
    cursor: Mapping[str, str] = field(default_factory=dict[str, str])
    counts: Mapping[str, int] = field(default_factory=dict[str, int])


class SourceFailed(Exception):
    """Say why a source could not be read, in words for a person: no data, no secrets.

    Shape: `code` is a stable word: away, refused, not_found, too_large, lies, moving, busy,
           private_address, unknown_host, nothing_there, half_written. `pauses` when going on alone
           would do harm, as when a district has taken its token back.
    """

    def __init__(self, code: str, says: str, *, pauses: bool = False) -> None:
        super().__init__(f"{code}: {says}")
        self.code = code
        self.says = says
        self.pauses = pauses


class Connector(Protocol):
    """Speak to one kind of outside system."""

    kind: SourceKind
    fields: tuple[SettingField, ...]

    def check_connection(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], *, now: datetime
    ) -> ConnectionReport:
        """Try each step of a pull on a little data; fail in words, never by an exception."""
        ...

    def pull(
        self,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        into: Path,
        cursor: Mapping[str, str],
        now: datetime,
    ) -> Pulled | None:
        """Fetch everything into a folder; None when there is nothing that was not sent before.

        Raises: SourceFailed; what was fetched so far is then not used.
        """
        ...
