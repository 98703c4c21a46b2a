"""Which addresses may be called: resolved once, judged, and then called by number."""

from __future__ import annotations

import ipaddress
import socket
from typing import Final

from rollbook.remote.failures import PassingFailure, RemoteFailed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Networks whose addresses hold an IPv4 address that is called in the end.
# Source: RFC 6052 (NAT64).
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

# What the internet reaches by IPv6; the rest holds IPv4 addresses in older and local ways.
# Source: RFC 4291, 2.4; RFC 8215 (local NAT64).
_GLOBAL: Final = ipaddress.ip_network("2000::/3")
_OWN: Final = ipaddress.ip_network("fc00::/7")

_PRIVATE: Final = (
    "That address is of this machine or of a private network, where Rollbook does not go. "
    "If the server stands in your own network, let the installation allow private addresses."
)


def addresses_of(host: str, port: int, *, allow_private: bool) -> tuple[str, ...]:
    """Resolve a host, and refuse it when any of its addresses is one that may not be called.

    Shape:  numbers, in the resolver's order, at least one. Whoever connects must use these, so
            that a name that changes its mind changes nothing.
    Raises: RemoteFailed private_address or not_found; PassingFailure when nobody could say.
    """
    found = _resolved(host, port)
    if not found:
        raise RemoteFailed("not_found", f"No server is known by the name {host}.")
    for address in found:
        if not may_be_called(address, allow_private=allow_private):
            raise RemoteFailed("private_address", _PRIVATE)
    return found


def may_be_called(address: str, *, allow_private: bool) -> bool:
    """Tell whether a number may be called.

    Shape: link-local addresses never may, whatever is allowed: clouds hand out their keys there.
    """
    number = _embedded(ipaddress.ip_address(address.partition("%")[0]))
    if number.is_link_local or number.is_multicast or number.is_unspecified:
        return False
    if number.is_global and (number.version == 4 or number in _GLOBAL):
        return True
    is_own = number in _OWN if number.version == 6 else number.is_private
    return allow_private and (is_own or number.is_loopback)


def is_number(host: str) -> bool:
    """Tell whether a host is written as a number."""
    try:
        ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True


def _resolved(host: str, port: int) -> tuple[str, ...]:
    try:
        answers = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            says = "The name of the server could not be looked up just now."
            raise PassingFailure("away", says) from None
        return ()
    except (UnicodeError, OSError, OverflowError):
        return ()
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


def _embedded(number: Address) -> Address:
    """Return the IPv4 address that is called in the end, where an IPv6 address holds one."""
    if isinstance(number, ipaddress.IPv4Address):
        return number
    if number in _NAT64:
        return ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
    teredo = number.teredo[1] if number.teredo else None
    return number.ipv4_mapped or number.sixtofour or teredo or number
