"""Make up the items of interim assessments."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np

from rollbook.generator.blueprints import Content
from rollbook.generator.randomness import stream

# Items belong to the state's item bank, not to the seed: every generated state has the same tests.
_BANK_SEED: Final = 0
BANK_KEY: Final = "200"
BLOCK_LENGTHS: Final = (10, 15)
COMPREHENSIVE_LENGTH: Final = 15
# How many answers each item keeps to choose responses from; the last is the best.
ANSWERS: Final = 4

_KINDS: Final = {
    "ELA": (("MC", 0.5), ("MS", 0.14), ("EBSR", 0.1), ("HTQ", 0.14), ("SA", 0.12)),
    "Math": (("MC", 0.3), ("MS", 0.1), ("EQ", 0.36), ("MI", 0.14), ("SA", 0.1)),
}
_POINTS: Final = {"SA": 2, "WER": 6}
_ENGINES: Final = {
    "MC": "Automatic with Key",
    "MS": "Automatic with Key(s)",
    "EBSR": "Automatic with Key(s)",
    "SA": "HandScored",
    "WER": "HandScored",
}
_OPTIONS: Final = {"MC": 4, "MS": 5, "EBSR": 4}
_WRITTEN: Final = {
    "ELA": (
        "I do not know.",
        "It says so in the text.",
        "The author gives one reason that supports the idea.",
        "The author gives two reasons, and each detail in the text supports one of them.",
    ),
    "Math": (
        "I do not know.",
        "I guessed and checked.",
        "I multiplied first, then added.",
        "I wrote an equation, solved it, and checked the answer against the problem.",
    ),
}
_PURPOSE_NAMES: Final = {
    **dict.fromkeys(("03", "04", "05"), "Opinion"),
    **dict.fromkeys(("06", "07", "08", "11"), "Argumentative"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """Describe one item.

    Shape: `answers` are four responses, the best last; `key` is blank where a machine or a person
           scores; `target` is the code within the claim.
    Units: `difficulty` and `slope` are those of a logistic model on the subject's theta scale.
    """

    item_id: str  # bank key, dash, item key
    kind: str
    claim: str
    target: str
    points: int
    slope: float
    difficulty: float
    depth: int
    key: str
    options: int
    answers: tuple[str, ...]
    writing: str = ""

    @property
    def engine(self) -> str:
        """Say how the item is scored."""
        return _ENGINES.get(self.kind, "Automatic with Machine Rubric")


def make_items(
    test: str, *, subject: str, grade: str, content: tuple[Content, ...], middle: float
) -> tuple[Item, ...]:
    """Make up the items of one test, the same every time.

    Shape: 10 to 15 items in test order; an ELA comprehensive test ends with a full write.
    Units: `middle` is the theta that meets the standard; items lie around it.
    """
    random = stream(_BANK_SEED, f"items {test}")
    comprehensive = test.startswith("ICA")
    low, high = BLOCK_LENGTHS
    count = COMPREHENSIVE_LENGTH if comprehensive else int(random.integers(low, high + 1))
    first = 10_000 + zlib.crc32(test.encode()) % 80_000_000 // 100 * 100
    kinds = [kind for kind, _ in _KINDS[subject]]
    shares = [share for _, share in _KINDS[subject]]
    drawn = [str(kind) for kind in random.choice(kinds, count, p=shares)]
    if comprehensive and subject == "ELA":
        drawn[-1] = "WER"
    return tuple(
        _item(
            random,
            first + place,
            kind,
            content=content[place % len(content)],
            subject=subject,
            grade=grade,
            middle=middle,
        )
        for place, kind in enumerate(drawn)
    )


def _item(
    random: np.random.Generator,
    number: int,
    kind: str,
    *,
    content: Content,
    subject: str,
    grade: str,
    middle: float,
) -> Item:
    claim, target = ("2-W", f"4-{int(grade)}") if kind == "WER" else content
    key, answers = _answers(random, kind, subject)
    return Item(
        item_id=f"{BANK_KEY}-{number}",
        kind=kind,
        claim=claim,
        target=target,
        points=_POINTS.get(kind, 1),
        slope=round(float(random.uniform(0.4, 1.0)), 5),
        difficulty=round(middle - 0.25 + float(random.normal(0.0, 0.85)), 5),
        depth=int(random.choice([1, 2, 3, 4], p=[0.25, 0.45, 0.25, 0.05])),
        key=key,
        options=_OPTIONS.get(kind, 0),
        answers=answers,
        writing=_PURPOSE_NAMES[grade] if kind == "WER" else "",
    )


def _answers(random: np.random.Generator, kind: str, subject: str) -> tuple[str, tuple[str, ...]]:
    """Return the key and four responses, the right or best one last."""
    if kind in {"MC", "EBSR"}:
        letters = [str(letter) for letter in random.permutation(list("ABCD"))]
        return letters[-1], tuple(letters)
    if kind == "MS":
        pairs = ["A,B", "A,D", "B,D", "B,E", "C,E", "C,D"]
        chosen = [str(pair) for pair in random.permutation(pairs)[:ANSWERS]]
        return chosen[-1], tuple(chosen)
    if kind in {"SA", "WER"}:
        return "", _WRITTEN[subject]
    numbers = [str(number) for number in random.choice(np.arange(2, 99), ANSWERS, replace=False)]
    return "", tuple(numbers)
