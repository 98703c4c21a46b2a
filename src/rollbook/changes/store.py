"""Plan files on disk: written once, under a digest, read back only when it still holds."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

from django.conf import settings

from rollbook.changes.layouts import from_bytes, to_bytes
from rollbook.changes.models import ChangePlan
from rollbook.changes.types import PlanContent


class DigestDiffers(Exception):
    """Say that the plan asked for is not the plan on disk: open it again and review it."""


def folder() -> Path:
    """Return the folder of plan files."""
    return Path(settings.FILES_ROOT) / "plans"


def write_plan_file(plan_uuid: uuid.UUID, content: PlanContent) -> tuple[str, str]:
    """Write a plan's file so that it is whole or not there; return its name and its digest."""
    written = to_bytes(content)
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{plan_uuid}.plan"
    partial = folder() / f".{name}.{uuid.uuid4().hex}"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(written)
        target.flush()
        os.fsync(target.fileno())
    partial.rename(folder() / name)
    _flush_folder()
    return name, hashlib.sha256(written).hexdigest()


def read_plan_file(plan: ChangePlan) -> PlanContent:
    """Read a plan's file.

    Raises: DigestDiffers where the file is not the one that was proposed.
    """
    content = (folder() / plan.file_name).read_bytes()
    if hashlib.sha256(content).hexdigest() != plan.digest:
        raise DigestDiffers
    return from_bytes(content)


def _flush_folder() -> None:
    # Without this a power cut may take the name of a file whose bytes are safe.
    descriptor = os.open(folder(), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
