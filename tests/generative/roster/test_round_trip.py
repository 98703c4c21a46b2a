"""The law of giving back: a clean roster of places comes out of Rollbook as it went in."""

from __future__ import annotations

import string
import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rollbook.roster.layouts import LAYOUTS
from rollbook.roster.plan.held import held_from
from rollbook.roster.sources.oneroster_csv import check_file, read_bundle
from rollbook.roster.sources.packing import RosterTables
from rollbook.roster.targets.oneroster_csv import roster_files
from rollbook.roster.types import BundleResult, Profile
from rollbook.shared.grades import GRADE_CODES
from tests.factories.rosters import SOURCE, Installation, actions

Row = dict[str, str]
Files = dict[str, list[Row]]

laws = settings(max_examples=12)  # plans of two rosters each, a third of a second apiece
versions = st.sampled_from(["1.1", "1.2"])
KINDS = ("school", "school", "district", "local", "state", "national")
SESSIONS = ("schoolYear", "semester", "term", "gradingPeriod")
# What a spreadsheet would run, what a file must quote, what a wrong encoding would lose.
texts = st.text(
    st.sampled_from(string.ascii_letters + string.digits + " =+-@'\",;Zoë学"),
    min_size=1,
    max_size=9,
).map(str.strip)
titles = texts.filter(bool)
keys = st.text(st.sampled_from("aB1./@_-"), min_size=1, max_size=4)
lists = st.lists(texts.map(lambda text: text.replace(",", "").strip()).filter(bool), max_size=3)
days = st.dates(date(2026, 7, 1), date(2027, 6, 30))


def listed(items: list[str]) -> str:
    return ",".join(items)


@st.composite
def places(draw: st.DrawFn, *, fewest: int = 0) -> Files:
    """Draw orgs, sessions, courses and classes, each naming only what is there."""
    orgs = draw(st.lists(keys, min_size=1, max_size=4, unique=True))
    terms = draw(st.lists(keys, min_size=1, max_size=4, unique=True))
    courses = draw(st.lists(keys, min_size=fewest, max_size=3, unique=True))
    classes = draw(st.lists(keys, min_size=fewest, max_size=3, unique=True)) if courses else []
    return {
        "orgs": [_org(draw, key, orgs[:n]) for n, key in enumerate(orgs)],
        "academicSessions": [_session(draw, key, terms[:n]) for n, key in enumerate(terms)],
        "courses": [_course(draw, key, orgs, terms[:1]) for key in courses],
        "classes": [_class(draw, key, orgs, terms, courses) for key in classes],
    }


def _maybe(draw: st.DrawFn, among: list[str]) -> str:
    return draw(st.sampled_from(["", *among]))


def _org(draw: st.DrawFn, key: str, above: list[str]) -> Row:
    return {
        "sourcedId": key,
        "name": draw(titles),
        "type": draw(st.sampled_from(KINDS)),
        "identifier": draw(texts),
        "parentSourcedId": _maybe(draw, above),
    }


def _session(draw: st.DrawFn, key: str, above: list[str]) -> Row:
    starts_on = draw(days)
    return {
        "sourcedId": key,
        "title": draw(titles),
        "type": draw(st.sampled_from(SESSIONS)) if above else "schoolYear",
        "startDate": str(starts_on),
        "endDate": str(starts_on + timedelta(days=draw(st.integers(1, 300)))),
        "parentSourcedId": _maybe(draw, above),
        "schoolYear": draw(st.sampled_from(["2026", "2027"])),
    }


def _course(draw: st.DrawFn, key: str, orgs: list[str], terms: list[str]) -> Row:
    return {
        "sourcedId": key,
        "schoolYearSourcedId": _maybe(draw, terms),
        "title": draw(titles),
        "courseCode": draw(texts),
        "grades": listed(draw(st.lists(st.sampled_from(sorted(GRADE_CODES)), max_size=3))),
        "orgSourcedId": draw(st.sampled_from(orgs)),
        "subjects": listed(draw(lists)),
        "subjectCodes": listed(draw(lists)),
    }


def _class(draw: st.DrawFn, key: str, orgs: list[str], terms: list[str], courses: list[str]) -> Row:
    return {
        "sourcedId": key,
        "title": draw(titles),
        "grades": listed(draw(st.lists(st.sampled_from(sorted(GRADE_CODES)), max_size=3))),
        "courseSourcedId": draw(st.sampled_from(courses)),
        "classCode": draw(texts),
        "classType": draw(st.sampled_from(["homeroom", "scheduled"])),
        "location": draw(texts),
        "schoolSourcedId": draw(st.sampled_from(orgs)),
        "termSourcedIds": listed(draw(st.permutations(terms))[: draw(st.integers(1, 3))]),
        "subjects": listed(draw(lists)),
        "subjectCodes": listed(draw(lists)),
        "periods": listed(draw(lists)),
    }


def packed(files: Mapping[str, list[Row]], version: str, path: Path) -> BundleResult:
    tables = RosterTables(version)
    for file, rows in files.items():
        tables.add(file, rows)
    tables.write(path, mode="bulk", system="a system")
    return check_file(path, profile=Profile.STRICT)


def given_back(here: Installation, version: str, path: Path) -> bytes:
    held = held_from(here.state, here.state["student aliases"], key=SOURCE)
    tables = RosterTables(version)
    for file, frame in roster_files(held, version=version).items():
        tables.add_frame(file, frame)
    tables.write(path, mode="bulk", system="a system")
    return path.read_bytes()


def cells(path: Path) -> dict[str, pl.DataFrame]:
    tables = read_bundle(path).tables
    return {file: tables[file].frame.drop("_line").sort("sourcedId") for file in tables}


@laws
@given(places(), versions)
def test_a_clean_roster_of_places_comes_out_as_it_went_in(files: Files, version: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sent, back = Path(folder) / "sent.zip", Path(folder) / "back.zip"
        result = packed(files, version, sent)
        assume(result.report.verdict != "error")
        here = Installation()
        assert result.frames is not None
        here.load(result.frames)
        given_back(here, version, back)
        came, went = cells(back), cells(sent)
        assert {file: frame.rows() for file, frame in came.items()} == {
            file: frame.rows() for file, frame in went.items()
        }
        # Written by one writer, so that equal cells are equal bytes.
        assert back.read_bytes() == sent.read_bytes()
        assert all(came[file].columns == list(LAYOUTS[version][file].header) for file in came)


@laws
@given(places(fewest=1), places(fewest=1), versions)
def test_what_is_given_back_changes_nothing_and_neither_does_sending_again(
    first: Files, second: Files, version: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Installation()
        for files in (first, second):
            result = packed(files, version, Path(folder) / "sent.zip")
            assume(result.report.verdict != "error")
            assert result.frames is not None
            here.load(result.frames)
        assert actions(here.plan(result.frames)) == {}
        again = Path(folder) / "back.zip"
        assert given_back(here, version, again) == (Path(folder) / "sent.zip").read_bytes()
        back = check_file(again, profile=Profile.STRICT)
        assert back.frames is not None
        assert actions(here.plan(back.frames)) == {}
