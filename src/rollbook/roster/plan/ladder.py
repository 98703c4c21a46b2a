"""The matching ladder: which student each row of a roster is, failing closed.

From the top: the source's own name; a former name; the state id, if name or birth date agrees;
the local number at the same school. Name and birth date alone only ever suggest.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from rollbook.people import layouts as people
from rollbook.roster.plan.draft import Draft, TransferAsk, live, names_of
from rollbook.roster.rules import identity
from rollbook.roster.types import Mode
from rollbook.shared.findings import Check


@dataclass(frozen=True)
class Climbed:
    """Hold who the rows are.

    Shape: `rows` are to be written, with `id` where the student is known and the record's own name
           in `stays_source` and `stays_key` where it keeps that; `pairs` (sourced_id, id) are
           students who came and whose record is not written by this source.
    """

    rows: pl.DataFrame
    pairs: pl.DataFrame


def climb(draft: Draft, rows: pl.DataFrame) -> Climbed:
    """Find out which student each row is, and leave out those of whom that is not sure.

    Shape:  `rows` have line, sourced_id, district_id, ssid, local_id, first_name, last_name and,
            where the file says so, birth_date. Rows left out have a finding each.
    Source: reference, rostering 6.3, item 7
    """
    born = "birth_date" if "birth_date" in rows.columns else None
    work = rows.with_columns(_born=pl.col(born) if born else pl.lit(None, dtype=pl.Date))
    work = _by_local_number(draft, _by_state_id(draft, _by_name(draft, work)))
    work = _with_holders(draft, work)
    work = _without_clashes(draft, work)
    work = _without_strangers(draft, work)
    return _settled(draft, rows, work)


def _students(draft: Draft) -> pl.DataFrame:
    return draft.current.frames["students"]


def _by_name(draft: Draft, work: pl.DataFrame) -> pl.DataFrame:
    """Add `known_id`, whom this source calls so, and `is_own` where that is the record's name."""
    own = _students(draft).filter(
        pl.col("source") == draft.current.source,
        pl.col("sourced_id") != "",
        pl.col("merged_into_id").is_null(),
    )
    names = names_of(draft, people.STUDENTS).rename({"id": "known_id"})
    return work.join(names, on="sourced_id", how="left", maintain_order="left").with_columns(
        is_own=pl.col("sourced_id").is_in(own["sourced_id"].implode())
    )


def _named_here(draft: Draft) -> pl.Series:
    """Return the students whom some row of this file names as this source has named them."""
    came = live(draft.incoming.users)["sourced_id"]
    names = names_of(draft, people.STUDENTS)
    return names.filter(pl.col("sourced_id").is_in(came.implode()))["id"]


def _by_state_id(draft: Draft, work: pl.DataFrame) -> pl.DataFrame:
    """Add `ssid_id`, the student who holds or held the row's state id, and `is_retired`."""
    students = _students(draft).filter(pl.col("ssid") != "")
    merged = students.filter(pl.col("merged_into_id").is_not_null())
    retired = draft.current.aliases.filter("is_active", pl.col("ssid") != "")
    holders = pl.concat(
        [
            students.filter(pl.col("merged_into_id").is_null()).select(
                "ssid", ssid_id="id", is_retired=pl.lit(value=False)
            ),
            merged.select("ssid", ssid_id="merged_into_id", is_retired=pl.lit(value=True)),
            retired.select("ssid", ssid_id="student_id", is_retired=pl.lit(value=True)),
        ]
    ).unique("ssid", keep="first", maintain_order=True)
    return work.join(holders, on="ssid", how="left", maintain_order="left").with_columns(
        pl.col("is_retired").fill_null(value=False)
    )


def _by_local_number(draft: Draft, work: pl.DataFrame) -> pl.DataFrame:
    """Add `local_match`: the one student of the district with this number at the same school."""
    lost = work.filter(
        pl.col("known_id").is_null(), pl.col("ssid_id").is_null(), pl.col("local_id") != ""
    )
    known = _known_by_number(draft)
    if lost.is_empty() or known.is_empty():
        return work.with_columns(local_match=pl.lit(None, dtype=pl.Int64))
    found = (
        lost.select("sourced_id", "district_id", "local_id", "ssid", "last_name", "_born")
        .join(known, on=["district_id", "local_id"])
        .filter(
            identity.agrees("last_name", "_born", "holder_last", "holder_born"),
            (pl.col("ssid") == "") | (pl.col("holder_ssid") == ""),
        )
    )
    found = _at_same_school(draft, found).select("sourced_id", local_match="candidate")
    one = found.unique("sourced_id", keep="none")
    return work.join(one, on="sourced_id", how="left", maintain_order="left")


