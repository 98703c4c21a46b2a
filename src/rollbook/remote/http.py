"""Ask a web server for something, with an end to everything."""

from __future__ import annotations

import json
import logging
import ssl
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Final

import httpcore
import httpx
import stamina

from rollbook.remote import replies
from rollbook.remote.addresses import is_number, may_be_called
from rollbook.remote.failures import PassingFailure, RemoteFailed
from rollbook.remote.patience import PATIENT, Course, Patience, asked_wait
from rollbook.remote.transport import Deadline, JudgedTransport
from rollbook.remote.uploads import Upload

# It writes the address of every request, with its query.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

# Return what the Authorization header must say; with True, after asking for a new token.
Authorize = Callable[[bool], str]

_MOST_HOPS: Final = 5
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_READ_AT_ONCE: Final = 64 * 1024
_LAST_PORT: Final = 65535
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what a server answered: always a success.

    Shape: `headers` have lower-case names; `url` is where the answer came from in the end.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str = field(repr=False)

    def json(self) -> Any:
        """Read the body as JSON, whatever the server calls it.

        Raises: RemoteFailed lies, when it is something else: a web page, half an answer.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise RemoteFailed("lies", replies.not_json(self.body), status=self.status) from None


@dataclass(frozen=True, slots=True)
class _Question:
    """Hold one request as it is repeated.

    Shape: `may_repeat` tells that asking twice does no more than asking once.
    """

    url: httpx.URL
    headers: Mapping[str, str]
    form: Mapping[str, str] | None = None
    upload: Upload | None = None
    method: str = "GET"
    may_repeat: bool = True

    def signed(self, token: str) -> _Question:
        """Return the same request with a token."""
        return replace(self, headers={**self.headers, "authorization": token})


class HttpClient:
    """Speak to servers over HTTP, each call with limits on time, bytes and tries.

    Shape: after `most_failures` failures in a row the client gives the server up: every later call
           fails at once. Redirects are followed only to the same origin, and only for reads.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        patience: Patience = PATIENT,
        trust: ssl.SSLContext | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._patience = patience
        self._allow_private = allow_private
        self._wall = wall
        self._deadline = Deadline()
        self._failures = 0
        self._ends = time.monotonic() + patience.life_seconds
        self.request_count = 0
        self._client = httpx.Client(
            transport=JudgedTransport(
                deadline=self._deadline, allow_private=allow_private, trust=trust
            ),
            headers={"user-agent": "Rollbook", "accept-encoding": "gzip"},
            timeout=httpx.Timeout(patience.read_seconds, connect=patience.connect_seconds),
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        authorize: Authorize | None = None,
    ) -> Answer:
        """Read something, trying again where that may help.

        Shape:  a 401 has the token renewed once, where there is somebody to ask for one.
        Raises: RemoteFailed.
        """
        address = self._judged(url)
        if params:
            address = address.copy_merge_params(dict(params))
        said = {"accept": "application/json", **(headers or {})}
        return self._authorized(_Question(address, said), authorize)

    def post_form(
        self,
        url: str,
        form: Mapping[str, str],
        *,
        headers: Mapping[str, str] | None = None,
        may_repeat: bool = False,
    ) -> Answer:
        """Send a form; again only if the caller says that twice does no more than once.

        Raises: RemoteFailed.
        """
        said = {"accept": "application/json", **(headers or {})}
        return self._call(
            _Question(self._judged(url), said, form, method="POST", may_repeat=may_repeat)
        )

    def post_file(
        self,
        url: str,
        upload: Upload,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        authorize: Authorize | None = None,
        may_repeat: bool = False,
    ) -> Answer:
        """Send a file, piece by piece; again only if the caller says that twice does no harm.

        Shape:  a 401 has the token renewed and the file sent once more: it was not taken before.
        Raises: RemoteFailed.
        """
        address = self._judged(url)
        if params:
            address = address.copy_merge_params(dict(params))
        return self._authorized(
            _Question(
                address,
                {"accept": "application/json", **(headers or {}), **upload.headers},
                upload=upload,
                method="POST",
                may_repeat=may_repeat,
            ),
            authorize,
        )

    def _authorized(self, question: _Question, authorize: Authorize | None) -> Answer:
        """Ask with a token, and once more with a new one where the server knows the old no more."""
        if authorize is None:
            return self._call(question)
        token = authorize(False)  # what it fails with is its own
        try:
            return self._call(question.signed(token))
        except RemoteFailed as failed:
            if failed.status != 401:
                raise
        return self._call(question.signed(authorize(True)))

    def _judged(self, url: str) -> httpx.URL:
        """Read an address, and refuse what cannot be called or would tell secrets on the way."""
        try:
            address = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            raise RemoteFailed("refused", replies.NO_ADDRESS) from None
        is_odd = address.userinfo or (address.port or 0) > _LAST_PORT
        if address.scheme not in _PORTS or not address.host or is_odd:
            raise RemoteFailed("refused", replies.NO_ADDRESS)
        if address.scheme == "http" and not self._allow_private:
            raise RemoteFailed("refused", replies.NOT_HTTPS)
        return address

    def _call(self, question: _Question) -> Answer:
        patience = self._patience
        course = Course(patience)

        def next_wait(error: Exception) -> bool | float:
            repeats = question.may_repeat and not self._is_given_up
            return course.next_wait(error) if repeats else False

        if self._is_given_up or time.monotonic() > self._ends:
            raise RemoteFailed("away", replies.GIVEN_UP)
        for attempt in stamina.retry_context(on=next_wait, attempts=patience.tries, timeout=None):
            with attempt:
                course.tries += 1
                return self._counted(question)
        raise AssertionError("stamina ends with an answer or an exception")

    @property
    def _is_given_up(self) -> bool:
        return self._failures >= self._patience.most_failures

    def _counted(self, question: _Question) -> Answer:
        """Try once, and keep count of the failures in a row."""
        self.request_count += 1
        try:
            answer = self._tried(question)
        except PassingFailure as failure:
            self._failures += failure.counts
            raise
        except RemoteFailed:
            self._failures = 0
            raise
        self._failures = 0
        return answer

    def _tried(self, question: _Question) -> Answer:
        self._deadline.in_seconds(self._patience.try_seconds)
        address = question.url
        try:
            for _ in range(_MOST_HOPS):
                answer = self._fetched(address, question)
                if answer.status not in _MOVED:
                    return answer
                address = self._next_hop(address, answer, question)
        except httpcore.UnsupportedProtocol:
            raise RemoteFailed("refused", replies.NO_ADDRESS) from None
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise replies.of_network(error) from None
        raise RemoteFailed("lies", replies.IN_CIRCLES)

    def _fetched(self, address: httpx.URL, question: _Question) -> Answer:
        form = dict(question.form) if question.form is not None else None
        sent = question.upload.pieces() if question.upload is not None else None
        headers = dict(question.headers)
        with self._client.stream(
            question.method, address, data=form, content=sent, headers=headers
        ) as response:
            status = response.status_code
            if status in _MOVED:
                return Answer(status, dict(response.headers), b"", str(address))
            if not 200 <= status < 300:
                raise self._failure_of(response)
            body = b"".join(self._pieces(response))
            return Answer(status, dict(response.headers), body, str(address))

    def _failure_of(self, response: httpx.Response) -> RemoteFailed:
        wait = asked_wait(
            retry_after=response.headers.get("retry-after"),
            rate_limit_reset=response.headers.get("x-ratelimit-reset"),
            wall=self._wall(),
        )
        return replies.of_status(response.status_code, wait)

    def _next_hop(self, address: httpx.URL, answer: Answer, question: _Question) -> httpx.URL:
        """Return where a redirect leads, if it may be followed."""
        try:
            target = address.join(answer.headers.get("location", ""))
        except (httpx.InvalidURL, ValueError):
            raise RemoteFailed("lies", replies.LEADS_AWAY) from None
        leaves = origin_of(str(target)) != origin_of(str(address))
        is_inside = is_number(target.host) and not may_be_called(target.host, allow_private=False)
        if leaves and is_inside:
            raise RemoteFailed("private_address", replies.LEADS_INSIDE)
        if leaves or question.method != "GET":
            raise RemoteFailed("lies", replies.LEADS_AWAY)
        return target

    def _pieces(self, response: httpx.Response) -> Iterator[bytes]:
        """Return the body, unpacked, and never more of it than allowed."""
        most = self._patience.max_bytes
        length = response.headers.get("content-length", "")
        if length.isdecimal() and int(length[:15]) > most:
            raise RemoteFailed("too_large", replies.too_large(most))
        taken = 0
        for piece in _unpacked(response):
            taken += len(piece)
            if taken > most:
                raise RemoteFailed("too_large", replies.too_large(most))
            yield piece


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address.

    Raises: httpx.InvalidURL.
    """
    address = httpx.URL(url)
    return address.scheme, address.host, address.port or _PORTS.get(address.scheme, 0)


def _unpacked(response: httpx.Response) -> Iterator[bytes]:
    """Unpack a body in small pieces, so that a packed bomb is seen before it goes off."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing in {"", "identity"}:
        yield from response.iter_raw()
        return
    if packing not in {"gzip", "x-gzip"}:
        raise RemoteFailed("lies", replies.STRANGE_PACKING)
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for piece in response.iter_raw():
            yield unpack.decompress(piece, _READ_AT_ONCE)
            while unpack.unconsumed_tail:
                yield unpack.decompress(unpack.unconsumed_tail, _READ_AT_ONCE)
    except zlib.error:
        raise RemoteFailed("lies", replies.STRANGE_PACKING) from None
    if not unpack.eof:
        raise PassingFailure("away", replies.BROKEN_OFF)
