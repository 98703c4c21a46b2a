"""Servers that are down, slow, lying or half finished: nothing lost, nothing twice, and an end."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rollbook.remote.patience import Patience
from rollbook.roster.sources.clever_api import CleverApi
from rollbook.roster.sources.connecting import Pulled, SourceFailed
from rollbook.roster.sources.oneroster_rest import OneRosterRest
from tests.servers.clever import CleverServer, clever_server
from tests.servers.oneroster import OneRosterServer, oneroster_server
from tests.servers.scripted import (
    DRIP,
    GARBAGE,
    HANG,
    HTML,
    LOST,
    RESET,
    SHORT,
    Reply,
    moved_to,
    told,
)
from tests.servers.world import World, district

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
QUICK = Patience(scale=0)
SMALL = Patience(scale=0, max_bytes=40_000)
# Only where time is what runs out: a busy machine must not make the others fail.
ONCE_TIMED = Patience(scale=0, read_seconds=1, try_seconds=1)
TIMED = Patience(scale=0, read_seconds=0.4, try_seconds=0.4)
SLOW = ("hangs", "one byte")
FOREVER = 40  # more often than anybody asks

Server = CleverServer | OneRosterServer
CONNECTORS = {
    "clever": (clever_server, CleverApi),
    "oneroster-1.1": (partial(oneroster_server, version="1.1"), OneRosterRest),
    "oneroster-1.2": (partial(oneroster_server, version="1.2"), OneRosterRest),
}
date = format_datetime(datetime.now(UTC), usegmt=True)
reset_at = str(int(time.time()) + 20)

# What goes wrong at the second page of people, and ends well.
PASSING: dict[str, list[Reply | None]] = {
    "hangs once": [None, HANG],
    "one byte a moment once": [None, DRIP],
    "reset in the body once": [None, RESET],
    "reset in the body three times": [None, RESET, RESET, RESET],
    "short body once": [None, SHORT],
    "answer lost once": [None, LOST],
    "answers lost, resets and errors in turn": [None, LOST, RESET, Reply(500), SHORT],
    "not HTTP once": [None, GARBAGE],
    "500 once": [None, Reply(500)],
    "500 four times": [None, *[Reply(500)] * 4],
    "502 and 504": [None, Reply(502), Reply(504)],
    "503 with Retry-After": [None, Reply(503, headers={"Retry-After": "2"})],
    "408": [None, Reply(408)],
    "429 with Retry-After in seconds": [None, Reply(429, headers={"Retry-After": "30"})],
    "429 with Retry-After as a date": [None, Reply(429, headers={"Retry-After": date})],
    "429 with X-RateLimit-Reset": [None, Reply(429, headers={"X-RateLimit-Reset": reset_at})],
    "429 with Retry-After in no words": [None, Reply(429, headers={"Retry-After": "soon"})],
    "429 seven times": [None, *[Reply(429)] * 7],
    "401 once": [None, Reply(401)],
    "413 at the first page": [Reply(413)],
}
# What goes wrong for good, what it is called, and how often a page may be asked for at most.
FAILING: dict[str, tuple[Reply, str, int]] = {
    "hangs": (HANG, "away", 5),
    "one byte a moment": (DRIP, "away", 5),
    "reset in the body": (RESET, "away", 5),
    "short body": (SHORT, "away", 5),
    "answer lost": (LOST, "away", 5),
    "not HTTP": (GARBAGE, "away", 5),
    "500": (Reply(500), "away", 5),
    "503": (Reply(503), "away", 5),
    "429": (Reply(429), "busy", 8),
    "429 for two hours": (Reply(429, headers={"Retry-After": "7200"}), "busy", 1),
    "400": (Reply(400), "refused", 1),
    "401": (Reply(401), "refused", 2),
    "403": (Reply(403), "refused", 1),
    "404": (Reply(404), "not_found", 1),
    "422": (Reply(422), "refused", 1),
    "501": (Reply(501), "not_found", 1),
    "300": (Reply(300), "lies", 1),
    "200 with HTML": (HTML, "lies", 1),
    "200 with nothing": (Reply(200), "lies", 1),
    "200 with half of the JSON": (Reply(200, b'{"data": [{"id": "1'), "lies", 1),
    "200 with JSON of another kind": (told(["text"]), "lies", 1),
    "200 with JSON too deep": (Reply(200, b"[" * 100_000), "lies", 1),
    "packed in a strange way": (Reply(200, b"x", {"Content-Encoding": "br"}), "lies", 1),
    "redirect to the cloud's keys": (moved_to("http://169.254.169.254/"), "private_address", 1),
    "redirect to a private network": (moved_to("http://10.0.0.1/users"), "private_address", 1),
    "redirect to this machine": (moved_to("http://[::1]:1/users"), "private_address", 1),
    "redirect to another server": (moved_to("https://example.org/users"), "lies", 1),
    "redirect to nowhere": (moved_to("http://[broken/"), "lies", 1),
    "too large": (Reply(200, b" " * 60_000), "too_large", 1),
    "a packed bomb": (
        Reply(200, gzip.compress(b" " * 5_000_000), {"Content-Encoding": "gzip"}),
        "too_large",
        1,
    ),
}  # fmt: skip


def _world() -> World:
    return district(schools=1, students=9)


def _pull(
    kind: str, server: Server, into: Path, patience: Patience, **settings: str
) -> Pulled | None:
    connector = CONNECTORS[kind][1](patience=patience)
    into.mkdir(exist_ok=True)
    told_settings = {**server.settings, "page_size": "4", **settings}
    return connector.pull(told_settings, server.secrets, into=into, cursor={}, now=NOW)


@cache
def _clean(kind: str) -> bytes:
    with (
        TemporaryDirectory() as into,
        CONNECTORS[kind][0](_world()) as server,
    ):
        pulled = _pull(kind, server, Path(into), Patience())
        assert pulled is not None
        return pulled.path.read_bytes()


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("kind", CONNECTORS)
def test_a_passing_fault_loses_nothing_and_doubles_nothing(
    kind: str, fault: str, tmp_path: Path
) -> None:
    size = {"page_size": "100"} if fault.startswith("413") else {}
    right = _clean(kind)
    with CONNECTORS[kind][0](_world()) as server:
        server.script("/users", PASSING[fault])
        patience = ONCE_TIMED if fault.startswith(SLOW) else QUICK
        pulled = _pull(kind, server, tmp_path / "tried", patience, **size)
        assert pulled is not None
        assert pulled.path.read_bytes() == right


@pytest.mark.parametrize("fault", FAILING)
@pytest.mark.parametrize("kind", CONNECTORS)
def test_a_lasting_fault_ends_with_its_name_after_few_tries(
    kind: str, fault: str, tmp_path: Path
) -> None:
    reply, code, most = FAILING[fault]
    patience = TIMED if fault.startswith(SLOW) else SMALL if code == "too_large" else QUICK
    with CONNECTORS[kind][0](_world()) as server:
        server.script("/users", [None, *[reply] * FOREVER])
        with pytest.raises(SourceFailed) as failed:
            _pull(kind, server, tmp_path, patience)
        assert (failed.value.code, server.count("/users") - 1) == (code, most)
    assert "?" not in failed.value.says
    assert "secret" not in failed.value.says.replace("the secret", "")


@pytest.mark.parametrize("kind", CONNECTORS)
def test_a_page_that_is_too_large_however_small_is_named(kind: str, tmp_path: Path) -> None:
    with CONNECTORS[kind][0](_world()) as server:
        server.script("/users", [Reply(413)] * FOREVER)
        with pytest.raises(SourceFailed) as failed:
            _pull(kind, server, tmp_path, QUICK, page_size="10000")
        assert failed.value.code == "too_large"
        assert server.count("/users") == 9


@pytest.mark.parametrize("kind", CONNECTORS)
def test_a_server_that_sends_one_page_for_ever_is_found_out(kind: str, tmp_path: Path) -> None:
    with CONNECTORS[kind][0](_world()) as server:
        server.repeats = True
        with pytest.raises(SourceFailed) as failed:
            _pull(kind, server, tmp_path, QUICK, page_size="1")
        assert failed.value.code == "lies"


@pytest.mark.parametrize("kind", CONNECTORS)
def test_a_server_that_is_not_there_is_away(kind: str, tmp_path: Path) -> None:
    with CONNECTORS[kind][0](_world()) as server:
        pass
    with pytest.raises(SourceFailed) as failed:
        _pull(kind, server, tmp_path, QUICK)
    assert failed.value.code == "away"


@pytest.mark.parametrize("kind", CONNECTORS)
def test_a_private_address_is_refused_unless_allowed(kind: str, tmp_path: Path) -> None:
    with CONNECTORS[kind][0](_world()) as server:
        secure = {
            name: text.replace("http://", "https://") for name, text in server.settings.items()
        }
        with pytest.raises(SourceFailed) as failed:
            _pull(kind, server, tmp_path, QUICK, **{**secure, "allow_private": ""})
        assert failed.value.code == "private_address"
        assert server.seen == []


@pytest.mark.parametrize("kind", CONNECTORS)
def test_a_password_never_travels_in_the_open(kind: str, tmp_path: Path) -> None:
    with CONNECTORS[kind][0](_world()) as server:
        with pytest.raises(SourceFailed) as failed:
            _pull(kind, server, tmp_path, QUICK, allow_private="")
        assert failed.value.code == "refused"
        assert server.seen == []


@pytest.mark.parametrize("kind", CONNECTORS)
@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_wrong_secret_is_tried_once(kind: str, status: int, tmp_path: Path) -> None:
    with CONNECTORS[kind][0](_world()) as server:
        server.script("/token" if kind != "clever" else "/oauth", [Reply(status)] * FOREVER)
        with pytest.raises(SourceFailed) as failed:
            _pull(kind, server, tmp_path, QUICK)
        assert (failed.value.code, len(server.seen)) == ("refused", 1)


@pytest.mark.parametrize("kind", CONNECTORS)
def test_a_token_that_expires_is_renewed_once(kind: str, tmp_path: Path) -> None:
    right = _clean(kind)
    with CONNECTORS[kind][0](_world()) as server:
        server.before("/users", 2, partial(setattr, server, "token", "another-token"))
        pulled = _pull(kind, server, tmp_path / "tried", QUICK)
        assert pulled is not None
        assert pulled.path.read_bytes() == right
        assert server.count("token") == 2


MOVES: dict[str, Callable[[World], object]] = {
    "somebody comes in front": lambda world: world.add_student(world.schools[0].id, place=0),
    "somebody in front goes": lambda world: world.remove_student(world.people[0].id),
}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("way", ["total", "links", "total and links", "neither"])
@pytest.mark.parametrize("move", MOVES)
def test_pages_that_shift_are_read_again(move: str, way: str, version: str, tmp_path: Path) -> None:
    changed = _world()
    MOVES[move](changed)
    results = []
    for world, moves in ((changed, False), (_world(), True)):
        with oneroster_server(world, version=version) as server:
            server.has_total, server.has_links = "total" in way, "links" in way
            if moves:
                server.before("/users", 3, partial(MOVES[move], world))
            pulled = _pull(f"oneroster-{version}", server, tmp_path / str(moves), QUICK)
            assert pulled is not None
            results.append(pulled.path.read_bytes())
    assert results[0] == results[1]


def test_a_collection_that_never_rests_is_named(tmp_path: Path) -> None:
    with ExitStack() as stack:
        world = _world()
        server = stack.enter_context(oneroster_server(world))
        for nth in range(2, 30):
            server.before("/users", nth, partial(world.add_student, world.schools[0].id))
        with pytest.raises(SourceFailed) as failed:
            _pull("oneroster-1.2", server, tmp_path, QUICK)
        assert failed.value.code == "moving"


def test_a_district_that_syncs_meanwhile_is_read_again(tmp_path: Path) -> None:
    world = _world()

    def sync() -> None:
        world.add_student(world.schools[0].id)
        world.last_sync = "2026-11-22T02:00:00.000Z"

    with clever_server(world) as server:
        server.before("/users", 2, sync)
        pulled = _pull("clever", server, tmp_path / "tried", QUICK)
        again = _pull("clever", server, tmp_path / "again", QUICK)
        assert pulled and again
        assert pulled.path.read_bytes() == again.path.read_bytes()
        assert server.count("/schools") == 3
