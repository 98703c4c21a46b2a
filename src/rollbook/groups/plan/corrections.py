"""Change some cells of a group file, and leave every other byte as it came."""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from rollbook.files.csv_separators import told_separator
from rollbook.groups.layouts import GROUP_FILE

Corrections = Mapping[int, Mapping[str, str]]  # line -> column -> what is to stand there

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BYTE_ORDER_MARK: Final = "\ufeff"


class CorrectionDoesNotFit(ValueError):
    """Say that a correction is for a line or a column that the file does not have."""


def corrected(content: bytes, corrections: Corrections, drop_lines: Collection[int]) -> bytes:
    """Return a file with some cells changed and some rows dropped.

    Shape:  lines count from 1, the header's, as findings do. A row for which all six columns are
            given is written anew, so that one that fell apart comes together; a line break in a
            new cell becomes a blank.
    Raises: CorrectionDoesNotFit.
    """
    encoding = _encoding_of(content)
    text = content.decode(encoding)
    lines: list[str] = _LINE.findall(text)
    top = next((place for place, line in enumerate(lines) if line.strip("\r\n")), len(lines))
    separator = told_separator("".join(lines[top : top + 1]).strip().encode())
    wanted = {*corrections, *drop_lines}
    if any(not top + 1 < line <= len(lines) for line in wanted):
        raise CorrectionDoesNotFit("The file has no row on this line.")
    names = [_plain(cell) for cell in _cells(lines[top], separator)] if wanted else []
    for line in sorted(wanted):
        last = _last_line(lines, line - 1)
        record = "".join(lines[line - 1 : last + 1])
        lines[line - 1 : last + 1] = [""] * (last + 2 - line)
        if line not in drop_lines:
            lines[line - 1] = _rewritten(record, corrections[line], names, separator)
    try:
        return "".join(lines).encode(encoding)
    except UnicodeEncodeError:
        raise CorrectionDoesNotFit(
            "The file's encoding has no room for one of the letters. Save it as CSV UTF-8."
        ) from None


def _encoding_of(content: bytes) -> str:
    if content.startswith(_UTF_16):
        return "utf-16"
    for encoding in ("utf-8", "cp1252"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _last_line(lines: Sequence[str], place: int) -> int:
    """Return where a row ends whose quotes hold line breaks; its own line if they never close."""
    open_quotes = False
    for at in range(place, len(lines)):
        open_quotes ^= lines[at].count('"') % 2 == 1
        if not open_quotes:
            return at
    return place


def _rewritten(record: str, wanted: Mapping[str, str], names: Sequence[str], separator: str) -> str:
    body = record.rstrip("\r\n")
    end = record[len(body) :]
    if missing := [name for name in wanted if name not in names]:
        raise CorrectionDoesNotFit(f"The file has no column {missing[0]}.")
    cells = list(_cells(body, separator))
    if set(GROUP_FILE) <= set(wanted):
        cells = [""] * len(names)
    cells += [""] * (len(names) - len(cells))
    for name, told in wanted.items():
        cells[names.index(name)] = _written(told, separator)
    return separator.join(cells) + end


def _cells(record: str, separator: str) -> Iterator[str]:
    """Cut a row into cells as they are written, quotes and blanks included."""
    begin, quoted = 0, False
    for place, sign in enumerate(record):
        if sign == '"':
            quoted = not quoted
        elif sign == separator and not quoted:
            yield record[begin:place]
            begin = place + 1
    yield record[begin:]


def _plain(cell: str) -> str:
    return cell.strip().strip(_BYTE_ORDER_MARK).strip().strip('"').strip().lower()


def _written(told: str, separator: str) -> str:
    text = " ".join(re.split(r"[\r\n]+", told.replace("\x00", ""))).strip()
    if separator in text or '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return text
