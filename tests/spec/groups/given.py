r"""Write a small group file as one line of text: what every table about group files is made of.

    [cr] H / G,S1,2024,ELA,1, / 200*G,S1,2024,,{n},

Lines stand between slashes. `H` is the header; `3*` repeats a line and puts 1, 2, 3 for {n}; `LONG`
is 256 letters; `\n`, `\r`, `\t` and `\x00` are what they are elsewhere, `\c` is a comma whatever
the separator. In brackets, first, stands how it is written: [cr], [crlf] or [mixed] line ends, a
[bom], [utf-16], [windows-1252], [;], [tab] or [|] for commas, [cut] without the last line end,
[ctrl-z] after it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.types import GroupFileReading, GroupFileWorld, StateVerdict

HEADER = ",".join(GROUP_FILE)
WORLD = GroupFileWorld(
    school_ids=frozenset({"S1", "S2", "S3", "007"}),
    subjects=("ELA", "Math"),
    years=frozenset({2023, 2024}),
    ssids=pl.Series([str(number) for number in range(1, 1000)]),
    logins=pl.Series(["t@example.org", "u@example.org"]),
)
_SIGNS = {";": ";", "tab": "\t", "|": "|"}
_ESCAPES = {"LONG": "x" * 256, r"\n": "\n", r"\r": "\r", r"\t": "\t", r"\x00": "\0"}
_ENDS = {"cr": "\r", "crlf": "\r\n", "lf": "\n"}


def file_of(recipe: str) -> bytes:
    """Return the bytes of a recipe."""
    told = re.match(r"(?:\[[^\]]+\] ?)*", recipe)
    marks = re.findall(r"\[([^\]]+)\]", told.group()) if told else []
    parts = recipe[told.end() if told else 0 :].split(" / ")
    lines = [line for part in parts for line in _lines(part)]
    for mark in marks:
        lines = [line.replace(",", _SIGNS.get(mark, ",")) for line in lines]
    lines = [line.replace("\\c", ",") for line in lines]
    ends = [_ENDS.get(mark, "") for mark in marks]
    end = next((sign for sign in ends if sign), "\n")
    text = "".join(
        line + (("\r\n", "\n")[number % 2] if "mixed" in marks else end)
        for number, line in enumerate(lines)
    )
    text = text.removesuffix(end) if "cut" in marks else text
    if "windows-1252" in marks:
        return text.encode("cp1252")
    if "utf-16" in marks:
        return codecs.BOM_UTF16_LE + text.encode("utf-16-le")
    content = text.encode() + (b"\x1a" if "ctrl-z" in marks else b"")
    return codecs.BOM_UTF8 + content if "bom" in marks else content


def _lines(part: str) -> Iterator[str]:
    line = part
    for word, meant in _ESCAPES.items():
        line = line.replace(word, meant)
    if line == "H":
        yield HEADER
    elif times := re.match(r"(\d+)\*", line):
        for number in range(1, int(times.group(1)) + 1):
            yield line[times.end() :].replace("{n}", str(number))
    else:
        yield line


def told_by_state(verdict: StateVerdict) -> list[str]:
    """Write a verdict as the tables do."""
    words = [f"{message.row}: {message.says}" for message in verdict.messages]
    return ["accepted" if verdict.accepted else "refused", *words]


def told_by_us(reading: GroupFileReading) -> str:
    """Write a reading as the tables do: rows, faulty rows, findings with their lines."""
    found = [f"{one.code}" + (f"@{one.line}" if one.line else "") for one in reading.findings]
    lines = ",".join(str(line) for line in reading.faulty["line"].to_list())
    word = "accepted" if reading.is_accepted else "refused"
    faulty = f" but {lines if len(lines) < 40 else reading.faulty.height}" if lines else ""
    return " ".join([f"{word} {reading.rows.height}{faulty}", *found])


def cases(path: Path) -> list[tuple[str, str, list[str], str]]:
    """Read a table: name, recipe, what the state says, what we say."""
    found: list[tuple[str, str, list[str], str]] = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if lines:
            name, recipe, *state, ours = lines
            found.append(
                (name, recipe.removeprefix("    "), [line.strip() for line in state], ours)
            )
    return found
