"""A law of holes: whatever rows are lost on the way, nobody leaves whom a row left out names."""

from __future__ import annotations

import csv
import io
import zipfile
from functools import cache

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rollbook.roster.layouts import LAYOUTS
from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import BundleResult, Profile, merged_names
from tests.factories.rosters import Installation
from tests.spec.roster.given import Bundle, good_bundle

FILES = ("orgs", "academicSessions", "courses", "classes", "users", "roles", "enrollments")
ROWS = st.tuples(st.sampled_from(FILES), st.integers(0, 3))
FRAMES = {"academicSessions": "sessions"}
FILE_OF = {
    "organizations": "orgs",
    "academic sessions": "academicSessions",
    "courses": "courses",
    "classes": "classes",
    "students": "users",
    "staff": "users",
    "enrollments": "enrollments",
}


def holed(version: str, holes: set[tuple[str, int]]) -> Bundle:
    bundle = good_bundle(version, is_whole=False)
    for file, rows in bundle.rows.items():
        bundle.rows[file] = [row for at, row in enumerate(rows) if (file, at) not in holes]
    return bundle


@cache
def loaded(version: str) -> Installation:
    here = Installation()
    result = check_file(good_bundle(version, is_whole=False).zip(), profile=Profile.LENIENT)
    assert result.frames is not None
    here.load(result.frames)
    return here


def said(bundle: Bundle, result: BundleResult) -> set[tuple[str, str]]:
    """Read in the files themselves which records the rows left out are, and name."""
    told: set[tuple[str, str]] = set()
    package = zipfile.ZipFile(io.BytesIO(bundle.zip()))
    for file, left in result.excluded.items():
        rows = list(csv.DictReader(io.StringIO(package.read(f"{file}.csv").decode())))
        for row in (rows[line - 2] for line in left.frame["_line"]):
            told.add((file, row["sourcedId"]))
            for column in LAYOUTS[bundle.version][file].columns:
                if column.refers_to:
                    told |= {(column.refers_to, name) for name in row[column.name].split(",")}
    return told


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["1.1", "1.2"]), st.sets(ROWS, max_size=5))
@example("1.1", {("orgs", 0), ("academicSessions", 0)})  # what was named was taken out first
def test_nothing_leaves_that_a_row_left_out_is_or_names(
    version: str, holes: set[tuple[str, int]]
) -> None:
    bundle = holed(version, holes)
    result = check_file(bundle.zip(), profile=Profile.LENIENT)
    if result.frames is None:
        return
    here = loaded(version)
    kept = {
        FRAMES.get(file, file): left.frame["sourced_id"] for file, left in result.excluded.items()
    }
    names = merged_names([left.names for left in result.excluded.values()])
    plan = here.plan(result.frames, kept=kept, named=names)
    gone = {
        (FILE_OF[change.table.name], key)
        for change in plan.changes
        if change.table.name in FILE_OF
        for key in change.frame.filter(pl.col("action") == "archive").join(
            here.state[change.table.name].select("id", key="sourced_id"), on="id"
        )["key"]
    }
    assert gone & said(bundle, result) == set()
    assert ("ROS-609" in [found.code for found in plan.findings]) <= bool(holes)
