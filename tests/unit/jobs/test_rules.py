from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.jobs import rules

# Every zone of the United States and its territories; Phoenix, Honolulu, San Juan, Guam, Pago Pago
# never change their clocks; Shiprock is the Navajo Nation, which does inside Arizona.
ZONES = [
    "America/New_York", "America/Detroit", "America/Kentucky/Louisville", "America/Chicago",
    "America/Indiana/Indianapolis", "America/Indiana/Tell_City", "America/Menominee",
    "America/North_Dakota/Center", "America/Denver", "America/Boise", "America/Shiprock",
    "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "America/Juneau",
    "America/Sitka", "America/Metlakatla", "America/Yakutat", "America/Nome",
    "America/Adak", "Pacific/Honolulu", "America/Puerto_Rico",
    "America/St_Thomas", "Pacific/Guam", "Pacific/Saipan",
    "Pacific/Pago_Pago",
]  # fmt: skip
NEVER = {
    "America/Phoenix", "Pacific/Honolulu", "America/Puerto_Rico", "America/St_Thomas",
    "Pacific/Guam", "Pacific/Saipan", "Pacific/Pago_Pago",
}  # fmt: skip
YEARS = range(2024, 2031)
START = datetime(2024, 1, 1, tzinfo=UTC)


def sunday(year: int, month: int, which: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (which - 1))


# By the Energy Policy Act of 2005: from the second Sunday of March to the first of November.
SPRING = [sunday(year, 3, 2) for year in YEARS]
AUTUMN = [sunday(year, 11, 1) for year in YEARS]


def local(zone: str, day: date, hour: int, minute: int = 0, fold: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute, fold=fold), ZoneInfo(zone)).astimezone(UTC)


def runs(days: str, at: time, zone: str, *, first: date, count_days: int) -> list[datetime]:
    """List every run in some local days, asking for the next one again and again."""
    moment = local(zone, first, 0) - timedelta(microseconds=1)
    end, found = local(zone, first + timedelta(days=count_days), 0), []
    while (moment := rules.next_run(days, at, zone, after=moment)) < end:
        found.append(moment)
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", SPRING, ids=str)
def test_a_skipped_half_past_two_runs_at_three(zone: str, day: date) -> None:
    found = runs("1234567", time(2, 30), zone, first=day - timedelta(days=1), count_days=3)
    hour, minute = (2, 30) if zone in NEVER else (3, 0)
    assert found == [
        local(zone, day - timedelta(days=1), 2, 30),
        local(zone, day, hour, minute),
        local(zone, day + timedelta(days=1), 2, 30),
    ]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", AUTUMN, ids=str)
def test_a_doubled_half_past_one_runs_once_the_first_time(zone: str, day: date) -> None:
    found = runs("1234567", time(1, 30), zone, first=day - timedelta(days=1), count_days=3)
    assert found == [local(zone, day + timedelta(days=n), 1, 30, fold=0) for n in (-1, 0, 1)]
    again = local(zone, day, 1, 30, fold=1)
    assert (again in found) is (zone in NEVER)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [time(0), time(1, 30), time(2, 30)])
def test_seven_years_have_one_run_a_day(zone: str, at: time) -> None:
    start = date(2024, 1, 1)
    days = (date(2031, 1, 1) - start).days
    found = runs("1234567", at, zone, first=start, count_days=days)
    place = ZoneInfo(zone)
    assert [moment.astimezone(place).date() for moment in found] == [
        start + timedelta(days=n) for n in range(days)
    ]


@pytest.mark.parametrize("year", [2024, 2028])
def test_a_leap_day_is_a_day(year: int) -> None:
    found = runs("1234567", time(2), "America/Chicago", first=date(year, 2, 28), count_days=3)
    assert [moment.astimezone(ZoneInfo("America/Chicago")).date() for moment in found] == [
        date(year, 2, 28), date(year, 2, 29), date(year, 3, 1),
    ]  # fmt: skip


def test_only_the_chosen_days_run() -> None:
    after = datetime(2026, 11, 20, 20, tzinfo=UTC)  # a Friday, 15:00 in New York
    monday = rules.next_run("12345", time(6), "America/New_York", after=after)
    assert monday == datetime(2026, 11, 23, 11, tzinfo=UTC)
    assert rules.next_run("5", time(6), "America/New_York", after=after) == datetime(
        2026, 11, 27, 11, tzinfo=UTC
    )
    assert rules.next_run("5", time(15, 30), "America/New_York", after=after) == datetime(
        2026, 11, 20, 20, 30, tzinfo=UTC
    )


def test_a_skipped_midnight_runs_when_the_day_begins() -> None:
    # Havana's clocks go from 23:59:59 on Saturday to 01:00 on Sunday.
    day = date(2025, 3, 9)
    found = rules.next_run(
        "7",
        time(0, 15),
        "America/Havana",
        after=local("America/Havana", day, 1) - timedelta(hours=9),
    )
    assert found == local("America/Havana", day, 1)


@pytest.mark.parametrize("days", ["", "0", "8", "mon"])
def test_days_that_are_no_days_are_refused(days: str) -> None:
    with pytest.raises(ValueError, match="names no days"):
        rules.next_run(days, time(1), "America/Chicago", after=datetime(2026, 1, 1, tzinfo=UTC))


@given(
    zone=st.sampled_from(ZONES),
    days=st.sets(st.sampled_from("1234567"), min_size=1).map(lambda days: "".join(sorted(days))),
    at=st.times().map(lambda at: at.replace(microsecond=0)),
    after=st.integers(0, 7 * 365 * 86400).map(lambda after: START + timedelta(seconds=after)),
)
def test_the_next_run_is_later_and_none_lies_between(
    zone: str, days: str, at: time, after: datetime
) -> None:
    following = rules.next_run(days, at, zone, after=after)
    assert following > after
    assert following - after <= timedelta(days=7, hours=2)
    middle = after + (following - after) / 2
    assert rules.next_run(days, at, zone, after=middle) == following


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (40, 60)]
)
def test_waiting_doubles_up_to_a_minute_with_full_jitter(attempt: int, longest: int) -> None:
    assert rules.backoff(attempt, share=0.0) == timedelta(0)
    assert rules.backoff(attempt, share=0.5) == timedelta(seconds=longest / 2)
    assert rules.backoff(attempt, share=1.0) == timedelta(seconds=longest)


def test_a_lost_worker_is_noticed_within_a_minute() -> None:
    assert rules.LEASE.total_seconds() < 60
    assert rules.HEARTBEAT * 3 <= rules.LEASE
