"""What one profile writes, and whom it leaves out: offers, then users, then other profiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from rollbook.extracts.plan.claims import Claims
from rollbook.extracts.plan.offers import (
    NOT_ASKED,
    PASSES,
    STAGES,
    WRITTEN,
    Offers,
    offers_of,
)
from rollbook.extracts.plan.world import World
from rollbook.extracts.rules.addresses import is_address, plain_address
from rollbook.extracts.rules.naming import FIELDS, template_of
from rollbook.extracts.rules.rendering import base_of, name_expressions
from rollbook.extracts.rules.templates import Template
from rollbook.extracts.types import AskedProfile, LeftOut, ProfileSettings, SubjectArea
from rollbook.shared.years import SchoolYear

NO_TAG: Final = pl.lit("")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Hold what one profile writes, before names are told apart and groups cut into blocks.

    Shape: `groups`, by row number `g`: school_id, natural_id, natural_key, year, subject, order,
           before, after (of the number in its name), has_number. `members`: g, place, once each.
           `users`: g, address. `stages`: place, stage of the profile's students that are not
           written. `live`: the offers that have students, with stage, before and base; `people`:
           offer, staff_id of those. `lost`: what other profiles won: offer, winner, won, count.
    """

    profile: AskedProfile
    schools: pl.DataFrame
    is_current: bool
    offers: Offers | None
    groups: pl.DataFrame
    members: pl.DataFrame
    users: pl.DataFrame
    stages: pl.DataFrame
    live: pl.DataFrame
    people: pl.DataFrame
    lost: pl.DataFrame


def choose(profile: AskedProfile, number: int, world: World, claims: Claims) -> Chosen:
    """Work out what one profile writes, and hold it against the profiles after it."""
    settings = profile.settings
    schools = world.schools.filter(pl.col("uuid").is_in(list(settings.schools)))
    school_ids = schools["school_id"].to_list()
    if SchoolYear.containing(world.on) != settings.school_year:
        return _nothing(profile, schools, world.places_of(school_ids))
    offers = offers_of(settings, world, school_ids)
    rows = _judged(offers, settings)
    able = world.places["is_able"].gather(rows["place"])
    ready = rows.filter((pl.col("stage") == PASSES) & able).select("place", "offer")
    live = _named(offers, ready["offer"].unique(), settings, schools)
    users = _users(offers, live["offer"], world)
    additional = additional_addresses(settings, world)
    if additional.is_empty():
        unseen = ~pl.col("offer").is_in(users["offer"].unique().implode())
        live = live.with_columns(_marked(unseen, LeftOut.NO_USER))
    live, lost = _without_overlaps(live, offers, claims, number, ready)
    groups, of_offer = _groups(live.filter(pl.col("stage") == PASSES))
    return Chosen(
        profile=profile,
        schools=schools,
        is_current=True,
        offers=offers,
        groups=groups,
        members=_members(ready, of_offer),
        users=_group_users(groups, of_offer, users, additional),
        stages=_stages(rows, live, world.places_of(school_ids), offers),
        live=live,
        people=offers.people.filter(pl.col("offer").is_in(live["offer"].implode())),
        lost=lost,
    )


def _marked(condition: pl.Expr, criterion: LeftOut) -> pl.Expr:
    stage = pl.lit(STAGES[criterion], dtype=pl.Int8)
    return pl.when(condition).then(stage).otherwise(pl.col("stage")).alias("stage")


def _judged(offers: Offers, settings: ProfileSettings) -> pl.DataFrame:
    """Return place, offer and the stage at which each row fails, without what was not asked."""
    stage = offers.frame["stage"].gather(offers.rows["offer"])
    rows = offers.rows.with_columns(stage.alias("stage")).filter(pl.col("stage") != NOT_ASKED)
    if settings.primary_only and "is_primary" in rows.columns:
        fails = ~pl.col("is_primary") & (pl.col("stage") != STAGES[LeftOut.TERM_ENDED])
        rows = rows.with_columns(_marked(fails, LeftOut.NOT_PRIMARY))
    return rows.select("place", "offer", "stage")


