"""Addresses that hear of a scheduled extract: several in one box, however people part them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from rollbook.extracts.rules.addresses import is_address, plain_address


def split_mails(text: str) -> tuple[str, ...]:
    """Return the addresses in a text, parted by commas, semicolons or lines: each once."""
    parts = (part.strip() for part in re.split(r"[,;\r\n]+", text))
    return tuple(dict.fromkeys(part.lower() for part in parts if part))


def bad_mails(mails: Sequence[str]) -> tuple[str, ...]:
    """Return those that are no mail addresses."""
    frame = pl.DataFrame({"mail": list(mails)}, schema={"mail": pl.String})
    return tuple(frame.filter(~is_address(plain_address(pl.col("mail"))))["mail"])