def _known_by_number(draft: Draft) -> pl.DataFrame:
    """Return the students whom no row of this file can name: of other sources, or of none."""
    mine = pl.col("source") == draft.current.source
    nameless = pl.col("sourced_id") == ""
    is_free = nameless | ~mine
    if draft.incoming.modes.get("users", Mode.ABSENT) is Mode.BULK:
        came = live(draft.incoming.users)["sourced_id"]
        is_free = is_free | ~pl.col("sourced_id").is_in(came.implode())
    return (
        _students(draft)
        .filter(
            pl.col("local_id") != "",
            pl.col("merged_into_id").is_null(),
            is_free,
            ~pl.col("id").is_in(_named_here(draft).implode()),
        )
        .select(
            "district_id", "local_id", candidate="id", holder_last="last_name",
            holder_born="birth_date", holder_ssid="ssid",
        )
    )  # fmt: skip


def _at_same_school(draft: Draft, found: pl.DataFrame) -> pl.DataFrame:
    """Keep the pairs whose known student is at a school of the row, or at none at all."""
    places = names_of_schools(draft)
    listed = (
        live(draft.incoming.roles)
        .filter(pl.col("role").is_in(identity.STUDENT_ROLES))
        .join(places, left_on="org_sourced_id", right_on="sourced_id")
        .select(sourced_id="user_sourced_id", school_id="id")
    )
    mine = draft.current.frames["school enrollments"].filter("is_active")
    at = pl.concat(
        [frame.select("student_id", "school_id") for frame in (mine, draft.current.elsewhere)]
    ).unique()
    here = found.join(listed, on="sourced_id").join(
        at, left_on=["candidate", "school_id"], right_on=["student_id", "school_id"], how="semi"
    )
    nowhere = found.filter(~pl.col("candidate").is_in(at["student_id"].implode()))
    return pl.concat([here.select(nowhere.columns), nowhere]).unique(["sourced_id", "candidate"])


def names_of_schools(draft: Draft) -> pl.DataFrame:
    """Pair the organizations' sourcedIds, as this roster has them, with their ids."""
    return draft.ids["organizations"].select("sourced_id", "id").unique("sourced_id", keep="first")


def _with_holders(draft: Draft, work: pl.DataFrame) -> pl.DataFrame:
    """Add `match` and what is known of that student."""
    holders = _students(draft).select(
        match="id", holder_source="source", holder_key="sourced_id", holder_district="district_id",
        holder_last="last_name", holder_born="birth_date", holder_ssid="ssid",
        holder_active="is_active",
    )  # fmt: skip
    return work.with_columns(match=pl.coalesce("known_id", "ssid_id", "local_match")).join(
        holders, on="match", how="left", maintain_order="left"
    )


def _without_clashes(draft: Draft, work: pl.DataFrame) -> pl.DataFrame:
    """Leave out rows whose ids speak of different students, or of one student twice."""
    twice = work.filter((pl.col("ssid") != "") & pl.col("ssid").is_duplicated())
    work = _left_out(draft, work, twice, identity.SAME_ID_TWICE)
    claims = work.filter(pl.col("known_id").ne_missing(pl.col("ssid_id")), pl.col("ssid_id") >= 0)
    somebody_here = pl.col("ssid_id").is_in(_named_here(draft).implode())
    agrees = identity.agrees("last_name", "_born", "holder_last", "holder_born")
    clash = pl.col("known_id").is_not_null() | somebody_here | ~agrees
    work = _left_out(draft, work, claims.filter(clash), identity.IDENTITY_CONFLICT)
    shared = work.filter(pl.col("match").is_not_null() & pl.col("match").is_duplicated())
    owners = shared.filter("is_own")["match"]
    by_name = pl.col("known_id").is_not_null() & ~pl.col("is_own")
    yields = shared.filter(by_name & pl.col("match").is_in(owners.implode()))
    draft.yielding |= set(yields["sourced_id"])
    draft.findings.extend(
        identity.MERGED_STILL_SENT.finding(file="users.csv", line=line)
        for line in yields["line"].sort().to_list()
    )
    claimed = shared.join(yields, on="sourced_id", how="anti").filter(
        pl.col("match").is_duplicated()
    )
    return _left_out(draft, work, claimed, identity.CLAIMED_TWICE)


def _left_out(draft: Draft, work: pl.DataFrame, rows: pl.DataFrame, check: Check) -> pl.DataFrame:
    """Leave rows out with a finding each; nothing of their students is taken for gone."""
    if rows.is_empty():
        return work
    told = rows.select(_line="line", ssid="ssid").sort("_line")
    draft.findings.extend(identity.identity_findings(told, check))
    draft.left_out |= set(rows["sourced_id"])
    draft.left_out_ids |= set(rows["known_id"].drop_nulls())
    return work.join(rows.select("sourced_id"), on="sourced_id", how="anti", maintain_order="left")


