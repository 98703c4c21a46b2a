"""The same rows in other bytes."""

from __future__ import annotations


def quoted_otherwise(content: bytes, times: int) -> bytes:
    """Put quotes around so many cells that need none, row by row from the last.

    Shape: the same cells to whoever reads CSV, and other bytes for each number of times, as long
           as there are that many such cells; the header and rows with quotes stay as they are.
    Source: RFC 4180, 2.5
    """
    lines = content.split(b"\n")
    for place in range(len(lines) - 1, 0, -1):
        if not times:
            break
        if b'"' in lines[place]:
            continue
        cells = lines[place].split(b",")
        chosen = [at for at, cell in enumerate(cells) if cell][:times]
        times -= len(chosen)
        for at in chosen:
            cells[at] = b'"' + cells[at] + b'"'
        lines[place] = b",".join(cells)
    return b"\n".join(lines)
