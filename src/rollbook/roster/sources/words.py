"""Say of words that a conversion does not know that they are left out."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from rollbook.roster.checks.conversions import UNKNOWN_WORD
from rollbook.roster.rules.spellings import UNSAID, folded
from rollbook.roster.sources.converting import FILE, LINE, Conversion

_COMMA = ","


def note_unknown_words(
    conversion: Conversion,
    table: str,
    rows: pl.DataFrame,
    name: str,
    known: Collection[str],
    *,
    column: str,
) -> None:
    """Note the cells of a column that hold a word which is not known.

    Shape: `known` are folded; a cell may hold several words, separated by commas. `column` is what
           the received file calls it.
    """
    values = rows[name].drop_nulls().unique()
    may_be = [*known, *UNSAID, ""]
    words = folded(pl.col(name)).str.split(_COMMA).list.eval(pl.element().str.strip_chars())
    is_odd = words.list.eval(~pl.element().is_in(may_be)).list.any()
    odd = values.to_frame(name).filter(is_odd)[name]
    if odd.len():
        here = rows.filter(pl.col(name).is_in(odd.implode()))
        conversion.note_rows(
            UNKNOWN_WORD, table, here.select(FILE, LINE, value=name), column=column
        )
