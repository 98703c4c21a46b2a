"""What a world holds, as plain records: all that the oracle knows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

# One letter per field of a student that can hold a text of its own.
FIELDS = {
    "s": "ssid", "i": "local_id", "d": "sourced_id", "f": "first_name", "m": "middle_name",
    "l": "last_name", "p": "preferred_first_name", "u": "username", "e": "email", "g": "grade",
    "x": "sex", "c": "counselor", "a": "english_acquisition", "y": "military_connected",
}  # fmt: skip
# Too small for a token of their own (yes or no, three letters); each stands beside others that do.
TOKENLESS = frozenset(
    {
        "hispanic", "american_indian", "asian", "black", "pacific_islander", "white",
        "two_or_more_races", "filipino", "iep", "limited_english", "section_504",
        "economic_disadvantage", "migrant", "language_code",
    }
)  # fmt: skip
_FIRST_BIRTHDAY = date(1850, 1, 1)
_TOKEN = re.compile(r"ZQ(\d+)([a-z])X", re.IGNORECASE)
_BIRTHDAY = re.compile(r"1[89]\d\d-\d\d-\d\d")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SCORE = re.compile(r"(?<![\d.,])[1-9]\d{8}(?![\d.,])")
_ACCOUNT = re.compile(r"ZACCOUNT(\d+)[a-z]X", re.IGNORECASE)

Token = tuple[int, str]  # a student's number, a field's letter; "b" birth date, "o" outward id


@dataclass(frozen=True)
class Place:
    """Hold one organization."""

    id: int
    uuid: str
    kind: str
    parent_id: int | None


@dataclass(frozen=True)
class Pupil:
    """Hold one student; `id` and `uuid` are blank for one who is only in a plan."""

    number: int
    id: int = 0
    uuid: str = ""
    district_id: int = 0  # whose roster the record is of

    def token(self, letter: str) -> str:
        return f"ZQ{self.number}{letter}X"

    @property
    def birth_date(self) -> date:
        return _FIRST_BIRTHDAY + timedelta(days=self.number)


@dataclass(frozen=True)
class Stay:
    """Hold one school enrollment."""

    pupil: int
    school_id: int
    begins_on: date | None
    ends_before: date | None
    is_active: bool
    grade: str


@dataclass(frozen=True)
class GroupOf:
    """Hold one student group."""

    id: int
    uuid: str
    school_id: int
    school_year: int
    subject: str
    is_active: bool
    members: frozenset[int]
    logins: frozenset[str]
    former: frozenset[str] = frozenset()  # users who are named in its history alone
    owner: int | None = None  # the reader whose own it is


@dataclass(frozen=True)
class Held:
    """Hold one grant."""

    role: str
    place_id: int
    starts_on: date
    ends_before: date | None


@dataclass(frozen=True)
class Reader:
    """Hold one account."""

    number: int
    id: int
    uuid: str
    email: str
    held: tuple[Held, ...]
    is_active: bool = True
    is_sandbox: bool = False


@dataclass(frozen=True)
class Result:
    """Hold one test result; its scale score is its token."""

    score: int
    pupil: int
    school_id: int
    subject: str
    school_year: int
    grade: str
    assessment_id: str


@dataclass(frozen=True)
class Request:
    """Hold that one district asks another for a student, whom its roster calls by other names."""

    pupil: int
    said: int
    from_id: int
    to_id: int


@dataclass(frozen=True)
class Question:
    """Hold that a student came at a second school."""

    pupil: int
    from_id: int
    to_id: int


@dataclass(frozen=True)
class FileOf:
    """Hold one roster or result file that came in, and the students whose data are in it."""

    uuid: str
    organization_id: int | None
    pupils: frozenset[int]
    holds_plan: bool = True


@dataclass(frozen=True)
class Program:
    """Hold one program that calls the API for a place and all below, with a token that holds."""

    id: int
    uuid: str
    place_id: int
    token: str


@dataclass(frozen=True)
class GroupFile:
    """Hold one group file that came in: whose, who sent it, the students in it."""

    uuid: str
    number: int
    district_id: int | None
    sent_by: int | None  # a program
    pupils: frozenset[int]


@dataclass(frozen=True)
class ExtractOf:
    """Hold one group file that was written: whose, of which schools, who is in it.

    Its profile is shared; `own_profile` is its owner's alone, of one school. `mails` hear of runs.
    """

    uuid: str
    profile: str
    own_profile: str
    own_school_id: int
    owner: int  # a reader's number
    target: str
    delivery: str
    district_id: int
    school_ids: frozenset[int]
    pupils: frozenset[int]
    logins: frozenset[str]
    mails: frozenset[str]


@dataclass
class World:
    """Hold everything."""

    today: date
    school_year: int
    places: dict[int, Place] = field(default_factory=dict)
    pupils: dict[int, Pupil] = field(default_factory=dict)
    stays: list[Stay] = field(default_factory=list)
    groups: list[GroupOf] = field(default_factory=list)
    readers: list[Reader] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    rosters: list[FileOf] = field(default_factory=list)
    result_files: list[FileOf] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)  # uuids, one of each district
    requests: list[Request] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)  # students who look like one
    edited: set[int] = field(default_factory=set)  # students whose first name was edited by hand
    owners: list[tuple[int, int]] = field(default_factory=list)  # a place, the number of a reader
    decided_on: list[str] = field(default_factory=list)  # uuids of requests and questions
    jobs: dict[str, int | None] = field(default_factory=dict)  # uuid -> account
    programs: list[Program] = field(default_factory=list)
    group_files: list[GroupFile] = field(default_factory=list)
    extracts: list[ExtractOf] = field(default_factory=list)

    def of_kind(self, *kinds: str) -> list[Place]:
        return [place for place in self.places.values() if place.kind in kinds]

    def tokens_in(self, text: str) -> set[Token]:
        """Find every student token in a text."""
        by_uuid = {pupil.uuid: pupil.number for pupil in self.pupils.values() if pupil.uuid}
        by_birth = {pupil.birth_date.isoformat(): number for number, pupil in self.pupils.items()}
        found = {(int(number), letter.lower()) for number, letter in _TOKEN.findall(text)}
        found |= {(by_birth[day], "b") for day in _BIRTHDAY.findall(text) if day in by_birth}
        return found | {(by_uuid[name], "o") for name in _UUID.findall(text) if name in by_uuid}

    def scores_in(self, text: str) -> set[int]:
        """Find every score of a result in a text."""
        known = {result.score for result in self.results}
        return {int(score) for score in _SCORE.findall(text)} & known


def accounts_in(text: str) -> set[int]:
    """Find every account whose name or e-mail address is in a text."""
    return {int(number) for number in _ACCOUNT.findall(text)}
