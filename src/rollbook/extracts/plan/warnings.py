"""What a person should know of a group file before it goes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import polars as pl

from rollbook.extracts.plan.choosing import Chosen
from rollbook.extracts.plan.offers import NOT_ASKED, STAGES
from rollbook.extracts.plan.settling import Settled
from rollbook.extracts.plan.world import World
from rollbook.extracts.rules.addresses import is_address, plain_address
from rollbook.extracts.types import ExtractWarning, LeftOut, ProfileKind
from rollbook.groups.types import MOST_NAME, MOST_STUDENTS
from rollbook.shared.years import SchoolYear

MOST_ROWS: Final = 20
_BY_CLASS: Final = {ProfileKind.SECONDARY_CLASSES, ProfileKind.ELEMENTARY_TEACHERS}


def warn(chosen: Sequence[Chosen], settled: Settled, world: World) -> tuple[ExtractWarning, ...]:
    """List the warnings of a run, profile by profile, what explains an empty file first."""
    return tuple(
        warning
        for number, each in enumerate(chosen)
        for warning in _of_profile(each, number, chosen, settled, world)
    )


def _of_profile(
    each: Chosen, number: int, chosen: Sequence[Chosen], settled: Settled, world: World
) -> Iterator[ExtractWarning]:
    parts = settled.parts.filter(pl.col("profile_no") == number)
    yield from _year(each, world)
    yield from _terms(each, world)
    yield from _primary(each)
    yield from _rows(each, parts)
    yield from _schools(each)
    yield from _overlaps(each, chosen)
    yield from _unseen(each)
    yield from _addresses(each, world)
    yield from _names(each, parts)


def _told(
    each: Chosen,
    code: str,
    says: str,
    fix: str,
    rows: Iterable[str] = (),
    *,
    count: int | None = None,
) -> ExtractWarning:
    named = sorted(set(rows))
    return ExtractWarning(
        code=code,
        profile=each.profile.uuid,
        says=says,
        fix=fix,
        count=len(named) if count is None else count,
        rows=tuple(named[:MOST_ROWS]),
    )


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def _year(each: Chosen, world: World) -> Iterator[ExtractWarning]:
    if each.is_current:
        return
    asked = SchoolYear(each.profile.settings.school_year)
    what = "is over" if world.on >= asked.ends_before else "has not begun"
    yield _told(
        each,
        "year_passed",
        f"The school year {asked.label} of this profile {what} on {world.on}: nothing is written.",
        "Save the profile for the current year, or delete it.",
        count=1,
    )


def _terms(each: Chosen, world: World) -> Iterator[ExtractWarning]:
    if each.offers is None or each.profile.settings.kind not in _BY_CLASS:
        return
    asked = pl.col("is_wanted") & (pl.col("stage") != NOT_ASKED)
    classes = each.offers.frame.filter(asked).unique("class_id", keep="first")
    ended = classes.filter(pl.col("stage") == STAGES[LeftOut.TERM_ENDED])
    if ended.is_empty():
        return
    ids = ended["class_id"].implode()
    past = world.classes.filter(pl.col("class_id").is_in(ids), "is_over").height
    told = f"{past:,} over, {ended.height - past:,} not begun"
    if ended.height == classes.height:
        says = f"The terms of all {classes.height:,} classes are over or have not begun"
        fix = "No class can be written: choose a day within a term, or bring in the new terms."
    else:
        says = (
            f"Of {classes.height:,} classes, {ended.height:,} "
            f"{'is' if ended.height == 1 else 'are'} out of term"
        )
        fix = "They are left out. If they still meet, correct the dates of their terms."
    yield _told(each, "term_ended", f"{says} on {world.on} ({told}).", fix, count=ended.height)


def _primary(each: Chosen) -> Iterator[ExtractWarning]:
    settings = each.profile.settings
    if not settings.primary_only or settings.kind is not ProfileKind.SECONDARY_CLASSES:
        return
    schools = each.schools.filter(~pl.col("tracks_primary"))["school_name"].to_list()
    if schools:
        yield _told(
            each,
            "no_primary",
            f"{_many(len(schools), 'school does', 'schools do')} not say which class is a "
            "student's primary one: nobody there is written.",
            "Choose other schools, or turn off primary classes only.",
            schools,
            count=len(schools),
        )


def _rows(each: Chosen, parts: pl.DataFrame) -> Iterator[ExtractWarning]:
    if parts.is_empty():
        yield _told(
            each,
            "no_rows",
            "This profile writes nothing.",
            "See the students left out: each is listed with the first thing that was missing.",
            count=1,
        )


def _schools(each: Chosen) -> Iterator[ExtractWarning]:
    names = each.schools.filter(pl.col("natural_id") == "")["school_name"].to_list()
    if names:
        yield _told(
            each,
            "no_school_id",
            f"{_many(len(names), 'school has', 'schools have')} no id that the state's system "
            "knows: nobody there is written.",
            "Enter the state's id of the school.",
            names,
            count=len(names),
        )
    closed = each.schools.filter(~pl.col("is_active"))["school_name"].to_list()
    missing = len(set(each.profile.settings.schools)) - each.schools.height
    closed += ["a school that is no longer there"] * missing
    if closed:
        yield _told(
            each,
            "school_closed",
            f"{_many(len(closed), 'chosen school is', 'chosen schools are')} closed.",
            "Take it out of the profile.",
            closed,
            count=len(closed),
        )


def _overlaps(each: Chosen, chosen: Sequence[Chosen]) -> Iterator[ExtractWarning]:
    if each.lost.is_empty():
        return
    own = each.live.select("offer", pl.col("before").str.strip_chars().alias("name"))
    lost = each.lost.join(own, on="offer")
    for (winner,), part in lost.sort("winner").partition_by(
        "winner", as_dict=True, maintain_order=True
    ).items():  # fmt: skip
        first = chosen[int(str(winner))].profile.name
        rows = int(part["count"].sum())
        yield _told(
            each,
            "overlap",
            f'"{first}" writes {_many(part["name"].n_unique(), "group")} of '
            f'"{each.profile.name}" too. "{first}" wins; '
            f'{_many(rows, "student row")} of "{each.profile.name}" are left out.',
            f'Take these classes out of one of the two, or move "{each.profile.name}" up.',
            part["name"].to_list(),
            count=rows,
        )


def _unseen(each: Chosen) -> Iterator[ExtractWarning]:
    if each.live.is_empty():
        return
    unseen = each.live.filter(pl.col("stage") == STAGES[LeftOut.NO_USER])
    names = unseen["before"].str.strip_chars().to_list()
    if names:
        yield _told(
            each,
            "nobody_sees",
            f"{_many(len(set(names)), 'group')} would be seen by nobody and "
            f"{'is' if len(set(names)) == 1 else 'are'} not written.",
            "Give a teacher an address, or add staff to the profile.",
            names,
        )


def _addresses(each: Chosen, world: World) -> Iterator[ExtractWarning]:
    if each.offers is None:
        return
    teaching = world.staff.filter(pl.col("staff_id").is_in(each.people["staff_id"].implode()))
    asked = each.profile.settings.additional_staff
    additional = world.staff.filter(pl.col("uuid").is_in(list(asked)))
    people = pl.concat([teaching, additional.filter("is_active")]).unique("staff_id")
    without = people.filter(pl.col("address") == "")["shown"].to_list()
    inactive = additional.filter(~pl.col("is_active"))["shown"]
    gone = [f"{name} (no longer active)" for name in inactive]
    gone += ["somebody who is not on the staff list"] * (len(set(asked)) - additional.height)
    if without or gone:
        yield _told(
            each,
            "no_email",
            f"{_many(len(without) + len(gone), 'person has', 'people have')} no address to sign in "
            "with and cannot see their groups.",
            "Enter the address in the student information system.",
            without + gone,
            count=len(without) + len(gone),
        )
    bad = people.filter((pl.col("address") != "") & ~pl.col("is_valid"))["shown"].to_list()
    bad += _bad_logins(each)
    if bad:
        yield _told(
            each,
            "bad_email",
            f"{_many(len(bad), 'address is', 'addresses are')} none that the state's system would "
            "take: these people cannot see their groups.",
            "Correct the address: one mailbox at one domain, as in name@example.org.",
            bad,
            count=len(bad),
        )


def _bad_logins(each: Chosen) -> list[str]:
    if each.offers is None:
        return []
    live = each.live["offer"].implode()
    logins = each.offers.logins.filter(pl.col("offer").is_in(live)).with_columns(
        plain_address(pl.col("address"))
    )
    return logins.filter(~is_address(pl.col("address")))["address"].unique().to_list()


def _names(each: Chosen, parts: pl.DataFrame) -> Iterator[ExtractWarning]:
    cut = parts.filter("is_cut")["name"].to_list()
    if cut:
        yield _told(
            each,
            "name_cut",
            f"{_many(len(cut), 'name was', 'names were')} longer than {MOST_NAME} characters and "
            "lost the end of its text.",
            "Shorten the template, as in {course:40}.",
            cut,
        )
    twins = parts.filter(pl.col("twin") > 1)["name"].to_list()
    if twins:
        yield _told(
            each,
            "name_twice",
            f"{_many(len(twins), 'group')} would have had the name of another one and got a number "
            "in parentheses.",
            "Add a field that tells them apart, such as {teacher_id} or {section}.",
            twins,
        )
    split = parts.filter(pl.col("block_count") > 1)
    if not split.is_empty():
        count = split["g"].n_unique()
        yield _told(
            each,
            "split",
            f"{_many(count, 'group has', 'groups have')} more than {MOST_STUDENTS} students and "
            f"{'is' if count == 1 else 'are'} written as several.",
            "Nothing: students keep their block from file to file.",
            split["name"].to_list(),
            count=count,
        )
