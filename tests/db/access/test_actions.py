from __future__ import annotations

from datetime import date, timedelta
from importlib import import_module
from uuid import UUID, uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from rollbook.access import actions
from rollbook.access.models import Account, Grant
from rollbook.access.queries import AccountNotFound, GrantNotFound, sandbox_entries, scope_of
from rollbook.access.rules import NoSuchRole
from rollbook.audit.models import AuditEntry
from rollbook.config import reactions
from rollbook.groups.models import GroupUser, StudentGroup
from rollbook.orgs.models import Organization
from rollbook.orgs.queries import OrganizationNotFound
from rollbook.shared.actor import Actor, ActorKind
from rollbook.shared.scope import Permission, Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, account, grant, scope_with
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def state() -> SmallState:
    return small_state()


def audited() -> list[str]:
    return list(AuditEntry.objects.values_list("action", flat=True))


def test_a_new_account_may_do_nothing_and_has_no_password() -> None:
    uuid = actions.add_account(
        EVERYTHING, email=" Pat@Example.ORG ", first_name="Pat", by=BY, now=NOW
    )
    made = Account.objects.get(uuid=uuid)
    assert (made.email, made.first_name, made.has_usable_password()) == (
        "pat@example.org", "Pat", False,
    )  # fmt: skip
    assert not scope_of(made, on=ON).reach
    assert audited() == ["add_account"]
    with pytest.raises(actions.AccountExists) as known:
        actions.add_account(EVERYTHING, email="PAT@example.org", by=BY, now=NOW)
    assert known.value.account == uuid


def test_only_administrators_make_accounts(state: SmallState) -> None:
    teacher = scope_with("teacher", state.north_high)
    with pytest.raises(actions.NotYours):
        actions.add_account(teacher, email="new@example.org", by=BY, now=NOW)
    assert Account.objects.count() == 1


def test_a_role_given_holds_and_is_audited_without_an_address(state: SmallState) -> None:
    admin, holder = scope_with("district_admin", state.north), account("t@example.org")
    uuid = actions.grant_role(
        admin, account=holder.uuid, role="teacher", organization=state.north_high.uuid,
        starts_on=ON, by=BY, now=NOW,
    )  # fmt: skip
    assert scope_of(holder, on=ON).may(Permission.GROUP_READ)
    entry = AuditEntry.objects.get(action="grant_role")
    assert entry.subject_uuid == str(uuid)
    assert entry.detail == {"role": "teacher", "account": str(holder.uuid)}


def test_a_role_is_refused_where_the_giver_holds_less(state: SmallState) -> None:
    admin, holder = scope_with("school_admin", state.north_high), account("t@example.org")

    def give(role: str, place: Organization, who: UUID = holder.uuid) -> None:
        actions.grant_role(
            admin, account=who, role=role, organization=place.uuid, starts_on=ON,
            by=BY, now=NOW,
        )  # fmt: skip

    with pytest.raises(actions.GrantRefused, match="Test Coordinator allows more than you hold"):
        give("test_coordinator", state.north_high)
    with pytest.raises(OrganizationNotFound):
        give("teacher", state.north_middle)
    with pytest.raises(NoSuchRole):
        give("boss", state.north_high)
    with pytest.raises(AccountNotFound):
        give("teacher", state.north_high, uuid4())
    own = Account.objects.get(email="admin@example.org")
    with pytest.raises(actions.GrantRefused, match="yourself"):
        give("teacher", state.north_high, own.uuid)
    assert Grant.objects.count() == 1
    assert audited() == []


def test_the_same_role_is_not_given_twice_at_one_time(state: SmallState) -> None:
    holder = account()
    grant(holder, "teacher", state.north_high, starts_on=ON, ends_before=ON + timedelta(days=10))

    def give(starts_in: int, ends_in: int | None = None) -> None:
        actions.grant_role(
            EVERYTHING, account=holder.uuid, role="teacher", organization=state.north_high.uuid,
            starts_on=ON + timedelta(days=starts_in),
            ends_before=None if ends_in is None else ON + timedelta(days=ends_in), by=BY, now=NOW,
        )  # fmt: skip

    for starts_in, ends_in in [(0, None), (9, None), (-5, 1), (-5, None), (3, 4)]:
        with pytest.raises(actions.GrantExists):
            give(starts_in, ends_in)
    with pytest.raises(actions.GrantRefused, match="ends after it starts"):
        give(20, 20)
    give(-5, 0)
    give(10)
    assert Grant.objects.count() == 3


def test_a_grant_that_is_ended_ends_at_once(state: SmallState) -> None:
    holder = account()
    held = grant(holder, "teacher", state.north_high)
    actions.end_grant(EVERYTHING, grant=held.uuid, on=ON, by=BY, now=NOW)
    assert not scope_of(holder, on=ON).reach
    assert scope_of(holder, on=ON - timedelta(days=1)).reach
    actions.end_grant(EVERYTHING, grant=held.uuid, on=ON + timedelta(days=5), by=BY, now=NOW)
    assert Grant.objects.get().ends_before == ON
    assert audited() == ["end_grant"]


def test_a_grant_that_has_not_begun_is_taken_back(state: SmallState) -> None:
    held = grant(account(), "teacher", state.north_high, starts_on=ON)
    actions.end_grant(EVERYTHING, grant=held.uuid, on=ON, by=BY, now=NOW)
    assert not Grant.objects.exists()
    assert audited() == ["end_grant"]


def test_nobody_ends_a_role_that_they_could_not_have_given(state: SmallState) -> None:
    admin = scope_with("school_admin", state.north_high)
    above = grant(account("c@example.org"), "test_coordinator", state.north_high)
    away = grant(account("d@example.org"), "teacher", state.south_high)
    with pytest.raises(actions.GrantRefused):
        actions.end_grant(admin, grant=above.uuid, on=ON, by=BY, now=NOW)
    for uuid in (away.uuid, uuid4()):
        with pytest.raises(GrantNotFound):
            actions.end_grant(admin, grant=uuid, on=ON, by=BY, now=NOW)
    assert Grant.objects.filter(ends_before__isnull=True).count() == 3


