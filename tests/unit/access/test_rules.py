from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from rollbook.access import rules
from rollbook.access.rules import DistrictAdmin, SchoolAdmin, StateAdmin, Teacher
from rollbook.access.types import HeldGrant, Role
from rollbook.orgs.types import OrganizationKind as Kind
from rollbook.shared.scope import EVERYWHERE, Permission, Reach, Scope

ON = date(2026, 9, 1)
P = Permission


def scope_of_role(role: type[Role], *places: int) -> Scope:
    reach = {permission: Reach(frozenset(places)) for permission in role.permissions}
    return Scope(account_id=1, label="test", on=ON, reach=reach)


def test_the_roles_are_the_nine_of_the_house() -> None:
    assert [role.name for role in rules.ROLES] == [
        "State Admin", "District Admin", "School Admin", "Teacher", "Test Coordinator",
        "Reviewer", "Certifier", "Approver", "Integrator",
    ]  # fmt: skip


@pytest.mark.parametrize("role", rules.ROLES, ids=lambda role: role.code)
def test_every_role_tells_an_auditor_what_it_may_and_may_not(role: type[Role]) -> None:
    assert role.__doc__
    assert role.levels
    assert role.permissions
    assert role.may and role.may_not
    assert all(sentence.endswith(".") for sentence in (*role.may, *role.may_not))


# The reporting permissions of the state system's sandbox roles (results-reporting reference, 1.2).
SANDBOX_MATRIX = {
    DistrictAdmin: {
        P.CUSTOM_AGGREGATE_READ, P.GROUP_PII_READ, P.GROUP_READ, P.GROUP_WRITE,
        P.INDIVIDUAL_PII_READ, P.INSTRUCTIONAL_RESOURCE_WRITE,
        P.TEST_DATA_REVIEWING_READ, P.TEST_DATA_REVIEWING_WRITE,
    },
    SchoolAdmin: {P.CUSTOM_AGGREGATE_READ, P.GROUP_PII_READ, P.GROUP_READ, P.INDIVIDUAL_PII_READ},
    Teacher: {P.GROUP_PII_READ, P.GROUP_READ},
}  # fmt: skip
REPORTING = set(list(Permission)[: list(Permission).index(P.DATA_WRITE)])


@pytest.mark.parametrize("role", SANDBOX_MATRIX, ids=lambda role: role.code)
def test_sandbox_roles_hold_the_reporting_permissions_of_the_state_system(role: type[Role]) -> None:
    assert role.permissions & REPORTING == SANDBOX_MATRIX[role]


def test_a_sandbox_visitor_never_touches_accounts_or_the_map() -> None:
    withheld = {P.ACCOUNT_READ, P.ACCOUNT_WRITE, P.ORGANIZATION_WRITE}
    for role in rules.SANDBOX_ROLES:
        assert rules.permissions_of(role.code, is_sandbox=True) == role.permissions - withheld


def test_a_role_that_is_no_longer_known_allows_nothing() -> None:
    assert rules.permissions_of("superuser", is_sandbox=False) == frozenset()
    with pytest.raises(rules.NoSuchRole, match="state_admin, district_admin"):
        rules.role_with("superuser")


def test_nobody_gives_what_they_do_not_hold() -> None:
    """Every pair of roles: giving is allowed exactly when it adds nothing to what one holds."""
    for giver, given in product(rules.ROLES, rules.ROLES):
        for kind in given.levels:
            allowed = rules.may_grant(scope_of_role(giver, 7), given, kind=kind, organization_id=7)
            holds = P.ACCOUNT_WRITE in giver.permissions
            assert allowed == (holds and given.permissions <= giver.permissions), (giver, given)


def test_who_gives_what_is_the_chain_of_trust_of_the_state() -> None:
    gives = {
        giver.code: [
            given.code
            for given in rules.ROLES
            if rules.may_grant(
                scope_of_role(giver, 7), given, kind=min(given.levels), organization_id=7
            )
        ]
        for giver in rules.ROLES
    }
    everyone = [role.code for role in rules.ROLES]
    assert {giver: given for giver, given in gives.items() if given} == {
        "state_admin": everyone,
        "district_admin": everyone[1:],
        "school_admin": ["school_admin", "teacher"],
    }


def test_a_role_is_given_only_inside_the_reach_and_at_its_levels() -> None:
    giver = scope_of_role(DistrictAdmin, 7)
    assert rules.why_not_grant(giver, Teacher, kind=Kind.SCHOOL, organization_id=7) is None
    assert rules.why_not_grant(giver, Teacher, kind=Kind.SCHOOL, organization_id=8) == (
        "You do not give roles at this organization. Ask an administrator of it."
    )
    assert rules.why_not_grant(giver, Teacher, kind=Kind.DISTRICT, organization_id=7) == (
        "Teacher is not given at a district. Choose a group of schools, school."
    )
    assert rules.why_not_grant(giver, StateAdmin, kind=Kind.STATE, organization_id=7) == (
        "State Admin allows more than you hold here. Ask somebody who holds it."
    )


def test_holding_a_permission_elsewhere_does_not_count_here() -> None:
    reach = {permission: Reach(frozenset({7})) for permission in Teacher.permissions}
    reach[P.ACCOUNT_WRITE] = EVERYWHERE
    giver = Scope(account_id=1, label="test", on=ON, reach=reach)
    assert rules.may_grant(giver, Teacher, kind=Kind.SCHOOL, organization_id=7)
    assert not rules.may_grant(giver, Teacher, kind=Kind.SCHOOL, organization_id=8)


@pytest.mark.parametrize(
    ("role", "kind", "must"),
    [
        ("state_admin", Kind.STATE, True),
        ("district_admin", Kind.DISTRICT, True),
        ("test_coordinator", Kind.DISTRICT_GROUP, True),
        ("reviewer", Kind.STATE, True),
        ("reviewer", Kind.DISTRICT, False),
        ("school_admin", Kind.SCHOOL, False),
        ("teacher", Kind.SCHOOL, False),
    ],
)
def test_a_second_factor_is_asked_of_who_reaches_far(role: str, kind: Kind, must: bool) -> None:
    teacher = HeldGrant("teacher", 1, Kind.SCHOOL)
    assert rules.must_use_mfa([teacher, HeldGrant(role, 2, kind)]) is must


def test_an_account_is_named_without_its_address() -> None:
    assert rules.account_label("3f") == "account 3f"  # type: ignore[arg-type]
