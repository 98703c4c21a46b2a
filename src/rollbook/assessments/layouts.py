"""The subjects that ship with Rollbook, as data.

Source: Smarter Balanced scale score ranges and cut scores as published; CAASPP and ELPAC threshold
scores as published by the California Department of Education (CAST and kindergarten ELPAC cuts are
approximate: load an assessment package for the exact ones of a year).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from rollbook.assessments.types import (
    Alternate,
    AssessmentType,
    Claim,
    DepthOfKnowledge,
    DifficultyCuts,
    Level,
    ScoreDefinition,
    Subject,
    find_subject,
)

STANDARD_LEVELS: Final = (
    Level(1, "Did Not Meet Standard", "Did Not Meet", "maroon", "Standard"),
    Level(2, "Nearly Met Standard", "Nearly Met", "gray-darkest", "Standard"),
    Level(3, "Met Standard", "Met", "green-dark", "Standard"),
    Level(4, "Exceeded Standard", "Exceeded", "blue-dark", "Standard"),
)
RELATIVE_LEVELS: Final = (
    Level(1, "Below Standard", "Below", "sb-iab-red", "Standard"),
    Level(2, "Near Standard", "Near", "sb-iab-yellow", "Standard"),
    Level(3, "Above Standard", "Above", "sb-iab-green", "Standard"),
)
NUMBERED_LEVELS: Final = (
    Level(1, "Level 1", "Level 1", "maroon"),
    Level(2, "Level 2", "Level 2", "orange"),
    Level(3, "Level 3", "Level 3", "blue"),
    Level(4, "Level 4", "Level 4", "green"),
)
DEVELOPED_LEVELS: Final = (
    Level(1, "Beginning", "Beginning", "sb-iab-red"),
    Level(2, "Somewhat/Moderately Developed", "Moderately", "sb-iab-yellow", "Developed"),
    Level(3, "Well Developed", "Well", "green", "Developed"),
)

DEPTHS_OF_KNOWLEDGE: Final = (
    DepthOfKnowledge(1, "Recall and Reproduction"),
    DepthOfKnowledge(2, "Basic Skills and Concepts"),
    DepthOfKnowledge(3, "Strategic Thinking and Reasoning"),
    DepthOfKnowledge(4, "Extended Thinking"),
)


def _three_types(low: int, high: int, claim_name: str) -> tuple[AssessmentType, ...]:
    overall = ScoreDefinition("Overall", STANDARD_LEVELS, low, high, standard_cutoff=3)
    block = ScoreDefinition("Overall", RELATIVE_LEVELS, low, high)
    claim = ScoreDefinition(claim_name, RELATIVE_LEVELS)
    return (
        AssessmentType(
            "sum", "Summative", "Summative Assessment", overall, claim=claim, target_report=True
        ),
        AssessmentType("ica", "ICA", "Interim Comprehensive Assessment", overall, claim=claim),
        AssessmentType("iab", "IAB", "Interim Assessment Blocks", block),
    )


def _difficulties(*cuts: tuple[str, float, float]) -> tuple[DifficultyCuts, ...]:
    return tuple(DifficultyCuts(*cut) for cut in cuts)


ELA: Final = Subject(
    code="ELA",
    name="ELA",
    aliases=("English", "English Language Arts", "English Language Arts/Literacy", "ELA/Literacy"),
    types=_three_types(1000, 3500, "Claim"),
    claims=(
        Claim("SOCK_R", "Reading", True, False, 1, 1, "fa-book"),
        Claim("2-W", "Writing", True, True, 2, 2, "fa-edit"),
        Claim("SOCK_LS", "Listening", True, False, 3, 3, "fa-headphones"),
        Claim("4-CR", "Research and Inquiry", True, True, 4, 4, "fa-search"),
        Claim("1-IT", "Reading", scorable=False),
        Claim("1-LT", "Reading", scorable=False),
        Claim("3-L", "Listening", scorable=False),
        Claim("3-S", "Listening", scorable=False),
    ),
    depths=DEPTHS_OF_KNOWLEDGE,
    difficulties=_difficulties(
        ("03", -1.93882, -0.43906),
        ("04", -1.51022, 0.14288),
        ("05", -1.07082, 0.55842),
        ("06", -0.88783, 0.88783),
        ("07", -0.7215, 1.06739),
        ("08", -0.47018, 1.34599),
        ("11", -0.38186, 1.5479),
    ),
    cut_scores=MappingProxyType(
        {
            "03": (2367, 2432, 2490),
            "04": (2416, 2473, 2533),
            "05": (2442, 2502, 2582),
            "06": (2457, 2531, 2618),
            "07": (2479, 2552, 2649),
            "08": (2487, 2567, 2668),
            "11": (2493, 2583, 2682),
        }
    ),
    score_ranges=MappingProxyType(
        {
            "03": (2114, 2623),
            "04": (2131, 2663),
            "05": (2201, 2701),
            "06": (2210, 2724),
            "07": (2258, 2745),
            "08": (2288, 2769),
            "11": (2299, 2795),
        }
    ),
)

MATH: Final = Subject(
    code="Math",
    name="Math",
    aliases=("Mathematics", "Maths"),
    types=_three_types(1000, 3500, "Claim"),
    claims=(
        Claim("1", "Concepts and Procedures", True, True, 1, 1, "fa-calculator"),
        Claim(
            "SOCK_2",
            "Problem Solving and Modeling & Data Analysis",
            True,
            False,
            2,
            2,
            "fa-bar-chart",
        ),
        Claim("3", "Communicating Reasoning", True, True, 3, 3, "fa-comment"),
        Claim("2", "Problem Solving", scorable=False),
        Claim("4", "Modeling and Data Analysis", scorable=False),
    ),
    depths=DEPTHS_OF_KNOWLEDGE,
    difficulties=_difficulties(
        ("03", -1.86632, -0.61482),
        ("04", -1.33005, -0.00367),
        ("05", -0.98177, 0.42321),
        ("06", -0.74333, 0.74333),
        ("07", -0.61866, 0.91307),
        ("08", -0.50969, 1.19076),
        ("11", -0.34891, 1.60976),
    ),
    cut_scores=MappingProxyType(
        {
            "03": (2381, 2436, 2501),
            "04": (2411, 2485, 2549),
            "05": (2455, 2528, 2579),
            "06": (2473, 2552, 2610),
            "07": (2484, 2567, 2635),
            "08": (2504, 2586, 2653),
            "11": (2543, 2628, 2718),
        }
    ),
    score_ranges=MappingProxyType(
        {
            "03": (2189, 2621),
            "04": (2204, 2659),
            "05": (2219, 2700),
            "06": (2235, 2748),
            "07": (2250, 2778),
            "08": (2265, 2802),
            "11": (2280, 2862),
        }
    ),
)

_CAST_HIGH_SCHOOL: Final = (576, 615, 636)

CAST: Final = Subject(
    code="CAST",
    name="Science",
    aliases=("Science", "California Science Test"),
    types=_three_types(150, 650, "Domain"),
    claims=(
        Claim("LS", "Life Sciences", True, True, 1, 1, "fa-leaf"),
        Claim("PS", "Physical Sciences", True, True, 2, 2, "fa-flask"),
        Claim("ESS", "Earth and Space Sciences", True, True, 3, 3, "fa-globe"),
    ),
    depths=DEPTHS_OF_KNOWLEDGE,
    cut_scores=MappingProxyType(
        {
            "05": (179, 214, 231),
            "08": (377, 415, 433),
            "10": _CAST_HIGH_SCHOOL,
            "11": _CAST_HIGH_SCHOOL,
            "12": _CAST_HIGH_SCHOOL,
        }
    ),
    score_ranges=MappingProxyType(
        {
            "05": (150, 250),
            "08": (350, 450),
            "10": (550, 650),
            "11": (550, 650),
            "12": (550, 650),
        }
    ),
)


def _elpac_types() -> tuple[AssessmentType, ...]:
    overall = ScoreDefinition("Overall", NUMBERED_LEVELS, 1150, 1950)
    composite = ScoreDefinition("Composite", NUMBERED_LEVELS, 1150, 1950)
    domain = ScoreDefinition("Domain", DEVELOPED_LEVELS)
    block = ScoreDefinition("Overall", DEVELOPED_LEVELS, 1150, 1950)
    return (
        AssessmentType(
            "sum", "Summative", "Summative ELPAC", overall, composite, domain, printed_report=False
        ),
        AssessmentType(
            "ica",
            "ICA",
            "Interim Comprehensive ELPAC",
            overall,
            composite,
            domain,
            printed_report=False,
        ),
        AssessmentType("iab", "IAB", "Interim ELPAC Blocks", block, printed_report=False),
    )


_ELPAC_GRADES_1_TO_12: Final = {
    "01": (1411, 1455, 1507),
    "02": (1424, 1471, 1532),
    "03": (1448, 1488, 1535),
    "04": (1459, 1499, 1549),
    "05": (1467, 1514, 1560),
    "06": (1475, 1517, 1567),
    "07": (1481, 1527, 1576),
    "08": (1486, 1534, 1590),
    "09": (1493, 1545, 1606),
    "10": (1493, 1545, 1606),
    "11": (1500, 1555, 1615),
    "12": (1500, 1555, 1615),
}
_ELPAC_HIGHEST: Final = {
    **dict.fromkeys(("KG", "01", "02"), 1700),
    **dict.fromkeys(("03", "04", "05"), 1800),
    **dict.fromkeys(("06", "07", "08"), 1900),
    **dict.fromkeys(("09", "10", "11", "12"), 1950),
}

ELPAC: Final = Subject(
    code="ELPAC",
    name="ELPAC",
    aliases=("English Language Proficiency Assessments for California", "ELP"),
    types=_elpac_types(),
    claims=(
        Claim("1-L", "Listening", True, False, 1, 1, "fa-headphones"),
        Claim("1-S", "Speaking", True, False, 2, 2, "fa-comment"),
        Claim("2-R", "Reading", True, False, 3, 3, "fa-book"),
        Claim("2-W", "Writing", True, False, 4, 4, "fa-edit"),
    ),
    alternates=(
        Alternate("1", "Oral Language", 1, 1, "fa-comment"),
        Alternate("2", "Written Language", 2, 2, "fa-edit"),
    ),
    depths=DEPTHS_OF_KNOWLEDGE,
    cut_scores=MappingProxyType({"KG": (1374, 1422, 1474), **_ELPAC_GRADES_1_TO_12}),
    score_ranges=MappingProxyType(
        {grade: (1150, highest) for grade, highest in _ELPAC_HIGHEST.items()}
    ),
)

SHIPPED_SUBJECTS: Final = (ELA, MATH, CAST, ELPAC)


def shipped_subject(name: str) -> Subject | None:
    """Return the shipped subject called `name` (MATH, Mathematics, ela, …), None if none is."""
    return find_subject(name, SHIPPED_SUBJECTS)
