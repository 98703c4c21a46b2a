"""A server that keeps the contract of the state's import service, for groups.

    with import_server() as server:
        ImportApi().deliver(parcel, server.settings, server.secrets, is_repeat=False)

`server.settings` holds address, token_address, username, realm and allow_private; `server.secrets`
the secret key. `server.imports` are the imports made, oldest first, each a dict as the API tells it
with the `payload` beside. How it behaves is a flag each: `verdict` and `message` are what an import
becomes once it has been asked about `looks` times; `has_list` (GET /groups/imports), `has_user`,
`authorities`, `knows_digests` (the same bytes give the earlier import). `server.token = "new"` lets
the old token end; `server.key = "new"` the secret key. Faults: see tests/servers/scripted.py; LOST
takes the file and hangs up without a word.
Source: results-reporting 5.6, 6.1, 6.2
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Generator
from contextlib import contextmanager
from email.parser import BytesParser
from typing import Any

from tests.servers.scripted import Reply, ScriptedServer, Seen, told


class ImportServer(ScriptedServer):
    def __init__(self) -> None:
        super().__init__()
        self.token = "token-1"
        self.key = "key-1"
        self.imports: list[dict[str, Any]] = []
        self.verdict = "PROCESSED"
        self.message = ""
        self.looks = 0
        self.has_list = True
        self.has_user = True
        self.knows_digests = True
        self.authorities = ["GROUP_WRITE"]
        self.tokens_given = 0

    @property
    def settings(self) -> dict[str, str]:
        return {
            "address": self.url,
            "token_address": f"{self.url}/auth/oauth2/access_token",
            "realm": "/sbac",
            "grant": "password",
            "username": "district@example.org",
            "allow_private": "yes",
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"secret": self.key}

    def answer(self, request: Seen) -> Reply:
        if request.path == "/auth/oauth2/access_token":
            return self._token_for(request)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return told({"error": "invalid_token"}, 401)
        if request.path == "/imports/user" and self.has_user:
            return told({"username": "district@example.org", "authorities": self.authorities})
        if request.path == "/groups/imports" and request.method == "POST":
            return self._taken(request)
        if request.path == "/groups/imports" and self.has_list:
            return told([self._shown(made) for made in reversed(self.imports)])
        return self._one(request.path.removeprefix("/imports/"))

    def _one(self, number: str) -> Reply:
        for made in self.imports:
            if str(made["id"]) == number:
                made["looks"] += 1
                return told(self._shown(made))
        return told({"error": "not found"}, 404)

    def _token_for(self, request: Seen) -> Reply:
        form = dict(request.form)
        pair = base64.b64encode(f"client:{self.key}".encode()).decode()
        is_program = request.headers.get("authorization") == f"Basic {pair}"
        is_person = (form.get("username"), form.get("password"), request.query.get("realm")) == (
            "district@example.org",
            self.key,
            "/sbac",
        )
        right = {"password": is_person, "client_credentials": is_program}
        if not right.get(form.get("grant_type", ""), False):
            return told({"error": "invalid_grant"}, 400)
        self.tokens_given += 1
        return told({"access_token": self.token, "token_type": "Bearer", "expires_in": 3600})

    def _taken(self, request: Seen) -> Reply:
        payload, tags = _sent(request)
        if payload is None:
            return told({"error": "unsupported content type"}, 418)
        digest = hashlib.md5(payload).hexdigest().upper()
        for made in self.imports:
            if self.knows_digests and made["digest"] == digest:
                return told(self._shown(made), 202)
        made = {
            "id": 1000 + len(self.imports),
            "content": "GROUPS",
            "contentType": "application/csv",
            "digest": digest,
            "batch": tags.get("batch", ""),
            "filename": tags.get("filename", ""),
            "creator": "district@example.org",
            "payload": payload,
            "looks": 0,
        }
        self.imports.append(made)
        return told(self._shown(made), 202)

    def _shown(self, made: dict[str, Any]) -> dict[str, Any]:
        is_over = made["looks"] >= self.looks
        hidden = {"payload", "looks"}
        return {name: value for name, value in made.items() if name not in hidden} | {
            "status": self.verdict if is_over else "ACCEPTED",
            "message": self.message if is_over else None,
        }


def _sent(request: Seen) -> tuple[bytes | None, dict[str, str]]:
    """Return the file that came, by itself or in a form, and what was said of it."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/csv"):
        return request.body, dict(request.query)
    if not re.match(r"multipart/form-data; *boundary=", kind):
        return None, {}
    parsed = BytesParser().parsebytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body
    )
    tags: dict[str, str] = dict(request.query)
    file: bytes | None = None
    for part in parsed.get_payload():
        name = part.get_param("name", header="content-disposition")
        body = part.get_payload(decode=True)
        if name == "file":
            file = body
        else:
            tags[str(name)] = body.decode()
    return file, tags


@contextmanager
def import_server() -> Generator[ImportServer]:
    """Serve until the block ends."""
    with ImportServer() as server:
        yield server
