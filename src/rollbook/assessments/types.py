"""What a subject, an assessment and an item are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

TYPE_CODES: Final = ("sum", "ica", "iab")

# How the assessment types are written in files and by people.
_TYPE_ALIASES: Final = MappingProxyType(
    {
        "sum": "sum",
        "summative": "sum",
        "ica": "ica",
        "interim comprehensive": "ica",
        "interim comprehensive assessment": "ica",
        "iab": "iab",
        "interim assessment block": "iab",
        "interim assessment blocks": "iab",
    }
)


def _no_cuts() -> Mapping[str, tuple[int, ...]]:
    return MappingProxyType({})


def _no_ranges() -> Mapping[str, tuple[int, int]]:
    return MappingProxyType({})


def _no_words() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AssessmentCount:
    """Count the assessments of one year, subject and type; the provisional ones await a package."""

    school_year: int
    subject: str
    type: str
    count: int
    provisional_count: int


@dataclass(frozen=True, slots=True)
class Level:
    """Name one performance level. Numbers start at 1, the lowest."""

    number: int
    name: str
    short_name: str
    color: str
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class ScoreDefinition:
    """Say how one kind of score (overall, alternate, claim) is reported.

    Shape:  `standard_cutoff` is the lowest level that meets the standard, None when the subject
            draws no such line; `min_score` and `max_score` are None where only levels are reported.
    """

    name: str
    levels: tuple[Level, ...]
    min_score: int | None = None
    max_score: int | None = None
    standard_cutoff: int | None = None

    @property
    def level_count(self) -> int:
        """Return how many performance levels there are."""
        return len(self.levels)


@dataclass(frozen=True, slots=True)
class AssessmentType:
    """Say what a subject reports for summatives, interim comprehensives or interim blocks."""

    code: str  # sum, ica, iab
    name: str
    long_name: str
    overall: ScoreDefinition
    alternate: ScoreDefinition | None = None
    claim: ScoreDefinition | None = None
    target_report: bool = False
    printed_report: bool = True
    trait_report: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Name one assessment target, the narrowest thing a claim is made of."""

    code: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Name one claim: scorable ones are reported, organizational ones hold targets."""

    code: str
    name: str
    scorable: bool = True
    organizational: bool = True
    display_order: int | None = None
    data_order: int | None = None
    icon: str = ""
    description: str = ""
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Alternate:
    """Name one alternate (composite) score."""

    code: str
    name: str
    display_order: int | None = None
    data_order: int | None = None
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Trait:
    """Name one writing trait: a category scored within a purpose."""

    code: str
    purpose: str
    category: str
    max_score: int


@dataclass(frozen=True, slots=True)
class DepthOfKnowledge:
    """Name one depth-of-knowledge level."""

    level: int
    name: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class DifficultyCuts:
    """Say where, on the item difficulty scale, moderate and difficult items begin for a grade."""

    grade: str
    moderate_from: float
    difficult_from: float

    def word_for(self, difficulty: float) -> str:
        """Return Easy, Moderate or Difficult."""
        if difficulty < self.moderate_from:
            return "Easy"
        return "Moderate" if difficulty < self.difficult_from else "Difficult"


@dataclass(frozen=True, slots=True)
class ReportTexts:
    """Hold what printed reports say about one grade and assessment type.

    Shape: pairs of (level, text); `claims` pairs a claim's code with such pairs. `{0}` in a text
           stands for the student.
    """

    grade: str
    type: str
    levels: tuple[tuple[int, str], ...] = ()
    claims: tuple[tuple[str, tuple[tuple[int, str], ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """Describe one subject: its types, levels, claims, alternates, traits and cuts.

    Shape:  `cut_scores` maps a grade to the lowest scale score of levels 2, 3, …; `score_ranges`
            maps a grade to its lowest and highest obtainable score. Either may lack a grade.
    """

    code: str
    name: str
    types: tuple[AssessmentType, ...]
    claims: tuple[Claim, ...] = ()
    alternates: tuple[Alternate, ...] = ()
    traits: tuple[Trait, ...] = ()
    depths: tuple[DepthOfKnowledge, ...] = ()
    difficulties: tuple[DifficultyCuts, ...] = ()
    standards: tuple[tuple[str, str], ...] = ()  # code, description
    reports: tuple[ReportTexts, ...] = ()
    messages: Mapping[str, str] = field(default_factory=_no_words)
    cut_scores: Mapping[str, tuple[int, ...]] = field(default_factory=_no_cuts)
    score_ranges: Mapping[str, tuple[int, int]] = field(default_factory=_no_ranges)
    aliases: tuple[str, ...] = ()

    @property
    def scorable_claims(self) -> tuple[Claim, ...]:
        """Return the claims that are reported, in display order."""
        shown = (claim for claim in self.claims if claim.scorable)
        return tuple(sorted(shown, key=lambda claim: (claim.display_order or 0, claim.code)))

    def find_type(self, name: str) -> AssessmentType | None:
        """Return this subject's type called `name` (SUM, Summative, iab, …), or None."""
        code = type_code(name)
        return next((kind for kind in self.types if kind.code == code), None)

    def difficulty_word(self, grade: str, difficulty: float) -> str | None:
        """Return Easy, Moderate or Difficult for an item, None when the grade has no cuts."""
        cuts = next((cuts for cuts in self.difficulties if cuts.grade == grade), None)
        return cuts.word_for(difficulty) if cuts else None

    def level_of(self, grade: str, scale_score: float) -> int | None:
        """Return the overall level of a scale score, None when the grade has no cut scores."""
        cuts = self.cut_scores.get(grade)
        if cuts is None:
            return None
        return 1 + sum(scale_score >= cut for cut in cuts)


@dataclass(frozen=True, slots=True)
class Item:
    """Describe one question of an assessment. `id` is the full item key, bank and key."""

    id: str
    position: int | None = None
    type: str = ""
    max_points: int | None = None
    claim: str = ""
    target: str = ""
    depth_of_knowledge: int | None = None
    difficulty: float | None = None
    standards: tuple[str, ...] = ()
    answer_key: str = ""
    options_count: int | None = None
    mathematical_practice: str = ""
    allow_calculator: bool | None = None
    performance_task_type: str = ""
    is_field_test: bool = False
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Assessment:
    """Describe one assessment. `id` is the natural id that results carry.

    Shape:  `cut_scores` are the lowest scale scores of levels 2, 3, …; `alternate_cut_scores` the
            same by alternate score code; None or empty where the package does not say.
    """

    id: str
    name: str
    subject: str
    grade: str
    type: str
    label: str
    school_year: int
    version: str = ""
    min_score: int | None = None
    max_score: int | None = None
    cut_scores: tuple[int, ...] = ()
    alternate_cut_scores: Mapping[str, tuple[int, ...]] = field(default_factory=_no_cuts)
    items: tuple[Item, ...] = ()


def type_code(name: str) -> str | None:
    """Return sum, ica or iab for any way of writing it, None for anything else."""
    return _TYPE_ALIASES.get(" ".join(name.split()).lower())


def find_subject(name: str, among: Iterable[Subject]) -> Subject | None:
    """Return the subject whose code, name or alias is `name`, whatever the case."""
    wanted = name.strip().casefold()
    for subject in among:
        if wanted in {word.casefold() for word in (subject.code, subject.name, *subject.aliases)}:
            return subject
    return None