def session_of(holder: Account) -> str:
    store = import_module(django_settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(holder.pk)
    store.create()
    return store.session_key


def test_disabling_ends_every_session_of_that_account_and_no_other(state: SmallState) -> None:
    holder, other = account("t@example.org"), account("o@example.org")
    grant(holder, "teacher", state.north_high)
    sessions = [session_of(holder), session_of(other), session_of(holder)]
    admin = scope_with("district_admin", state.north)
    row = actions.disable_account(admin, account=holder.uuid, by=BY, now=NOW)
    assert not row.is_active
    assert list(Session.objects.values_list("session_key", flat=True)) == [sessions[1]]
    assert AuditEntry.objects.get().detail == {"sessions_ended": 2}
    assert actions.enable_account(admin, account=holder.uuid, by=BY, now=NOW).is_active


def test_sessions_are_ended_by_their_owner_or_an_administrator(state: SmallState) -> None:
    own = scope_with("teacher", state.north_high, "t@example.org")
    holder = Account.objects.get(email="t@example.org")
    stranger = scope_with("district_admin", state.south)
    session_of(holder)
    with pytest.raises(AccountNotFound):
        actions.end_sessions(stranger, account=holder.uuid, by=BY, now=NOW)
    assert actions.end_sessions(own, account=holder.uuid, by=BY, now=NOW) == 1
    assert actions.end_sessions(EVERYTHING, account=holder.uuid, by=BY, now=NOW) == 0


def test_nobody_disables_themselves_or_somebody_above(state: SmallState) -> None:
    admin = scope_with("school_admin", state.north_high)
    own = Account.objects.get(email="admin@example.org")
    with pytest.raises(actions.NotYours, match="your own account"):
        actions.disable_account(admin, account=own.uuid, by=BY, now=NOW)
    above = account("c@example.org")
    grant(above, "test_coordinator", state.north_high)
    with pytest.raises(actions.NotYours, match="could not give"):
        actions.disable_account(admin, account=above.uuid, by=BY, now=NOW)
    away = account("d@example.org")
    grant(away, "teacher", state.south_high)
    with pytest.raises(AccountNotFound):
        actions.disable_account(admin, account=away.uuid, by=BY, now=NOW)
    assert Account.objects.filter(is_active=True).count() == 3


def test_a_teacher_of_two_districts_is_not_disabled_by_one_of_them(state: SmallState) -> None:
    both = account("t@example.org")
    grant(both, "teacher", state.north_high)
    held = grant(both, "teacher", state.south_high)
    admin = scope_with("district_admin", state.north)
    with pytest.raises(actions.NotYours):
        actions.disable_account(admin, account=both.uuid, by=BY, now=NOW)
    Grant.objects.filter(pk=held.pk).update(ends_before=ON)
    assert not actions.disable_account(admin, account=both.uuid, by=BY, now=NOW).is_active


@pytest.fixture
def sandbox(settings: object) -> None:
    settings.SANDBOX = True  # type: ignore[attr-defined]
    reactions.connect()


def test_the_sandbox_offers_each_role_at_each_place(state: SmallState, sandbox: None) -> None:
    assert [entry.label for entry in sandbox_entries()] == [
        "District Admin: North District", "District Admin: South District",
        "School Admin: North High", "School Admin: North Middle",
        "School Admin: South High", "School Admin: South Middle",
        "Teacher: North High", "Teacher: North Middle",
        "Teacher: South High", "Teacher: South Middle",
    ]  # fmt: skip


def test_an_ordinary_installation_offers_no_sandbox(state: SmallState) -> None:
    assert sandbox_entries() == []
    with pytest.raises(actions.SandboxIsClosed):
        actions.enter_sandbox(role="teacher", organization=state.north_high.uuid, by=BY, now=NOW)
    assert not Account.objects.exists()


def test_the_sandbox_has_no_way_in_that_it_does_not_offer(state: SmallState, sandbox: None) -> None:
    for role, place in [("state_admin", state.state), ("teacher", state.north)]:
        with pytest.raises(actions.SandboxIsClosed):
            actions.enter_sandbox(role=role, organization=place.uuid, by=BY, now=NOW)


def test_every_visit_has_an_account_of_its_own_with_the_groups_of_the_place(
    state: SmallState, sandbox: None, django_capture_on_commit_callbacks: object
) -> None:
    groups = {
        school: StudentGroup.objects.create(
            name="6A", school=school, school_year=2027, origin="hand"
        )
        for school in (state.north_high, state.south_high)
    }
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        visits = [
            actions.enter_sandbox(
                role="teacher", organization=state.north_high.uuid, by=BY, now=NOW
            )
            for _ in range(2)
        ]
    assert len({visit.email for visit in visits}) == 2
    for visit in visits:
        own = GroupUser.objects.filter(login=visit.email)
        assert [user.group_id for user in own] == [groups[state.north_high].pk]
        assert scope_of(visit, on=ON).over(Permission.GROUP_PII_READ).organization_ids == {
            state.north_high.pk
        }
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        actions.leave_sandbox(visits[0], by=BY, now=NOW)
    assert list(Account.objects.all()) == [visits[1]]
    assert [user.login for user in GroupUser.objects.all()] == [visits[1].email]


def test_leaving_the_sandbox_never_removes_a_real_account() -> None:
    real = account()
    actions.leave_sandbox(real, by=BY, now=NOW)
    assert Account.objects.get() == real


def test_old_visits_are_removed_and_young_ones_stay(state: SmallState, sandbox: None) -> None:
    visits = [
        actions.enter_sandbox(role="teacher", organization=state.north_high.uuid, by=BY, now=NOW)
        for _ in range(3)
    ]
    real = account()
    old = NOW - timedelta(hours=13)
    Account.objects.filter(pk__in=[visits[0].pk, visits[1].pk, real.pk]).update(created_at=old)
    Account.objects.filter(pk=visits[2].pk).update(created_at=NOW)
    assert actions.remove_old_sandbox_accounts(by=BY, now=NOW) == 2
    assert set(Account.objects.all()) == {visits[2], real}


def test_a_new_password_works_once_handed_over_and_ends_sessions(state: SmallState) -> None:
    holder = account("t@example.org")
    grant(holder, "teacher", state.north_high)
    session_of(holder)
    admin = scope_with("school_admin", state.north_high)
    password = actions.reset_password(admin, account=holder.uuid, by=BY, now=NOW)
    holder.refresh_from_db()
    assert holder.check_password(password)
    assert len(password) >= 15
    assert not Session.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.detail) == ("reset_password", {"sessions_ended": 1})
    stranger = scope_with("school_admin", state.south_high, "s@example.org")
    with pytest.raises(AccountNotFound):
        actions.reset_password(stranger, account=holder.uuid, by=BY, now=NOW)
    own = Account.objects.get(email="admin@example.org")
    with pytest.raises(actions.NotYours):
        actions.reset_password(admin, account=own.uuid, by=BY, now=NOW)


