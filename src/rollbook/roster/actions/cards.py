"""Issue login cards, take one at the door, and void them."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import formats, timezone, translation
from django.utils.crypto import salted_hmac

from rollbook.audit.actions import record
from rollbook.files.pdf import render_pdf
from rollbook.orgs.queries import OrganizationNotFound, current_school_year
from rollbook.people.models import Student
from rollbook.people.queries.students import enrolled_now
from rollbook.roster.models.readiness import LoginCard
from rollbook.roster.queries.cards import CardHolder, card_holders, room_of
from rollbook.roster.queries.readiness import get_readiness
from rollbook.roster.rules.cards import (
    MOST_CARDS,
    MOST_VALID_DAYS,
    SALT_BYTES,
    VALID_DAYS,
    hashed,
    is_code,
    new_code,
    new_login,
    plain_login,
)
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Reach, Scope
from rollbook.shared.years import SchoolYear

TEMPLATE: Final = Path(__file__).with_name("login_cards.typ")
# Every card speaks both languages, whatever language its printer reads.
WORDS: Final = {
    "title": "Login cards",
    "foot": "Keep these pages locked away. Hand each card to its student only.",
    "go": "Go to",
    "go_es": "Entra en",
    "login": "Login",
    "login_es": "Usuario",
    "code": "One-time code",
    "code_es": "Código de un solo uso",
}
ONCE: Final = "Works once, until {day}. Show it to nobody."
ONCE_ES: Final = "Sirve una sola vez, hasta el {day}. No se la enseñes a nadie."
NO_CLASS: Final = "No class"
# What an unknown login is compared with, so that it takes as long as a known one.
_NOBODY: Final = hashed("", key=b"", salt=bytes(SALT_BYTES))


class NobodyNeedsCard(ValueError):
    """Say that there is no student to print a card for."""


class TooManyCards(ValueError):
    """Say that more cards were asked for than one print holds."""


class CardDaysOutOfRange(ValueError):
    """Say that a card cannot be valid for so many days."""


class CardRefused(Exception):
    """Say that this login and code open nothing: one answer, whatever the reason."""


@dataclass(frozen=True, slots=True)
class IssuedCards:
    """Hold printed cards: the only place in which their codes exist."""

    pdf: bytes
    card_count: int
    class_count: int
    voided_count: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CardWelcome:
    """Hold what a student is told whose card was taken: no more than the student knows."""

    first_name: str
    class_title: str
    opens_on: date | None


def issue_login_cards(
    scope: Scope,
    *,
    school_year: int,
    class_uuid: UUID | None = None,
    school: UUID | None = None,
    students: Collection[UUID] = (),
    only_missing: bool = False,
    valid_days: int = VALID_DAYS,
    by: Actor,
    now: datetime,
) -> IssuedCards:
    """Print login cards for a class, a school or some students; their former cards stop working.

    The sheet is made first and the records after it, so that no card works that was not printed,
    and no former card stops working for nothing. Codes are in the sheet alone: not in a table, a
    file or a log.

    Shape: `only_missing` leaves out who has a card that works, or has used one.
    Raises: OrganizationNotFound, NobodyNeedsCard, TooManyCards, CardDaysOutOfRange.
    """
    if not 1 <= valid_days <= MOST_VALID_DAYS:
        raise CardDaysOutOfRange(f"A card is valid for 1 to {MOST_VALID_DAYS} days.")
    holders = card_holders(
        scope,
        school_year=school_year,
        class_uuid=class_uuid,
        school=school,
        students=students,
        without_card_at=now if only_missing else None,
    )
    if not holders:
        raise NobodyNeedsCard("There is no student here who needs a card.")
    if len(holders) > MOST_CARDS:
        raise TooManyCards(f"One print holds {MOST_CARDS:,} cards. Print school by school.")
    expires_at = now + timedelta(days=valid_days)
    logins = _logins(holders)
    codes = {holder.student_id: new_code(secrets.choice) for holder in holders}
    pdf = _sheet(holders, logins, codes, expires_at=expires_at, now=now)
    kept = [_card(h, logins, codes, expires_at=expires_at, by=by, now=now) for h in holders]
    voided = _keep(kept, class_uuid or school, holders, by=by, now=now)
    rooms = {(holder.school_id, holder.class_title) for holder in holders}
    return IssuedCards(pdf, len(holders), len(rooms), voided, expires_at)


def _logins(holders: Sequence[CardHolder]) -> dict[int, str]:
    """Give each student a login that no other student has or had on a card."""
    ids = {holder.student_id for holder in holders}
    local = {form for h in holders for form in (h.local_id, h.local_id.lower(), h.local_id.upper())}
    alike = Student.objects.filter(local_id__in=local - {""}).values_list("local_id", flat=True)
    times = Counter(plain_login(each) for each in alike)
    taken = {login for login, count in times.items() if count > 1}
    wanted = [plain_login(each) for each in local]
    others = LoginCard.objects.filter(login__in=wanted).exclude(student__in=ids)
    taken |= set(others.values_list("login", flat=True))
    logins: dict[int, str] = {}
    for holder in holders:
        login = new_login(holder.local_id, taken, secrets.choice)
        taken.add(login)
        logins[holder.student_id] = login
    return logins


def _sheet(
    holders: Sequence[CardHolder],
    logins: dict[int, str],
    codes: dict[int, str],
    *,
    expires_at: datetime,
    now: datetime,
) -> bytes:
    groups: list[dict[str, Any]] = []
    for (school, room), members in groupby(holders, lambda h: (h.school_name, h.class_title)):
        cards = [
            {"name": h.name, "login": logins[h.student_id], "code": codes[h.student_id]}
            for h in members
        ]
        count = f"{len(cards)} card{'' if len(cards) == 1 else 's'}"
        line = f"{count} · printed {_day(now, 'en')} · valid until {_day(expires_at, 'en')}"
        groups.append({"title": f"{school} · {room or NO_CLASS}", "line": line, "cards": cards})
    values = {
        **WORDS,
        "address": f"{settings.BASE_URL}/card/",
        "once": ONCE.format(day=_day(expires_at, "en")),
        "once_es": ONCE_ES.format(day=_day(expires_at, "es")),
        "groups": groups,
    }
    return render_pdf(TEMPLATE.read_text(encoding="utf-8"), values, at=now)


def _day(moment: datetime, language: str) -> str:
    with translation.override(language):
        return formats.date_format(timezone.localtime(moment), "j M Y")


def _card(
    holder: CardHolder,
    logins: dict[int, str],
    codes: dict[int, str],
    *,
    expires_at: datetime,
    by: Actor,
    now: datetime,
) -> LoginCard:
    salt = secrets.token_bytes(SALT_BYTES)
    return LoginCard(
        student_id=holder.student_id,
        login=logins[holder.student_id],
        code_hash=hashed(codes[holder.student_id], key=_key(), salt=salt),
        issued_by=by.label,
        issued_at=now,
        expires_at=expires_at,
    )


def _key() -> bytes:
    return salted_hmac("rollbook.login_cards", b"", algorithm="sha256").digest()


@transaction.atomic
def _keep(
    cards: list[LoginCard],
    place: UUID | None,
    holders: Sequence[CardHolder],
    *,
    by: Actor,
    now: datetime,
) -> int:
    ids = [card.student_id for card in cards]
    # Two who print for the same students take turns: the later print is the one that works.
    list(
        Student.objects.select_for_update(no_key=True)
        .filter(pk__in=ids)
        .order_by("pk")
        .values_list("pk")
    )
    voided = _void(ids, now)
    LoginCard.objects.bulk_create(cards, batch_size=1000)
    detail = {"cards": len(cards), "voided": voided}
    _note("cards.issued", place, {holder.school_id for holder in holders}, detail, by=by, now=now)
    return voided


def _void(student_ids: Collection[int], now: datetime) -> int:
    opened = LoginCard.objects.filter(
        student__in=student_ids, voided_at__isnull=True, used_at__isnull=True
    )
    return opened.update(voided_at=now)


@transaction.atomic
def void_cards(
    scope: Scope,
    *,
    school_year: int,
    class_uuid: UUID | None = None,
    school: UUID | None = None,
    students: Collection[UUID] = (),
    by: Actor,
    now: datetime,
) -> int:
    """Make the cards of a class, a school or some students stop working; count them.

    Raises: OrganizationNotFound.
    """
    holders = card_holders(
        scope, school_year=school_year, class_uuid=class_uuid, school=school, students=students
    )
    voided = _void([holder.student_id for holder in holders], now)
    if voided:
        schools = {holder.school_id for holder in holders}
        _note("cards.voided", class_uuid or school, schools, {"cards": voided}, by=by, now=now)
    return voided


@transaction.atomic
def use_login_card(login: str, code: str, *, by: Actor, now: datetime) -> CardWelcome:
    """Take a card at the door, once, and say who it is, which class, and when the window opens.

    Raises: CardRefused for a login or code that is wrong, used, expired or void: one answer, after
            the same work.
    """
    card = (
        LoginCard.objects.filter(login=plain_login(login), voided_at__isnull=True)
        .filter(used_at__isnull=True, expires_at__gt=now, student__is_active=True)
        .select_related("student")
        .first()
    )
    is_right = is_code(code, card.code_hash if card else _NOBODY, key=_key())
    if card is None or not is_right or not _use(card, now):
        raise CardRefused("This login and code do not open anything.")
    _note("card.used", card.uuid, set(), {}, by=by, now=now)
    return _welcome(card.student, timezone.localdate(now))


def _use(card: LoginCard, now: datetime) -> bool:
    # Of two who type the same code at once, one finds it unused.
    opened = LoginCard.objects.filter(pk=card.pk, used_at__isnull=True, voided_at__isnull=True)
    return opened.update(used_at=now) == 1


def _welcome(student: Student, today: date) -> CardWelcome:
    nobody = Scope.nobody(on=today)
    school_year: SchoolYear = current_school_year(today)
    enrolled = enrolled_now(nobody).filter(student=student).order_by("-is_primary", "pk")
    place = enrolled.select_related("school").first()
    opens_on: date | None = None
    if place is not None:
        # The card proved who it is; it opens the window of that student's school and no more.
        reach = {Permission.ROSTER_READ: Reach(frozenset({place.school_id}))}
        card_scope = Scope(account_id=None, label="login card", on=today, reach=reach)
        try:
            row = get_readiness(card_scope, place.school.uuid, school_year=school_year)
            opens_on = row.plan.window.opens_on
        except OrganizationNotFound:
            opens_on = None
    return CardWelcome(
        first_name=student.preferred_first_name or student.first_name,
        class_title=room_of(nobody, student.pk, school_year=school_year),
        opens_on=opens_on,
    )


def _note(
    action: str,
    subject: UUID | None,
    schools: Collection[int],
    detail: dict[str, Any],
    *,
    by: Actor,
    now: datetime,
) -> None:
    record(
        action=action,
        subject_kind="login_cards",
        subject_uuid=subject,
        by=by,
        now=now,
        organization_id=next(iter(schools)) if len(schools) == 1 else None,
        detail=detail,
    )
