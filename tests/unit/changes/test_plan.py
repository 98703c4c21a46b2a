from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from rollbook.changes.plan import (
    canonical,
    counts_by_school,
    counts_of,
    diff,
    only_additions_and_updates,
    touched_cells,
    with_defaults,
)
from rollbook.changes.types import PlanTable, TableChanges

PETS = PlanTable(
    "pets",
    "pet",
    {
        "uuid": "uuid",
        "name": "text",
        "home_id": "integer",
        "born_on": "date",
        "is_active": "boolean",
    },
)
CURRENT = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "uuid": ["u1", "u2", "u3"],
        "name": ["Ann", "Bo", "Cy"],
        "home_id": [7, 7, 8],
        "born_on": [date(2020, 1, 1), None, None],
        "is_active": [True, True, False],
    }
)


def pets(**more: Any) -> list[dict[str, Any]]:
    keys = more.pop("keys", ["name"])
    incoming = pl.DataFrame(more.pop("incoming"), infer_schema_length=None)
    return diff(PETS, CURRENT, incoming, key_columns=keys, **more).to_dicts()


def row(id: int, action: str, **cells: Any) -> dict[str, Any]:
    head = {"id": id, "action": action, "school_id": None, "line": None, "file": None, "why": ""}
    return {**head, **cells}


def test_only_the_cells_that_the_source_speaks_of_change() -> None:
    assert pets(incoming=[{"name": "Ann", "home_id": 9}, {"name": "Bo", "home_id": 7}]) == [
        row(1, "update", **{"before.home_id": 7, "after.home_id": 9})
    ]


def test_a_move_is_an_update_of_the_column_that_says_where() -> None:
    found = pets(
        incoming=[{"name": "Ann", "home_id": 9}], move_column="home_id", school_column="home_id"
    )
    assert found == [row(1, "move", **{"before.home_id": 7, "after.home_id": 9}) | {"school_id": 9}]


def test_what_is_active_again_is_reactivated() -> None:
    assert pets(incoming=[{"name": "Cy", "is_active": True}]) == [
        row(3, "reactivate", **{"before.is_active": False, "after.is_active": True})
    ]


def test_what_is_absent_is_archived_once_with_what_goes_with_it() -> None:
    end = {"born_on": date(2026, 6, 5)}
    assert pets(incoming=[{"name": "Ann"}], absent="archive", on_archive=end) == [
        row(
            2,
            "archive",
            **{
                "before.born_on": None,
                "after.born_on": date(2026, 6, 5),
                "before.is_active": True,
                "after.is_active": False,
            },
        )
    ]


def test_new_records_take_ids_and_keep_where_they_came_from() -> None:
    incoming = [
        {"name": "Zed", "home_id": 7, "line": 5, "file": "pets.csv", "why": "new"},
        {"name": "Dot", "home_id": 8, "line": 9, "file": "pets.csv", "why": "new"},
    ]
    found = pets(incoming=incoming, take_ids=lambda count: 100 * count, school_column="home_id")
    assert [(r["id"], r["action"], r["school_id"], r["line"], r["after.name"]) for r in found] == [
        (200, "add", 8, 9, "Dot"),
        (201, "add", 7, 5, "Zed"),
    ]


def test_new_records_without_ids_are_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="take_ids"):
        pets(incoming=[{"name": "Dot"}])


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ({"id": [1, 1], "action": ["add", "add"]}, "one row per id"),
        ({"id": [1], "action": ["steal"]}, "not actions"),
        ({"id": [1], "action": ["add"], "after.wings": [2]}, "after.wings"),
    ],
)
def test_a_frame_that_is_no_plan_is_refused(frame: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        canonical(TableChanges(PETS, pl.DataFrame(frame)))


def test_additions_are_completed_with_empty_text_and_fresh_uuids_only() -> None:
    frame = pl.DataFrame(
        {
            "id": [1, 2],
            "action": ["add", "update"],
            "before.name": [None, "Bo"],
            "after.name": [None, "B"],
        }
    )
    filled = canonical(with_defaults(TableChanges(PETS, frame), lambda: "fresh")).frame
    assert filled.select("after.uuid", "after.name").rows() == [("fresh", ""), (None, "B")]
    assert [c for c in filled.columns if c.startswith("after.")] == ["after.uuid", "after.name"]


def test_counts_and_cells() -> None:
    frame = pl.DataFrame(
        {
            "id": [1, 2, 3],
            "action": ["update", "archive", "update"],
            "school_id": [7, 7, None],
            "before.name": ["a", None, "c"],
            "after.name": ["b", None, "d"],
            "before.is_active": [None, True, None],
            "after.is_active": [None, False, None],
        }
    )
    changes = [canonical(TableChanges(PETS, frame))]
    assert counts_of(changes) == {"pets": {"archive": 1, "update": 2}}
    assert counts_by_school(changes) == {
        "pets": {None: {"archive": 1, "update": 2}, 7: {"archive": 1, "update": 1}}
    }
    assert touched_cells(changes).rows() == [
        ("pets", 1, "name"),
        ("pets", 2, "is_active"),
        ("pets", 3, "name"),
    ]
    assert only_additions_and_updates(changes)[0].frame["id"].to_list() == [1, 3]
