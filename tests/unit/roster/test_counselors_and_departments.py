"""Who counsels a student, and which department a course is of, as a roster says it."""

from __future__ import annotations

from rollbook.roster.plan.draft import RosterPlan
from rollbook.roster.types import RosterFrames
from tests.factories.rosters import course, listed, loaded, org, role, small, user


def counseled(*agents: str, by: str = "counselor", **more: object) -> RosterFrames:
    """Make a roster in which Ann has agents, one of them a staff member with this role."""
    base = small()
    users = [row for row in listed(base, "users") if row["sourced_id"] != "ann"]
    users += [user("ann", agent_sourced_ids=list(agents)), user("cou", grades=None)]
    roles = [*listed(base, "roles"), role("cou", "north", by)]
    return small(users=users, roles=roles, **more)


def changed(plan: RosterPlan, table: str) -> int:
    """Count the rows of a table that a plan changes."""
    return plan.by_table[table].frame.height if table in plan.by_table else 0


def test_the_first_agent_who_is_staff_counsels() -> None:
    here = loaded(counseled("mum", "cou"))
    assert here.row("students", "ann")["counselor"] == "cou"
    assert here.row("students", "ben")["counselor"] == ""


def test_a_parent_who_works_there_does_not_counsel() -> None:
    roster = counseled("cou")
    kin = [*listed(roster, "roles"), role("cou", "south", "guardian")]
    here = loaded(small(users=listed(roster, "users"), roles=kin))
    assert here.row("students", "ann")["counselor"] == ""


def test_a_teacher_among_the_agents_does_not_counsel() -> None:
    assert loaded(counseled("tea")).row("students", "ann")["counselor"] == ""


def test_another_counselor_is_one_change() -> None:
    here = loaded(counseled("cou"))
    assert changed(here.plan(counseled("cou")), "students") == 0
    assert changed(here.plan(counseled()), "students") == 1


def test_a_course_is_of_the_department_that_offers_it() -> None:
    places = [
        org("dst", "district", None),
        org("north"),
        org("south"),
        org("eng", "department", "north", name="English"),
    ]
    here = loaded(small(orgs=places, courses=[course(org_sourced_id="eng")]))
    assert here.row("courses", "crs")["department"] == "English"
    assert loaded().row("courses", "crs")["department"] == ""