def _without_strangers(draft: Draft, work: pl.DataFrame) -> pl.DataFrame:
    """Leave out the students of districts from which the sender may take nobody, and ask there."""
    allowed = draft.current.may_take_from
    if allowed is None:
        return work
    is_foreign = pl.col("match").is_not_null() & (pl.col("holder_source") != draft.current.source)
    may = (
        (pl.col("holder_district") == pl.col("district_id"))
        | pl.col("holder_district").is_in(sorted(allowed))
        | pl.col("match").is_in(sorted(draft.current.released))
        | pl.col("match").is_in(_here_this_year(draft).implode())
    )
    strangers = work.filter(is_foreign & ~may)
    draft.asks.extend(
        TransferAsk(**row)
        for row in strangers.sort("line").select(
            "line", "first_name", "last_name",
            student_id="match", to_district_id="district_id", state_id="ssid",
        ).iter_rows(named=True)
    )  # fmt: skip
    return _left_out(draft, work, strangers, identity.OTHER_DISTRICT)


def _here_this_year(draft: Draft) -> pl.Series:
    """Return the students who are at a school by this source already."""
    return draft.current.frames["school enrollments"].filter(
        "is_active",
        pl.col("source") == draft.current.source,
        pl.col("school_year") == draft.school_year,
    )["student_id"]


def _settled(draft: Draft, rows: pl.DataFrame, work: pl.DataFrame) -> Climbed:
    """Tell the records that this source writes from those that another one goes on writing."""
    second = _held_on(draft, work)
    draft.second_ids |= set(second["match"])
    yields = work.filter(pl.col("sourced_id").is_in(list(draft.yielding)))
    pairs = pl.concat([second, yields]).select("sourced_id", id="match").unique("sourced_id")
    mine = work.join(pairs.select("sourced_id"), on="sourced_id", how="anti", maintain_order="left")
    _say_retired(draft, work)
    _remember_names(draft, mine, second)
    # A record keeps its name where this source knows it by a former one: both names go on.
    merged = _students(draft).filter(pl.col("merged_into_id").is_not_null())
    taken = pl.col("sourced_id").is_in(
        merged.filter(pl.col("source") == draft.current.source)["sourced_id"].implode()
    )
    former = pl.col("known_id").is_not_null() & ~pl.col("is_own")
    keeps = former & (taken | (pl.col("holder_source") == draft.current.source))
    settled = mine.select(
        *[pl.col(name) for name in rows.columns if name != "ssid"],
        # A state id, once known, changes by an id change or another id; nothing blanks it.
        ssid=pl.when(pl.col("is_retired") | (pl.col("ssid") == ""))
        .then(pl.col("holder_ssid").fill_null(""))
        .otherwise("ssid"),
        id=pl.col("match"),
        stays_source=pl.when(keeps).then("holder_source"),
        stays_key=pl.when(keeps).then("holder_key"),
    )
    return Climbed(settled, pairs)


def _held_on(draft: Draft, work: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose record another source goes on writing: it lists the student now."""
    listed = draft.current.elsewhere.filter(
        pl.col("school_year") == draft.school_year, pl.col("source") != ""
    ).select(match="student_id", holder_source="source")
    return work.filter(
        pl.col("holder_source") != draft.current.source,
        pl.col("holder_active"),
        ~pl.col("match").is_in(sorted(draft.current.released)),
    ).join(listed, on=["match", "holder_source"], how="semi", maintain_order="left")


def _say_retired(draft: Draft, work: pl.DataFrame) -> None:
    retired = work.filter("is_retired").select(_line="line", ssid="ssid").sort("_line")
    draft.findings.extend(identity.identity_findings(retired, identity.RETIRED_STATE_ID))


def _remember_names(draft: Draft, mine: pl.DataFrame, second: pl.DataFrame) -> None:
    """Note the names that would be forgotten: of records renamed, and those of a second source."""
    renamed = mine.filter(
        pl.col("match").is_not_null(),
        pl.col("known_id").is_null(),
        pl.col("holder_key") != "",
        (pl.col("holder_source") != draft.current.source)
        | (pl.col("holder_key") != pl.col("sourced_id")),
    ).select(student_id="match", source="holder_source", sourced_id="holder_key")
    also = second.filter(pl.col("known_id").is_null()).select(
        "sourced_id", student_id="match", source=pl.lit(draft.current.source)
    )
    draft.new_aliases += [renamed, also.select(renamed.columns)]
