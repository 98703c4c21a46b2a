"""List which assessments there are, and what each is about.

Source: target codes are those of the Smarter Balanced content specifications as subject
        definitions spell them; blocks are modelled on the published interim blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TESTED_GRADES: Final = ("03", "04", "05", "06", "07", "08", "11")
SCIENCE_GRADES: Final = ("05", "08", "11")

# Claim and target numbers of each block; a number becomes a code with the grade: 1-3, 8-11.
ELA_BLOCKS: Final[Mapping[str, tuple[str, tuple[tuple[str, int], ...]]]] = MappingProxyType(
    {
        "ReadLit": (
            "Read Literary Texts",
            (("1-LT", 1), ("1-LT", 2), ("1-LT", 3), ("1-LT", 4), ("1-LT", 5)),
        ),
        "ReadInfo": (
            "Read Informational Texts",
            (("1-IT", 8), ("1-IT", 9), ("1-IT", 10), ("1-IT", 11), ("1-IT", 12)),
        ),
        "EditRevise": (
            "Edit and Revise",
            (("2-W", 1), ("2-W", 3), ("2-W", 6), ("2-W", 8), ("2-W", 9)),
        ),
        "LangVocab": ("Language and Vocabulary Use", (("2-W", 8), ("2-W", 9))),
        "ListenInterpret": ("Listen and Interpret", (("3-L", 4),)),
        "Research": ("Research", (("4-CR", 2), ("4-CR", 3), ("4-CR", 4))),
    }
)
ELA_TARGETS: Final = (
    *(("1-LT", number) for number in (1, 2, 4)),
    *(("1-IT", number) for number in (8, 9, 11)),
    *(("2-W", number) for number in (8, 9)),
    ("3-L", 4),
    *(("4-CR", number) for number in (2, 3)),
)

_MATH_BY_GRADE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "03": "OA|A OA|B OA|C OA|D NBT|E NF|F MD|G MD|H MD|I MD|J G|K",
        "04": "OA|A OA|B OA|C NBT|D NBT|E NF|F NF|G NF|H MD|I MD|J MD|K G|L",
        "05": "OA|A OA|B NBT|C NBT|D NF|E NF|F MD|G MD|H MD|I G|J G|K",
        "06": "RP|A NS|B NS|C NS|D EE|E EE|F EE|G G|H SP|I SP|J",
        "07": "RP|A NS|B EE|C EE|D G|E G|F SP|G SP|H SP|I",
        "08": "NS|A EE|B EE|C EE|D F|E F|F G|G G|H G|I SP|J",
        "11": "N-RN|A N-RN|B N-Q|C A-SSE|D A-SSE|E A-APR|F A-CED|G A-REI|H A-REI|I A-REI|J "
        "F-IF|K F-IF|L F-IF|M F-BF|N G-SRT|O S-ID|P",
    }
)
# The first word of a target's code says which block it belongs to.
_MATH_DOMAINS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "OA": ("OpsAlgThink", "Operations and Algebraic Thinking"),
        "NBT": ("NumBaseTen", "Number and Operations in Base Ten"),
        "NF": ("Fractions", "Number and Operations with Fractions"),
        "MD": ("MeasData", "Measurement and Data"),
        "G": ("Geometry", "Geometry"),
        "RP": ("RatioProp", "Ratios and Proportional Relationships"),
        "NS": ("NumSystem", "The Number System"),
        "EE": ("ExprEqn", "Expressions and Equations"),
        "SP": ("StatsProb", "Statistics and Probability"),
        "F": ("Functions", "Functions"),
        "N": ("NumQuant", "Number and Quantity"),
        "A": ("Algebra", "Algebra"),
        "S": ("StatsProb", "Statistics and Probability"),
    }
)
# Every math block also asks for reasoning.
MATH_CLAIMS: Final = ("1", "1", "1", "2", "3")

WRITING_PURPOSES: Final = ("OPIN", "INFO", "NARR", "EXPL", "ARGU")
_PURPOSES_BY_GRADE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        **dict.fromkeys(("03", "04", "05"), ("OPIN", "INFO", "NARR")),
        **dict.fromkeys(("06", "07", "08"), ("ARGU", "EXPL", "NARR")),
        "11": ("ARGU", "EXPL"),
    }
)
# Category and its highest score.
TRAIT_CATEGORIES: Final = (("ORG", 4), ("CON", 2), ("EVI", 4))

Content = tuple[str, str]  # claim, target within the claim


def writing_purposes(grade: str) -> tuple[str, ...]:
    """List the purposes that a grade writes for."""
    return _PURPOSES_BY_GRADE[grade]


def ela_content(pairs: tuple[tuple[str, int], ...], grade: str) -> tuple[Content, ...]:
    """Spell claims and target numbers with the grade, as target codes have it."""
    return tuple((claim, f"{number}-{int(grade)}") for claim, number in pairs)


def math_targets(grade: str) -> tuple[str, ...]:
    """List the targets of Concepts and Procedures that a grade is asked about."""
    codes = _MATH_BY_GRADE[grade].split()
    return tuple(codes if grade == "11" else [f"{code}-{int(grade)}" for code in codes])


def math_blocks(grade: str) -> Mapping[str, tuple[str, tuple[Content, ...]]]:
    """Group a grade's math targets into blocks: code to name and content."""
    blocks: dict[str, tuple[str, tuple[Content, ...]]] = {}
    for target in math_targets(grade):
        domain = target.split("|")[0].split("-")[0]
        code, name = _MATH_DOMAINS[domain]
        content = blocks.get(code, (name, ()))[1]
        blocks[code] = (name, (*content, ("1", target)))
    return blocks


def summative_targets(subject: str, grade: str) -> tuple[str, ...]:
    """List the targets that summative results report on, as `claim|target`."""
    if subject == "ELA":
        content = ela_content(ELA_TARGETS, grade)
    else:
        content = tuple(("1", target) for target in math_targets(grade))
    return tuple("|".join(pair) for pair in content)
