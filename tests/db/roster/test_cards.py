"""Login cards: who may print them, what they open, and where their codes are not."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.audit.models import AuditEntry
from rollbook.orgs.queries import OrganizationNotFound
from rollbook.people.models import Class, Student
from rollbook.roster.actions import cards as cards_actions
from rollbook.roster.actions.cards import (
    CardDaysOutOfRange,
    CardRefused,
    IssuedCards,
    NobodyNeedsCard,
    TooManyCards,
    issue_login_cards,
    use_login_card,
    void_cards,
)
from rollbook.roster.actions.readiness import choose_method, set_window
from rollbook.roster.models.readiness import LoginCard
from rollbook.roster.queries.cards import (
    card_schools,
    class_cards,
    schools_by_clever,
    students_without_card,
)
from rollbook.roster.rules.readiness import Method
from rollbook.shared.scope import Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, scope_with
from tests.factories.places import SmallState, small_state
from tests.factories.readiness import WINDOW, YEAR, classroom, seat, section, student
from tests.unit.files.test_pdf import HOSTILE, pages

pytestmark = pytest.mark.django_db
SAYS: dict[str, Any] = {"school_year": YEAR, "by": BY, "now": NOW}


@pytest.fixture
def state() -> SmallState:
    return small_state()


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, str]]:
    """Return what each sheet says, by student's name: (login, code); read where it is set."""
    read: dict[str, tuple[str, str]] = {}
    whole = cards_actions.render_pdf

    def reading(template: str, values: Any, **more: Any) -> bytes:
        for group in values["groups"]:
            read.update({card["name"]: (card["login"], card["code"]) for card in group["cards"]})
        return whole(template, values, **more)

    monkeypatch.setattr(cards_actions, "render_pdf", reading)
    return read


def issue(where: Class | None = None, scope: Scope = EVERYTHING, **more: Any) -> IssuedCards:
    chosen = {} if where is None else {"class_uuid": where.uuid}
    return issue_login_cards(scope, **{**SAYS, **chosen, **more})


def use(login: str, code: str, **more: Any) -> Any:
    return use_login_card(login, code, **{"by": BY, "now": NOW, **more})


def only(school: Any, **names: str) -> tuple[Class, Student]:
    room = section(school)
    who = student(school, **{"first_name": "Ada", "last_name": "Lake", "local_id": "A1", **names})
    seat(who, room)
    return room, who


def test_a_card_opens_once(state: SmallState, codes: dict[str, tuple[str, str]]) -> None:
    room, _who = only(state.north_high)
    set_window(EVERYTHING, state.north.uuid, **WINDOW, **SAYS)
    issued = issue(room)
    assert (issued.card_count, issued.class_count, issued.voided_count) == (1, 1, 0)
    login, code = codes["Ada Lake"]
    assert login == "a1"
    welcome = use(" A1 ", code.lower().replace("-", " "))
    assert (welcome.first_name, welcome.class_title, welcome.opens_on) == (
        "Ada", "Room 12", WINDOW["opens_on"],
    )  # fmt: skip
    with pytest.raises(CardRefused):
        use(login, code)
    assert LoginCard.objects.get().used_at == NOW


