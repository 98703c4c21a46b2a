"""Deliver files to a bucket of a store that speaks S3."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rollbook.extracts.targets.delivering import NAME_FIELD, Answered, Parcel, name_for
from rollbook.extracts.targets.sftp import ONE_TRY, PROBE
from rollbook.extracts.types import DeliveryStatus, TargetKind
from rollbook.remote.patience import Patience
from rollbook.remote.s3 import S3Bucket, S3Login
from rollbook.roster.sources.calling import Steps, allows_private, brief
from rollbook.roster.sources.connecting import ConnectionReport, SettingField

# A region is part of a host's name, and a bucket of a path: neither may lead elsewhere.
_REGION: Final = re.compile(r"[a-z0-9-]{1,40}")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # Amazon S3, bucket naming rules


class S3Target:
    """Put files into a bucket, below a prefix; an object is replaced whole.

    Shape: whoever reads the bucket says nothing, so what is there in full counts as done.
    """

    kind = TargetKind.S3
    fields = (
        SettingField("bucket", "Bucket"),
        SettingField("prefix", "Folder in the bucket", is_required=False),
        SettingField("region", "Region", default="us-west-2"),
        SettingField(
            "endpoint",
            "Address of the store",
            "url",
            is_required=False,
            help="Leave it empty for Amazon's own.",
        ),
        SettingField("access_key", "Access key"),
        SettingField("secret_key", "Secret key", "secret"),
        NAME_FIELD,
    )

    def __init__(self, *, patience: Patience = ONE_TRY) -> None:
        self._patience = patience

    def check_connection(
        self, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> ConnectionReport:
        """Find the store, write a small object and remove it."""
        steps = Steps()
        bucket = self._bucket(settings, secrets, brief(self._patience))
        key = _key(settings, PROBE)

        def written() -> str:
            with tempfile.TemporaryDirectory() as folder:
                probe = Path(folder) / PROBE
                probe.write_bytes(b"Rollbook can write here.\n")
                bucket.put(probe, key)
            return "The bucket can be written to."

        def removed() -> str:
            bucket.remove(key)
            return "The small object is gone again."

        steps.take("Find the store", lambda: f"{bucket.found()} is known.")
        steps.take("Sign in and write a small object", written)
        steps.take("Remove it", removed)
        return steps.report

    def deliver(
        self,
        parcel: Parcel,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        is_repeat: bool,
    ) -> Answered:
        """Put the file, or put it again: the same bytes under the same name.

        Raises: RemoteFailed.
        """
        del is_repeat
        key = _key(settings, name_for(parcel, settings))
        self._bucket(settings, secrets, self._patience).put(parcel.path, key)
        return Answered(DeliveryStatus.DONE, remote_id=key[-200:])

    def ask(
        self, remote_id: str, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> Answered:
        """Say that what was put is there: nobody says more of it."""
        del settings, secrets
        return Answered(DeliveryStatus.DONE, remote_id=remote_id)

    def _bucket(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], patience: Patience
    ) -> S3Bucket:
        login = S3Login(
            bucket=settings.get("bucket", ""),
            region=settings.get("region", ""),
            access_key=settings.get("access_key", ""),
            secret_key=secrets.get("secret_key", ""),
            endpoint=settings.get("endpoint", ""),
        )
        return S3Bucket(login, allow_private=allows_private(settings), patience=patience)


def faults_of_place(settings: Mapping[str, str]) -> dict[str, str]:
    """Say what is wrong with a bucket and its region, by field."""
    faults: dict[str, str] = {}
    if not _REGION.fullmatch(settings.get("region", "")):
        faults["region"] = "A region is small letters, digits and dashes, such as us-west-2."
    if not _BUCKET.fullmatch(settings.get("bucket", "")):
        faults["bucket"] = "A bucket's name is 3 to 63 small letters, digits, dots and dashes."
    return faults


def _key(settings: Mapping[str, str], name: str) -> str:
    prefix = settings.get("prefix", "").strip("/")
    return f"{prefix}/{name}" if prefix else name
