"""Read and write files on an SFTP server whose key is known, with an end to everything."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import stat
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

import asyncssh
import stamina

from rollbook.remote import replies
from rollbook.remote.addresses import addresses_of
from rollbook.remote.failures import PassingFailure, RemoteFailed
from rollbook.remote.patience import PATIENT, Course, Patience

# It writes the names of accounts.
logging.getLogger("asyncssh").setLevel(logging.WARNING)

ResultT = TypeVar("ResultT")
Step = Callable[[asyncssh.SFTPClient], Awaitable[ResultT]]

# asyncssh asks for the parts of one read at the same time; this much must come in `read_seconds`.
_READ_AT_ONCE: Final = 1024 * 1024
_MOST_FILES: Final = 10_000
# Trust no key for its name; the guard asks for the fingerprint.
_NOBODY: Final[tuple[list[str], list[str], list[str]]] = ([], [], [])
_UNKNOWN_KEY: Final = (
    "Nobody has confirmed yet which server this is. Compare its fingerprint with what its "
    "administrator says, and save it."
)


@dataclass(frozen=True, slots=True)
class SftpLogin:
    """Say whom to sign in as: with a password, a private key, or both.

    Shape: `host_key` is the fingerprint of the only server to trust, as `SHA256:...`.
    """

    host: str
    port: int
    user: str
    host_key: str
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """Name a file of a folder. Units: `size` is bytes; `modified` is seconds since 1970."""

    size: int
    modified: int


def fingerprint_of(
    host: str, port: int, *, allow_private: bool, patience: Patience = PATIENT
) -> str:
    """Ask a server for the fingerprint of its key, without signing in.

    Raises: RemoteFailed.
    """

    async def ask() -> str:
        address = addresses_of(host, port, allow_private=allow_private)[0]
        key = await asyncssh.get_server_host_key(
            address, port, config=None, server_host_key_algs="default"
        )
        if key is None:
            raise RemoteFailed("lies", "The server shows no key.")
        return key.get_fingerprint("sha256")

    with _Loop() as loop:
        return loop.run(_named(ask()), patience.try_seconds)


class SftpClient:
    """Speak to one SFTP server; connect at the first call, and again when the line is lost.

    Shape: the password is sent only to the server whose key has the fingerprint in the login.
    """

    def __init__(
        self, login: SftpLogin, *, allow_private: bool = False, patience: Patience = PATIENT
    ) -> None:
        self._login = login
        self._allow_private = allow_private
        self._patience = patience
        self._loop = _Loop()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None
        self._failures = 0

    def __enter__(self) -> SftpClient:
        self._loop.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(RemoteFailed, OSError):
            self._loop.run(self._hung_up(), self._patience.connect_seconds)
        self._loop.__exit__(kind, error, trace)

    def listing(self, folder: str) -> dict[str, RemoteFile]:
        """List the plain files of a folder by name.

        Raises: RemoteFailed.
        """

        async def look(sftp: asyncssh.SFTPClient) -> dict[str, RemoteFile]:
            found: dict[str, RemoteFile] = {}
            async for entry in sftp.scandir(folder or "."):
                name, about = str(entry.filename), entry.attrs
                if about.permissions is None or not stat.S_ISREG(about.permissions):
                    continue
                if name and "/" not in name and "\\" not in name and "\0" not in name:
                    found[name] = RemoteFile(about.size or 0, int(about.mtime or 0))
                if len(found) > _MOST_FILES:
                    raise RemoteFailed("too_large", "The folder holds too many files.")
            return found

        return self._call(look, self._patience.try_seconds)

    def fetch(self, path: str, target: Path, *, max_bytes: int) -> int:
        """Copy one file to a path of this machine, and return how many bytes it had.

        Raises: RemoteFailed; then `target` is not to be used.
        """

        async def copy(sftp: asyncssh.SFTPClient) -> int:
            taken = 0
            source: Any = await sftp.open(path, "rb")  # asyncssh says text or bytes
            with target.open("wb") as kept:
                while piece := await self._read(source):
                    taken += len(piece)
                    if taken > max_bytes:
                        says = f"A file is larger than {max_bytes // (1024 * 1024)} MB."
                        raise RemoteFailed("too_large", says)
                    kept.write(piece)
            # Only after success: a server that hangs would not answer this either.
            await source.close()
            return taken

        return self._call(copy, self._patience.call_seconds)

    def put(self, source: Path, path: str) -> int:
        """Copy one file of this machine to a path of the server, and return how many bytes it had.

        Shape:  whoever looks sees the old file or the whole new one: it is written beside, under a
                name that begins with a dot, made sure of, and renamed. Twice is as once.
        Raises: RemoteFailed; then the old file is there as it was.
        """

        async def copy(sftp: asyncssh.SFTPClient) -> int:
            beside = _beside(path)
            try:
                size = await self._written(sftp, source, beside)
            except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure):
                with contextlib.suppress(asyncssh.SFTPError):
                    await sftp.remove(beside)  # half a file is of no use there
                raise
            if (there := (await sftp.stat(beside)).size) != size:
                raise PassingFailure("away", f"{size} bytes were sent, and {there} are there.")
            await _moved(sftp, beside, path)
            return size

        return self._call(lambda sftp: _write_told(copy(sftp)), self._patience.call_seconds)

    def remove(self, path: str) -> None:
        """Remove one file of the server; one that is not there is as good as removed.

        Raises: RemoteFailed.
        """

        async def take_away(sftp: asyncssh.SFTPClient) -> None:
            with contextlib.suppress(asyncssh.SFTPNoSuchFile):
                await sftp.remove(path)

        self._call(lambda sftp: _write_told(take_away(sftp)), self._patience.try_seconds)

    async def _written(self, sftp: asyncssh.SFTPClient, source: Path, path: str) -> int:
        kept: Any = await sftp.open(path, "wb")  # asyncssh says text or bytes
        sent = 0
        with source.open("rb") as file:
            while piece := file.read(_READ_AT_ONCE):
                await asyncio.wait_for(kept.write(piece), self._patience.read_seconds)
                sent += len(piece)
        # Not every server offers to make sure that it is on its disk.
        with contextlib.suppress(asyncssh.SFTPOpUnsupported, asyncssh.SFTPFailure):
            await asyncio.wait_for(kept.fsync(), self._patience.read_seconds)
        # Only after success: a server that hangs would not answer this either.
        await kept.close()
        return sent

    async def _read(self, source: Any) -> bytes:
        return await asyncio.wait_for(source.read(_READ_AT_ONCE), self._patience.read_seconds)

    def _call(self, step: Step[ResultT], seconds: float) -> ResultT:
        """Take a step, and take it again on a new connection where that may help."""
        course = Course(self._patience)

        def next_wait(error: Exception) -> bool | float:
            is_given_up = self._failures >= self._patience.most_failures
            return False if is_given_up else course.next_wait(error)

        if self._failures >= self._patience.most_failures:
            raise RemoteFailed("away", replies.GIVEN_UP)
        for attempt in stamina.retry_context(
            on=next_wait, attempts=self._patience.tries, timeout=None
        ):
            with attempt:
                course.tries += 1
                return self._counted(step, seconds)
        raise AssertionError("stamina ends with an answer or an exception")

    def _counted(self, step: Step[ResultT], seconds: float) -> ResultT:
        try:
            result = self._loop.run(_named(self._taken(step)), seconds)
        except PassingFailure:
            self._failures += 1
            self._loop.run(self._hung_up(), self._patience.connect_seconds)
            raise
        self._failures = 0
        return result

    async def _taken(self, step: Step[ResultT]) -> ResultT:
        if self._sftp is None:
            self._connection = await self._connected()
            self._sftp = await self._connection.start_sftp_client()
        return await step(self._sftp)

    async def _connected(self) -> asyncssh.SSHClientConnection:
        login = self._login
        if not login.host_key:
            raise RemoteFailed("unknown_host", _UNKNOWN_KEY)
        address = addresses_of(login.host, login.port, allow_private=self._allow_private)[0]
        guard = _Guard(login.host_key)
        try:
            connection, _ = await asyncssh.create_connection(
                lambda: guard,
                address,
                login.port,
                username=login.user,
                password=login.password or None,
                client_keys=_keys_of(login),
                known_hosts=_NOBODY,
                server_host_key_algs="default",
                agent_path=None,
                config=None,
                preferred_auth="publickey,password" if login.private_key else "password",
                connect_timeout=self._patience.connect_seconds,
                login_timeout=self._patience.read_seconds,
            )
        except asyncssh.HostKeyNotVerifiable:
            raise RemoteFailed("unknown_host", _other_key(guard.seen)) from None
        return connection

    async def _hung_up(self) -> None:
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.abort()
            await connection.wait_closed()


class _Guard(asyncssh.SSHClient):
    """Trust one server: the one whose key has the known fingerprint."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint.strip()
        self.seen = ""

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        self.seen = key.get_fingerprint("sha256")
        return self.seen == self._fingerprint


