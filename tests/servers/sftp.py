"""A real SFTP server on loopback that shows one folder of this machine.

    with sftp_server(tmp_path, "district", "password") as server:
        SftpFolder(settle_seconds=0).pull(server.settings, server.secrets, into=..., ...)

`server.settings` holds host, port, username, path, host_key and allow_private; `server.secrets`
the password. `server.address` is (host, port); `server.host_key` the fingerprint. Scripted faults,
each used once: `server.next_faults = ["cut", "hang", "missing", "denied", "failure", "short"]`,
for the next times that a part of a file is read; `server.next_listings` for looks at the folder;
`server.next_writes` for the next times that a part of a file is written. `server.is_old` keeps to
the first protocol: no renaming over another file, and no making sure.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncssh


class SftpServer:
    def __init__(self, root: Path, user: str, password: str, keys: list[str]) -> None:
        self.root = root
        self.user = user
        self.password = password
        self.next_faults: list[str] = []
        self.next_listings: list[str] = []
        self.next_writes: list[str] = []
        self.is_old = False
        self.connections = 0
        self.passwords_seen: list[str] = []
        self._authorized = [asyncssh.import_public_key(key) for key in keys]
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self.closing = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def host_key(self) -> str:
        return self._key.get_fingerprint("sha256")

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    @property
    def settings(self) -> dict[str, str]:
        return {
            "host": "127.0.0.1",
            "port": str(self.port),
            "username": self.user,
            "path": ".",
            "host_key": self.host_key,
            "allow_private": "yes",
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"password": self.password}

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def is_authorized(self, key: asyncssh.SSHKey) -> bool:
        return any(key.public_data == known.public_data for known in self._authorized)

    async def _listen(self) -> None:
        self._server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Door(self),
            server_host_keys=[self._key],
            sftp_factory=lambda chan: _Folder(self, chan),
            config=None,
        )
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self.closing.set()
        self._server.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), 2)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


class _Door(asyncssh.SSHServer):
    def __init__(self, ours: SftpServer) -> None:
        self._ours = ours

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._ours.connections += 1

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._ours.passwords_seen.append(password)
        return (username, password) == (self._ours.user, self._ours.password)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == self._ours.user and self._ours.is_authorized(key)


class _Folder(asyncssh.SFTPServer):
    def __init__(self, ours: SftpServer, chan: Any) -> None:
        super().__init__(chan, chroot=str(ours.root).encode())
        self._ours = ours
        self._conn = chan.get_connection()

    async def scandir(self, path: bytes) -> AsyncIterator[Any]:
        if self._ours.next_listings:
            await self._fail(self._ours.next_listings.pop(0))
        async for entry in super().scandir(path):
            yield entry

    async def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        if self._ours.next_faults:
            fault = self._ours.next_faults.pop(0)
            if fault == "short":
                return b""
            await self._fail(fault)
        return super().read(file_obj, offset, size)  # type: ignore[return-value]

    async def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        if self._ours.next_writes:
            await self._fail(self._ours.next_writes.pop(0))
        return super().write(file_obj, offset, data)  # type: ignore[return-value]

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if self._ours.is_old:
            raise asyncssh.SFTPOpUnsupported("not here")
        return super().posix_rename(oldpath, newpath)

    def fsync(self, file_obj: Any) -> Any:
        if self._ours.is_old:
            raise asyncssh.SFTPOpUnsupported("not here")
        return super().fsync(file_obj)

    async def _fail(self, fault: str) -> None:
        if fault == "cut":
            self._conn.abort()
            raise asyncssh.SFTPConnectionLost("gone")
        if fault == "hang":
            await self._ours.closing.wait()
        if fault == "missing":
            raise asyncssh.SFTPNoSuchFile("gone")
        if fault == "denied":
            raise asyncssh.SFTPPermissionDenied("no")
        if fault == "failure":
            raise asyncssh.SFTPFailure("broken")


@contextmanager
def sftp_server(
    root: Path,
    user: str = "district",
    password: str = "sftp-secret",
    *,
    keys: list[str] = [],  # noqa: B006
) -> Generator[SftpServer]:
    """Serve a folder over SFTP, until the block ends; `keys` are public keys that may sign in."""
    server = SftpServer(root, user, password, list(keys))
    server.start()
    try:
        yield server
    finally:
        server.stop()
