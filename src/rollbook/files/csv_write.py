"""Write CSV: RFC 4180, UTF-8, CRLF."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

# A spreadsheet takes a cell that starts like this for a formula, full-width signs included.
# Source: OWASP, "CSV Injection".
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_FORMULA = r"^[=+\-@\t\r\n\x00＝＋－＠]"


def write_csv(frame: pl.DataFrame, *, columns: Sequence[str], formula_safe: bool) -> bytes:
    """Write the named columns of a frame, in this order, under their names.

    Shape: null and "" are both an empty cell. `formula_safe` puts an apostrophe before a text
           that a spreadsheet would run; leave it off for machines, which need exact cells.
    """
    texts = [_text(frame[column], formula_safe=formula_safe) for column in columns]
    header = pl.Series("", list(columns), dtype=pl.String)
    titles = _text(header, formula_safe=formula_safe).to_list()
    if len(texts) == 1:
        # One empty cell would be a blank line; a pair of quotes keeps the row.
        texts = [texts[0].fill_null("")]
    table = pl.DataFrame([text.alias(str(n)) for n, text in enumerate(texts)])
    body = table.write_csv(include_header=False, line_terminator="\r\n", quote_style="necessary")
    return csv_row(titles) + body.encode()


def _text(values: pl.Series, *, formula_safe: bool) -> pl.Series:
    """Return a column as text, an empty cell as null."""
    text = values.cast(pl.String)
    if formula_safe and values.dtype == pl.String:
        runs = text.str.contains(_FORMULA)
        text = pl.select(pl.when(runs).then(pl.lit("'") + text).otherwise(text)).to_series()
    return text.replace("", None)


def csv_row(cells: Sequence[str | None]) -> bytes:
    """Write one row, quoting only the cells that need it."""
    return (",".join(_cell(cell or "") for cell in cells) + "\r\n").encode()


def _cell(cell: str) -> str:
    if any(mark in cell for mark in ',"\r\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell
