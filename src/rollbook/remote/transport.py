"""Carry requests of httpx to judged addresses only, each read within one deadline."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import certifi
import httpcore
import httpx

from rollbook.remote.addresses import addresses_of

# A name may have many addresses; these many are tried before the server counts as away.
_MOST_ADDRESSES = 4


class Deadline:
    """Hold the moment by which the current try must be over."""

    def __init__(self) -> None:
        self._at = float("inf")

    def in_seconds(self, seconds: float) -> None:
        """Set the moment, so many seconds from now."""
        self._at = time.monotonic() + seconds

    def within(self, timeout: float | None) -> float:
        """Shorten a timeout to what is left.

        Raises: httpcore.ReadTimeout when nothing is left.
        """
        left = self._at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left if timeout is None else min(left, timeout)


class JudgedTransport(httpx.BaseTransport):
    """Send requests to addresses that may be called, and to no others.

    Shape: a host is resolved once and called by number from then on, so that a name that later
           leads elsewhere is not followed.
    """

    def __init__(
        self, *, deadline: Deadline, allow_private: bool, trust: ssl.SSLContext | None
    ) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust or trusted(),
            max_connections=4,
            keepalive_expiry=30,
            network_backend=_JudgedBackend(deadline, allow_private=allow_private),
        )

    def _sent(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions={}
        )

    # httpx asks for this name.
    handle_request = _sent

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


@cache
def trusted() -> ssl.SSLContext:
    """Return whom to trust: the usual authorities, and those of this machine."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _JudgedBackend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline, *, allow_private: bool) -> None:
        self._deadline = deadline
        self._allow_private = allow_private
        self._inner = httpcore.SyncBackend()
        self._pinned: dict[tuple[str, int], tuple[str, ...]] = {}

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        reached = self._pinned.get((host, port))
        if reached is None:
            reached = addresses_of(host, port, allow_private=self._allow_private)
            self._pinned[host, port] = reached
        failure: Exception | None = None
        for address in reached[:_MOST_ADDRESSES]:
            left = self._deadline.within(timeout)
            try:
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure or httpcore.ConnectError("no address")


class _TimedStream(httpcore.NetworkStream):
    """Keep every read and write within the deadline, however small the pieces that come."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.within(timeout)
        return _TimedStream(
            self._inner.start_tls(ssl_context, server_hostname, left), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
