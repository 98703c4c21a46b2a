"""Which numbers may be called, and that names are judged by all of theirs."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from rollbook.remote.addresses import addresses_of, may_be_called
from rollbook.remote.failures import RemoteFailed

# address, may be called, may be called where private addresses are allowed
NUMBERS = """
8.8.8.8                   yes yes
2606:4700::1111           yes yes
127.0.0.1                 no  yes
10.1.2.3                  no  yes
172.16.0.1                no  yes
192.168.1.1               no  yes
::1                       no  yes
fd00::1                   no  yes
::ffff:10.0.0.1           no  yes
::ffff:8.8.8.8            yes yes
64:ff9b::a00:1            no  yes
64:ff9b::808:808          yes yes
2002:a00:1::              no  yes
169.254.169.254           no  no
fe80::1                   no  no
fe80::1%eth0              no  no
::ffff:169.254.169.254    no  no
64:ff9b::a9fe:a9fe        no  no
0.0.0.0                   no  no
::                        no  no
224.0.0.1                 no  no
ff02::1                   no  no
100.64.0.1                no  no
::127.0.0.1            no  no
::ffff:0:127.0.0.1     no  no
64:ff9b:1::7f00:1      no  no
fec0::1                no  no
5f00::1                no  no
"""


@pytest.mark.parametrize("line", NUMBERS.strip().splitlines())
def test_which_numbers_may_be_called(line: str) -> None:
    address, usually, allowed = line.split()
    assert (
        may_be_called(address, allow_private=False),
        may_be_called(address, allow_private=True),
    ) == (usually == "yes", allowed == "yes")


def test_one_private_number_spoils_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(RemoteFailed) as failed:
        addresses_of("sis.example.org", 443, allow_private=False)
    assert failed.value.code == "private_address"
    assert addresses_of("sis.example.org", 443, allow_private=True) == ("8.8.8.8", "10.0.0.1")


@pytest.mark.parametrize(
    ("errno", "code"), [(socket.EAI_NONAME, "not_found"), (socket.EAI_AGAIN, "away")]
)
def test_a_name_that_nobody_knows(errno: int, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(errno, "no")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(RemoteFailed) as failed:
        addresses_of("sis.example.org", 443, allow_private=False)
    assert failed.value.code == code


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "127.1", "0177.0.0.1"])
def test_a_private_number_in_disguise_is_seen_through(host: str) -> None:
    with pytest.raises(RemoteFailed) as failed:
        addresses_of(host, 443, allow_private=False)
    assert failed.value.code in {"private_address", "not_found"}
