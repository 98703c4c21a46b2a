"""Students who may be one child twice: suggested to a person, never merged by themselves."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

import polars as pl
from django.db.models import QuerySet

from rollbook.orgs.queries import within
from rollbook.people.models import SchoolEnrollment, Student
from rollbook.people.queries.students import enrolled_now, students_in
from rollbook.roster.models.questions import DuplicateDecision
from rollbook.roster.rules.identity import folded
from rollbook.roster.rules.nicknames import FORMAL_NAMES
from rollbook.shared.scope import Permission, Scope

# A person looks at this many at once; those decided make room for the rest.
MOST_SHOWN: Final = 200
# A number that more students share than these is no number but a filler, such as 0.
MOST_ALIKE: Final = 5


class Likeness(StrEnum):
    """Name why two students look like one."""

    STATE_ID = "state_id"  # the same but for zeros in front
    NAME_AND_BIRTH = "name_and_birth"
    LOCAL_ID = "local_id"  # the same number at the same school
    NICKNAME = "nickname"  # the same last name and birth date, and a short form of the first


@dataclass(frozen=True, slots=True)
class Alike:
    """Hold one of two students who look alike, as the page shows them side by side."""

    id: int
    uuid: UUID
    ssid: str
    local_id: str
    source: str
    sourced_id: str
    first_name: str
    middle_name: str
    last_name: str
    birth_date: date | None
    grade: str
    school: str = ""


@dataclass(frozen=True, slots=True)
class LikelyDuplicate:
    """Hold two students who may be one, and why; the older record first."""

    one: Alike
    other: Alike
    likeness: Likeness

    @property
    def differences(self) -> frozenset[str]:
        """Return the names of what differs."""
        names = (field.name for field in fields(Alike) if field.name not in {"id", "uuid"})
        return frozenset(n for n in names if getattr(self.one, n) != getattr(self.other, n))


class PairNotFound(LookupError):
    """Say that there are no two such students, or that this reader may not see both."""


_COLUMNS: Final = (
    "id", "uuid", "ssid", "local_id", "source", "sourced_id", "first_name", "middle_name",
    "last_name", "birth_date", "grade",
)  # fmt: skip
_KEYS: Final = pl.Schema(
    {
        "id": pl.Int64(),
        "ssid": pl.String(),
        "local_id": pl.String(),
        "first_name": pl.String(),
        "last_name": pl.String(),
        "birth_date": pl.Date(),
    }
)


def possible_duplicates(scope: Scope) -> list[LikelyDuplicate]:
    """List the pairs of students who may be one child, the surest first.

    Shape:  at most MOST_SHOWN, without the pairs that somebody found to be two. Both are students
            of districts within ROSTER_READ whom the reader sees by name.
    Source: reference, rostering 6.3, item 7
    """
    rows = _seen(scope).filter(is_active=True, merged_into__isnull=True)
    students = pl.DataFrame(list(rows.values_list(*_KEYS.names())), schema=_KEYS, orient="row")
    pairs = _pairs(students, _places(scope)).join(_decided(), on=["one", "other"], how="anti")
    return _shown(scope, pairs.head(MOST_SHOWN))


def get_pair(scope: Scope, one: UUID, other: UUID) -> tuple[Alike, Alike]:
    """Return two students whom this reader may both see, for the page that compares them.

    Raises: PairNotFound.
    """
    ids = dict(_seen(scope).filter(uuid__in=[one, other]).values_list("uuid", "pk"))
    if len(ids) != 2:
        raise PairNotFound
    alike = _alike(scope, list(ids.values()))
    return alike[ids[one]], alike[ids[other]]


def get_alike(scope: Scope, uuid: UUID) -> Alike:
    """Return one student whom this reader may see, as the pages of decisions show one.

    Raises: PairNotFound.
    """
    found = _seen(scope).filter(uuid=uuid).first()
    if found is None:
        raise PairNotFound
    return _alike(scope, [found.pk])[found.pk]


def _seen(scope: Scope) -> QuerySet[Student]:
    """Return the students of the reader's districts whom the reader sees by name.

    Who left for another district's school is no longer theirs to look at, whoever keeps the record.
    """
    reach = scope.over(Permission.ROSTER_READ)
    named = students_in(scope).values("pk")
    return Student.objects.filter(within(reach, "district_id"), pk__in=named)


def _pairs(students: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Return `one`, `other` (the lower id first) and `likeness`, each pair once."""
    first, last = folded(pl.col("first_name")), folded(pl.col("last_name"))
    keyed = students.with_columns(
        first=first,
        last=last,
        formal=first.replace(FORMAL_NAMES),
        number=pl.col("ssid").str.strip_chars_start("0"),
    )
    born = keyed.filter(pl.col("birth_date").is_not_null(), pl.col("last") != "")
    placed = keyed.filter(pl.col("local_id") != "").join(
        places, left_on="id", right_on="student_id"
    )
    found = [
        _same(keyed.filter(pl.col("number") != ""), ["number"], Likeness.STATE_ID),
        _same(born, ["last", "first", "birth_date"], Likeness.NAME_AND_BIRTH),
        _same(placed, ["local_id", "school_id"], Likeness.LOCAL_ID),
        _same(born, ["last", "formal", "birth_date"], Likeness.NICKNAME),
    ]
    return (
        pl.concat(found)
        .unique(["one", "other"], keep="first", maintain_order=True)
        .sort(pl.col("likeness").replace_strict(_ORDER, return_dtype=pl.Int8), "one", "other")
    )


_ORDER: Final = {likeness.value: place for place, likeness in enumerate(Likeness)}


def _same(students: pl.DataFrame, keys: list[str], likeness: Likeness) -> pl.DataFrame:
    several = students.filter(pl.len().over(keys).is_between(2, MOST_ALIKE)).select("id", *keys)
    return (
        several.join(several, on=keys, suffix="_other")
        .filter(pl.col("id") < pl.col("id_other"))
        .select(one="id", other="id_other", likeness=pl.lit(likeness.value))
        .unique()
    )


def _places(scope: Scope) -> pl.DataFrame:
    rows = SchoolEnrollment.objects.filter(pk__in=enrolled_now(scope).values("pk"))
    schema = {"student_id": pl.Int64(), "school_id": pl.Int64()}
    return pl.DataFrame(
        list(rows.values_list("student_id", "school_id").distinct()), schema=schema, orient="row"
    )


def _decided() -> pl.DataFrame:
    rows = DuplicateDecision.objects.values_list("one_id", "other_id")
    schema = {"one": pl.Int64(), "other": pl.Int64()}
    return pl.DataFrame([sorted(row) for row in rows], schema=schema, orient="row")


def _shown(scope: Scope, pairs: pl.DataFrame) -> list[LikelyDuplicate]:
    alike = _alike(scope, [*pairs["one"].to_list(), *pairs["other"].to_list()])
    return [
        LikelyDuplicate(alike[one], alike[other], Likeness(likeness))
        for one, other, likeness in pairs.select("one", "other", "likeness").iter_rows()
    ]


def _alike(scope: Scope, ids: list[int]) -> dict[int, Alike]:
    schools = dict(
        enrolled_now(scope).filter(student_id__in=ids).order_by("pk").values_list(
            "student_id", "school__name"
        )
    )  # fmt: skip
    rows = Student.objects.filter(pk__in=ids).values(*_COLUMNS)
    return {row["id"]: Alike(**row, school=schools.get(row["id"], "")) for row in rows}
