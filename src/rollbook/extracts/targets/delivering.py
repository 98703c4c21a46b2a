"""What every system that files are delivered to offers: what it asks for, a test, a delivery."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, Protocol

from rollbook.extracts.types import DeliveryStatus, TargetKind
from rollbook.roster.sources.connecting import ConnectionReport, SettingField

# A name of these characters is the same on every server, and safe in an address.
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]+")
_SLOTS: Final = re.compile(r"\{([^{}]*)\}")
_KNOWN_SLOTS: Final = frozenset({"name", "date", "year"})
LONGEST_NAME: Final = 120

NAME_FIELD: Final = SettingField(
    "file_name",
    "File name",
    is_required=False,
    default="{name}.csv",
    help="{name} is the file's name here, {date} the day it was made, {year} its school year. "
    "A name without any of them is replaced each time.",
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """Hold one file as it is delivered.

    Shape: `batch` is a tag that no other delivery has; `md5` is upper-case hex, as the state's
           import service has it. `name` holds no personal data.
    """

    path: Path
    name: str
    batch: str
    md5: str
    made_on: date
    school_year: int


@dataclass(frozen=True, slots=True)
class Answered:
    """Say what the other side made of a file.

    Shape: `status` is sent (it has not decided), done or refused. `says` is the other side's own
           words, which may repeat cells of the file: shown, never logged. `is_earlier` tells that
           it had the same bytes before, and answered with what it made of them then.
    """

    status: DeliveryStatus
    remote_id: str = ""
    remote_status: str = ""
    says: str = field(default="", repr=False)
    is_earlier: bool = False


class Target(Protocol):
    """Speak to one kind of system that takes files."""

    kind: TargetKind
    fields: tuple[SettingField, ...]

    def check_connection(
        self, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> ConnectionReport:
        """Try each step of a delivery without delivering; fail in words, never by an exception."""
        ...

    def deliver(
        self,
        parcel: Parcel,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        is_repeat: bool,
    ) -> Answered:
        """Hand a file over; with `is_repeat` look first whether it is there already.

        Raises: RemoteFailed; a PassingFailure may be tried again later.
        """
        ...

    def ask(
        self, remote_id: str, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> Answered:
        """Ask what became of a file that was handed over.

        Raises: RemoteFailed; a PassingFailure may be tried again later.
        """
        ...


def name_for(parcel: Parcel, settings: Mapping[str, str]) -> str:
    """Return what a file is called there: the same for the same file, however often it is sent."""
    slots = {
        "name": parcel.name.removesuffix(".csv"),
        "date": parcel.made_on.isoformat(),
        "year": str(parcel.school_year),
    }
    pattern = settings.get(NAME_FIELD.name, "") or NAME_FIELD.default
    filled = _SLOTS.sub(lambda slot: slots.get(slot[1], ""), pattern)
    return _PLAIN.sub("_", filled).strip("._")[-LONGEST_NAME:] or "groups.csv"


def fault_of_name(pattern: str) -> str:
    """Say what is wrong with a pattern of file names; blank when nothing is."""
    if strange := sorted(set(_SLOTS.findall(pattern)) - _KNOWN_SLOTS):
        return f"{{{strange[0][:20]}}} stands for nothing. Use {{name}}, {{date}} or {{year}}."
    if _PLAIN.search(_SLOTS.sub("", pattern)) or len(pattern) > LONGEST_NAME:
        return f"Use letters, digits, dots, dashes and underscores, up to {LONGEST_NAME} of them."
    return ""
