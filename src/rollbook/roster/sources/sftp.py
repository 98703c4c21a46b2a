"""Take a roster from a district's SFTP server."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from rollbook.remote.addresses import addresses_of
from rollbook.remote.patience import PATIENT, Patience
from rollbook.remote.sftp import SftpClient, SftpLogin, fingerprint_of
from rollbook.roster.sources.arrivals import (
    MOST_BYTES,
    layout_in,
    needs_second_look,
    newest_arrival,
    refuse_half_written,
    taken,
)
from rollbook.roster.sources.calling import (
    Steps,
    allows_private,
    brief,
    failures_told,
    number_in,
)
from rollbook.roster.sources.connecting import ConnectionReport, Pulled, SettingField, SourceFailed
from rollbook.roster.sources.folder import SETTLE_SECONDS
from rollbook.roster.types import SourceKind


class SftpFolder:
    """Take the newest zip of a folder on a server, or all its CSV files, once they are whole.

    Shape: a server is trusted only by its fingerprint: until one is saved, testing the connection
           shows it and sends no password. `settings["format"]` comes from the caller.
    """

    kind = SourceKind.SFTP
    fields = (
        SettingField("host", "Server"),
        SettingField("port", "Port", "number", False, "22"),
        SettingField("username", "User"),
        SettingField("password", "Password", "secret", is_required=False),
        SettingField("private_key", "Private key", "secret_text", is_required=False),
        SettingField("passphrase", "Passphrase of the key", "secret", is_required=False),
        SettingField("path", "Folder on the server", is_required=False, default="."),
        SettingField(
            "host_key",
            "Fingerprint of the server",
            is_required=False,
            help="Check the connection to see it. Compare it with what the server's "
            "administrator says, and paste it here.",
        ),
    )

    def __init__(
        self,
        *,
        patience: Patience = PATIENT,
        settle_seconds: float = SETTLE_SECONDS,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._patience = patience
        self._settle_seconds = settle_seconds
        self._pause = pause

    def check_connection(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], *, now: datetime
    ) -> ConnectionReport:
        """Find the server, know it again, sign in, and say what would be taken."""
        del now
        steps = Steps()
        private, login = allows_private(settings), login_from(settings, secrets)
        patience = brief(self._patience)

        def found() -> str:
            addresses_of(login.host, login.port, allow_private=private)
            return f"{login.host} is known."

        def known() -> str:
            return known_server(login, allow_private=private, patience=patience)

        steps.take("Find the server", found)
        steps.take("Know the server again", known)
        with SftpClient(login, allow_private=private, patience=patience) as client:

            def looked() -> str:
                return f"The folder holds {len(client.listing(folder_in(settings)))} files."

            def chosen() -> str:
                listing = client.listing(folder_in(settings))
                arrival = newest_arrival(listing, layout_in(settings))
                if arrival.is_package:
                    return f"{next(iter(arrival.files))} is the newest."
                return f"{len(arrival.files)} CSV files are taken together."

            steps.take("Sign in and read the folder", looked)
            steps.take("Choose files", chosen)
        return steps.report

    def pull(
        self,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        into: Path,
        cursor: Mapping[str, str],
        now: datetime,
    ) -> Pulled | None:
        """Fetch what is new; None when the same files lie there as the last time.

        Raises: SourceFailed.
        """
        folder, layout, login = (
            folder_in(settings),
            layout_in(settings),
            login_from(settings, secrets),
        )
        private = allows_private(settings)
        client = SftpClient(login, allow_private=private, patience=self._patience)
        with failures_told(), client:
            first = second = client.listing(folder)
            arrival = newest_arrival(first, layout)
            if cursor.get("signature") == arrival.signature:
                return None
            if needs_second_look(arrival, first, now=now, seconds=self._settle_seconds):
                self._pause(self._settle_seconds)
                second = client.listing(folder)
                arrival = newest_arrival(second, layout)
            refuse_half_written(first, second, arrival)

            def fetch(name: str, target: Path) -> int:
                return client.fetch(f"{folder}/{name}", target, max_bytes=MOST_BYTES)

            return taken(arrival, second, fetch, into=into, layout=layout, cursor=cursor)


def login_from(settings: Mapping[str, str], secrets: Mapping[str, str]) -> SftpLogin:
    """Read from settings and secrets whom to sign in as."""
    return SftpLogin(
        host=settings.get("host", "").strip(),
        port=number_in(settings, "port", 22, most=65535),
        user=settings.get("username", ""),
        host_key=settings.get("host_key", "").strip(),
        password=secrets.get("password", ""),
        private_key=secrets.get("private_key", ""),
        passphrase=secrets.get("passphrase", ""),
    )


def folder_in(settings: Mapping[str, str]) -> str:
    """Read from settings which folder of the server is meant."""
    path = settings.get("path", "").strip() or "."
    return path.rstrip("/") or "/"


def known_server(login: SftpLogin, *, allow_private: bool, patience: Patience) -> str:
    """Compare the server's fingerprint with the saved one, before anything is sent to it.

    Raises: SourceFailed unknown_host, with the fingerprint to compare; RemoteFailed.
    """
    seen = fingerprint_of(login.host, login.port, allow_private=allow_private, patience=patience)
    if not login.host_key:
        says = (
            f"The server's fingerprint is {seen}. Compare it with what its administrator says, "
            "and save it here."
        )
        raise SourceFailed("unknown_host", says)
    if seen != login.host_key:
        says = (
            f"The server's fingerprint is {seen} now, and that is not the one that was saved. "
            "Ask its administrator before you save the new one."
        )
        raise SourceFailed("unknown_host", says)
    return f"Its fingerprint is the saved one, {seen}."
