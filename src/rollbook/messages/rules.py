"""Decisions about mail that a server refused."""

from __future__ import annotations

from typing import Final

# RFC 5321 4.2.1: a reply that begins with 5 is final; the same letter would be refused again.
_FINAL: Final = range(500, 600)
# 552 may mean that a mailbox is full for now (RFC 5321 4.5.3.1.10); 530 to 539 that we must sign
# in first (RFC 4954 6): the server's set-up is at fault, not the letter.
_TRANSIENT: Final = frozenset({552, *range(530, 540)})


def is_refused_for_good(code: int) -> bool:
    """Tell whether a mail server's reply code means that trying again is no use."""
    return code in _FINAL and code not in _TRANSIENT


def message_id(uuid: str, host: str) -> str:
    """Return the Message-ID of a letter: the same in every attempt.

    When a server's reply is lost nobody can know whether it took the letter (RFC 5321 4.5.4.1 has
    the sender try again); mail systems recognise the second copy by this id.
    """
    return f"<{uuid}@{host}>"