def _named(
    offers: Offers, live: pl.Series, settings: ProfileSettings, schools: pl.DataFrame
) -> pl.DataFrame:
    """Return the offers that have students, in their order, with what their names are made of."""
    frame = (
        offers.frame if "offer" in offers.frame.columns else offers.frame.with_row_index("offer")
    )
    year = settings.school_year
    subject = pl.lit(settings.subject_area.value)
    if "own_subject" in frame.columns and settings.subject_area is SubjectArea.ALL:
        subject = pl.col("own_subject")
    frame = frame.filter(pl.col("offer").is_in(live.implode())).join(schools, on="school_id")
    named = frame.select(
        pl.all().exclude("own_subject"),
        subject.alias("subject"),
        pl.lit(year, dtype=pl.Int32).alias("number_of_year"),
        pl.lit(str(year)).alias("year"),
        pl.lit(f"{year - 1}-{year % 100:02d}").alias("school_year_shown"),
    )  # fmt: skip
    named = named.drop("school_year", strict=False).rename({"school_year_shown": "school_year"})
    template = template_of(settings.pattern, settings.kind)
    return _rendered(named, template).sort("order", "offer")


def _rendered(named: pl.DataFrame, template: Template) -> pl.DataFrame:
    before, after = name_expressions(template, frozenset(named.columns) & FIELDS.keys())
    whole = named.select(
        "offer", "school_id", "natural_id", "natural_key", "stage", "key", "order", "subject",
        pl.col("number_of_year").alias("year"),
        before.alias("before"),
        after.alias("after"),
        pl.lit(template.has_number).alias("has_number"),
    )  # fmt: skip
    return whole.with_columns(base_of(pl.col("before"), pl.col("after"), NO_TAG).alias("base"))


def _users(offers: Offers, live: pl.Series, world: World) -> pl.DataFrame:
    """Return offer and address of whoever sees the live offers by being their teacher or user."""
    mail = world.staff.filter("is_valid").select("staff_id", "address")
    people = offers.people.join(mail, on="staff_id").select("offer", "address")
    logins = offers.logins.with_columns(plain_address(pl.col("address"))).filter(
        is_address(pl.col("address"))
    )
    return pl.concat([people, logins]).filter(pl.col("offer").is_in(live.implode())).unique()


def additional_addresses(settings: ProfileSettings, world: World) -> pl.Series:
    """Return the valid addresses of a profile's additional staff who still work there."""
    asked = pl.col("uuid").is_in(list(settings.additional_staff))
    found = world.staff.filter(asked, "is_valid", "is_active")
    return found["address"].unique().sort()


