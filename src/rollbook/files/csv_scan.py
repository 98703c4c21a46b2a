"""Find the cells of many CSV rows at once, by comparing whole windows of bytes.

Commas, line feeds and quotes are found with vector comparisons; a running count of quotes
tells which of them are inside a cell. The window is accepted only where every quote is in
its place, so a cell's bounds are exact. At the first byte that is out of place the scan
stops before its row, and `csv_rows` decides what that row is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rollbook.files.limits import Limits

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

# How many bytes past a window may be looked at; beyond the file they are zero.
PADDING = 16

_QUOTE, _COMMA, _LF, _CR = 34, 44, 10, 13


@dataclass(frozen=True, slots=True)
class Window:
    """Hold the rows found in one window; every place is counted from the window's first byte.

    Shape: `starts` and `ends` bound the cells of the accepted rows, row after row, quotes left
           out; `doubled` are the cells among them that hold a doubled quote; `lines`, `ragged`,
           `found`, `broken` and `blank` count lines from 0 at the window's first row.
           `size` is how many bytes these rows take: 0 when not one row is whole.
    """

    size: int
    height: int
    line_feeds: int
    crlf: int
    lf: int
    starts: Places
    ends: Places
    doubled: Places
    lines: Places
    ragged: Places
    found: Places
    broken: Places
    blank: Places
    is_blocked: bool


@dataclass(frozen=True, slots=True)
class _Marks:
    """Hold the commas, line feeds and quotes of a window, and what the quotes make of them."""

    places: Places
    kinds: Bytes
    inside: Flags | None
    doubled: Places
    fault: int | None


_NONE: Places = np.empty(0, np.int64)


def scan_window(
    window: Bytes,
    *,
    is_end: bool,
    columns: int,
    limits: Limits,
    allow_line_breaks: bool,
    before: int | None = None,
) -> Window:
    """Find the whole rows of a window that starts at the start of a row.

    Shape: `window` ends with PADDING bytes that belong to the next one; `before` is a place
           that no accepted row may reach.
    """
    marks = _marks(window, is_end=is_end)
    stops = [place for place in (before, marks.fault) if place is not None]
    rows = _Rows.of(window, marks, is_end=is_end, before=min(stops) if stops else None)
    again = rows.first_misfit(window, marks, limits)
    if again is not None and (before is None or again < before):
        return scan_window(
            window,
            is_end=is_end,
            columns=columns,
            limits=limits,
            allow_line_breaks=allow_line_breaks,
            before=again,
        )
    return rows.window(
        window,
        marks,
        columns=columns,
        allow_line_breaks=allow_line_breaks,
        is_blocked=bool(stops),
    )


def _marks(window: Bytes, *, is_end: bool) -> _Marks:
    size = len(window) - PADDING
    inner = window[:size]
    mask = inner == _COMMA
    mask |= inner == _LF
    mask |= inner == _QUOTE
    places = np.flatnonzero(mask)
    kinds = inner[places]
    if is_end and size and inner[-1] != _LF:
        # The last line has no line end: read it as if it had.
        places = np.append(places, size)
        kinds = np.append(kinds, np.uint8(_LF))
    quotes = kinds == _QUOTE
    if not quotes.any():
        return _Marks(places, kinds, None, _NONE, None)
    inside = (np.cumsum(quotes, dtype=np.int32) & 1).astype(np.bool_)
    opening = places[quotes & inside]
    closing = places[quotes & ~inside]
    is_doubled = (window[opening - 1] == _QUOTE) & (opening > 0)
    misplaced = np.concatenate(
        [
            opening[~(is_doubled | _follows_a_break(window, opening))],
            closing[~_precedes_a_break(window, closing, size if is_end else -1)],
        ]
    )
    fault = int(misplaced.min()) if len(misplaced) else None
    return _Marks(places, kinds, inside, opening[is_doubled], fault)


def _follows_a_break(window: Bytes, opening: Places) -> Flags:
    byte = window[opening - 1]
    return (opening == 0) | (byte == _COMMA) | (byte == _LF)


def _precedes_a_break(window: Bytes, closing: Places, end: int) -> Flags:
    byte = window[closing + 1]
    # A carriage return that belongs to no line end is found with all others of its kind.
    is_break = (byte == _COMMA) | (byte == _LF) | (byte == _CR)
    return is_break | (byte == _QUOTE) | (closing + 1 == end)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Hold the whole rows before the first misplaced byte."""

    breaks: Places  # every separator between cells, and every line end
    last: Places  # for each row, which of `breaks` ends it
    stops: Places
    begins: Places
    crlf: Flags
    carriage_returns: Places | None  # those that do not belong to a line end

    @classmethod
    def of(cls, window: Bytes, marks: _Marks, *, is_end: bool, before: int | None) -> _Rows:
        size = len(window) - PADDING
        if marks.inside is None:
            breaks, is_line = marks.places, marks.kinds == _LF
        else:
            outside = ~marks.inside & (marks.kinds != _QUOTE)
            breaks, is_line = marks.places[outside], marks.kinds[outside] == _LF
        last = np.flatnonzero(is_line)
        stops = breaks[last]
        if before is not None:
            height = int(np.searchsorted(stops, before))
            last, stops = last[:height], stops[:height]
        breaks = breaks[: int(last[-1]) + 1] if len(last) else _NONE
        begins = np.empty_like(stops)
        begins[:1] = 0
        begins[1:] = stops[:-1] + 1
        crlf = (window[stops - 1] == _CR) & (stops > begins)
        if is_end and len(stops) and stops[-1] == size:
            crlf[-1] = False
        return cls(breaks, last, stops, begins, crlf, _loose_returns(window, stops, crlf))

    def first_misfit(self, window: Bytes, marks: _Marks, limits: Limits) -> int | None:
        """Return the start of the first row with a bare carriage return or that is too long."""
        misfits: list[int] = []
        if self.carriage_returns is not None:
            bare = self.carriage_returns[~_are_inside(self.carriage_returns, marks)]
            if len(bare):
                misfits.append(int(np.searchsorted(self.stops, int(bare[0]))))
        if len(self.stops):
            lengths = self.stops - self.crlf - self.begins
            if lengths.max() > limits.max_field_bytes:
                misfits += self._long(window, lengths, limits)
        return int(self.begins[min(misfits)]) if misfits else None

    def _long(self, window: Bytes, lengths: Places, limits: Limits) -> list[int]:
        found = np.flatnonzero(lengths > limits.max_line_bytes)[:1].tolist()
        starts, ends = self.cells(window)
        long = np.flatnonzero(ends - starts > limits.max_field_bytes)
        if len(long):
            found.append(int(np.searchsorted(self.last, int(long[0]))))
        return found

    def cells(self, window: Bytes) -> tuple[Places, Places]:
        """Return where each cell starts and ends, quotes left out."""
        starts = np.empty_like(self.breaks)
        starts[:1] = 0
        starts[1:] = self.breaks[:-1] + 1
        ends = self.breaks.copy()
        ends[self.last] -= self.crlf
        quoted = window[starts] == _QUOTE
        starts += quoted
        ends -= quoted
        return starts, ends

    def window(
        self,
        window: Bytes,
        marks: _Marks,
        *,
        columns: int,
        allow_line_breaks: bool,
        is_blocked: bool,
    ) -> Window:
        """Sort the rows into accepted and rejected ones."""
        height = len(self.stops)
        if not height:
            return _nothing(is_blocked=is_blocked)
        size = int(self.stops[-1]) + 1
        starts, ends = self.cells(window)
        counts = np.diff(self.last, prepend=-1)
        blank = (counts == 1) & (self.stops - self.crlf == self.begins)
        lines, line_feeds = self._lines(marks)
        broken = np.zeros(height, np.bool_)
        if not allow_line_breaks:
            broken[self._broken(marks)] = True
        good = (counts == columns) & ~broken & ~blank
        doubled = _NONE
        if len(marks.doubled):
            held = marks.doubled[marks.doubled < size]
            doubled = np.unique(np.searchsorted(starts, held, side="right") - 1)
        ragged = ~good & ~broken & ~blank
        if not good.all():
            keep = np.repeat(good, counts)
            is_doubled = np.zeros(len(starts), np.bool_)
            is_doubled[doubled] = True
            starts, ends = starts[keep], ends[keep]
            doubled = np.flatnonzero(is_doubled[keep])
        crlf = int(np.count_nonzero(self.crlf))
        unended = int(size > len(window) - PADDING)
        return Window(
            size=size - unended,
            height=height,
            line_feeds=line_feeds,
            crlf=crlf,
            lf=height - crlf - unended,
            starts=starts,
            ends=ends,
            doubled=doubled,
            lines=lines[good],
            ragged=lines[ragged],
            found=counts[ragged],
            broken=lines[broken],
            blank=lines[blank],
            is_blocked=is_blocked,
        )

    def _lines(self, marks: _Marks) -> tuple[Places, int]:
        """Return the physical line of each row, and how many lines all rows take."""
        height = len(self.stops)
        if marks.inside is None:
            return np.arange(height), height
        feeds = marks.places[marks.kinds == _LF]
        lines = np.searchsorted(feeds, self.begins)
        return lines, int(np.searchsorted(feeds, int(self.stops[-1]), side="right"))

    def _broken(self, marks: _Marks) -> Places:
        """Return the rows that have a line break inside a cell."""
        if marks.inside is None:
            return _NONE
        places = marks.places[marks.inside & (marks.kinds == _LF)]
        if self.carriage_returns is not None:
            places = np.concatenate([places, self.carriage_returns])
        places = places[places < self.stops[-1]]
        return np.unique(np.searchsorted(self.stops, places))


def _loose_returns(window: Bytes, stops: Places, crlf: Flags) -> Places | None:
    """Return the carriage returns that end no line, or None when there are none."""
    if not len(stops):
        return None
    inner = window[: int(stops[-1])]
    is_return = inner == _CR
    if int(np.count_nonzero(is_return)) == int(np.count_nonzero(crlf)):
        return None
    is_return[stops[crlf] - 1] = False
    return np.flatnonzero(is_return)


def _are_inside(places: Places, marks: _Marks) -> Flags:
    """Tell which places are inside a quoted cell."""
    if marks.inside is None:
        return np.zeros(len(places), np.bool_)
    nearest = np.searchsorted(marks.places, places) - 1
    return marks.inside[nearest] & (nearest >= 0)


def _nothing(*, is_blocked: bool) -> Window:
    return Window(
        size=0,
        height=0,
        line_feeds=0,
        crlf=0,
        lf=0,
        starts=_NONE,
        ends=_NONE,
        doubled=_NONE,
        lines=_NONE,
        ragged=_NONE,
        found=_NONE,
        broken=_NONE,
        blank=_NONE,
        is_blocked=is_blocked,
    )
