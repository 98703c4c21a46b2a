"""How a line of the log is written: what broke and where, never with which values.

One record is one line, so that the number which a page shows finds everything about a failure.
"""

from __future__ import annotations

import copy
import logging
from types import TracebackType
from typing import Any, TypeAlias

from rollbook.shared.failures import told

Raised: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class Line(logging.Formatter):
    """Write one record: when, how bad, from where, of which request, and what broke."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        """Write a record without the words of any exception in it."""
        quiet = copy.copy(record)
        quiet.msg = _quiet(record.msg)
        quiet.args = _quiet_all(record.args)
        quiet.exc_text = None  # another handler may have kept the exception's words there
        number = getattr(getattr(record, "request", None), "request_id", "")
        if number:
            quiet.msg, quiet.args = f"request {number} {quiet.getMessage()}", None
        return " ".join(super().format(quiet).splitlines())

    def formatException(self, ei: Raised) -> str:
        """Name an exception, those before it, and the way through the code to each."""
        return told(ei[1])


def _quiet(value: Any) -> Any:
    return type(value).__qualname__ if isinstance(value, BaseException) else value


def _quiet_all(args: Any) -> Any:
    if isinstance(args, tuple):
        return tuple(_quiet(value) for value in args)
    return {name: _quiet(value) for name, value in args.items()} if isinstance(args, dict) else args
