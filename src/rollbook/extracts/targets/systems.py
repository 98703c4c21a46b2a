"""Every kind of system that Rollbook can deliver to, and what a person may say of one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rollbook.extracts.targets.delivering import NAME_FIELD, Target, fault_of_name
from rollbook.extracts.targets.import_api import ImportApi
from rollbook.extracts.targets.s3 import S3Target, faults_of_place
from rollbook.extracts.targets.sftp import SftpTarget
from rollbook.extracts.types import TargetKind
from rollbook.roster.sources.connecting import SettingField
from rollbook.roster.sources.setting_values import faults_in

# This installation's own groups are not spoken to, and so have none.
SYSTEMS: Final[Mapping[TargetKind, Target]] = MappingProxyType(
    {
        TargetKind.IMPORT_API: ImportApi(),
        TargetKind.SFTP: SftpTarget(),
        TargetKind.S3: S3Target(),
    }
)


def fields_of(kind: TargetKind) -> tuple[SettingField, ...]:
    """Return what a kind of target must be told; nothing for this installation's own groups."""
    system = SYSTEMS.get(kind)
    return system.fields if system is not None else ()


def faults_of(
    kind: TargetKind, settings: Mapping[str, str], secrets: Mapping[str, str]
) -> dict[str, str]:
    """Say what is wrong with each field, in words for who typed it; no value is repeated."""
    faults = faults_in(fields_of(kind), settings, secrets)
    if says := fault_of_name(settings.get(NAME_FIELD.name, "")):
        faults.setdefault(NAME_FIELD.name, says)
    if kind is TargetKind.S3:
        faults = faults_of_place(settings) | faults
    if kind is TargetKind.SFTP and not (secrets.get("password") or secrets.get("private_key")):
        faults["password"] = "Type a password, or paste a private key."
    if kind is TargetKind.IMPORT_API:
        faults |= _faults_of_sign_in(settings, secrets)
    return faults


def _faults_of_sign_in(settings: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """Ask for the pair that the chosen way of signing in sends."""
    pairs = {
        "password": ("username", "secret"),
        "client_credentials": ("client_id", "client_secret"),
    }
    name, secret = pairs.get(settings.get("grant", ""), pairs["password"])
    missing = [
        *([] if settings.get(name) else [name]),
        *([] if secrets.get(secret) else [secret]),
    ]
    labels = {field.name: field.label for field in fields_of(TargetKind.IMPORT_API)}
    return {field: f"{labels[field]} is needed to sign in." for field in missing}