def test_of_two_who_use_a_card_at_once_one_does(
    state: SmallState, codes: dict[str, tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    issue(only(state.north_high)[0])
    whole = cards_actions.is_code

    def while_another_goes_in(*words: Any, **more: Any) -> bool:
        LoginCard.objects.update(used_at=NOW)
        return whole(*words, **more)

    monkeypatch.setattr(cards_actions, "is_code", while_another_goes_in)
    with pytest.raises(CardRefused):
        use(*codes["Ada Lake"])


def test_a_wrong_code_does_not_use_a_card_up(
    state: SmallState, codes: dict[str, tuple[str, str]]
) -> None:
    issue(only(state.north_high)[0])
    login, code = codes["Ada Lake"]
    for typed in ("", "BBB-BBB-BBB", code[:-1], f"{code}B"):
        with pytest.raises(CardRefused):
            use(login, typed)
    assert use(login, code).first_name == "Ada"


def _expire(who: Student) -> None:
    LoginCard.objects.update(expires_at=NOW)


def _void(who: Student) -> None:
    void_cards(EVERYTHING, students=[who.uuid], **SAYS)


def _archive(who: Student) -> None:
    Student.objects.update(is_active=False)


@pytest.mark.parametrize("spoil", [_expire, _void, _archive, None])
def test_every_refusal_says_the_same_after_the_same_questions(
    state: SmallState, codes: dict[str, tuple[str, str]], spoil: Any
) -> None:
    room, who = only(state.north_high)
    issue(room)
    login, code = codes["Ada Lake"]
    if spoil is None:
        login = "nobody"
    else:
        spoil(who)
    with CaptureQueriesContext(connection) as asked, pytest.raises(CardRefused) as refused:
        use(login, code)
    assert str(refused.value) == "This login and code do not open anything."
    assert len([q for q in asked if "roster" in q["sql"] or "logincard" in q["sql"]]) == 1


def test_a_new_card_voids_the_former_one(
    state: SmallState, codes: dict[str, tuple[str, str]]
) -> None:
    room, _who = only(state.north_high)
    issue(room)
    former = codes["Ada Lake"]
    assert issue(room).voided_count == 1
    with pytest.raises(CardRefused):
        use(*former)
    assert use(*codes["Ada Lake"]).first_name == "Ada"


def test_only_missing_prints_for_who_has_no_card_that_works(
    state: SmallState, codes: dict[str, tuple[str, str]]
) -> None:
    room, _who = only(state.north_high)
    issue(room)
    with pytest.raises(NobodyNeedsCard):
        issue(room, only_missing=True)
    seat(student(state.north_high, first_name="Ben", last_name="Sea"), room)
    first = codes["Ada Lake"]
    issued = issue(room, only_missing=True)
    assert (issued.card_count, issued.voided_count) == (1, 0)
    assert use(*first).first_name == "Ada"
    with pytest.raises(NobodyNeedsCard):  # Ada has used hers
        issue(room, only_missing=True)
    LoginCard.objects.filter(used_at__isnull=True).update(expires_at=NOW)
    assert issue(room, only_missing=True).card_count == 1


def test_codes_are_in_the_sheet_alone(
    state: SmallState, codes: dict[str, tuple[str, str]], settings: LazySettings,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    with caplog.at_level(logging.DEBUG), CaptureQueriesContext(connection) as asked:
        issue(only(state.north_high)[0])
    _login, code = codes["Ada Lake"]
    told = " ".join([caplog.text, *(query["sql"] for query in asked)])
    kept = str(list(LoginCard.objects.values())) + str(list(AuditEntry.objects.values()))
    assert [part for part in (code, code.replace("-", "")) if part in told + kept] == []
    assert code.encode() not in b"".join(
        path.read_bytes() for path in settings.HOME.rglob("*") if path.is_file()
    )


def test_another_secret_key_opens_nothing(
    state: SmallState, codes: dict[str, tuple[str, str]], settings: LazySettings
) -> None:
    issue(only(state.north_high)[0])
    settings.SECRET_KEY = "another"
    with pytest.raises(CardRefused):
        use(*codes["Ada Lake"])


def test_logins_are_the_local_ids_unless_two_students_share_one(
    state: SmallState, codes: dict[str, tuple[str, str]]
) -> None:
    room, _who = only(state.north_high)
    for name in ("Bea", "Cid"):
        seat(student(state.north_high, first_name=name, last_name="Sea", local_id="B1"), room)
    seat(student(state.north_high, first_name="Dee", last_name="Sea", local_id=""), room)
    student(state.south_high, local_id="a1")
    issue(room)
    logins = [codes[name][0] for name in ("Ada Lake", "Bea Sea", "Cid Sea", "Dee Sea")]
    assert [login.startswith("k-") for login in logins] == [True] * 4
    assert len(set(logins)) == 4


def test_a_sheet_has_a_page_for_each_class_and_eight_cards_to_a_page(state: SmallState) -> None:
    for title, size in (("Room 1", 9), ("Room 2", 8)):
        classroom(state.north_high, size, title)
    student(state.north_high)  # in no class: a page of its own
    issued = issue(school=state.north_high.uuid)
    assert (issued.card_count, issued.class_count, pages(issued.pdf)) == (18, 3, 4)
    assert issued.pdf.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in issued.pdf


def test_a_student_in_two_classes_gets_one_card_in_the_homeroom(
    state: SmallState, codes: dict[str, tuple[str, str]]
) -> None:
    _room, who = only(state.north_high)
    seat(who, section(state.north_high, "Algebra", kind="scheduled"))
    assert issue(school=state.north_high.uuid).card_count == 1
    assert use(*codes["Ada Lake"]).class_title == "Room 12"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_names(state: SmallState, name: str) -> None:
    room, _who = only(state.north_high, first_name=name, last_name=name)
    Class.objects.update(title=name)
    assert pages(issue(room).pdf) == 1


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("state_admin", True),
        ("district_admin", True),
        ("school_admin", True),
        ("test_coordinator", False),
        ("teacher", False),
        ("integrator", False),
        ("certifier", False),
        ("reviewer", False),
        ("approver", False),
    ],
)
def test_who_reads_students_and_writes_rosters_or_accounts_prints_cards(
    state: SmallState, role: str, may: bool
) -> None:
    room, _who = only(state.north_high)
    places = {"state_admin": state.state, "school_admin": state.north_high,
              "teacher": state.north_high}  # fmt: skip
    scope = scope_with(role, places.get(role, state.north))
    if may:
        assert issue(room, scope).card_count == 1
    else:
        with pytest.raises(OrganizationNotFound):
            issue(room, scope)
        with pytest.raises(OrganizationNotFound):
            void_cards(scope, class_uuid=room.uuid, **SAYS)
        assert class_cards(scope, school_year=YEAR, now=NOW).items == []


def test_nobody_prints_cards_of_another_school(state: SmallState) -> None:
    room, who = only(state.north_high)
    scope = scope_with("school_admin", state.north_middle)
    for chosen in ({"class_uuid": room.uuid}, {"school": state.north_high.uuid}):
        with pytest.raises(OrganizationNotFound):
            issue(None, scope, **chosen)
    with pytest.raises(NobodyNeedsCard):
        issue(None, scope, students=[who.uuid])
    issue(room)
    assert void_cards(scope, students=[who.uuid], **SAYS) == 0
    assert LoginCard.objects.get().voided_at is None
    assert list(card_schools(Scope.nobody(on=ON))) == []


@pytest.mark.parametrize("days", [0, 121])
def test_a_card_has_an_end(state: SmallState, days: int) -> None:
    with pytest.raises(CardDaysOutOfRange):
        issue(only(state.north_high)[0], valid_days=days)


def test_one_print_holds_so_many_cards(state: SmallState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards_actions, "MOST_CARDS", 2)
    with pytest.raises(TooManyCards):
        issue(classroom(state.north_high, 3))
    assert LoginCard.objects.count() == 0


def test_a_sheet_that_cannot_be_made_issues_nothing_and_voids_nothing(
    state: SmallState, codes: dict[str, tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    room, _who = only(state.north_high)
    issue(room)
    former = codes["Ada Lake"]

    def failing(*_what: Any, **_more: Any) -> bytes:
        raise OSError

    monkeypatch.setattr(cards_actions, "render_pdf", failing)
    with pytest.raises(OSError):
        issue(room)
    assert use(*former).first_name == "Ada"


def test_classes_are_listed_with_what_their_students_have(
    state: SmallState, codes: dict[str, tuple[str, str]]
) -> None:
    room = classroom(state.north_high, 3)
    section(state.north_high, "Empty")
    issue(students=list(Student.objects.order_by("pk").values_list("uuid", flat=True)[:2]))
    use(*next(iter(codes.values())))
    (row,) = class_cards(EVERYTHING, school_year=YEAR, now=NOW).items
    assert (row.uuid, row.student_count, row.open_count, row.used_count, row.needed_count) == (
        room.uuid, 3, 1, 1, 1,
    )  # fmt: skip
    later = NOW + timedelta(days=15)
    (row,) = class_cards(EVERYTHING, school_year=YEAR, now=later).items
    assert (row.open_count, row.needed_count) == (0, 2)


def test_each_student_without_a_card_counts_once(state: SmallState) -> None:
    room, who = only(state.north_high)
    seat(who, section(state.north_high, "Algebra"))
    student(state.north_middle)
    student(state.north_middle, is_active=False)
    counts = {"school_year": YEAR, "now": NOW}
    assert students_without_card(EVERYTHING, **counts) == 2
    assert students_without_card(EVERYTHING, **counts, school_id=state.north_high.pk) == 1
    issue(room)
    assert students_without_card(EVERYTHING, **counts) == 1
    later = {**counts, "now": NOW + timedelta(days=15)}
    assert students_without_card(EVERYTHING, **later) == 2
    LoginCard.objects.update(used_at=NOW)
    assert students_without_card(EVERYTHING, **later) == 1
    assert students_without_card(scope_with("integrator", state.north), **counts) == 0


def test_one_class_and_three_take_as_many_questions(state: SmallState) -> None:
    counts: list[int] = []
    for size in (1, 2):
        for number in range(size):
            classroom(state.north_high, 2, f"Room {size}{number}")
        with CaptureQueriesContext(connection) as asked:
            class_cards(EVERYTHING, school_year=YEAR, now=NOW)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_issuing_takes_as_many_questions_for_one_as_for_three(state: SmallState) -> None:
    counts: list[int] = []
    for size in (1, 3):
        room = classroom(state.north_high, size, f"Room {size}")
        with CaptureQueriesContext(connection) as asked:
            issue(room)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_schools_that_sign_in_by_clever_are_named(state: SmallState) -> None:
    choose_method(EVERYTHING, state.north.uuid, Method.CLEVER, **SAYS)
    assert schools_by_clever(EVERYTHING, school_year=YEAR) == ["North High", "North Middle"]
    choose_method(EVERYTHING, state.north_high.uuid, Method.MANUAL, **SAYS)
    assert schools_by_clever(EVERYTHING, school_year=YEAR) == ["North Middle"]
    scope = scope_with("school_admin", state.south_high)
    assert schools_by_clever(scope, school_year=YEAR) == []


def test_the_log_counts_cards_and_names_nobody(state: SmallState) -> None:
    room, who = only(state.north_high)
    issue(room)
    void_cards(EVERYTHING, class_uuid=room.uuid, **SAYS)
    entries = list(AuditEntry.objects.order_by("sequence"))
    assert [(entry.action, entry.detail) for entry in entries] == [
        ("cards.issued", {"cards": 1, "voided": 0}),
        ("cards.voided", {"cards": 1}),
    ]
    assert who.last_name not in str([entry.__dict__ for entry in entries])
