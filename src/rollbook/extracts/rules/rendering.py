"""Names of groups as expressions over columns, so that a hundred thousand take no loop."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.extracts.rules.templates import NUMBER, Part, Slot, Template, Text
from rollbook.groups.types import MOST_NAME

NAMELESS: Final = "Group"
# With a number of four digits and " (99) " of twins there is always room for the beginning.
_MOST_REST: Final = 100


def name_expressions(template: Template, columns: frozenset[str]) -> tuple[pl.Expr, pl.Expr]:
    """Return what stands before the number and what after it, raw, from columns named as fields.

    Shape: fields without a column are empty; columns hold cleaned words. A template
           without a number has nothing after it.
    """
    before: list[pl.Expr] = []
    after: list[pl.Expr] = []
    out = before
    for piece in template.pieces:
        if isinstance(piece, Slot) and piece.field == NUMBER:
            out = after
        elif isinstance(piece, Part):
            out.append(_part(piece, columns))
        else:
            out.append(_piece(piece, columns))
    return _joined(before), _joined(after)


def _joined(pieces: list[pl.Expr]) -> pl.Expr:
    return pl.concat_str(pieces) if pieces else pl.lit("")


def _piece(piece: Text | Slot, columns: frozenset[str]) -> pl.Expr:
    if isinstance(piece, Text):
        return pl.lit(piece.text)
    if piece.field not in columns:
        return pl.lit("")
    value = pl.col(piece.field).fill_null("").str.strip_chars()
    return value if piece.most is None else value.str.slice(0, piece.most).str.strip_chars_end()


def _part(part: Part, columns: frozenset[str]) -> pl.Expr:
    slots = [_piece(piece, columns) for piece in part.pieces if isinstance(piece, Slot)]
    is_said = pl.any_horizontal(*(slot != "" for slot in slots)) if slots else pl.lit(value=False)
    said = _joined([_piece(piece, columns) for piece in part.pieces])
    return pl.when(is_said).then(said).otherwise(pl.lit(""))


def cleaned(text: pl.Expr) -> pl.Expr:
    """Compose characters, drop those that nobody sees, and make one blank of all white space."""
    blank = text.str.replace_all(r"[\s\p{Z}]", " ").str.replace_all(r"\p{C}+", "")
    return blank.str.replace_all(" {2,}", " ").str.normalize("NFC")


def folded(text: pl.Expr) -> pl.Expr:
    """Return a name as databases compare it: without case, accents and blanks around it."""
    plain = text.str.normalize("NFKD").str.replace_all(r"\p{M}+", "").str.to_lowercase()
    return plain.str.strip_chars().str.slice(0, MOST_NAME)


def base_of(before: pl.Expr, after: pl.Expr, tag: pl.Expr) -> pl.Expr:
    """Return a group's name without its number, as it is compared; `tag` tells twins apart.

    Shape: the end of `before` is kept in mind as far as it can stand in any name.
    """
    head = before.str.strip_chars().str.slice(0, MOST_NAME - 20)
    return folded(pl.concat_str(head, pl.lit(" "), tag, pl.lit(" "), after.str.strip_chars()))


def whole_name(before: pl.Expr, after: pl.Expr, tag: pl.Expr, number: pl.Expr) -> pl.Expr:
    """Return the name of a block: beginning, tag of twins, number, end; at most 255 characters.

    Shape: `number` is text and empty where none is shown. What is too long loses the end of its
           beginning, never its number.
    """
    rest = pl.when(uncut_length(before, after, tag, number) > MOST_NAME).then(
        after.str.slice(0, _MOST_REST)
    ).otherwise(after)  # fmt: skip
    tail = pl.concat_str(_gap(before, tag), tag, _second_gap(tag, number), number, rest)
    tail = tail.str.strip_chars_end()
    room = pl.lit(MOST_NAME, dtype=pl.Int64) - tail.str.len_chars().cast(pl.Int64)
    head = before.str.strip_chars().str.slice(0, room).str.strip_chars_end()
    name = cleaned(pl.concat_str(head, tail)).str.strip_chars()
    return pl.when(name == "").then(pl.lit(NAMELESS)).otherwise(name)


def uncut_length(before: pl.Expr, after: pl.Expr, tag: pl.Expr, number: pl.Expr) -> pl.Expr:
    """Return how long a name would be if nothing were cut."""
    parts = (before.str.strip_chars_start(), tag, number, after)
    return pl.sum_horizontal(*(part.str.len_chars().cast(pl.Int64) for part in parts)) + (
        pl.when(tag != "").then(2).otherwise(0)
    )


def _gap(before: pl.Expr, tag: pl.Expr) -> pl.Expr:
    is_apart = before.str.ends_with(" ") | (tag != "")
    return pl.when(is_apart).then(pl.lit(" ")).otherwise(pl.lit(""))


def _second_gap(tag: pl.Expr, number: pl.Expr) -> pl.Expr:
    return pl.when((tag != "") & (number != "")).then(pl.lit(" ")).otherwise(pl.lit(""))
