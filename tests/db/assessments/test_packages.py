"""Assessment packages on their way in, and assessments that only results know."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollbook.assessments.actions import (
    MayNotLoadAssessments,
    load_packages,
    register_provisional,
)
from rollbook.assessments.models import Assessment as AssessmentRecord
from rollbook.assessments.queries import (
    NotSignedIn,
    assessments_by_id,
    known_assessments,
    levels_of,
    subject_of,
    type_of,
)
from rollbook.assessments.types import Assessment
from rollbook.audit.models import AuditEntry
from rollbook.generator.generate import write_state
from rollbook.shared.scope import Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, scope_with
from tests.factories.places import small_state

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = tmp_path_factory.mktemp("state") / "state"
    write_state(out, students=300, districts=1, seed=1, years=1, xml=0)
    return sorted((out / "assessments").glob("*.csv"))[:2]


def provisional(key: str = "SUM-ELA-05") -> Assessment:
    return Assessment(
        id=key, name=key, subject="ELA", grade="05", type="sum", label=key, school_year=2026
    )


def test_packages_are_loaded_with_their_items(packages: list[Path]) -> None:
    loaded = load_packages(EVERYTHING, packages, by=BY, now=NOW)
    known = known_assessments(EVERYTHING)
    assert loaded.created_count == len(known) == AssessmentRecord.objects.count() > 0
    assert loaded.updated_count == 0
    items = sum(record.items.count() for record in AssessmentRecord.objects.all())
    assert loaded.item_count == items > 0
    entry = AuditEntry.objects.get(action="load_packages")
    assert entry.detail == {"created": len(known), "updated": 0, "items": items}


def test_loading_the_same_packages_again_changes_nothing(packages: list[Path]) -> None:
    first = load_packages(EVERYTHING, packages, by=BY, now=NOW)
    rows = list(AssessmentRecord.objects.order_by("pk").values_list())
    again = load_packages(EVERYTHING, packages, by=BY, now=NOW)
    assert (again.created_count, again.updated_count) == (0, first.created_count)
    assert list(AssessmentRecord.objects.order_by("pk").values_list()) == rows


def test_a_package_takes_the_place_of_a_provisional_assessment(packages: list[Path]) -> None:
    load_packages(EVERYTHING, packages, by=BY, now=NOW)
    key = AssessmentRecord.objects.order_by("pk")[0].natural_id
    AssessmentRecord.objects.all().delete()
    assert register_provisional([provisional(key)], by=BY, now=NOW) == 1
    assert (key in known_assessments(EVERYTHING), key in assessments_by_id(EVERYTHING, [key])) == (
        False,
        True,
    )
    load_packages(EVERYTHING, packages, by=BY, now=NOW)
    assert not AssessmentRecord.objects.get(natural_id=key).is_provisional


def test_a_provisional_assessment_never_replaces_a_described_one(packages: list[Path]) -> None:
    load_packages(EVERYTHING, packages, by=BY, now=NOW)
    before = AssessmentRecord.objects.order_by("pk").values()[0]
    assert register_provisional([provisional(before["natural_id"])], by=BY, now=NOW) == 0
    assert AssessmentRecord.objects.order_by("pk").values()[0] == before


def test_a_provisional_assessment_is_registered_once() -> None:
    counts = [register_provisional([provisional()], by=BY, now=NOW) for _ in range(2)]
    assert counts == [1, 0]


def test_only_the_installation_loads_packages(packages: list[Path]) -> None:
    for scope in (
        Scope.nobody(on=ON),
        scope_with("district_admin", small_state().north),
    ):
        with pytest.raises(MayNotLoadAssessments):
            load_packages(scope, packages, by=BY, now=NOW)
    assert not AssessmentRecord.objects.exists()


def test_assessments_are_told_to_whoever_is_signed_in() -> None:
    register_provisional([provisional()], by=BY, now=NOW)
    reader = scope_with("school_admin", small_state().north_high)
    assert assessments_by_id(reader, ["SUM-ELA-05", "none"])["SUM-ELA-05"].subject == "ELA"
    for read in (known_assessments, lambda scope: assessments_by_id(scope, ["SUM-ELA-05"])):
        with pytest.raises(NotSignedIn):
            read(Scope.nobody(on=ON))


def test_what_rollbook_ships_of_a_subject() -> None:
    assert subject_of("ELA") is not None
    assert len(levels_of("ELA", "sum")) == 4
    assert (levels_of("Alchemy", "sum"), type_of("Alchemy", "sum")) == ((), None)
