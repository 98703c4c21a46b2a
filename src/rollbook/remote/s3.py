"""Put files into a bucket of a store that speaks S3, with an end to everything."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from pyarrow import fs

from rollbook.remote import replies
from rollbook.remote.addresses import addresses_of
from rollbook.remote.failures import PassingFailure, RemoteFailed
from rollbook.remote.patience import PATIENT, Patience

ResultT = TypeVar("ResultT")

_STORES: Final[Any] = fs  # pyarrow ships no types
_LONGEST_SILENCE: Final = 20  # seconds
_PORTS: Final = {"https": 443, "http": 80}
# pyarrow repeats Amazon's own words; only the code in them is used, for the rest names keys.
_CODE: Final = re.compile(
    r"AWS Error ([A-Z0-9_]+)|\(HTTP status (\d{3})\)|HTTP response code (\d+)"
)
_REFUSED: Final[Mapping[str, tuple[str, str]]] = {
    "ACCESS_DENIED": ("refused", "The store does not let this key write into the bucket."),
    "INVALID_ACCESS_KEY_ID": ("refused", "The store does not know the access key."),
    "INVALID_CLIENT_TOKEN_ID": ("refused", "The store does not know the access key."),
    "UNRECOGNIZED_CLIENT": ("refused", "The store does not know the access key."),
    "SIGNATURE_DOES_NOT_MATCH": ("refused", "The store does not accept the secret key."),
    "REQUEST_TIME_TOO_SKEWED": ("refused", "The clocks of the store and of Rollbook differ."),
    "REQUEST_EXPIRED": ("refused", "The clocks of the store and of Rollbook differ."),
    "NO_SUCH_BUCKET": ("not_found", "The store has no bucket of this name."),
    "RESOURCE_NOT_FOUND": ("not_found", "The store has no bucket of this name."),
    "403": ("refused", "The store does not let this key write into the bucket."),
    "404": ("not_found", "The store has no bucket of this name."),
    "301": ("lies", "The bucket is in another region. Check the region."),
    "400": ("lies", "The store does not understand the request. Check the region."),
    "SLOW_DOWN": ("busy", "The store asks Rollbook to slow down."),
    "503": ("busy", "The store asks Rollbook to slow down."),
}
_PASSING: Final = frozenset({"busy", "away"})


@dataclass(frozen=True, slots=True)
class S3Login:
    """Say which bucket, and with which key.

    Shape: `endpoint` is the address of a store that is not Amazon's, blank for Amazon's own.
    """

    bucket: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    endpoint: str = ""


class S3Bucket:
    """Write to one bucket; the store is judged before each call as every other server is.

    The library resolves the name once more by itself, so that whoever owns the name could still
    lead it elsewhere in between. What goes out is signed for this host, and the certificate is for
    its name.

    Shape: an object is whole or as it was before: a store shows nothing of one half sent.
    """

    def __init__(
        self, login: S3Login, *, allow_private: bool = False, patience: Patience = PATIENT
    ) -> None:
        self._login = login
        self._allow_private = allow_private
        self._patience = patience

    def found(self) -> str:
        """Look the store up, and return its name.

        Raises: RemoteFailed.
        """
        scheme, host, port = self._place()
        if scheme == "http" and not self._allow_private:
            raise RemoteFailed("refused", replies.NOT_HTTPS)
        addresses_of(host, port, allow_private=self._allow_private)
        return host

    def put(self, source: Path, key: str) -> int:
        """Copy one file of this machine into the bucket, and return how many bytes it had.

        Raises: RemoteFailed; then what was there before is there still.
        """

        def copy(store: Any) -> int:
            # Read first: an upload that ends early for want of its source would count as whole.
            body = source.read_bytes()
            with store.open_output_stream(self._path(key)) as kept:
                kept.write(body)
            there = store.get_file_info(self._path(key)).size
            if there != len(body):
                raise PassingFailure("away", f"{len(body)} bytes were sent, and {there} are there.")
            return len(body)

        return self._call(copy, self._patience.call_seconds)

    def remove(self, key: str) -> None:
        """Remove one object from the bucket.

        Raises: RemoteFailed.
        """

        def take_away(store: Any) -> None:
            store.delete_file(self._path(key))

        self._call(take_away, self._patience.try_seconds)

    def _path(self, key: str) -> str:
        return f"{self._login.bucket}/{key}"

    def _place(self) -> tuple[str, str, int]:
        """Return scheme, host and port of the store.

        Raises: RemoteFailed for what is not an address.
        """
        login = self._login
        try:
            parts = urlsplit(login.endpoint or f"https://s3.{login.region}.amazonaws.com")
            scheme, host, port = parts.scheme, parts.hostname, parts.port
        except ValueError:
            scheme, host, port = "", None, None
        if scheme not in _PORTS or not host:
            raise RemoteFailed("refused", replies.NO_ADDRESS)
        return scheme, host, port or _PORTS[scheme]

    def _call(self, step: Callable[[Any], ResultT], seconds: float) -> ResultT:
        self.found()
        return _within(lambda: _told(lambda: step(self._opened())), seconds)

    def _opened(self) -> Any:
        login, (scheme, host, port) = self._login, self._place()
        return _STORES.S3FileSystem(
            access_key=login.access_key,
            secret_key=login.secret_key,
            region=login.region,
            scheme=scheme,
            endpoint_override=f"{host}:{port}" if login.endpoint else None,
            connect_timeout=self._patience.connect_seconds,
            # A store that hangs keeps the library from speaking to any other until then.
            request_timeout=min(self._patience.read_seconds, _LONGEST_SILENCE),
            background_writes=False,
            allow_delayed_open=True,  # what is small goes in one request
            # The caller tries again, later.
            retry_strategy=_STORES.AwsStandardS3RetryStrategy(max_attempts=1),
        )


def _within(work: Callable[[], ResultT], seconds: float) -> ResultT:
    """Wait for some work, and no longer than told: the library's own limits do not all hold.

    Raises: PassingFailure when it takes too long; what the work raises.
    """
    done: list[ResultT] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # carried to the caller's thread
            failed.append(error)

    thread = threading.Thread(target=run, name="s3", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise PassingFailure("away", replies.TOO_SLOW)
    return done[0]


def _told(work: Callable[[], ResultT]) -> ResultT:
    """Name in one word what goes wrong: the library's own words repeat keys and addresses."""
    try:
        return work()
    except RemoteFailed:
        raise
    except FileNotFoundError:
        raise RemoteFailed(*_REFUSED["NO_SUCH_BUCKET"]) from None
    except OSError as error:
        raise _failure_of(str(error)) from None


def _failure_of(words: str) -> RemoteFailed:
    for found in _CODE.finditer(words):
        named = next((part for part in found.groups() if part), "")
        if named in _REFUSED:
            code, says = _REFUSED[named]
            kind = PassingFailure if code in _PASSING else RemoteFailed
            return kind(code, says)
    return PassingFailure("away", "The store does not answer as it should.")
