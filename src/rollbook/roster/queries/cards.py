"""Read who needs a login card, class by class, and whom cards are printed for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from rollbook.orgs.models import Organization
from rollbook.orgs.queries import OrganizationNotFound, row_of, within
from rollbook.orgs.types import OrganizationRow
from rollbook.people.models import Class, Enrollment
from rollbook.people.queries.students import enrolled_now
from rollbook.roster.models.readiness import LoginCard, Readiness
from rollbook.roster.rules.readiness import Method
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope

HOMEROOM: Final = "homeroom"


@dataclass(frozen=True, slots=True)
class ClassCards:
    """Count the login cards of one class.

    Shape: `open_count` are cards that still work, `used_count` students whose latest card was
           used; `needed_count` are students with neither.
    """

    uuid: UUID
    title: str
    school_name: str
    student_count: int
    open_count: int
    used_count: int

    @property
    def needed_count(self) -> int:
        """Count the students who have no card that works and used none."""
        return max(0, self.student_count - self.open_count - self.used_count)


@dataclass(frozen=True, slots=True)
class CardHolder:
    """Hold what a card says of one student."""

    student_id: int
    local_id: str
    name: str
    school_id: int
    school_name: str
    class_title: str


def card_schools(scope: Scope) -> QuerySet[Organization]:
    """Return the schools for whose students this reader may issue login cards.

    A card is a key to one student's name, so its issuer may read individual students there; and
    either changes rosters there or gives accounts there. School Admins change no roster, but they
    make accounts for their teachers, and a card is less than an account. Whoever only sends
    rosters, coordinates tests or certifies prints no keys.

    Shape: unordered; nothing changes a roster, so ROSTER_WRITE alone is not asked for.
    """
    reads = within(scope.over(Permission.INDIVIDUAL_PII_READ), "id")
    writes = within(scope.over(Permission.ROSTER_WRITE), "id")
    gives = within(scope.over(Permission.ACCOUNT_WRITE), "id")
    return Organization.objects.filter(
        reads & (writes | gives), kind="school", is_active=True
    ).order_by()


def card_places(scope: Scope) -> list[OrganizationRow]:
    """List the schools for whose students this reader may issue login cards, by name."""
    return [row_of(school) for school in card_schools(scope).order_by("name", "pk")]


def may_issue_cards(scope: Scope) -> bool:
    """Tell whether the reader may issue login cards anywhere; one question to the database."""
    return card_schools(scope).exists()


def class_cards(
    scope: Scope,
    *,
    school_year: int,
    now: datetime,
    school_id: int | None = None,
    page: PageRequest | None = None,
) -> Page[ClassCards]:
    """Return one page of classes with the cards of their students, homerooms first.

    Shape: classes with students, at schools where the reader may issue cards; by school, then
           title. The number of queries does not depend on the number of classes.
    """
    page = page or PageRequest()
    found = _classes(scope, school_year)
    found = found.filter(school_id=school_id) if school_id is not None else found
    seated = _seats(scope, school_year).filter(class_taught=OuterRef("pk"))
    found = found.filter(Exists(seated))
    ordered = found.select_related("school").order_by(
        "school__name", _homeroom_first(), "title", "pk"
    )
    shown = list(ordered[page.offset : page.offset + page.size])
    counts = _counts(scope, school_year, [each.pk for each in shown], now=now)
    rows = [
        ClassCards(
            uuid=each.uuid,
            title=each.title,
            school_name=each.school.name,
            student_count=counts[each.pk]["students"],
            open_count=counts[each.pk]["open"],
            used_count=counts[each.pk]["used"],
        )
        for each in shown
    ]
    return Page(rows, number=page.number, size=page.size, total_count=found.count())


def _counts(
    scope: Scope, school_year: int, classes: Collection[int], *, now: datetime
) -> dict[int, dict[str, Any]]:
    cards = LoginCard.objects.filter(student=OuterRef("student_id"), voided_at__isnull=True)
    opened = Exists(cards.filter(used_at__isnull=True, expires_at__gt=now))
    used = Exists(cards.filter(used_at__isnull=False))
    rows = (
        _seats(scope, school_year)
        .filter(class_taught__in=classes)
        .order_by()
        .values("class_taught_id")
        .annotate(
            students=Count("student_id", distinct=True),
            open=Count("student_id", distinct=True, filter=Q(opened)),
            used=Count("student_id", distinct=True, filter=Q(used) & ~Q(opened)),
        )
    )
    return {row["class_taught_id"]: row for row in rows}


def students_without_card(
    scope: Scope, *, school_year: int, now: datetime, school_id: int | None = None
) -> int:
    """Count the students who have no card that works and used none, each once.

    Shape: of the schools where the reader may issue cards, or of one of them.
    """
    cards = LoginCard.objects.filter(student=OuterRef("student_id"), voided_at__isnull=True)
    works = cards.filter(Q(used_at__isnull=False) | Q(expires_at__gt=now))
    here = enrolled_now(scope).filter(
        ~Exists(works),
        school__in=card_schools(scope),
        school_year=school_year,
        student__is_active=True,
    )
    here = here.filter(school_id=school_id) if school_id is not None else here
    return here.values("student_id").distinct().count()


def schools_by_clever(scope: Scope, *, school_year: int) -> list[str]:
    """Return the names of schools whose students sign in through Clever and need no card.

    Shape: by name; those for which the reader may issue cards.
    """
    chosen = Readiness.objects.filter(school_year=school_year)
    clever = chosen.filter(method=Method.CLEVER).values("organization_id")
    own_way = chosen.exclude(method__in=("", Method.CLEVER)).values("organization_id")
    found = card_schools(scope).filter(links_up__ancestor__in=clever).exclude(pk__in=own_way)
    return list(found.order_by("name").values_list("name", flat=True).distinct())


def card_holders(
    scope: Scope,
    *,
    school_year: int,
    class_uuid: UUID | None = None,
    school: UUID | None = None,
    students: Collection[UUID] = (),
    without_card_at: datetime | None = None,
) -> list[CardHolder]:
    """Return for whom cards would be printed: a class, a school, or the students named.

    Shape: by class, then last and first name; each student once, in the homeroom where there is
           one. `without_card_at` leaves out who has a card that works or has used one.
    Raises: OrganizationNotFound where the class or school is none for which the reader may issue
            cards; students out of reach are left out.
    """
    here = enrolled_now(scope).filter(
        school__in=card_schools(scope), school_year=school_year, student__is_active=True
    )
    if class_uuid is not None:
        place = _classes(scope, school_year).filter(uuid=class_uuid).first()
        if place is None:
            raise OrganizationNotFound("No such class, or not one whose cards you may issue.")
        seats = _seats(scope, school_year).filter(class_taught=place, student=OuterRef("student"))
        here = here.filter(Exists(seats), school=place.school_id)
    elif school is not None:
        at = card_schools(scope).filter(uuid=school).first()
        if at is None:
            raise OrganizationNotFound("No such school, or not one whose cards you may issue.")
        here = here.filter(school=at)
    else:
        here = here.filter(student__uuid__in=list(students))
    if without_card_at is not None:
        cards = LoginCard.objects.filter(student=OuterRef("student"), voided_at__isnull=True)
        works = Q(used_at__isnull=False) | Q(expires_at__gt=without_card_at)
        here = here.filter(~Exists(cards.filter(works)))
    return _holders(scope, here, school_year, class_uuid)


def _holders(
    scope: Scope, here: QuerySet[Any], school_year: int, class_uuid: UUID | None
) -> list[CardHolder]:
    rows = here.order_by("-is_primary", "pk").values_list(
        "student_id", "student__local_id", "student__first_name",
        "student__preferred_first_name", "student__last_name", "school_id", "school__name",
    )  # fmt: skip
    seats = _seats(scope, school_year).filter(student__in=here.values("student_id"))
    if class_uuid is not None:
        seats = seats.filter(class_taught__uuid=class_uuid)
    rooms: dict[tuple[int, int], str] = {}
    ordered = seats.order_by(_homeroom_first("class_taught__"), "class_taught__title", "pk")
    for student, school, title in ordered.values_list(
        "student_id", "class_taught__school_id", "class_taught__title"
    ):
        rooms.setdefault((student, school), title)
    found: dict[int, tuple[tuple[str, ...], CardHolder]] = {}
    for student, local_id, first, preferred, last, school, school_name in rows:
        room = rooms.get((student, school), "")
        name = f"{preferred or first} {last}".strip()
        order = (school_name, room, last.casefold(), first.casefold())
        holder = CardHolder(student, local_id, name, school, school_name, room)
        found.setdefault(student, (order, holder))
    return [holder for _order, holder in sorted(found.values(), key=lambda pair: pair[0])]


def room_of(scope: Scope, student_id: int, *, school_year: int) -> str:
    """Return the title of one student's class, the homeroom where there is one; blank for none.

    For the student alone, whose card proved who it is.
    """
    seats = _seats(scope, school_year).filter(student=student_id)
    ordered = seats.order_by(_homeroom_first("class_taught__"), "class_taught__title", "pk")
    return ordered.values_list("class_taught__title", flat=True).first() or ""


def _classes(scope: Scope, school_year: int) -> QuerySet[Class]:
    return Class.objects.filter(
        school__in=card_schools(scope), school_year=school_year, is_active=True
    )


def _seats(scope: Scope, school_year: int) -> QuerySet[Enrollment]:
    """Return where students sit on the scope's day."""
    return Enrollment.objects.filter(
        Q(begins_on__isnull=True) | Q(begins_on__lte=scope.on),
        Q(ends_before__isnull=True) | Q(ends_before__gt=scope.on),
        student__is_active=True,
        class_taught__school_year=school_year,
        class_taught__is_active=True,
        is_active=True,
    )


def _homeroom_first(prefix: str = "") -> Case:
    return Case(
        When(**{f"{prefix}kind": HOMEROOM}, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
