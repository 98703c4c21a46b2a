"""Result files on their way into the lake."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.assessments.models import Assessment
from rollbook.audit.models import AuditEntry
from rollbook.changes.models import ChangePlan
from rollbook.lake.tables import Lake
from rollbook.people.models import Student
from rollbook.results.actions.publish import MayNotSendResults
from rollbook.results.layouts import LAKE_TABLES, RESULTS
from rollbook.results.models import ResultIntake
from rollbook.results.queries.intakes import ResultIntakeNotFound, get_intake, intake_page
from rollbook.results.queries.store import lake
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from tests.db.results import given
from tests.db.results.given import SSID, codes, keys, package, published, stored
from tests.factories.accounts import reader_of, scope_with

pytestmark = pytest.mark.django_db


def test_results_are_published_with_their_school_district_and_student(tmp_path: Path) -> None:
    places = given.state()
    intake = published(package(tmp_path, scores=[{}], items=[{}]))
    (student,) = Student.objects.all()
    assert (intake.status, intake.counts["accepted"], codes(intake)) == (
        "published",
        1,
        ["RES-502"],
    )
    place = (student.pk, places.north_high.pk, places.north.pk)
    for table in LAKE_TABLES:
        assert keys(table.name, "student_id", "school_id", "district_id") == [place]
    assert keys("results", "opportunity_id", "scale_score", "performance_level") == [
        ("1001", 2511, 3)
    ]
    assert intake.organization_id == places.north.pk


def test_the_same_bytes_again_are_a_recorded_no_op(tmp_path: Path) -> None:
    given.state()
    path = package(tmp_path)
    first = published(path)
    versions = {table.name: lake().version(table) for table in LAKE_TABLES}
    entries = AuditEntry.objects.count()
    again = published(path.rename(tmp_path / "again.zip"))
    assert again.pk == first.pk
    assert {table.name: lake().version(table) for table in LAKE_TABLES} == versions
    assert (ResultIntake.objects.count(), AuditEntry.objects.count()) == (1, entries)


def test_nobody_without_the_right_sends_results(tmp_path: Path) -> None:
    places = given.state()
    reader = reader_of(places.north, permission=Permission.INDIVIDUAL_PII_READ)
    with pytest.raises(MayNotSendResults):
        published(package(tmp_path), reader)
    assert not ResultIntake.objects.exists()


def test_an_unknown_school_is_told_once_with_its_weight_as_res_501(tmp_path: Path) -> None:
    given.state()
    lost = [{"SchoolIdentifier": "9999", "OpportunityIdentifier": str(n)} for n in range(3)]
    intake = published(package(tmp_path, {}, *lost))
    assert sorted(codes(intake)) == ["RES-501", "RES-502"]
    assert keys("results", "opportunity_id") == [("1001",)]


def test_a_file_without_any_known_school_is_refused(tmp_path: Path) -> None:
    given.state()
    intake = published(package(tmp_path, {"SchoolIdentifier": "9999"}))
    assert (intake.status, intake.verdict) == ("refused", "error")
    assert keys("results", "opportunity_id") == []


def test_a_refused_file_is_tried_again_when_it_is_sent_again(tmp_path: Path) -> None:
    places = given.state()
    path = package(tmp_path, {"SchoolIdentifier": "0109"})
    refused = published(path)
    places.north_high.natural_id = "0109"
    places.north_high.save()
    intake = published(path)
    assert (intake.pk, intake.status) == (refused.pk, "published")


def test_a_school_of_another_district_is_unknown_to_a_district(tmp_path: Path) -> None:
    places = given.state()
    intake = published(package(tmp_path), scope_with("district_admin", places.south))
    assert (intake.status, codes(intake)) == ("refused", ["RES-501"])


def test_an_assessment_without_a_package_is_registered_and_told_as_res_502(tmp_path: Path) -> None:
    given.state()
    intake = published(package(tmp_path, {}, {"OpportunityIdentifier": "1002"}))
    assert codes(intake) == ["RES-502"]
    (known,) = Assessment.objects.all()
    assert (known.natural_id, known.subject, known.grade, known.is_provisional) == (
        "SUM-ELA-05",
        "ELA",
        "05",
        True,
    )
    assert codes(published(package(tmp_path, {"OpportunityIdentifier": "1003"}))) == []


def test_unknown_students_are_added_by_a_plan_and_told_as_res_503(tmp_path: Path) -> None:
    places = given.state()
    stranger = {"StudentIdentifier": "9000000002", "GradeLevelWhenAssessed": "05"}
    later = {"LastOrSurname": "Elm", "DateCompleted": "2026-05-01T10:00:00Z"}
    rows = [
        stranger | {"OpportunityIdentifier": "2001"},
        stranger | later | {"OpportunityIdentifier": "2002"},
    ]
    intake = published(package(tmp_path, {}, *rows))
    assert codes(intake) == ["RES-503", "RES-502"]
    added = Student.objects.get(ssid="9000000002")
    assert (added.district_id, added.last_name, added.grade, added.source) == (
        places.north.pk, "Elm", "05", ""
    )  # fmt: skip
    assert str(added.birth_date) == "2014-03-05"
    assert [n for (n,) in keys("results", "student_id")].count(added.pk) == 2
    (plan,) = ChangePlan.objects.all()
    assert (plan.status, plan.counts) == ("committed", {"students": {"add": 1}})


def test_a_local_id_names_a_student_of_the_district(tmp_path: Path) -> None:
    places = given.state()
    here = given.student(places.north, "", local_id="77")
    given.student(places.south, "", local_id="77")
    intake = published(package(tmp_path, {"StudentIdentifier": "77"}))
    assert codes(intake) == ["RES-502"]
    assert keys("results", "student_id") == [(here.pk,)]


def test_an_id_that_fits_two_students_is_told_as_res_504(tmp_path: Path) -> None:
    places = given.state()
    given.student(places.north, "", local_id="77")
    given.student(places.north, "", local_id="77")
    twice = {"StudentIdentifier": "77", "OpportunityIdentifier": "1002"}
    intake = published(package(tmp_path, {}, twice))
    assert codes(intake) == ["RES-504", "RES-502"]
    assert keys("results", "opportunity_id") == [("1001",)]
    assert Student.objects.count() == 3


def test_a_state_id_wins_over_another_students_local_id(tmp_path: Path) -> None:
    places = given.state()
    given.student(places.north, "", local_id=SSID)
    published(package(tmp_path))
    assert keys("results", "student_id") == [(Student.objects.get(ssid=SSID).pk,)]


PARTS = {"scores": [{}, {"Code": "SOCK_LS"}], "items": [{}, {"ItemIdentifier": "200-2"}]}


def test_a_correction_replaces_the_result_its_scores_and_its_items(tmp_path: Path) -> None:
    given.state()
    published(package(tmp_path, **PARTS))
    published(
        package(tmp_path, {"ScaleScore": "2600"}, scores=[{"PerformanceLevel": "3"}], items=[{}])
    )
    assert keys("results", "scale_score") == [(2600,)]
    assert keys("subscores", "code", "performance_level") == [("SOCK_R", 3)]
    assert keys("item_responses", "item_id") == [("200-1",)]


def test_a_correction_may_change_the_year(tmp_path: Path) -> None:
    given.state()
    published(package(tmp_path, scores=[{}]))
    intake = published(
        package(tmp_path, {"SchoolYear": "2025", "DateCompleted": "2025-04-14T10:31:00Z"})
    )
    assert intake.status == "published"
    assert keys("results", "school_year", "opportunity_id") == [(2025, "1001")]
    assert keys("subscores", "school_year") == []


def test_another_assessments_opportunity_of_the_same_number_stays(tmp_path: Path) -> None:
    given.state()
    other = {"AssessmentIdentifier": "SUM-ELA-04", "AssessmentGrade": "04"}
    score = {"AssessmentIdentifier": "SUM-ELA-04"}
    published(package(tmp_path, {}, other, scores=[{}, score], items=[{}, score]))
    published(package(tmp_path, {"ScaleScore": "2600"}))
    assert keys("results", "assessment_id") == [("SUM-ELA-04",), ("SUM-ELA-05",)]
    assert keys("subscores", "assessment_id") == [("SUM-ELA-04",)]
    assert keys("item_responses", "assessment_id") == [("SUM-ELA-04",)]


def test_a_reset_removes_the_result_and_its_parts_and_no_other(tmp_path: Path) -> None:
    given.state()
    other = {"OpportunityIdentifier": "1002"}
    published(package(tmp_path, {}, other, scores=[{}, other], items=[{}, other]))
    intake = published(package(tmp_path, {"Status": "reset"}))
    assert intake.status == "published"
    for table in LAKE_TABLES:
        assert keys(table.name, "opportunity_id") == [("1002",)]


def test_a_reset_of_a_stranger_adds_nobody(tmp_path: Path) -> None:
    given.state()
    published(package(tmp_path, {"Status": "reset", "StudentIdentifier": "9000000002"}))
    assert Student.objects.count() == 1


@pytest.mark.parametrize("status", ["reset", "scored"])
def test_results_of_another_district_are_not_replaced_as_res_505(
    tmp_path: Path, status: str
) -> None:
    places = given.state()
    published(package(tmp_path, scores=[{}]))
    before = stored()
    theirs = {"SchoolIdentifier": "0201", "Status": status}
    fresh = {"SchoolIdentifier": "0201", "OpportunityIdentifier": "1002"}
    path = package(tmp_path, theirs, fresh)
    intake = published(path, scope_with("district_admin", places.south))
    assert codes(intake) == ["RES-505"]
    after = stored()
    assert after["subscores"].equals(before["subscores"])
    assert after["results"].filter(opportunity_id="1001").equals(before["results"])
    assert after["results"]["opportunity_id"].to_list() == ["1001", "1002"]


class Interrupted(Exception):
    pass


def steps(monkeypatch: pytest.MonkeyPatch, *, fails_at: int, after: bool) -> list[str]:
    """Fail at one write into the lake, before or after it; the list tells which were made."""
    made: list[str] = []

    def failing(name: str) -> None:
        real = getattr(Lake, name)

        def write(self: Lake, table: object, *values: object, **more: object) -> object:
            made.append(name)
            is_last = len(made) == fails_at
            if is_last and not after:
                raise Interrupted
            result = real(self, table, *values, **more)
            if is_last:
                raise Interrupted
            return result

        monkeypatch.setattr(Lake, name, write)

    for name in ("upsert", "retract_rows"):
        failing(name)
    return made


@pytest.mark.parametrize("is_correction", [False, True])
@pytest.mark.parametrize("after", [False, True])
def test_a_publish_cut_off_at_any_step_is_finished_by_the_same_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_correction: bool, after: bool
) -> None:
    given.state()
    stranger = {"StudentIdentifier": "9000000002", "OpportunityIdentifier": "1002"}

    def send(round_: int, *, fails: bool) -> None:
        first = {"OpportunityIdentifier": f"{round_}"}
        reset = {"OpportunityIdentifier": f"{round_}-gone"}
        old = [{}, {"Code": "SOCK_LS"}]
        if is_correction:
            parts = [first | row for row in old]
            published(package(tmp_path, first, reset, scores=[*parts, reset], items=[first, reset]))
        path = package(
            tmp_path,
            first | {"ScaleScore": "2600"},
            reset | {"Status": "reset"},
            stranger | {"OpportunityIdentifier": f"{round_}-new"},
            scores=[first],
            items=[first],
            name="second.zip",
        )
        if fails:
            with monkeypatch.context() as patch:
                steps(patch, fails_at=round_, after=after)
                with pytest.raises(Interrupted):
                    published(path)
            assert ResultIntake.objects.filter(status="publishing").exists()
        assert published(path).status == "published"
        scores = dict(keys("results", "opportunity_id", "scale_score"))
        assert {key: score for key, score in scores.items() if key.startswith(f"{round_}")} == {
            f"{round_}": 2600,
            f"{round_}-new": 2511,
        }
        for table in ("subscores", "item_responses"):
            kept = [key for (key,) in keys(table, "opportunity_id") if key.startswith(f"{round_}")]
            assert kept == [f"{round_}"]

    with monkeypatch.context() as patch:
        made = steps(patch, fails_at=0, after=after)
        send(9, fails=False)
    first_publish = 3 if is_correction else 0
    for step in range(1, len(made) - first_publish + 1):
        send(step, fails=True)


def test_publishing_takes_as_many_queries_for_one_result_as_for_thirty(tmp_path: Path) -> None:
    given.state()
    published(package(tmp_path))
    spent = []
    for count in (1, 30):
        rows = [
            {"OpportunityIdentifier": f"{count}-{n}", "StudentIdentifier": f"8{count:04}{n:05}"}
            for n in range(count)
        ]
        path = package(tmp_path, *rows)
        with CaptureQueriesContext(connection) as queries:
            published(path)
        spent.append(len(queries))
    assert spent[0] == spent[1]


def test_an_intake_is_seen_by_its_district_and_its_sender(tmp_path: Path) -> None:
    places = given.state()
    intake = published(package(tmp_path))
    north, south = (
        reader_of(place, permission=Permission.DATA_WRITE) for place in (places.north, places.south)
    )
    assert get_intake(north, intake.uuid) == intake
    with pytest.raises(ResultIntakeNotFound):
        get_intake(south, intake.uuid)
    page = PageRequest(number=1, size=10)
    assert intake_page(north, page).total_count == 1
    assert intake_page(south, page).total_count == 0


def test_a_publish_is_audited_without_names(tmp_path: Path) -> None:
    given.state()
    published(package(tmp_path))
    entry = AuditEntry.objects.get(action="publish_results")
    assert entry.detail == {"status": "published", "verdict": "warning", "results": 1}


OLDER = {"StatusDate": "2026-04-01T00:00:00Z", "ScaleScore": "2400"}


@pytest.mark.parametrize("status", ["scored", "reset"])
def test_an_older_version_changes_nothing_and_is_told_as_res_506(
    tmp_path: Path, status: str
) -> None:
    given.state()
    published(package(tmp_path, {}, scores=[{}], items=[{}]))
    versions = [lake().version(table) for table in LAKE_TABLES]
    intake = published(package(tmp_path, OLDER | {"Status": status}, name="late.zip"))
    assert (intake.status, intake.verdict) == ("published", "warning")
    assert codes(intake) == ["RES-506"]
    assert (intake.counts["accepted"], intake.counts["unchanged"]) == (0, 1)
    assert [lake().version(table) for table in LAKE_TABLES] == versions
    assert keys("results", "scale_score") == [(2511,)]


def test_what_has_not_changed_is_told_once_as_res_507_and_the_rest_is_published(
    tmp_path: Path,
) -> None:
    given.state()
    rows = [{"OpportunityIdentifier": str(number)} for number in range(4)]
    published(package(tmp_path, *rows, scores=rows, items=rows))
    # One has another score, one another claim, one another item, one nothing new.
    results = [rows[0] | {"ScaleScore": "2600"}, *rows[1:]]
    scores = [rows[0], rows[1] | {"PerformanceLevel": "1"}, *rows[2:]]
    items = [*rows[:2], rows[2] | {"Response": "B"}, rows[3]]
    again = published(package(tmp_path, *results, scores=scores, items=items, name="again.zip"))
    assert codes(again) == ["RES-507"]
    assert (again.counts["accepted"], again.counts["unchanged"]) == (3, 1)
    kept = lake().scan(RESULTS).collect()
    ours = set(kept.filter(intake_id=again.sha256)["opportunity_id"])
    assert ours == {"0", "1", "2"}
    assert dict(keys("subscores", "opportunity_id", "performance_level"))["1"] == 1
    assert dict(keys("item_responses", "opportunity_id", "response"))["2"] == "B"


def test_the_rest_of_an_intake_is_published_when_a_roster_has_named_its_school(
    tmp_path: Path,
) -> None:
    places = given.state()
    late = {"SchoolIdentifier": "0109", "OpportunityIdentifier": "2"}
    path = package(tmp_path, {}, late, scores=[{}, late], items=[{}, late])
    first = published(path)
    published(package(tmp_path, {"ScaleScore": "2600", "StatusDate": ""}, name="correction.zip"))
    assert published(path).counts == first.counts
    assert keys("results", "opportunity_id") == [("1001",)]
    places.south_high.natural_id = "0109"
    places.south_high.save()
    intake = published(path)
    assert (intake.pk, intake.verdict) == (first.pk, "warning")
    assert (intake.counts["accepted"], intake.counts["rejected"]) == (2, 0)
    # What was published before, and corrected since, stays as it is.
    assert dict(keys("results", "opportunity_id", "scale_score")) == {"1001": 2600, "2": 2511}
    assert [key for (key,) in keys("subscores", "opportunity_id")] == ["2"]
    versions = [lake().version(table) for table in LAKE_TABLES]
    assert published(path).counts == intake.counts
    assert [lake().version(table) for table in LAKE_TABLES] == versions
