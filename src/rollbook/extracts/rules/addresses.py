"""Which addresses a group's user may sign in with."""

from __future__ import annotations

from typing import Final

import polars as pl

# One mailbox at one domain with a dot in it: what the state's accounts look like. Not RFC 5321.
ADDRESS: Final = (
    r"^[^\s@,;:<>()\[\]\\\"\p{C}]+@[^\s@,;:<>()\[\]\\\"\p{C}]+\.[^\s@.,;:<>()\[\]\\\"\p{C}]{2,}$"
)
MOST_ADDRESS: Final = 255


def plain_address(text: pl.Expr) -> pl.Expr:
    """Return addresses as they are compared: lower case, nothing around them, empty if unknown."""
    return text.fill_null("").str.strip_chars().str.to_lowercase()


def is_address(plain: pl.Expr) -> pl.Expr:
    """Tell which plain addresses can be a group's user."""
    return plain.str.contains(ADDRESS) & (plain.str.len_chars() <= MOST_ADDRESS)
