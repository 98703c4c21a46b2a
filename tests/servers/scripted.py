"""A real web server on loopback that does as it is told, for tests of what servers do to us.

    with ScriptedServer() as server:
        server.next_replies = [Reply(500), RESET, None]   # then it answers by itself again
        server.script("/users", [SHORT])                  # only for requests with this in the path
        server.before("/users", 2, world.add_student)     # as the 2nd such request comes in
        ... HttpClient(allow_private=True).get(server.url + "/anything") ...
        server.seen                                       # every request, in order

A reply of None in a script stands for the right answer. `answer()` is what the server says by
itself; the worlds of Clever and OneRoster override it.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Reply:
    """Say what to answer; `act` names a way of failing in place of a whole answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    act: str = ""


def told(value: Any, status: int = 200, **headers: str) -> Reply:
    """Return a reply in JSON."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = json.dumps(value).encode()
    return Reply(status, body, {"Content-Type": "application/json", **named})


HANG = Reply(act="hang")  # reads the request and never answers
DRIP = Reply(act="drip")  # one byte of the right answer a moment, headers first
RESET = Reply(act="reset")  # half of the right answer, then a reset
SHORT = Reply(act="short")  # promises more bytes than it sends
LOST = Reply(act="lost")  # does the work, and hangs up without a word
GARBAGE = Reply(act="garbage")  # not HTTP
HTML = Reply(
    200, b"<!DOCTYPE html><html><body>Sign in</body></html>", {"Content-Type": "text/html"}
)


def moved_to(url: str, status: int = 302) -> Reply:
    """Return a redirect."""
    return Reply(status, b"", {"Location": url})


@dataclass(frozen=True)
class Seen:
    """Hold one request that came in."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    form: Mapping[str, str]
    host: str = ""
    body: bytes = b""
    target: str = ""  # path and query, as they came


class ScriptedServer:
    """Answer by script, then by itself."""

    def __init__(self, *, tls: Any = None, drip_seconds: float = 0.05) -> None:
        self.next_replies: list[Reply | None] = []
        self.seen: list[Seen] = []
        self.drip_seconds = drip_seconds
        self.closing = threading.Event()
        self._scripts: list[tuple[str, list[Reply | None]]] = []
        self._hooks: list[tuple[str, int, Callable[[], object]]] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(_Handler):
            server_of_ours = outer

        self._http = _QuietServer(("127.0.0.1", 0), Handler)
        scheme = "http"
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
            scheme = "https"
        self.port: int = self._http.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> ScriptedServer:
        serve = lambda: self._http.serve_forever(poll_interval=0.01)  # noqa: E731
        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def script(self, part: str, replies: list[Reply | None]) -> None:
        """Answer the next requests whose path holds `part` so."""
        self._scripts.append((part, list(replies)))

    def before(self, part: str, nth: int, act: Callable[[], object]) -> None:
        """Do something as the nth request comes in whose path holds `part`."""
        self._hooks.append((part, nth, act))

    def answer(self, request: Seen) -> Reply:
        """Return the right answer."""
        return told({"path": request.path})

    def count(self, part: str) -> int:
        """Return how many requests came in whose path holds `part`."""
        return sum(part in request.path for request in self.seen)

    def reply_to(self, request: Seen) -> tuple[Reply, Reply]:
        """Return what to answer, and what the right answer would be."""
        with self._lock:
            self.seen.append(request)
            for part, nth, act in self._hooks:
                if part in request.path and self.count(part) == nth:
                    act()
            scripted = self._scripted(request)
            right = self.answer(request) if scripted is None or scripted.act else scripted
            return scripted or right, right

    def _scripted(self, request: Seen) -> Reply | None:
        for part, replies in self._scripts:
            if part in request.path and replies:
                return replies.pop(0)
        return self.next_replies.pop(0) if self.next_replies else None


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients hang up on servers that misbehave."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_of_ours: ScriptedServer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self._body()
        parts = urlsplit(self.path)
        request = Seen(
            self.command,
            parts.path,
            {name: values[0] for name, values in parse_qs(parts.query).items()},
            {name.lower(): value for name, value in self.headers.items()},
            {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()},
            self.headers.get("Host", ""),
            body,
            self.path,
        )
        reply, right = self.server_of_ours.reply_to(request)
        getattr(self, f"_{reply.act or 'whole'}")(right)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        found = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _raw(self, reply: Reply, length: int | None = None) -> bytes:
        length = len(reply.body) if length is None else length
        lines = [f"HTTP/1.1 {reply.status} Whatever", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def _whole(self, reply: Reply) -> None:
        self.wfile.write(self._raw(reply) + (b"" if self.command == "HEAD" else reply.body))

    def _hang(self, reply: Reply) -> None:
        self.server_of_ours.closing.wait(30)
        self.close_connection = True

    def _drip(self, reply: Reply) -> None:
        for byte in self._raw(reply) + reply.body:
            self.wfile.write(bytes([byte]))
            if self.server_of_ours.closing.wait(self.server_of_ours.drip_seconds):
                break
        self.close_connection = True

    def _reset(self, reply: Reply) -> None:
        self.wfile.write(self._raw(reply) + reply.body[: len(reply.body) // 2])
        time.sleep(0.01)
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True

    def _short(self, reply: Reply) -> None:
        self.wfile.write(self._raw(reply, len(reply.body) + 100) + reply.body)
        self.close_connection = True

    def _lost(self, reply: Reply) -> None:
        self.close_connection = True

    def _garbage(self, reply: Reply) -> None:
        self.wfile.write(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
        self.close_connection = True
