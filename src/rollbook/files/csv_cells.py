"""Turn places in a file into a frame of text, without copying the text.

An Arrow string view is 16 bytes: a length, then either up to 12 bytes of text or its first
4 bytes, a buffer number and an offset. The frame's long cells therefore stay where they
are, in the bytes that were read; only cells with doubled quotes are written anew.
Source: Apache Arrow columnar format, "Variable-size Binary View Layout".
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rollbook.files.csv_scan import Bytes, Places, Window

# Arrow ships no types: it is Any here, and nowhere else.
_arrow: Any = import_module("pyarrow")

LINE = "_line"
_INLINE = 12
_SOURCE, _REWRITTEN = 0, 1
# Keeps the first n bytes of a little-endian word.
_FIRST = np.array([(1 << (8 * n)) - 1 for n in range(9)], dtype=np.uint64)


class CellStore:
    """Collect the cells of accepted rows and hand them over as a frame.

    Shape: `height` counts the rows so far; room for `capacity` rows is reserved, and takes
           memory only as it is filled.
    """

    def __init__(self, source: bytes, columns: int, capacity: int) -> None:
        self._source = source
        self._views = np.empty((columns, capacity), np.complex128)
        self._lines = np.empty(capacity, np.uint32)
        self._rewritten = bytearray()
        self.height = 0

    def add(self, window: Bytes, at: int, line: int, rows: Window) -> None:
        """Add the accepted rows of a window that starts at byte `at` and line `line`."""
        count = len(rows.lines)
        if not count:
            return
        views = _views(window, at, rows.starts, rows.ends)
        for cell in rows.doubled.tolist():
            text = bytes(window[rows.starts[cell] : rows.ends[cell]]).replace(b'""', b'"')
            views[cell] = self._rewrite(text)
        columns = len(self._views)
        until = self.height + count
        table = views.view(np.complex128).reshape(count, columns)
        self._views[:, self.height : until] = table.T
        self._lines[self.height : until] = rows.lines + line
        self.height = until

    def _rewrite(self, text: bytes) -> tuple[int, int]:
        """Return the view of a text that is not in the source as it should be."""
        head = len(text) | int.from_bytes(text[:4], "little") << 32
        if len(text) <= _INLINE:
            return head, int.from_bytes(text[4:], "little")
        offset = len(self._rewritten)
        self._rewritten += text
        return head, _REWRITTEN | offset << 32

    def frame(self, names: list[str]) -> pl.DataFrame:
        """Return the cells as text columns after the line column; an empty cell is null."""
        buffers = [_buffer(self._source), _buffer(bytes(self._rewritten))]
        columns = [pl.Series(LINE, self._lines[: self.height], dtype=pl.UInt32)]
        for name, views in zip(names, self._views, strict=True):
            columns.append(_column(name, views[: self.height], buffers))
        return pl.DataFrame(columns)


def _views(window: Bytes, at: int, starts: Places, ends: Places) -> NDArray[np.uint64]:
    """Return a view for each cell: two words of 8 bytes."""
    words = np.ndarray((len(window) - 7,), "<u8", window, 0, (1,))
    lengths = ends - starts
    views = np.empty((len(starts), 2), np.uint64)
    head = words[starts] & _FIRST[np.minimum(lengths, 4)]
    views[:, 0] = lengths.view(np.uint64) | head << np.uint64(32)
    tail = words[starts + 4] & _FIRST[np.clip(lengths - 4, 0, 8)]
    far = (starts + at).view(np.uint64) << np.uint64(32)
    views[:, 1] = np.where(lengths <= _INLINE, tail, far)
    return views


def _column(name: str, views: NDArray[np.complex128], buffers: list[Any]) -> pl.Series:
    lengths = views.view(np.uint32)[::4]
    is_filled = lengths > 0
    validity = None if is_filled.all() else np.packbits(is_filled, bitorder="little")
    layout = [None if validity is None else _buffer(validity), _buffer(views), *buffers]
    return pl.Series(name, _arrow.Array.from_buffers(_arrow.string_view(), len(views), layout))


def _buffer(source: object) -> Any:
    return _arrow.py_buffer(source)
