"""The canary sings: each leak planted here, and nowhere else in the house, is found."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from rollbook.access import queries as access_queries
from rollbook.access import rules as access_rules
from rollbook.access.models import Account
from rollbook.extracts.queries import deliveries, files
from rollbook.groups.models import GroupUser
from rollbook.groups.queries import history as group_history
from rollbook.groups.queries import members
from rollbook.jobs.models import Job
from rollbook.lake.query import Condition
from rollbook.messages.models import Message
from rollbook.orgs.queries import within
from rollbook.people.models import LocalEdit, SchoolEnrollment, Student
from rollbook.people.queries import edits, students
from rollbook.results.models import ResultIntake
from rollbook.results.queries import history, intakes, visible
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.questions import TransferRequest
from rollbook.roster.queries import duplicates, readiness
from rollbook.roster.queries import intakes as roster_intakes
from rollbook.shared.scope import EVERYWHERE, Permission
from rollbook.web import home, identity, middleware
from rollbook.web import results as pages
from tests.canary.asking import Canary
from tests.canary.worlds import make_world

pytestmark = pytest.mark.django_db
Patch = pytest.MonkeyPatch


def everybody_sees_every_student(patch: Patch) -> None:
    patch.setattr(students, "students_in", lambda scope: Student.objects.all())


def dates_of_enrollment_do_not_matter(patch: Patch) -> None:
    patch.setattr(
        students, "enrolled_now", lambda scope: SchoolEnrollment.objects.filter(is_active=True)
    )


def archived_enrollments_count(patch: Patch) -> None:
    patch.setattr(students, "enrolled_now", lambda scope: SchoolEnrollment.objects.all())


def a_school_is_found_by_whoever_knows_its_id(patch: Patch) -> None:
    from rollbook.orgs.queries import get_organization

    def found(scope: Any, uuid: Any, *, permission: Permission) -> Any:
        everywhere = replace(scope, reach={permission: EVERYWHERE})
        return get_organization(everywhere, uuid, permission=permission)

    patch.setattr(pages, "get_organization", found)
    patch.setattr(visible, "at_school", lambda scope, school: Condition("school_id", "eq", school))


def all_results_of_a_student_come_with_one(patch: Patch) -> None:
    def everything(scope: Any, ids: Any, *, group_subjects: Any) -> Condition:
        return Condition("student_id", "in", frozenset(ids))

    patch.setattr(history, "of_students", everything)


def groups_show_every_subject(patch: Patch) -> None:
    patch.setattr(history, "group_subjects", lambda scope, ids: dict.fromkeys(ids))


def groups_of_other_years_count(patch: Patch) -> None:
    def every_group(login: str, on: Any) -> dict[int, int]:
        found = GroupUser.objects.filter(login=login)
        return dict(found.values_list("group_id", "group__school_id"))

    patch.setattr(middleware, "groups_of_login", every_group)


def groups_of_others_count(patch: Patch) -> None:
    def every_group(login: str, on: Any) -> dict[int, int]:
        return dict(GroupUser.objects.values_list("group_id", "group__school_id"))

    patch.setattr(middleware, "groups_of_login", every_group)


def roster_files_of_other_districts_open(patch: Patch) -> None:
    patch.setattr(roster_intakes, "intakes_in", lambda scope: Intake.objects.all())


def result_files_of_other_districts_open(patch: Patch) -> None:
    patch.setattr(intakes, "intakes_in", lambda scope: ResultIntake.objects.all())


def grants_never_end(patch: Patch) -> None:
    patch.setattr(access_queries, "_on", lambda grants, on: grants.filter(starts_on__lte=on))


def grants_begin_early(patch: Patch) -> None:
    patch.setattr(access_queries, "_on", lambda grants, on: grants)


def a_grant_reaches_its_district_too(patch: Patch) -> None:
    whole = access_queries._reaches

    def too_far(grants: Any) -> Any:
        return dict.fromkeys(whole(grants), EVERYWHERE)

    patch.setattr(access_queries, "_reaches", too_far)


def the_sandbox_withholds_nothing(patch: Patch) -> None:
    def all_of_them(code: str, *, is_sandbox: bool) -> frozenset[Permission]:
        return next(role.permissions for role in access_rules.ROLES if role.code == code)

    patch.setattr(access_rules, "permissions_of", all_of_them)


def every_account_is_listed(patch: Patch) -> None:
    patch.setattr(access_queries, "_accounts_seen", lambda scope: Account.objects.all())


def a_search_is_logged(patch: Patch) -> None:
    def logged(scope: Any, ssid: str) -> None:
        logging.getLogger("rollbook.web").info("looking for %s", ssid)

    patch.setattr(pages, "find_visible_student", logged)


def a_search_stands_in_the_address(patch: Patch) -> None:
    redirect = pages.redirect

    def telling(name: str, **arguments: Any) -> Any:
        answer = redirect(name, **arguments)
        answer["Location"] += f"?name={Student.objects.first().last_name}"  # type: ignore[union-attr]
        return answer

    patch.setattr(pages, "redirect", telling)


def a_message_names_a_student(patch: Patch) -> None:
    Message.objects.update(body=Student.objects.values_list("last_name", flat=True)[0])


def a_job_tells_what_it_could_not_read(patch: Patch) -> None:
    Job.objects.update(error=Student.objects.values_list("ssid", flat=True)[0])


def home_greets_with_a_name(patch: Patch) -> None:
    name = Student.objects.values_list("first_name", flat=True)[0]
    patch.setattr(home, "_greeting", lambda *args: name)


def a_district_sees_whom_it_keeps_wherever_they_are(patch: Patch) -> None:
    def kept(scope: Any) -> Any:
        return Student.objects.filter(within(scope.over(Permission.ROSTER_READ), "district_id"))

    patch.setattr(duplicates, "_seen", kept)


def who_asks_for_a_student_is_told_whose_record_it_is(patch: Patch) -> None:
    def asked(scope: Any) -> Any:
        return transfers.filter(within(scope.over(Permission.ROSTER_READ), "to_district_id"))

    transfers = TransferRequest.objects.select_related("student").order_by("pk")
    patch.setattr(identity, "transfers_asked_of", asked)


def edits_of_other_districts_are_listed(patch: Patch) -> None:
    patch.setattr(edits, "visible_edits", lambda scope, **_: LocalEdit.objects.all())


def whoever_reads_a_roster_is_offered_as_its_owner(patch: Patch) -> None:
    patch.setattr(readiness, "seen_among", lambda scope, accounts: frozenset(accounts))


def history_names_whoever_came_and_went(patch: Patch) -> None:
    def named(scope: Any, ids: Any) -> Any:
        found = Student.objects.filter(pk__in=ids)
        return {student.pk: SimpleNamespace(full_name=student.last_name) for student in found}

    patch.setattr(group_history, "students_by_id", named)


def an_own_group_grants_its_students(patch: Patch) -> None:
    patch.setattr(members, "students_in", lambda scope: Student.objects.all())


def a_file_goes_to_who_writes_some_of_its_schools(patch: Patch) -> None:
    patch.setattr(files, "_reaches_schools", lambda scope, file: True)


def the_other_side_is_quoted_to_whoever_sees_the_target(patch: Patch) -> None:
    patch.setattr(deliveries, "_may_have_file", lambda scope, delivery: True)


def whoever_is_left_out_is_named(patch: Patch) -> None:
    from rollbook.people.queries.students import students_by_id

    def named(scope: Any, ids: Any) -> Any:
        return students_by_id(replace(scope, reach=dict.fromkeys(Permission, EVERYWHERE)), ids)

    patch.setattr(files, "students_by_id", named)


# Each with the route on which it shows: asking only there keeps the proof short.
PLANTED: dict[Callable[[Patch], None], str] = {
    everybody_sees_every_student: "students",
    dates_of_enrollment_do_not_matter: "students",
    archived_enrollments_count: "students",
    a_school_is_found_by_whoever_knows_its_id: "school_results_csv",
    all_results_of_a_student_come_with_one: "student_results",
    groups_show_every_subject: "student_results",
    groups_of_other_years_count: "student_results",
    groups_of_others_count: "student_results",
    roster_files_of_other_districts_open: "roster_findings_csv",
    result_files_of_other_districts_open: "result_intake",
    grants_never_end: "students",
    grants_begin_early: "students",
    a_grant_reaches_its_district_too: "students",
    the_sandbox_withholds_nothing: "people",
    every_account_is_listed: "people",
    a_search_is_logged: "find_student",
    a_search_stands_in_the_address: "find_student",
    a_message_names_a_student: "messages",
    a_job_tells_what_it_could_not_read: "job",
    home_greets_with_a_name: "home",
    a_district_sees_whom_it_keeps_wherever_they_are: "student_id",
    who_asks_for_a_student_is_told_whose_record_it_is: "roster_questions",
    edits_of_other_districts_are_listed: "edits",
    whoever_reads_a_roster_is_offered_as_its_owner: "readiness_of",
    history_names_whoever_came_and_went: "group",
    an_own_group_grants_its_students: "group",
    a_file_goes_to_who_writes_some_of_its_schools: "extract_file_download",
    the_other_side_is_quoted_to_whoever_sees_the_target: "delivery",
    whoever_is_left_out_is_named: "extract_file_left_out",
}

# Worlds are drawn: in the first, nobody who reads groups was assigned one of another year.
WORLDS = {groups_of_other_years_count: 5}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_leak_is_found(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    world = make_world(WORLDS.get(plant, 1))
    canary = Canary(world, random.Random(1), breadth=20)
    canary.routes = [route for route in canary.routes if route.name == PLANTED[plant]]
    plant(monkeypatch)
    found = (leak for reader in world.readers for leak in canary.leaks_of(reader))
    assert next(found, None) is not None
