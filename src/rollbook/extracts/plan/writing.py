"""A group file as bytes, and its rows back out of them."""

from __future__ import annotations

import io
from typing import Final

import polars as pl

from rollbook.groups.layouts import GROUP_FILE

# A line that begins with a number sign is a comment to some readers, unless it is quoted.
_NEEDS_QUOTES: Final = r'[",\r\n]|^#|^\s|\s$'
# So many rows are put into words at once, and the words go before the next ones come.
_PIECE: Final = 50_000


def file_bytes(rows: pl.DataFrame) -> bytes:
    """Write rows as the state's system reads them: six columns, LF, UTF-8 without a mark.

    Shape: a header even without rows; quotes only where a cell needs them. Other columns are left
           out.
    Source: certification-and-groups 2.3
    """
    line = pl.concat_str(map(_cell, GROUP_FILE), separator=",").alias("line")
    out = io.BytesIO((",".join(GROUP_FILE) + "\n").encode())
    out.seek(0, io.SEEK_END)
    for piece in rows.iter_slices(_PIECE):
        lines = piece.select(line)
        lines.write_csv(out, include_header=False, quote_style="never", line_terminator="\n")
    return out.getvalue()


def _cell(column: str) -> pl.Expr:
    text = pl.col(column).cast(pl.String).fill_null("")
    quoted = pl.concat_str(pl.lit('"'), text.str.replace_all('"', '""', literal=True), pl.lit('"'))
    return pl.when(text.str.contains(_NEEDS_QUOTES)).then(quoted).otherwise(text)


def rows_of(content: bytes) -> pl.DataFrame:
    """Read the rows of a file that `file_bytes` wrote.

    Shape: the six columns as text, empty where the file has nothing; no rows for a bare header.
    """
    rows = pl.read_csv(
        content,
        schema=dict.fromkeys(GROUP_FILE, pl.String),
        has_header=True,
        empty_string_is_null=False,
        raise_if_empty=False,
    )
    return rows.with_columns(pl.all().fill_null(""))
