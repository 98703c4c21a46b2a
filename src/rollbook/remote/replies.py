"""What the bad answers of a server mean, in words for a person."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

import httpcore

from rollbook.remote.failures import PassingFailure, RemoteFailed

NO_ADDRESS: Final = "That is not the address of a web server. Use one like https://sis.example.org."
NOT_HTTPS: Final = "The address begins with http, so passwords would travel in the open. Use https."
GIVEN_UP: Final = "The server failed several times in a row, so Rollbook stopped asking it."
IN_CIRCLES: Final = "The server sends Rollbook from one address to the next without an end."
LEADS_AWAY: Final = (
    "The server sends Rollbook on to another server, and Rollbook does not go there."
)
LEADS_INSIDE: Final = "The server sends Rollbook on to a private address, where it does not go."
BROKEN_OFF: Final = "The server's answer broke off."
STRANGE_PACKING: Final = "The server packs its answer in a way that cannot be read."
TOO_SLOW: Final = "The server answers too slowly."
_UNREACHED: Final = "The server does not answer."

# Source: RFC 9110, 15.5; which of them may be repeated: reliability reference, backoff policy.
_FINAL: Final[Mapping[int, tuple[str, str]]] = {
    400: ("refused", "The server does not understand the request."),
    401: ("refused", "The server does not accept the sign-in. Check the id and the secret."),
    403: ("refused", "The server knows Rollbook, but does not let it read this."),
    404: ("not_found", "The server has nothing at this address. Check the address."),
    410: ("not_found", "The server says that this address is gone. Check the address."),
    413: ("too_large", "The server says that so much at once is too large."),
    422: ("refused", "The server does not accept the request."),
    501: ("not_found", "The server does not offer this."),
}
# Source: OpenSSL, verify(1).
_CERTIFICATES: Final[Mapping[int, str]] = {
    9: "The server's certificate is not valid yet. Check the clock of both machines.",
    10: "The server's certificate has expired. Ask whoever runs the server to renew it.",
    18: "The server vouches for itself with its certificate, and nobody else does.",
    19: "The server's certificate is vouched for by somebody whom this machine does not know.",
    20: "The server's certificate is vouched for by somebody whom this machine does not know.",
    62: "The server's certificate is for another name. Check the address.",
    64: "The server's certificate is for another address. Check the address.",
}


def of_status(status: int, wait: float | None) -> RemoteFailed:
    """Say what a status means that is not a success."""
    if status == 429:
        says = "The server asks Rollbook to slow down."
        return PassingFailure("busy", says, status=status, wait=wait, counts=False)
    if status in _FINAL:
        code, says = _FINAL[status]
        return RemoteFailed(code, says, status=status)
    if status >= 500 or status == 408:
        says = f"The server is out of order: it answers {status}."
        return PassingFailure("away", says, status=status, wait=wait)
    return RemoteFailed("lies", f"The server gives an answer of no use: {status}.", status=status)


def of_network(error: Exception) -> RemoteFailed:
    """Say what went wrong before there was a status, or after it."""
    certificate = _certificate_error(error)
    if certificate is not None:
        says = _CERTIFICATES.get(certificate.verify_code, "The server's certificate is wrong.")
        return RemoteFailed("lies", says)
    if isinstance(error, httpcore.ConnectTimeout | httpcore.ConnectError):
        return PassingFailure("away", _UNREACHED)
    if isinstance(error, httpcore.TimeoutException):
        return PassingFailure("away", TOO_SLOW)
    return PassingFailure("away", BROKEN_OFF)


def too_large(most: int) -> str:
    """Say that an answer is larger than one may be."""
    return f"The server's answer is larger than {most // (1024 * 1024)} MB."


def not_json(body: bytes) -> str:
    """Say what came where JSON should have been."""
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        return "The server's answer is empty."
    if start.startswith(b"<"):
        return (
            "The server answers with a web page where data should be. Check the address; "
            "it may also be a sign-in page, or a token of the wrong kind."
        )
    return "The server's answer is not the data that it should be."


def _certificate_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, ssl.SSLCertVerificationError):
            return at
        at = at.__cause__ or at.__context__
    return None
