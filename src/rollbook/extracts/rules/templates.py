"""The language of name templates: text, `{fields}`, `{fields:10}` and `[parts that may vanish]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

NUMBER: Final = "n"
_TOKENS: Final = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{[^{}\[\]]*\}|[\[\]{}]|[^{}\[\]]+")
_FIELD: Final = re.compile(r"\{\s*([A-Za-z_]\w*)\s*(?::\s*(\d{1,3})\s*)?\}")


@dataclass(frozen=True, slots=True)
class Text:
    """Hold characters that stand in every name."""

    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    """Hold the place of one field; `most` cuts what stands there."""

    field: str
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Hold text and fields that vanish together when all the fields are empty."""

    pieces: tuple[Text | Slot, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """Hold a template as its pieces.

    Shape: `faults` are sentences about what could not be read; what stands there is then text.
    """

    pieces: tuple[Text | Slot | Part, ...]
    faults: tuple[str, ...] = ()

    def slots(self) -> Iterator[tuple[Slot, bool]]:
        """Go through all fields, each with whether it may vanish with its part."""
        for piece in self.pieces:
            if isinstance(piece, Slot):
                yield piece, False
            elif isinstance(piece, Part):
                yield from ((inner, True) for inner in piece.pieces if isinstance(inner, Slot))

    @property
    def fields(self) -> frozenset[str]:
        """Return the names of all fields."""
        return frozenset(slot.field for slot, _vanishes in self.slots())

    @property
    def has_number(self) -> bool:
        """Tell whether the template says where the number of a block stands."""
        return any(isinstance(piece, Slot) and piece.field == NUMBER for piece in self.pieces)


def read_template(pattern: str) -> Template:
    """Read a template; whatever is wrong with it is a fault and is kept as plain text.

    Shape: the number may stand once, outside of parts: any other `{n}` is a fault and is dropped.
    """
    reader = _Reader()
    for token in _TOKENS.findall(pattern):
        reader.take(token)
    return reader.finish()


class _Reader:
    def __init__(self) -> None:
        self.pieces: list[Text | Slot | Part] = []
        self.part: list[Text | Slot] | None = None
        self.faults: list[str] = []
        self.is_numbered = False

    def take(self, token: str) -> None:
        if token in {"{{", "}}", "[[", "]]"}:
            self.put(Text(token[0]))
        elif token == "[":
            self.open_part()
        elif token == "]":
            self.close_part()
        elif token.startswith("{") and len(token) > 1:
            self.take_field(token)
        elif token in {"{", "}"}:
            self.faults.append(f'A brace "{token}" stands alone. Write it twice to mean itself')
            self.put(Text(token))
        else:
            self.put(Text(token))

    def put(self, piece: Text | Slot) -> None:
        (self.pieces if self.part is None else self.part).append(piece)

    def open_part(self) -> None:
        if self.part is not None:
            self.faults.append('A bracket "[" stands inside another one. Close the first before it')
            self.put(Text("["))
        else:
            self.part = []

    def close_part(self) -> None:
        if self.part is None:
            self.faults.append('A bracket "]" closes nothing. Write it twice to mean itself')
            self.put(Text("]"))
            return
        if not any(isinstance(piece, Slot) for piece in self.part):
            self.faults.append("A part in brackets holds no field, so it would never be shown")
        self.pieces.append(Part(tuple(self.part)))
        self.part = None

    def take_field(self, token: str) -> None:
        found = _FIELD.fullmatch(token)
        if found is None:
            self.faults.append(f'"{token}" is not a field. Write {{name}} or {{name:10}}')
            self.put(Text(token))
            return
        field, most = found[1].lower(), found[2]
        if most is not None and int(most) == 0:
            self.faults.append(f'"{token}" cuts the field to nothing')
        if field == NUMBER and not self.may_number():
            return
        self.put(Slot(field, int(most) if most is not None and field != NUMBER else None))

    def may_number(self) -> bool:
        if self.part is not None:
            self.faults.append("{n} stands in brackets. Put it outside: every block has a number")
            return False
        if self.is_numbered:
            self.faults.append("{n} is there twice. Keep one")
            return False
        self.is_numbered = True
        return True

    def finish(self) -> Template:
        if self.part is not None:
            self.faults.append('A bracket "[" is never closed. Write it twice to mean itself')
            self.pieces += [Text("["), *self.part]
        return Template(tuple(self.pieces), tuple(self.faults))
