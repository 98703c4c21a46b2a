"""What a group file meets here: schools, school years, subjects, students, groups of today."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import polars as pl
from django.db import connection
from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower

from rollbook.access.models import Account, Grant
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.groups.plan.current import GROUPS, MEMBERS, SCHOOLS, STUDENTS, USERS, CurrentGroups
from rollbook.groups.types import GroupFileWorld
from rollbook.orgs.models import AcademicSession, Organization, OrganizationLink
from rollbook.orgs.queries import current_school_year, within
from rollbook.orgs.types import OrganizationKind, SessionKind
from rollbook.people.models import Staff, Student, StudentAlias
from rollbook.people.queries.students import enrolled_now
from rollbook.shared.scope import Permission, Scope

# Those that are shipped with assessments, which stand above groups; a test compares them.
SUBJECTS: Final = ("ELA", "Math", "CAST", "ELPAC")
# From so many numbers on, a district's students are read whole rather than looked up.
_LOOKED_UP: Final = 5_000


def world_of(scope: Scope) -> GroupFileWorld:
    """Return what a group file of this sender is judged against.

    Shape: schools whose groups the sender may write, by an id that names just one of them; the
           school years on calendars and those around today's; addresses of people there.
           Students are looked up when the file is planned, by district.
    """
    schools = schools_to_write(scope)
    districts = schools["district_id"].unique().to_list()
    return GroupFileWorld(
        school_ids=frozenset(schools["school_natural_id"]),
        subjects=SUBJECTS,
        years=_years(scope),
        logins=_logins(districts),
    )


def schools_to_write(scope: Scope) -> pl.DataFrame:
    """Return the schools whose groups this reader may write: SCHOOLS, by natural id."""
    district = OrganizationLink.objects.filter(
        descendant=OuterRef("pk"), ancestor__kind=OrganizationKind.DISTRICT
    ).order_by("depth")
    found = (
        Organization.objects.filter(
            within(scope.over(Permission.GROUP_WRITE), "pk"),
            kind=OrganizationKind.SCHOOL,
            is_active=True,
        )
        .exclude(natural_id="")
        .annotate(
            home=Coalesce(
                Subquery(district.values("ancestor_id")[:1]),
                F("pk"),
                output_field=BigIntegerField(),
            )
        )
    )
    frame = _frame(found.values_list("natural_id", "pk", "home"), SCHOOLS)
    # An id that two schools have names neither.
    return frame.filter(~pl.col("school_natural_id").is_duplicated()).sort("school_natural_id")


def _years(scope: Scope) -> frozenset[int]:
    today = int(current_school_year(scope.on))
    sessions = AcademicSession.objects.filter(kind=SessionKind.SCHOOL_YEAR, is_active=True)
    kept = sessions.values_list("school_year", flat=True).distinct()
    return frozenset({today - 1, today, today + 1, *kept})


def _logins(districts: Sequence[int]) -> pl.Series:
    """Return the addresses of the districts' staff, and of accounts with a role there.

    Who has an account elsewhere is not told: whoever types an address would learn it.
    """
    staff = Staff.objects.filter(district_id__in=districts, is_active=True).exclude(email="")
    accounts = Account.objects.filter(with_role_among(districts), is_active=True)
    known = {
        *staff.values_list(Lower("email"), flat=True),
        *accounts.values_list(Lower("email"), flat=True),
    }
    return pl.Series(sorted(known), dtype=pl.String())


def with_role_among(districts: Collection[int]) -> Exists:
    """Return the condition for accounts with a role in one of these districts, or above it."""
    inside = OrganizationLink.objects.filter(ancestor_id__in=list(districts))
    above = OrganizationLink.objects.filter(descendant_id__in=list(districts))
    return Exists(
        Grant.objects.filter(
            Q(organization__in=list(districts))
            | Q(organization__in=inside.values("descendant_id"))
            | Q(organization__in=above.values("ancestor_id")),
            account=OuterRef("pk"),
        )
    )


def current_groups(scope: Scope, rows: pl.DataFrame) -> CurrentGroups:
    """Return what the rows of a group file meet, as far as the sender may write it.

    Shape: groups of the schools and years that the rows name; students whom they may mean.
    """
    named = schools_to_write(scope).join(
        rows.select("school_natural_id").unique(), on="school_natural_id", how="semi"
    )
    groups = StudentGroup.objects.filter(
        owner__isnull=True,
        school_id__in=named["school_id"].to_list(),
        school_year__in=rows["school_year"].drop_nulls().unique().to_list(),
    )
    members = GroupMember.objects.filter(group__in=groups.values("pk"))
    users = GroupUser.objects.filter(group__in=groups.values("pk"))
    return CurrentGroups(
        schools=named,
        students=_students(
            scope,
            named["district_id"].unique().to_list(),
            rows["student_ssid"].drop_nulls().unique(),
            members,
        ),
        groups=_frame(groups.values_list(*GROUPS), GROUPS),
        members=_frame(members.values_list(*MEMBERS), MEMBERS),
        users=_frame(users.values_list(*USERS), USERS),
        subjects=SUBJECTS,
    )


def _students(
    scope: Scope, districts: Collection[int], ssids: pl.Series, members: QuerySet[GroupMember]
) -> pl.DataFrame:
    """Return active students of districts under every number that names one.

    Shape: whom the sender may put into a group: those of districts whose groups the sender writes
           as a whole, those enrolled today at a school of the sender's, and who is in already.
    """
    now = Student.objects.filter(district_id__in=districts, is_active=True).exclude(ssid="")
    # A number that somebody has, wherever, is nobody's former one.
    former = StudentAlias.objects.filter(
        ~Exists(Student.objects.filter(ssid=OuterRef("ssid"))),
        student__district_id__in=districts,
        student__is_active=True,
        is_active=True,
    ).exclude(ssid="")
    reach = scope.over(Permission.GROUP_WRITE)
    if not all(reach.includes(district) for district in districts):
        here = enrolled_now(scope).filter(within(reach, "school_id")).values("student_id")
        inside = members.values("student_id")
        own = within(reach, "district_id")
        now = now.filter(own | Q(pk__in=here) | Q(pk__in=inside))
        of_own = within(reach, "student__district_id")
        former = former.filter(of_own | Q(student__in=here) | Q(student__in=inside))
    known = _read(now, ("ssid", "pk", "district_id"), ssids)
    once = _read(former, ("ssid", "student_id", "student__district_id"), ssids)
    return pl.concat([known, once.unique(["ssid", "district_id"], keep="none")])


def _read(found: QuerySet[Any], columns: Sequence[str], ssids: pl.Series) -> pl.DataFrame:
    parts = [_frame(piece.values_list(*columns), STUDENTS) for piece in _narrowed(found, ssids)]
    return pl.concat([STUDENTS.to_frame(), *parts])


def _narrowed(found: QuerySet[Any], ssids: pl.Series) -> Iterable[QuerySet[Any]]:
    """Look a few numbers up; read everything for many."""
    if ssids.len() > _LOOKED_UP:
        return [found]
    # SQLite takes a limited number of variables in a statement.
    most = connection.features.max_query_params or _LOOKED_UP
    size = min(most - 10, _LOOKED_UP)
    listed = ssids.to_list()
    return [
        found.filter(ssid__in=listed[start : start + size]) for start in range(0, len(listed), size)
    ]


def _frame(rows: Iterable[tuple[Any, ...]], schema: pl.Schema) -> pl.DataFrame:
    """Make a frame of rows that the database gave, column by column."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pl.DataFrame(
        [
            pl.Series(name, values, dtype=kind)
            for (name, kind), values in zip(schema.items(), columns, strict=True)
        ],
        schema=schema,
    )
