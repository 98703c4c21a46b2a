"""The same rows in other bytes."""

from __future__ import annotations

import csv
import io

from rollbook.extracts.plan.rewording import quoted_otherwise

CONTENT = b'group_name,x\nRoom 1,\nRoom 1,a\n"Room, 2",b\nRoom 3,c\n'
CELLS = 5  # that need no quotes


def _read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode())))


def test_rows_stay_and_bytes_differ_each_time() -> None:
    found = [quoted_otherwise(CONTENT, times) for times in range(CELLS + 1)]
    assert found[0] == CONTENT
    assert len(set(found)) == CELLS + 1
    assert [_read(each) == _read(CONTENT) for each in found] == [True] * (CELLS + 1)
    assert found[1].endswith(b'\n"Room 3",c\n')
    assert found[CELLS].startswith(b"group_name,x\n")


def test_no_more_than_there_are_cells() -> None:
    assert quoted_otherwise(CONTENT, 99) == quoted_otherwise(CONTENT, CELLS)
