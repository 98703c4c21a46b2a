"""Why a remote system could not be used, in one word and one sentence."""

from __future__ import annotations


class RemoteFailed(Exception):
    """Say why a remote system could not be used: no data, no secrets, no query of an address.

    Shape: `code` is a stable word: away, refused, not_found, too_large, lies, busy,
           private_address, unknown_host. `status` is the HTTP status that said so, if one did.
    """

    def __init__(self, code: str, says: str, *, status: int | None = None) -> None:
        super().__init__(f"{code}: {says}")
        self.code = code
        self.says = says
        self.status = status


class PassingFailure(RemoteFailed):
    """Say that it may work the next time.

    Units: `wait` is in seconds, as the server asked; None when it asked for nothing.
    Shape: `counts` tells whether it counts towards giving the server up: a server that asks to
           wait is not broken.
    """

    def __init__(
        self,
        code: str,
        says: str,
        *,
        status: int | None = None,
        wait: float | None = None,
        counts: bool = True,
    ) -> None:
        super().__init__(code, says, status=status)
        self.wait = wait
        self.counts = counts
