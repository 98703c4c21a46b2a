"""A file with a hole: a class is lost on the way, and its enrollments still name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollbook.people.models import Class, Enrollment, Student
from tests.db.roster.given import bundle, codes, loaded, preflight

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.mark.parametrize("hole", ["-classes[1]", "-users[1]", "1.1 ; -users[1]", "-orgs[2]"])
def test_what_rows_left_out_still_name_stays_until_the_file_is_whole(
    tmp_path: Path, hole: str
) -> None:
    version = "1.1" if "1.1" in hole else "1.2"
    loaded(tmp_path, version)
    holed = preflight(bundle(tmp_path, hole))
    assert (holed.status, holed.plan) == ("unchanged", None)
    assert {"ROS-301", "ROS-609"} <= set(codes(holed))
    again = preflight(bundle(tmp_path, hole))
    assert "ROS-609" in codes(again)
    whole = preflight(bundle(tmp_path, version))
    assert (whole.status, codes(whole)) == ("unchanged", [])


def test_a_class_that_is_gone_from_every_file_leaves(tmp_path: Path) -> None:
    loaded(tmp_path)
    gone = preflight(bundle(tmp_path, "-classes[1] ; -enrollments[3] ; -enrollments[1]"))
    assert gone.plan is not None and "ROS-609" not in codes(gone)
    assert {table: counts.get("archive") for table, counts in gone.plan.counts.items()} == {
        "classes": 1,
        "enrollments": 2,
    }
    # What stays in the tests above could have left.
    assert (Class.objects.count(), Enrollment.objects.count()) == (2, 4)
    assert Student.objects.count() == 2