def _without_overlaps(
    live: pl.DataFrame, offers: Offers, claims: Claims, number: int, ready: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    passing = live.filter(pl.col("stage") == PASSES)
    asked = offers.things.join(passing.select("offer", "year", "subject", "base"), on="offer")
    found = claims.overlapping(asked, offers.realm)
    is_lost = pl.col("offer").is_in(found["offer"].implode())
    claims.hold(asked.filter(~is_lost), offers.realm, number)
    counts = ready.filter(is_lost).group_by("offer").agg(pl.len().cast(pl.Int64).alias("count"))
    return live.with_columns(_marked(is_lost, LeftOut.OVERLAP)), found.join(counts, on="offer")


def _groups(passing: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make groups of offers of one school, key and name; say of which group each offer is."""
    same = ["school_id", "key", "base", "subject"]
    groups = (
        passing.group_by(same, maintain_order=True)
        .agg(
            pl.col("natural_id", "natural_key", "year", "before", "after", "has_number").first(),
            pl.col("order").min(),
            pl.len().alias("offer_count"),
        )
        .sort("order", "base", "school_id", "key", "subject")
        .with_row_index("g")
    )
    of_offer = passing.select("offer", *same).join(
        groups.select("g", "offer_count", *same), on=same
    )
    return groups.drop("key", "base", "offer_count"), of_offer.select("offer", "g", "offer_count")


def _members(ready: pl.DataFrame, of_offer: pl.DataFrame) -> pl.DataFrame:
    """Return group and place, once each: only groups of several classes can repeat a student."""
    found = ready.join(of_offer, on="offer").select("g", "place", "offer_count")
    is_one = pl.col("offer_count") == 1
    return pl.concat(
        [
            found.filter(is_one).select("g", "place"),
            found.filter(~is_one).select("g", "place").unique(),
        ]
    )


def _group_users(
    groups: pl.DataFrame, of_offer: pl.DataFrame, users: pl.DataFrame, additional: pl.Series
) -> pl.DataFrame:
    own = users.join(of_offer, on="offer").select("g", "address")
    others = groups.select("g").join(pl.DataFrame({"address": additional}), how="cross")
    return pl.concat([own, others]).unique()


def _stages(
    rows: pl.DataFrame, live: pl.DataFrame, places: pl.DataFrame, offers: Offers
) -> pl.DataFrame:
    """Return the furthest stage that any row of a place came to: WRITTEN, or what failed.

    Shape: place, student_id, school_id, is_many, stage.
    """
    reached = pl.when(pl.col("stage") == PASSES).then(WRITTEN).otherwise(pl.col("stage"))
    numbers = pl.int_range(offers.frame.height, dtype=pl.UInt32, eager=True).alias("offer")
    last = numbers.to_frame().join(
        live.select("offer", reached.cast(pl.Int8).alias("last")),
        on="offer",
        how="left",
        maintain_order="left",
    )["last"]
    ends = pl.when(pl.col("stage") == PASSES).then(last.gather(rows["offer"]).fill_null(WRITTEN))
    final = rows.select("place", ends.otherwise(pl.col("stage")).alias("stage"))
    furthest = _furthest(final, places).alias("stage")
    stage = (
        pl.when(~pl.col("has_id")).then(STAGES[LeftOut.NO_SCHOOL_ID])
        .when(~pl.col("is_enrolled")).then(STAGES[LeftOut.NOT_ENROLLED])
        .when(pl.col("ssid") == "").then(STAGES[LeftOut.NO_SSID])
        .when(pl.col("stage") == PASSES).then(STAGES[offers.otherwise])
        .otherwise(pl.col("stage"))
    )  # fmt: skip
    return places.with_columns(furthest).select(
        "place", "student_id", "school_id", "is_many", stage.cast(pl.Int8).alias("stage")
    )


def _furthest(rows: pl.DataFrame, places: pl.DataFrame) -> pl.Series:
    """Return the highest stage among the rows of each place, PASSES where it has none.

    A million rows for each of fifty profiles: over sorted rows this is one walk, no hash table.
    """
    rows = rows.sort("place")
    # Places stand in the order of their numbers, so the last one is the highest.
    found = np.zeros(places["place"][-1] + 1 if places.height else 1, dtype=np.int8)
    if not rows.is_empty():
        place, stage = rows["place"].to_numpy(), rows["stage"].to_numpy()
        starts = np.concatenate(([0], np.flatnonzero(place[1:] != place[:-1]) + 1))
        found[place[starts]] = np.maximum.reduceat(stage, starts)
    return pl.Series(found[places["place"].to_numpy()])


def _nothing(profile: AskedProfile, schools: pl.DataFrame, places: pl.DataFrame) -> Chosen:
    """Return what a profile of another year writes."""
    stage = pl.lit(STAGES[LeftOut.WRONG_YEAR], dtype=pl.Int8).alias("stage")
    return Chosen(
        profile=profile,
        schools=schools,
        is_current=False,
        offers=None,
        groups=pl.DataFrame(),
        members=pl.DataFrame(),
        users=pl.DataFrame(),
        stages=places.select("place", "student_id", "school_id", "is_many", stage),
        live=pl.DataFrame(),
        people=pl.DataFrame(),
        lost=pl.DataFrame(),
    )
