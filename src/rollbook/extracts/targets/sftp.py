"""Deliver files to a folder of an SFTP server."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from rollbook.extracts.targets.delivering import NAME_FIELD, Answered, Parcel, name_for
from rollbook.extracts.types import DeliveryStatus, TargetKind
from rollbook.remote.addresses import addresses_of
from rollbook.remote.patience import PATIENT, Patience
from rollbook.remote.sftp import SftpClient, SftpLogin
from rollbook.roster.sources.calling import Steps, allows_private, brief
from rollbook.roster.sources.connecting import ConnectionReport, SettingField
from rollbook.roster.sources.sftp import folder_in, known_server, login_from

PROBE: Final = "rollbook-probe.txt"
# A delivery is tried again for a day: one try of it need not be long.
ONE_TRY: Final = replace(PATIENT, tries=3, call_seconds=300, longest_asked_wait=30)


class SftpTarget:
    """Write files into a folder: beside under another name first, then renamed, replaced whole.

    Shape: a server is trusted only by its fingerprint: until one is saved, checking the connection
           shows it and sends no password. Who reads the folder says nothing, so what is there in
           full counts as done.
    """

    kind = TargetKind.SFTP
    fields = (
        SettingField("host", "Server"),
        SettingField("port", "Port", "number", False, "22"),
        SettingField("username", "User"),
        SettingField("password", "Password", "secret", is_required=False),
        SettingField("private_key", "Private key", "secret_text", is_required=False),
        SettingField("passphrase", "Passphrase of the key", "secret", is_required=False),
        SettingField("path", "Folder on the server", is_required=False, default="."),
        NAME_FIELD,
        SettingField(
            "host_key",
            "Fingerprint of the server",
            is_required=False,
            help="Check the connection to see it. Compare it with what the server's "
            "administrator says, and paste it here.",
        ),
    )

    def __init__(self, *, patience: Patience = ONE_TRY) -> None:
        self._patience = patience

    def check_connection(
        self, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> ConnectionReport:
        """Find the server, know it again, sign in, write a small file and remove it."""
        steps = Steps()
        private, login = allows_private(settings), login_from(settings, secrets)
        patience = brief(self._patience)
        probe = f"{folder_in(settings)}/{PROBE}"

        def found() -> str:
            addresses_of(login.host, login.port, allow_private=private)
            return f"{login.host} is known."

        def known() -> str:
            return known_server(login, allow_private=private, patience=patience)

        steps.take("Find the server", found)
        steps.take("Know the server again", known)
        with SftpClient(login, allow_private=private, patience=patience) as client:
            steps.take("Sign in and write a small file", _written(client, probe))
            steps.take("Remove it", _removed(client, probe))
        return steps.report

    def deliver(
        self,
        parcel: Parcel,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        is_repeat: bool,
    ) -> Answered:
        """Write the file, or write it again: the same bytes under the same name.

        Raises: RemoteFailed.
        """
        del is_repeat
        name = name_for(parcel, settings)
        with self._client(login_from(settings, secrets), settings) as client:
            client.put(parcel.path, f"{folder_in(settings)}/{name}")
        return Answered(DeliveryStatus.DONE, remote_id=name)

    def ask(
        self, remote_id: str, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> Answered:
        """Say that what was written is there: nobody says more of it."""
        del settings, secrets
        return Answered(DeliveryStatus.DONE, remote_id=remote_id)

    def _client(self, login: SftpLogin, settings: Mapping[str, str]) -> SftpClient:
        return SftpClient(login, allow_private=allows_private(settings), patience=self._patience)


def _written(client: SftpClient, path: str) -> Callable[[], str]:
    def write() -> str:
        with tempfile.TemporaryDirectory() as folder:
            probe = Path(folder) / PROBE
            probe.write_bytes(b"Rollbook can write here.\n")
            client.put(probe, path)
        return "The folder can be written to."

    return write


def _removed(client: SftpClient, path: str) -> Callable[[], str]:
    def remove() -> str:
        client.remove(path)
        return "The small file is gone again."

    return remove
