"""What group files are judged against, and what their list asks of the database."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.assessments.layouts import SHIPPED_SUBJECTS
from rollbook.groups.queries.imports import import_list, reading_of_import
from rollbook.groups.queries.world import SUBJECTS
from rollbook.people.models import Staff
from tests.db.groups.test_imports import sent
from tests.factories.accounts import EVERYTHING, account, grant, scope_with
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def places(settings: LazySettings, tmp_path: Path) -> SmallState:
    settings.FILES_ROOT = tmp_path
    return small_state()


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_asks_the_database_as_often_for_many(places: SmallState, count: int) -> None:
    for number in range(count):
        sent(f"G{number},0101,2027,,N1,")
    with CaptureQueriesContext(connection) as queries:
        assert len(import_list(EVERYTHING).items) == count
    assert len(queries) == 2


def test_addresses_of_accounts_and_of_the_districts_staff_are_known(places: SmallState) -> None:
    grant(account("boss@example.org"), "test_coordinator", places.north_high)
    grant(account("gone@example.org", is_active=False), "teacher", places.north_high)
    Staff.objects.create(district=places.north, email="Teach@example.org")
    Staff.objects.create(district=places.south, email="south@example.org")
    names = ("Boss", "gone", "teach", "south", "typo")
    north = scope_with("district_admin", places.north)
    made = sent(*(f"G,0101,2027,,,{name}@example.org" for name in names), scope=north)
    found = reading_of_import(north, made.uuid).findings
    told = {finding.value for finding in found if finding.code == "GRP-213"}
    assert told == {"gone@example.org", "south@example.org", "typo@example.org"}


def test_the_subjects_of_files_are_those_of_assessments() -> None:
    assert tuple(subject.code for subject in SHIPPED_SUBJECTS) == SUBJECTS
