"""What a person may say of a source: its settings and secrets, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from rollbook.roster.sources import connectors
from rollbook.roster.sources.connecting import SettingField
from rollbook.roster.types import SourceKind

LONGEST_SETTING: Final = 500
LONGEST_SECRET: Final = 20_000  # a private key is a few thousand characters
# Where a secret is sent. Whoever changes it must know the secret, or could have it sent to them.
ADDRESS_FIELDS: Final = frozenset({"host", "port", "username"})

TYPED_AGAIN: Final = (
    "Type this again: the address has changed, and a secret goes only to where it was meant for."
)


def settings_in(fields: Iterable[SettingField], values: Mapping[str, str]) -> dict[str, str]:
    """Return what is no secret of what was typed, each field once, with its default when blank."""
    return {
        field.name: values.get(field.name, "").strip() or field.default
        for field in fields
        if not field.is_secret
    }


def secrets_in(
    fields: Iterable[SettingField], values: Mapping[str, str], *, kept: Mapping[str, str]
) -> dict[str, str]:
    """Return the secrets that were typed; a blank one is as it was kept."""
    found: dict[str, str] = {}
    for field in fields:
        if not field.is_secret:
            continue
        # A key ends in a line break that matters; a password may begin with a space.
        typed = values.get(field.name, "")
        if secret := typed if typed.strip() else kept.get(field.name, ""):
            found[field.name] = secret
    return found


def has_moved(
    fields: Iterable[SettingField], before: Mapping[str, str], after: Mapping[str, str]
) -> bool:
    """Tell whether the secrets of a source would now go somewhere else."""
    return any(
        before.get(field.name, "") != after.get(field.name, "")
        for field in fields
        if not field.is_secret and (field.type == "url" or field.name in ADDRESS_FIELDS)
    )


def faults_in(
    fields: Iterable[SettingField], settings: Mapping[str, str], secrets: Mapping[str, str]
) -> dict[str, str]:
    """Say what is wrong with each field, in words for who typed it; no value is repeated."""
    faults: dict[str, str] = {}
    for field in fields:
        value = (secrets if field.is_secret else settings).get(field.name, "")
        if says := _fault_of(field, value):
            faults[field.name] = says
    return faults


def _fault_of(field: SettingField, value: str) -> str:
    if not value:
        return f"{field.label} is needed." if field.is_required else ""
    if len(value) > (LONGEST_SECRET if field.is_secret else LONGEST_SETTING):
        return f"{field.label} is too long."
    if field.type == "number" and not (value.isascii() and value.isdecimal()):
        return f"{field.label} is a number."
    if field.type == "choice" and value not in {code for code, _ in field.choices}:
        return f"{field.label}: choose one of those listed."
    if field.type == "url":
        return _fault_of_address(field, value)
    return ""


def _fault_of_address(field: SettingField, value: str) -> str:
    try:
        parts = urlsplit(value)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_plain = parts.username is None and parts.password is None
    except ValueError:
        is_whole = is_plain = False
    if not is_whole:
        return f"{field.label} is a whole address, such as https://example.org."
    if not is_plain:
        return f"{field.label} holds a password. Write the address alone."
    return ""


def base_of(path: str, bases: Iterable[Path]) -> Path | None:
    """Return the first of some folders in which a path lies, after following every link.

    Shape: a path that is not absolute is taken from each of them; None when it lies in none.
    """
    if not path or "\x00" in path:
        return None
    return next(
        (base for base in bases if (base / path).resolve().is_relative_to(base.resolve())), None
    )


def fields_of(kind: SourceKind) -> tuple[SettingField, ...]:
    """Return what the connector of a kind of source asks for; nothing where a person sends."""
    connector = connectors.CONNECTORS.get(kind)
    return connector.fields if connector is not None else ()