def test_nobody_at_all_may_change_accounts(state: SmallState) -> None:
    nobody, holder = Scope.nobody(on=ON), account()
    held = grant(holder, "teacher", state.north_high)
    with pytest.raises(actions.NotYours):
        actions.add_account(nobody, email="x@example.org", by=BY, now=NOW)
    with pytest.raises(OrganizationNotFound):
        actions.grant_role(
            nobody, account=holder.uuid, role="teacher", organization=state.north_high.uuid,
            starts_on=date(2026, 9, 1), by=BY, now=NOW,
        )  # fmt: skip
    with pytest.raises(GrantNotFound):
        actions.end_grant(nobody, grant=held.uuid, on=ON, by=BY, now=NOW)
    with pytest.raises(AccountNotFound):
        actions.disable_account(nobody, account=holder.uuid, by=BY, now=NOW)
    with pytest.raises(AccountNotFound):
        actions.end_sessions(nobody, account=holder.uuid, by=BY, now=NOW)


def test_expired_sessions_are_removed_and_living_ones_stay() -> None:
    living, over = session_of(account("a@x.org")), session_of(account("b@x.org"))
    Session.objects.filter(session_key=over).update(expire_date=NOW - timedelta(seconds=1))
    Session.objects.filter(session_key=living).update(expire_date=NOW)
    assert actions.remove_expired_sessions(by=BY, now=NOW) == 1
    assert Session.objects.get().session_key == living


def given_after_a_password(setter: Scope, giver: Scope, place: Organization, role: str) -> Account:
    """Let one administrator set a teacher's password, then another give the teacher a role."""
    holder = Account.objects.get(email="t@example.org")
    by = Actor(ActorKind.PERSON, setter.label, setter.account_id)
    actions.reset_password(setter, account=holder.uuid, by=by, now=NOW)
    Authenticator.objects.create(user=holder, type="totp", data={"secret": "theirs"})
    actions.grant_role(
        giver, account=holder.uuid, role=role, organization=place.uuid, starts_on=ON, by=BY, now=NOW
    )
    holder.refresh_from_db()
    return holder


def test_who_set_a_password_does_not_rise_with_its_holder(state: SmallState) -> None:
    school = scope_with("school_admin", state.north_high)
    grant(account("t@example.org"), "teacher", state.north_high)
    holder = given_after_a_password(school, EVERYTHING, state.state, "state_admin")
    assert not holder.has_usable_password()
    assert not Authenticator.objects.exists()
    assert audited() == ["reset_password", "grant_role", "clear_sign_in"]


def test_a_role_that_the_setter_could_give_leaves_the_sign_in(state: SmallState) -> None:
    school = scope_with("school_admin", state.north_high)
    grant(account("t@example.org"), "teacher", state.north_high, ends_before=date(2027, 1, 1))
    holder = given_after_a_password(school, EVERYTHING, state.north_high, "school_admin")
    assert holder.has_usable_password()
    assert Authenticator.objects.count() == 1
    assert audited() == ["reset_password", "grant_role"]
