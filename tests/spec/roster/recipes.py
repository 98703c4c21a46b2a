"""Spoil a small sound roster as a recipe says: cells, columns, lines, bytes, and the zip itself.

Shape: steps are separated by ` ; `. A file is named without `.csv`; lines are those that a
       spreadsheet shows, so the header is line 1.
       `users 3.givenName=x` writes a cell, `users *.givenName=x` one of every row;
       `users +3 email=x sms=y` adds a changed copy of a line, `users -3` and `users -*` take lines
       away; `users -:email`, `users +:extra`, `users +2:extra` and `users email:mail` take away,
       add and rename columns, `users email<>phone` exchanges two;
       `users line 3=x` writes a line as it is, `users first=x` puts one before the header,
       `users add=x` puts bytes after the end; `users raw x=>y` replaces the first x by y and
       `users raw* x=>y` every one; `users as utf-16-le` writes the file in an encoding,
       `users ends \\r` ends its lines otherwise, `users cut 99` keeps so many bytes,
       `users empty` none;
       `-users` takes the file out of the zip, `users->a/b.csv` renames it there, `+notes.csv=x`
       adds one; `manifest file.users=x`, `manifest -file.users`, `manifest +x=y` and
       `manifest header=x,y` change the manifest; `zip bomb` and others: see zips.py;
       `everybody in cls-1` enrolls a hundred more.
       `\\s` is a space, `\\n \\r \\t \\0` are what they are elsewhere, `\\xE9` is a byte and
       `\\u200B` a character; `{x*600}` is 600 times x.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tests.spec.roster.given import good_bundle
from tests.spec.roster.zips import TRICKS
from tests.unit.roster.sources.given import CLEVER, SDS

FLAT = (
    "Student ID,State ID,Last Name,First Name,Grade,School Number,School Name,Birth Date\n"
    "0012345,9000000001,Soto,Eli,3,101,North,03/14/2018\n"
    "0012346,9000000002,Ito,Ana,KG,101,North,11/30/2020\n"
    "0012347,9000000003,Park,Cara,04,102,South,12/25/2016\n"
)


@dataclass
class Spoilt:
    """Hold a file that can be spoilt: as rows of cells until a step speaks of its bytes."""

    rows: list[list[str]] | None
    content: bytes = b""

    def header(self) -> list[str]:
        assert self.rows is not None, "cells are spoilt before bytes"
        return self.rows[0]

    def table(self) -> list[list[str]]:
        assert self.rows is not None, "cells are spoilt before bytes"
        return self.rows

    def bytes(self) -> bytes:
        if self.rows is not None:
            text = io.StringIO()
            csv.writer(text, lineterminator="\r\n").writerows(self.rows)
            self.content, self.rows = text.getvalue().encode("utf-8", "surrogateescape"), None
        return self.content


@dataclass
class Roster:
    """Hold the files of one roster, their names in the zip, and what is done to the zip."""

    layout: str
    files: dict[str, Spoilt]
    names: dict[str, str] = field(default_factory=dict)
    trick: str = ""
    encoding: str = "utf-8"

    def packed(self) -> bytes:
        if self.layout == "flat":
            return self.files["students"].bytes()
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, spoilt in self.files.items():
                archive.writestr(self.names.get(file, f"{file}.csv"), spoilt.bytes())
        content = out.getvalue()
        return TRICKS[self.trick](content) if self.trick else content


def spoilt_roster(layout: str, recipe: str) -> Roster:
    """Make a sound roster (1.1, 1.2, 1.2-all, delta, clever, sds or flat), and spoil it."""
    roster = Roster(layout, _sound(layout, recipe))
    for step in recipe.split(" ; ") if recipe else ():
        _take(roster, step.strip())
    return roster


# What a recipe that speaks of nothing else is about; the rest is there when it is named.
_PEOPLE = frozenset({"orgs", "users", "roles"})
_NEEDS = {"demographics": {"demographics", "academicSessions"}, "academicSessions": {"courses"}}


def _spoken_of(recipe: str, files: Iterable[str]) -> set[str]:
    """Return the files that a recipe needs: all that classes need once one of those is named."""
    named = {file for file in files if re.search(rf"\b{file}\b", recipe)} - _PEOPLE
    if named and named <= _NEEDS.keys():
        return _PEOPLE.union(*(_NEEDS[file] | {file} for file in named))
    return set(files) if named else set(_PEOPLE)


def _sound(layout: str, recipe: str) -> dict[str, Spoilt]:
    if layout == "flat":
        return {"students": Spoilt(_rows(FLAT))}
    if layout in ("clever", "sds"):
        texts: Mapping[str, str] = CLEVER if layout == "clever" else SDS
        return {name.removesuffix(".csv"): Spoilt(_rows(text)) for name, text in texts.items()}
    version = "1.1" if layout.startswith("1.1") else "1.2"
    mode = "delta" if layout.endswith("delta") else "bulk"
    bundle = good_bundle(version, mode=mode, is_whole=layout.endswith("all"))
    is_all = not recipe or layout.endswith("all") or "everybody" in recipe
    spoken = set(bundle.rows) if is_all else _spoken_of(recipe, bundle.rows)
    for row in bundle.manifest:
        file = row[0].removeprefix("file.")
        row[1] = "absent" if file in bundle.rows and file not in spoken else row[1]
    files = {"manifest": Spoilt([list(row) for row in bundle.manifest])}
    for file in (file for file in bundle.rows if file in spoken):
        rows = bundle.rows[file]
        header = list(bundle.headers[file])
        files[file] = Spoilt([header, *([row.get(name, "") for name in header] for row in rows)])
    return files


def _rows(text: str) -> list[list[str]]:
    return [list(row) for row in csv.reader(io.StringIO(text))]


_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_PLAIN = {"s": b" ", "n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0", "\\": b"\\"}
_TIMES = re.compile(r"\{([^{}]*)\*(\d+)\}", re.DOTALL)


def _bytes(value: str) -> bytes:
    """Return what a value of a recipe stands for."""
    while found := _TIMES.search(value):
        value = value[: found.start()] + found[1] * int(found[2]) + value[found.end() :]
    out, at = b"", 0
    for escape in _ESCAPE.finditer(value):
        out += value[at : escape.start()].encode()
        byte, point, letter = escape.groups()
        if byte:
            out += bytes([int(byte, 16)])
        else:
            out += chr(int(point, 16)).encode("utf-8", "surrogatepass") if point else _PLAIN[letter]
        at = escape.end()
    return out + value[at:].encode()


def _text(value: str) -> str:
    return _bytes(value).decode("utf-8", "surrogateescape")


def _take(roster: Roster, step: str) -> None:
    for pattern, take in _STEPS:
        if found := re.fullmatch(pattern, step, re.DOTALL):
            take(roster, *found.groups())
            return
    raise ValueError(f"no step reads {step!r}")


def _set_cell(roster: Roster, file: str, line: str, column: str, value: str) -> None:
    spoilt = roster.files[file]
    at = spoilt.header().index(column)
    rows = spoilt.table()
    for row in rows[1:] if line == "*" else [rows[int(line) - 1]]:
        row[at] = _text(value)


def _copy_line(roster: Roster, file: str, line: str, changes: str) -> None:
    spoilt = roster.files[file]
    row = list(spoilt.table()[int(line) - 1])
    for change in changes.split():
        column, value = change.split("=", 1)
        row[spoilt.header().index(column)] = _text(value)
    spoilt.table().append(row)


def _drop_line(roster: Roster, file: str, line: str) -> None:
    rows = roster.files[file].table()
    if line == "*":
        del rows[1:]
    else:
        del rows[int(line) - 1]


def _drop_column(roster: Roster, file: str, column: str) -> None:
    at = roster.files[file].header().index(column)
    for row in roster.files[file].table():
        del row[at]


def _add_column(roster: Roster, file: str, place: str | None, column: str) -> None:
    rows = roster.files[file].table()
    at = int(place.rstrip(":")) if place else len(rows[0])
    for number, row in enumerate(rows):
        row.insert(at, "" if number else _text(column))


def _rename_column(roster: Roster, file: str, column: str, name: str) -> None:
    header = roster.files[file].header()
    header[header.index(column)] = _text(name)


def _exchange(roster: Roster, file: str, one: str, two: str) -> None:
    spoilt = roster.files[file]
    first, second = spoilt.header().index(one), spoilt.header().index(two)
    for row in spoilt.table():
        row[first], row[second] = row[second], row[first]


def _bytewise(change: Callable[..., bytes]) -> Callable[..., None]:
    def take(roster: Roster, file: str, *words: str) -> None:
        spoilt = roster.files[file]
        spoilt.content = change(spoilt.bytes(), *words)

    return take


def _with_line(content: bytes, line: str, value: str) -> bytes:
    lines = content.split(b"\r\n")
    lines[int(line) - 1] = _bytes(value)
    return b"\r\n".join(lines)


def _replaced(content: bytes, every: str, old: str, new: str) -> bytes:
    assert _bytes(old) in content, old
    return content.replace(_bytes(old), _bytes(new), -1 if every else 1)


def _manifest(roster: Roster, sign: str, name: str, value: str | None) -> None:
    rows = roster.files["manifest"].table()
    if name == "header":
        rows[0] = (value or "").split(",")
    elif sign == "+":
        rows.append([name, _text(value or "")])
    elif sign == "-":
        rows[:] = [row for row in rows if row[0] != name]
    else:
        next(row for row in rows if row[0] == name)[1] = _text(value or "")


def _add_file(roster: Roster, name: str, value: str) -> None:
    roster.files[name] = Spoilt(None, _bytes(value))
    roster.names[name] = name


def _crowd(roster: Roster) -> None:
    """Put a hundred more students into the first class."""
    for n in range(100):
        _copy_line(roster, "users", "2", f"sourcedId=s{n} username=u{n} email=m{n} identifier=i{n}")
        _copy_line(roster, "roles", "2", f"sourcedId=q{n} userSourcedId=s{n}")
        _copy_line(roster, "enrollments", "2", f"sourcedId=n{n} userSourcedId=s{n}")


_FILE = r"(\w+)"
_STEPS: tuple[tuple[str, Callable[..., None]], ...] = (
    (r"zip ([\w -]+)", lambda roster, trick: setattr(roster, "trick", trick)),
    (r"everybody in cls-1", _crowd),
    (r"declared ([\w-]+)", lambda roster, name: setattr(roster, "encoding", name)),
    (r"manifest ([+-]?)(header|\w+\.[\w.]+)(?:=(.*))?", _manifest),
    (rf"{_FILE} (\d+|\*)\.([^=]+)=(.*)", _set_cell),
    (rf"{_FILE} \+(\d+)((?: \S+=\S*)*)", _copy_line),
    (rf"{_FILE} -(\d+|\*)", _drop_line),
    (rf"{_FILE} -:(.+)", _drop_column),
    (rf"{_FILE} \+(\d+:|):?(.+)", _add_column),
    (rf"{_FILE} line (\d+)=(.*)", _bytewise(_with_line)),
    (rf"{_FILE} first=(.*)", _bytewise(lambda content, line: _bytes(line) + content)),
    (rf"{_FILE} add=(.*)", _bytewise(lambda content, more: content + _bytes(more))),
    (rf"{_FILE} raw(\*?) (.+?)=>(.*)", _bytewise(_replaced)),
    (rf"{_FILE} as ([\w-]+)", _bytewise(lambda content, codec: content.decode().encode(codec))),
    (rf"{_FILE} ends (.+)", _bytewise(lambda content, end: content.replace(b"\r\n", _bytes(end)))),
    (rf"{_FILE} cut (\d+)", _bytewise(lambda content, size: content[: int(size)])),
    (rf"{_FILE} empty", _bytewise(lambda content: b"")),
    (rf"{_FILE} (\w+)<>(\w+)", _exchange),
    (rf"{_FILE} ([\w ]+):(.*)", _rename_column),
    (rf"-{_FILE}", lambda roster, file: roster.files.pop(file) and None),
    (rf"{_FILE}->(.+)", lambda roster, file, name: roster.names.__setitem__(file, _text(name))),
    (r"\+([\w./-]+)=(.*)", _add_file),
)
