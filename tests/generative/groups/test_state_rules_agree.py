"""The state's verdict on random files: ours, and the rules told again by somebody else."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from rollbook.groups.checks.state import state_verdict
from rollbook.groups.types import GroupFileWorld
from tests.generative.groups.state_oracle import HEADERS, verdict

FILES = 100_000
PARTS = 8  # so that both cores work

SCHOOLS = ("S1", "S2", "S3", "01611190000001")
WORLD = GroupFileWorld(
    school_ids=frozenset(SCHOOLS), subjects=("ELA", "Math"), years=frozenset({2024, 2025})
)
CELLS = (
    (
        ["G", "G", "G", "H", "K 1"],
        ["g", " G", "", "  ", "Grüße", "GR\u00dcSSE", 'a"b', "x,y", "\u00a0"],
    ),
    (["S1", "S1", "S1", "S2", "S3"], ["01611190000001", "S9", "s1", " S1", "", "S1 "]),
    (
        ["2024", "2024", "2024", "2024"],
        ["2025", " 2024", "2024.0", "+2024", "1718", "", "٢٠٢٤", "9" * 11],
    ),
    (["", "All", "ELA", "ELA"], ["ELA ", "ALL", "Math", "Maths", "ela", " "]),
    (["1", "2", "3", "4", ""], ["abc def", " ", "1"]),
    (["", "", "t@example.org"], ["not an email", " "]),
)


def header(chance: random.Random) -> list[str]:
    """Make a header: nearly always the right one."""
    names = HEADERS.split()
    change = chance.random()
    if change < 0.9:
        return names
    if change < 0.92:
        chance.shuffle(names)
    elif change < 0.93:
        names = [name.upper() for name in names]
    elif change < 0.94:
        names = [*names, chance.choice(["note", "group_name", "Student_SSID", "", " "])]
    elif change < 0.95:
        names = names[: chance.randrange(6)]
    elif change < 0.96:
        names[chance.randrange(6)] += " "
    elif change < 0.97:
        names = [";".join(names)]
    elif change < 0.98:
        names = []
    return names


def record(chance: random.Random, oddness: float, before: list[str]) -> list[str]:
    """Make a record: often one more of the group before."""
    if len(before) == 6 and chance.random() < 0.5:
        return [*before[:4], chance.choice("12345"), before[5]]
    cells = [chance.choice(odd if chance.random() < oddness else usual) for usual, odd in CELLS]
    if chance.random() < oddness / 4:
        return chance.choice([[""] * 6, cells[:5], cells[:4], cells[:3], [" "], [*cells, "more"]])
    return cells


def written(cell: str, chance: random.Random, oddness: float) -> str:
    """Write a cell as CSV, quoted where it must be and sometimes where it need not."""
    if chance.random() < oddness / 60:
        return chance.choice(['"', '"x"y', '"x" ', '""', 'a"b', '"a\nb"'])
    if any(sign in cell for sign in ',"') or chance.random() < 0.02:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def group_file(chance: random.Random) -> bytes:
    """Make one random file, biased towards the documented traps."""
    oddness = chance.choice([0, 0, 0.02, 0.1, 0.4])
    records: list[list[str]] = []
    for _ in range(chance.choice([0, 1, 2, 3, 5, 8, 12])):
        records.append(record(chance, oddness, records[-1] if records else []))
    if chance.random() < 0.5:
        records.sort(key=lambda cells: (cells[1:2], cells[0:1], cells[2:3]))
    if records and chance.random() < 0.004:
        one = ["Big", "S1", "2024", "ELA"]
        at = chance.randrange(len(records) + 1)
        many = [[*one, f"{n}", ""] for n in range(chance.choice([199, 200, 201, 203]))]
        records[at:at] = many
    lines = [
        ",".join(written(cell, chance, oddness) for cell in cells)
        for cells in [header(chance), *records]
    ]
    if chance.random() < 0.05:
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(["", "   ", ",,,,,"]))
    end = chance.choice(["\n", "\r\n", "\r"])
    text = "".join(
        line + (chance.choice(["\n", "\r\n", "\r"]) if chance.random() < oddness / 10 else end)
        for line in lines
    )
    if chance.random() < 0.2:
        text = text.rstrip("\r\n")
    begin = b"\xef\xbb\xbf" if chance.random() < 0.05 else b""
    return begin + text.encode()


@pytest.mark.parametrize("part", range(PARTS))
def test_verdict_rows_and_words_agree_on_a_hundred_thousand_files(part: int) -> None:
    seen: Counter[str] = Counter()
    for number in range(part, FILES, PARTS):
        content = group_file(random.Random(number))
        told = state_verdict(content, WORLD)
        expected = verdict(
            content, schools=SCHOOLS, subjects=("ELA", "Math"), years=frozenset({2024, 2025})
        )
        said = [
            (message.row, "Error reading file" if "Error reading" in message.says else message.says)
            for message in told.messages
        ]
        assert (told.accepted, said) == (expected[0], expected[1]), (number, content)
        seen["accepted" if told.accepted else said[0][1].split("[")[0][:24]] += 1
    # Every kind of answer is among them, or the files are too tame.
    assert seen["accepted"] > FILES / PARTS / 20
    assert len(seen) >= 12
