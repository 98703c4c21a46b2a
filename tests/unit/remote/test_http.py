"""The client against a real server on loopback; the faults of servers are in tests/faults."""

from __future__ import annotations

import gzip
import logging
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rollbook.remote import addresses
from rollbook.remote.failures import RemoteFailed
from rollbook.remote.http import HttpClient
from rollbook.remote.patience import Patience
from tests.servers.scripted import HANG, LOST, Reply, ScriptedServer, moved_to, told

QUICK = Patience(scale=0)


def _client(patience: Patience = QUICK) -> HttpClient:
    return HttpClient(allow_private=True, patience=patience)


def test_an_answer_is_read() -> None:
    with ScriptedServer() as server, _client() as client:
        answer = client.get(f"{server.url}/users?a=1", params={"filter": "x>'2'&y"})
        assert answer.json() == {"path": "/users"}
        assert server.seen[0].query == {"a": "1", "filter": "x>'2'&y"}


def test_redirects_are_followed_on_the_same_server() -> None:
    with ScriptedServer() as server, _client() as client:
        server.next_replies = [moved_to("/there"), moved_to(f"{server.url}/here", 307)]
        assert client.get(f"{server.url}/first").json() == {"path": "/here"}


def test_redirects_in_a_circle_end() -> None:
    with ScriptedServer() as server, _client() as client:
        server.next_replies = [moved_to("/again")] * 9
        with pytest.raises(RemoteFailed) as failed:
            client.get(server.url)
        assert (failed.value.code, len(server.seen)) == ("lies", 5)


def test_a_secret_is_not_sent_on() -> None:
    with ScriptedServer() as server, ScriptedServer() as other, _client() as client:
        server.next_replies = [moved_to(f"{other.url}/token"), moved_to(f"{server.url}/b")]
        for _ in range(2):
            with pytest.raises(RemoteFailed):
                client.post_form(f"{server.url}/token", {"client_secret": "s"}, may_repeat=True)
        assert (len(server.seen), other.seen) == (2, [])


def test_a_packed_answer_that_breaks_off_is_asked_for_again() -> None:
    packed = gzip.compress(b'{"users": []}' + b" " * 9000)
    whole = Reply(200, packed, {"Content-Encoding": "gzip"})
    with ScriptedServer() as server, _client() as client:
        server.next_replies = [Reply(200, packed[:-6], whole.headers), whole]
        assert client.get(server.url).json() == {"users": []}
        assert len(server.seen) == 2


def test_a_try_ends_though_each_wait_would_be_long() -> None:
    patience = Patience(scale=0, tries=1, read_seconds=600, try_seconds=0.2)
    with ScriptedServer() as server, _client(patience) as client:
        server.next_replies = [HANG]
        with pytest.raises(RemoteFailed) as failed:
            client.get(server.url)
        assert failed.value.says == "The server answers too slowly."


def test_what_may_not_be_repeated_is_sent_once() -> None:
    with ScriptedServer() as server, _client() as client:
        server.next_replies = [LOST, LOST]
        with pytest.raises(RemoteFailed):
            client.post_form(server.url, {"a": "b"})
        assert len(server.seen) == 1
        assert client.post_form(server.url, {"a": "b"}, may_repeat=True).status == 200
        assert len(server.seen) == 3


def test_five_failures_in_a_row_open_the_circuit() -> None:
    with ScriptedServer() as server, _client() as client:
        server.next_replies = [Reply(500)] * 20
        for _ in range(3):
            with pytest.raises(RemoteFailed) as failed:
                client.get(server.url)
            assert failed.value.code == "away"
        assert len(server.seen) == 5


def test_an_answer_of_any_kind_closes_it() -> None:
    with ScriptedServer() as server, _client() as client:
        server.next_replies = [*[Reply(500)] * 4, Reply(404), *[Reply(500)] * 4]
        with pytest.raises(RemoteFailed):
            client.get(server.url)
        assert client.get(server.url).status == 200


def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("169.254.169.254",)

    monkeypatch.setattr(addresses, "_resolved", resolve)
    with ScriptedServer() as server, _client() as client:
        for _ in range(3):
            server.next_replies = [Reply(200, b"{}", {"Connection": "close"})]
            client.get(f"http://sis.example.org:{server.port}/")
        assert (asked, server.seen[0].host) == (
            ["sis.example.org"],
            f"sis.example.org:{server.port}",
        )


@pytest.mark.parametrize(
    "url",
    ["", "sis.example.org", "ftp://sis.example.org", "file:///etc/passwd", "http://",
     "https://user:word@sis.example.org", "https://sis.example.org:99999999"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with _client() as client, pytest.raises(RemoteFailed) as failed:
        client.get(url)
    assert failed.value.code == "refused"


def test_no_address_with_its_query_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with ScriptedServer() as server, _client() as client:
        server.next_replies = [Reply(500), told([])]
        client.get(server.url, params={"starting_after": "canary-id"})
    assert "canary-id" not in caplog.text


def test_a_client_ends_after_its_life() -> None:
    with ScriptedServer() as server, _client(Patience(life_seconds=-1)) as client:
        with pytest.raises(RemoteFailed):
            client.get(server.url)
        assert server.seen == []


@pytest.mark.parametrize(
    ("starts", "ends", "name", "says"),
    [
        (-9, -1, "127.0.0.1", "The server's certificate has expired."),
        (1, 9, "127.0.0.1", "The server's certificate is not valid yet."),
        (-1, 9, "other", "The server's certificate is for another"),
        (-1, 9, "", "The server vouches for itself"),
    ],
)
def test_a_certificate_that_cannot_be_trusted_is_named(
    starts: int, ends: int, name: str, says: str, tmp_path: Path
) -> None:
    paths = _certificate(tmp_path, starts, ends, name or "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*paths)
    trust = ssl.create_default_context(cafile=str(paths[0])) if name else None
    with (
        ScriptedServer(tls=context) as server,
        HttpClient(allow_private=True, patience=QUICK, trust=trust) as client,
    ):
        with pytest.raises(RemoteFailed) as failed:
            client.get(server.url)
        assert failed.value.code == "lies"
        assert failed.value.says.startswith(says)
        assert client.request_count == 1


def test_a_certificate_that_can_be_trusted_is(tmp_path: Path) -> None:
    paths = _certificate(tmp_path, -1, 9, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*paths)
    trust = ssl.create_default_context(cafile=str(paths[0]))
    with (
        ScriptedServer(tls=context) as server,
        HttpClient(allow_private=True, patience=QUICK, trust=trust) as client,
    ):
        assert client.get(f"{server.url}/safe").json() == {"path": "/safe"}


def _certificate(folder: Path, starts: int, ends: int, name: str) -> tuple[Path, Path]:
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    subject = (
        x509.DNSName("other.example.org")
        if name == "other"
        else x509.IPAddress(ipaddress.ip_address(name))
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now + timedelta(days=starts))
        .not_valid_after(now + timedelta(days=ends))
        .add_extension(x509.SubjectAlternativeName([subject]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
