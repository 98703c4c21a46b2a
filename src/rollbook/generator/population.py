"""Make up every student: who they are, where they go to school, how able they are."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from rollbook.generator.known_students import KNOWN_STUDENTS
from rollbook.generator.names import FEMALE_NAMES, LAST_NAMES, MALE_NAMES
from rollbook.generator.places import LEVELS, District
from rollbook.generator.randomness import Bools, Floats, Ints, chance, stream

# How many newcomers the second bundle of the Sample District brings, as a share of its students.
NEWCOMER_SHARE: Final = 0.008
# Share of students who came from another school system of the state in the last four years.
MOVED_SHARE: Final = 0.06
_FIRST_SSID: Final = 9_000_000_000
_SSID_PRIME: Final = 999_999_937  # the largest prime below a thousand million: no SSID comes twice

_RACES: Final = (
    # column, share among those who state one
    ("white", 0.40),
    ("asian", 0.14),
    ("black", 0.08),
    ("filipino", 0.05),
    ("american_indian", 0.02),
    ("pacific_islander", 0.01),
    ("two_or_more_races", 0.06),
)
_HOME_LANGUAGES: Final = ("spa", "vie", "chi", "tgl", "ara", "kor", "pan", "hmn", "rus", "arm")
_HOME_LANGUAGE_SHARES: Final = (0.70, 0.06, 0.06, 0.04, 0.03, 0.03, 0.03, 0.02, 0.02, 0.01)


def make_population(
    districts: tuple[District, ...], *, school_year: int, seed: int
) -> pl.DataFrame:
    """Make up the students of the whole state, district by district.

    Shape:  one row per student, the known nine first; `grade` counts from 0 (kindergarten) to 12
            in `school_year`; `elementary`, `middle` and `high` are school numbers in the home
            district and `earlier_*` where the student went before `entered_in`; `is_newcomer`
            marks those who are only in the Sample District's second bundle.
    Units:  `ability_*` are standard deviations of the state's students of the same grade.
    """
    made = [
        _students_of(district, districts, school_year=school_year, seed=seed)
        for district in districts
    ]
    people = pl.concat(made)
    return people.with_columns(_ssids(people, seed))


def _ssids(people: pl.DataFrame, seed: int) -> pl.Series:
    random = stream(seed, "ssid")
    step = int(random.integers(10_000_000, _SSID_PRIME))
    start = int(random.integers(0, _SSID_PRIME))
    ordinal = np.arange(people.height, dtype=np.int64)
    # Python integers would not overflow; 63 bits hold ordinal * step up to nine thousand million.
    numbers = _FIRST_SSID + (ordinal * step + start) % _SSID_PRIME
    ssids = pl.Series("ssid", numbers).cast(pl.String)
    known = pl.Series([student.ssid for student in KNOWN_STUDENTS])
    return ssids.scatter(list(range(len(known))), known).alias("ssid")


def _students_of(
    district: District, districts: tuple[District, ...], *, school_year: int, seed: int
) -> pl.DataFrame:
    random = stream(seed, "students", district.number)
    is_sample = district.number == 0
    newcomers = max(2, round(district.students * NEWCOMER_SHARE)) if is_sample else 0
    count = district.students + newcomers
    grade = _grades(random, count, is_sample=is_sample)
    frame = pl.DataFrame(
        {
            "district": np.full(count, district.number),
            "grade": grade,
            "local_id": (10 + district.number) * 1_000_000 + 100_001 + np.arange(count),
            "is_newcomer": np.arange(count) >= district.students,
            **_names(random, count),
            "birth_date": _birth_dates(random, grade, school_year),
            **_races(random, count),
            **_circumstances(random, grade, school_year),
        }
    )
    frame = _known_first(frame, school_year) if is_sample else frame
    frame = frame.with_columns(**_schools(random, district, districts, count, school_year))
    if is_sample:  # their whole history is at the Sample schools
        frame = _known_at_home(frame, district, school_year)
    return frame.with_columns(**_abilities(frame, random, seed))


def _grades(random: np.random.Generator, count: int, *, is_sample: bool) -> Ints:
    known = [int(student.grade) for student in KNOWN_STUDENTS] if is_sample else []
    rest = np.resize(np.arange(13), count - len(known))
    random.shuffle(rest)
    return np.concatenate([np.array(known, dtype=np.int64), rest])


def _names(random: np.random.Generator, count: int) -> dict[str, pl.Series]:
    sex = random.choice(["Male", "Female", "Nonbinary"], count, p=[0.508, 0.486, 0.006])
    female = np.where(sex == "Nonbinary", chance(random, 0.5, count), sex == "Female")
    first = np.where(female, _some(random, FEMALE_NAMES, count), _some(random, MALE_NAMES, count))
    middle = np.where(female, _some(random, FEMALE_NAMES, count), _some(random, MALE_NAMES, count))
    last = _some(random, LAST_NAMES, count)
    double = np.char.add(np.char.add(last, "-"), _some(random, LAST_NAMES, count))
    return {
        "sex": pl.Series(sex),
        "first_name": pl.Series(first),
        "middle_name": pl.Series(np.where(chance(random, 0.6, count), middle, "")),
        "last_name": pl.Series(np.where(chance(random, 0.05, count), double, last)),
    }


def _some(random: np.random.Generator, words: tuple[str, ...], count: int):
    return np.array(words)[random.integers(0, len(words), count)]


def _birth_dates(random: np.random.Generator, grade: Ints, school_year: int) -> pl.Series:
    # A child is 5 on 1 September of kindergarten; a few are a year older.
    five_on = np.array([f"{school_year - 1 - 5 - g}-09-01" for g in range(13)], "datetime64[D]")
    repeated = np.where(chance(random, 0.04, len(grade)), 365, 0)
    return pl.Series(five_on[grade] - random.integers(0, 365, len(grade)) - repeated)


def _races(random: np.random.Generator, count: int) -> dict[str, Bools]:
    hispanic = chance(random, 0.52, count)
    shares = np.array([share for _, share in _RACES])
    drawn = random.choice(len(_RACES) + 1, count, p=[*shares, 1 - shares.sum()])
    # Many who are Hispanic state no race, as on the real form.
    drawn = np.where(hispanic & chance(random, 0.55, count), len(_RACES), drawn)
    drawn = np.where(~hispanic & (drawn == len(_RACES)), 0, drawn)
    return {
        "hispanic": hispanic,
        **{name: drawn == index for index, (name, _) in enumerate(_RACES)},
    }


def _circumstances(
    random: np.random.Generator, grade: Ints, school_year: int
) -> dict[str, pl.Series | Bools | Ints]:
    count = len(grade)
    poor = chance(random, 0.58, count)
    other_language = chance(random, np.where(poor, 0.48, 0.28), count)
    language = random.choice(_HOME_LANGUAGES, count, p=_HOME_LANGUAGE_SHARES)
    starts_fluent = chance(random, 0.25, count)
    learner = other_language & ~starts_fluent
    # Most are reclassified between grade 3 and grade 9; 99 stands for not yet.
    reclassified_at = np.where(chance(random, 0.75, count), random.integers(3, 10, count), 99)
    served = chance(random, np.where(learner, 0.16, 0.12), count)
    military = chance(random, 0.03, count)
    return {
        "economic_disadvantage": poor,
        "language_code": pl.Series(np.where(other_language, language, "eng")),
        "is_learner": learner,
        "is_fluent": other_language & starts_fluent,
        "reclassified_in": school_year - grade + reclassified_at,
        "iep": served,
        "section_504": ~served & chance(random, 0.035, count),
        "migrant": poor & chance(random, 0.02, count),
        "military_connected": pl.Series(
            np.where(
                military,
                np.where(chance(random, 0.7, count), "ActiveDuty", "NationalGuardOrReserve"),
                "NotMilitaryConnected",
            )
        ),
        "keeps_silent": chance(random, 0.012, count),  # some facts were never stated
    }


def _schools(
    random: np.random.Generator,
    district: District,
    districts: tuple[District, ...],
    count: int,
    school_year: int,
) -> dict[str, Ints | Bools]:
    home = _chosen_schools(random, district, count)
    moved = chance(random, MOVED_SHARE, count)
    entered = np.where(moved, random.integers(school_year - 3, school_year + 1, count), 0)
    others = [other for other in districts if other.number != district.number]
    earlier = home
    if others:
        origin = random.integers(0, len(others), count)
        choices = {
            level: np.array([other.of_level(level)[0].number for other in others])
            for level in LEVELS
        }
        earlier = {level: choices[level][origin] for level in LEVELS}
    return {
        **home,
        **{f"earlier_{level}": earlier[level] for level in LEVELS},
        "entered_in": entered,
    }


def _chosen_schools(random: np.random.Generator, district: District, count: int) -> dict[str, Ints]:
    """Send each student through one elementary school and the schools that it feeds."""
    numbers = {
        level: np.array([school.number for school in district.of_level(level)]) for level in LEVELS
    }
    first = random.integers(0, len(numbers["elementary"]), count)
    return {
        "elementary": numbers["elementary"][first],
        "middle": numbers["middle"][first % len(numbers["middle"])],
        "high": numbers["high"][first % len(numbers["middle"]) % len(numbers["high"])],
    }


def _known_first(frame: pl.DataFrame, school_year: int) -> pl.DataFrame:
    """Give the first nine rows the names and the standing of the known students."""
    known = len(KNOWN_STUDENTS)
    learner = pl.Series([student.is_english_learner for student in KNOWN_STUDENTS])
    plain = pl.repeat(False, known, eager=True)
    said = {
        "first_name": pl.Series([student.first_name for student in KNOWN_STUDENTS]),
        "last_name": pl.Series([student.last_name for student in KNOWN_STUDENTS]),
        "sex": pl.Series([student.sex for student in KNOWN_STUDENTS]),
        "is_learner": learner,
        "is_fluent": plain,
        "keeps_silent": plain,
        "language_code": pl.Series(["spa" if is_learner else "eng" for is_learner in learner]),
        "reclassified_in": pl.repeat(school_year + 99, known, eager=True),
    }
    rows = list(range(known))
    return frame.with_columns(
        **{
            name: frame[name].scatter(rows, values.cast(frame[name].dtype))
            for name, values in said.items()
        }
    )


def _known_at_home(frame: pl.DataFrame, district: District, school_year: int) -> pl.DataFrame:
    rows = list(range(len(KNOWN_STUDENTS)))
    first = {level: district.of_level(level)[0].number for level in LEVELS}
    fixed = {**first, **{f"earlier_{level}": first[level] for level in LEVELS}, "entered_in": 0}
    return frame.with_columns(
        **{name: frame[name].scatter(rows, value) for name, value in fixed.items()}
    )


def _abilities(frame: pl.DataFrame, random: np.random.Generator, seed: int) -> dict[str, Floats]:
    """Draw what each student can do: a common part, a part of each subject, and circumstances."""
    count = frame.height
    schools = stream(seed, "school effects").normal(0.0, 0.22, 100_000)
    burden = (
        0.45 * frame["economic_disadvantage"].to_numpy()
        + 0.50 * frame["is_learner"].to_numpy()
        + 0.70 * frame["iep"].to_numpy()
        - 0.45
    )
    place = schools[frame["elementary"].to_numpy() % len(schools)]
    common = random.normal(0.0, 0.72, count) - burden + place
    own = {
        name: common + random.normal(0.0, spread, count)
        for name, spread in (("ela", 0.38), ("math", 0.42), ("science", 0.45))
    }
    oral = random.normal(0.0, 0.8, count) + 0.3 * common
    return {
        **{f"ability_{name}": values for name, values in own.items()},
        "ability_oral": oral,
        "ability_written": 0.6 * oral + random.normal(0.0, 0.5, count) + 0.2 * common,
    }