class _Loop:
    """Run coroutines on a thread of their own, whatever runs on the caller's."""

    def __enter__(self) -> _Loop:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(_all_ended(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, ResultT], seconds: float) -> ResultT:
        """Wait for some work, and no longer than told: what hangs may not end when cancelled."""

        async def bounded() -> ResultT:
            task = asyncio.ensure_future(work)
            await asyncio.wait({task}, timeout=seconds)
            if task.done():
                return task.result()
            task.cancel()
            task.add_done_callback(_forgotten)
            raise PassingFailure("away", replies.TOO_SLOW)

        return asyncio.run_coroutine_threadsafe(bounded(), self._loop).result()


def _forgotten(task: asyncio.Future[Any]) -> None:
    """Take notice of how abandoned work ended, so that nobody complains that none did."""
    if not task.cancelled():
        task.exception()


async def _all_ended() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
        task.add_done_callback(_forgotten)
    if rest:
        await asyncio.wait(rest, timeout=1)


async def _named(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Wait for some work, and name in one word what goes wrong with it."""
    try:
        return await work
    except asyncssh.PermissionDenied:
        says = "The server does not accept the sign-in. Check the user and the password or key."
        raise RemoteFailed("refused", says) from None
    except asyncssh.SFTPNoSuchFile:
        says = "The server has no such folder or file. Check the folder."
        raise RemoteFailed("not_found", says) from None
    except asyncssh.SFTPPermissionDenied:
        says = "The server does not let this user read the folder or a file in it."
        raise RemoteFailed("refused", says) from None
    except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.DisconnectError):
        raise PassingFailure("away", replies.BROKEN_OFF) from None
    except asyncssh.ChannelOpenError:
        raise RemoteFailed("refused", "The server does not offer files to this user.") from None
    except asyncssh.SFTPError:
        raise RemoteFailed("lies", "The server does not do what SFTP servers do.") from None
    except TimeoutError:
        raise PassingFailure("away", replies.TOO_SLOW) from None
    except (OSError, EOFError):
        raise PassingFailure("away", "The server does not answer.") from None


async def _write_told(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Name what goes wrong with writing, where the words for reading would mislead."""
    try:
        return await work
    except asyncssh.SFTPPermissionDenied:
        says = "The server does not let this user write into the folder."
        raise RemoteFailed("refused", says) from None
    except asyncssh.SFTPFailure:
        says = "The server did not take the file. Its disk or this user's share of it may be full."
        raise RemoteFailed("refused", says) from None


async def _moved(sftp: asyncssh.SFTPClient, beside: str, path: str) -> None:
    """Rename a file over another, in one step where the server can."""
    try:
        await sftp.posix_rename(beside, path)
        return
    except asyncssh.SFTPOpUnsupported:
        pass
    # The first protocol has no renaming over another file: the old one steps aside until then.
    aside = f"{beside}.old"
    with contextlib.suppress(asyncssh.SFTPNoSuchFile):
        await sftp.remove(aside)
    with contextlib.suppress(asyncssh.SFTPNoSuchFile):
        await sftp.rename(path, aside)
    try:
        await sftp.rename(beside, path)
    except asyncssh.SFTPError:
        with contextlib.suppress(asyncssh.SFTPError):
            await sftp.rename(aside, path)
        raise
    with contextlib.suppress(asyncssh.SFTPNoSuchFile):
        await sftp.remove(aside)


def _beside(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.{name}.part"


def _keys_of(login: SftpLogin) -> list[asyncssh.SSHKey] | None:
    if not login.private_key:
        return None
    try:
        return [asyncssh.import_private_key(login.private_key, login.passphrase or None)]
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
        says = "The private key cannot be read. Paste all of it, and check its passphrase."
        raise RemoteFailed("refused", says) from None


def _other_key(seen: str) -> str:
    return (
        f"The server's fingerprint is {seen or 'unknown'} now, and that is not the one that was "
        "confirmed. Nothing was sent to it. Ask its administrator before you save the new one."
    )
