"""All that the profiles of one run choose from, read set by set: each table once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

import polars as pl

from rollbook.access.rules import SANDBOX_DOMAIN
from rollbook.extracts.queries.columns import Kind, among, read_columns
from rollbook.extracts.rules.addresses import plain_address
from rollbook.extracts.types import AskedProfile, ExtractWorld, ProfileKind
from rollbook.orgs.models import Organization, OrganizationLink
from rollbook.orgs.queries import within
from rollbook.orgs.types import OrganizationKind
from rollbook.people.models import Class
from rollbook.shared.scope import Permission, Scope

# So long a number is one that people say; a longer one is the key of a system.
_SHORT_NUMBER: Final = 6
_LEARNS, _TEACHES, _COUNSELS = 0, 1, 2

_SCHOOLS: Final = {
    "id": pl.Int64,
    "uuid": pl.String,
    "natural_id": pl.String,
    "number": pl.String,
    "name": pl.String,
    "is_active": pl.Boolean,
}
_CLASSES: Final[Mapping[str, Kind]] = {
    "id": "id",
    "uuid": "uuid",
    "school_id": "id",
    "school_year": "number",
    "course_id": "id",
    "title": "text",
    "section": "text",
    "periods": "text",
    "kind": "text",
    "begins_on": "date",
    "ends_before": "date",
    "is_active": "flag",
}
_COURSES: Final[Mapping[str, Kind]] = {
    "id": "id",
    "code": "text",
    "title": "text",
    "subjects": "text",
    "department": "text",
}
_ENROLLMENTS: Final[Mapping[str, Kind]] = {"class_id": "id", "seat": "id"}
_STUDENTS: Final[Mapping[str, Kind]] = {
    "id": "id",
    "ssid": "text",
    "grade": "text",
    "school_id": "id",
    "is_enrolled": "flag",
    "begins_on": "date",
    "stay_id": "id",
}
_STAFF: Final[Mapping[str, Kind]] = {
    "id": "id",
    "uuid": "uuid",
    "local_id": "text",
    "first_name": "text",
    "last_name": "text",
    "email": "text",
    "is_active": "flag",
}
_CASELOADS: Final[Mapping[str, Kind]] = {"student_id": "id", "staff_id": "id"}
_GROUPS: Final[Mapping[str, Kind]] = {
    "id": "id",
    "uuid": "uuid",
    "school_id": "id",
    "school_year": "number",
    "name": "text",
    "subject": "text",
    "follows": "flag",
}
_MEMBERS: Final[Mapping[str, Kind]] = {"group_id": "id", "student_id": "id"}
_USERS: Final[Mapping[str, Kind]] = {"group_id": "id", "login": "text"}
_BLOCKS: Final[Mapping[str, Kind]] = {
    "school_id": "id",
    "school_year": "number",
    "base": "text",
    "student_id": "id",
    "block": "number",
}

_CLASSES_ASKED: Final = """
    SELECT id, uuid, school_id, school_year, course_id, title,
           CASE class_code WHEN '' THEN title ELSE class_code END AS section, periods, kind,
           begins_on, ends_before, is_active
    FROM rollbook_class WHERE school_id {schools} AND school_year {years}
"""
_COURSES_ASKED: Final = """
    SELECT id, course_code AS code, title, subjects, department FROM rollbook_course
    WHERE id IN (SELECT course_id FROM rollbook_class
                 WHERE school_id {schools} AND school_year {years})
"""
# Two numbers a row, since writing numbers takes most of the time: `seat` is who it is times eight,
# and twice what the person is there, and one more where it is primary.
_SEATS: Final = 8
_MARKED: Final = f"""
    SELECT e.class_taught_id AS class_id, COALESCE(e.student_id, e.staff_id) * {_SEATS}
           + CASE WHEN e.is_primary THEN 1 ELSE 0 END
           + CASE WHEN e.student_id IS NOT NULL THEN 0 WHEN lower(e.role) = 'teacher' THEN 2
             WHEN lower(e.role) = 'counselor' THEN 4 ELSE 6 END AS seat
"""
_ON_THE_DAY: Final = (
    _MARKED
    + """
    FROM rollbook_enrollment e
    WHERE e.is_active AND (e.begins_on IS NULL OR e.begins_on <= %s)
      AND (e.ends_before IS NULL OR e.ends_before > %s)
"""
)
# In a class whose term is over an enrollment is looked at on the last day, and in one whose term
# has not begun on the first: so that "the term has ended" is not "in no class".
_OUT_OF_TERM: Final = (
    _MARKED
    + """
    FROM rollbook_class c JOIN rollbook_enrollment e ON e.class_taught_id = c.id
    WHERE c.id {classes} AND e.is_active
      AND (e.begins_on IS NULL OR e.begins_on <= %s OR e.begins_on <= c.begins_on)
      AND (e.ends_before IS NULL OR e.ends_before > %s OR e.ends_before >= c.ends_before)
"""
)
# From such a share of all classes on, reading every enrollment is faster than looking them up.
_MOST_CLASSES: Final = 0.2
_STUDENTS_ASKED: Final = """
    SELECT s.id AS id, s.ssid AS ssid, e.grade AS grade, e.school_id AS school_id,
           CASE WHEN (e.begins_on IS NULL OR e.begins_on <= %s)
                 AND (e.ends_before IS NULL OR e.ends_before > %s) THEN 1 ELSE 0 END AS is_enrolled,
           e.begins_on AS begins_on, e.id AS stay_id
    FROM rollbook_schoolenrollment e JOIN rollbook_student s ON s.id = e.student_id
    WHERE e.school_id {schools} AND e.school_year {years} AND e.is_active
      AND s.is_active AND s.merged_into_id IS NULL
"""
_CASELOADS_ASKED: Final = """
    SELECT s.id AS student_id, t.id AS staff_id
    FROM rollbook_student s JOIN rollbook_staff t
      ON t.source = s.source AND t.sourced_id = s.counselor AND t.sourced_id <> ''
    WHERE s.counselor <> '' AND t.is_active AND s.id IN (
      SELECT student_id FROM rollbook_schoolenrollment
      WHERE school_id {schools} AND school_year {years} AND is_active)
"""
_GROUPS_ASKED: Final = """
    SELECT id, uuid, school_id, school_year, name, subject,
           CASE WHEN origin = 'class' OR (origin = 'file' AND EXISTS (
             SELECT 1 FROM rollbook_groupimport i
             JOIN rollbook_organizationlink l ON l.ancestor_id = i.organization_id
             WHERE l.descendant_id = school_id AND i.origin = 'extract' AND i.status = 1
           )) THEN 1 ELSE 0 END AS follows
    FROM rollbook_studentgroup
    WHERE school_id {schools} AND school_year {years} AND is_active AND owner_id IS NULL
"""
_BLOCKS_ASKED: Final = """
    SELECT school_id, school_year, base, student_id, block FROM rollbook_blockplace
    WHERE school_id {schools} AND school_year {years}
"""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Hold what every statement asks for: schools and years, as SQL and its values, and the day."""

    schools: str
    years: str
    values: tuple[object, object]
    on: str

    def read(self, text: str, columns: Mapping[str, Kind], *, before: int = 0) -> pl.DataFrame:
        """Run a statement; it names the day so often before the schools."""
        values = [*[self.on] * before, *self.values]
        return read_columns(text.format(schools=self.schools, years=self.years), values, columns)


def extract_data(scope: Scope, profiles: Sequence[AskedProfile], *, on: date) -> ExtractWorld:
    """Read what profiles choose from, as far as the reader writes groups there.

    Shape: as ExtractWorld says. A school's `number` is its sourcedId where that is a number of at
           most six digits, as most student information systems count schools, else its natural
           id. A student who was merged into another is not there. Classes and staff are empty when
           every profile is about student groups, groups when none is, caseloads when none is about
           counselors. A group that follows a class is there only if a profile names it: the types
           about classes are for those. So is one of a file where its district delivers extracts to
           Rollbook itself: what goes out would come in and go out again under a longer name.
           Staff of another district who neither teach nor counsel at the schools are not there,
           even if a profile names them.
    """
    kinds = {profile.settings.kind for profile in profiles}
    schools = _schools(scope, {uuid for profile in profiles for uuid in profile.settings.schools})
    asked = _asked(schools["id"], {profile.settings.school_year for profile in profiles}, on)
    has_classes = kinds != {ProfileKind.STUDENT_GROUP}
    classes = _read_if(has_classes, asked, _CLASSES_ASKED, _CLASSES).sort("id")
    enrollments = _enrollments(classes, asked.on)
    students = _students(asked)
    taken = _of_students(enrollments, students)
    caseloads = _caseloads(asked, enrollments, taken, is_read=ProfileKind.COUNSELOR in kinds)
    taught = _of_staff(enrollments, _TEACHES)
    working = pl.concat([taught["staff_id"], caseloads["staff_id"]]).unique()
    return ExtractWorld(
        on=on,
        schools=_with_tracking(schools, classes, taken),
        students=students,
        classes=classes,
        courses=_read_if(has_classes, asked, _COURSES_ASKED, _COURSES).sort("id"),
        taught=taught,
        taken=taken,
        staff=_staff(schools["id"].to_list(), working, profiles),
        caseloads=caseloads,
        **_group_frames(asked, profiles, is_read=ProfileKind.STUDENT_GROUP in kinds),
        blocks=_blocks(asked),
    )


def blocks_of(scope: Scope, school_ids: Iterable[int], years: Iterable[int]) -> pl.DataFrame:
    """Return in which block of a larger group each student is, where the reader writes groups.

    Shape: school_id, school_year, base, student_id, block; in this order.
    """
    reach = scope.over(Permission.GROUP_WRITE)
    return _blocks(_asked([i for i in school_ids if reach.includes(i)], years, scope.on))


def known_uuids(values: Iterable[str]) -> list[UUID]:
    """Return those values that are public ids at all, whatever somebody sent."""
    found: list[UUID] = []
    for value in values:
        try:
            found.append(UUID(str(value)))
        except ValueError:
            continue
    return found


def number_of(school: Organization) -> str:
    """Return the number by which people call a school, or its natural id where none is known."""
    short = school.sourced_id.strip()
    is_short = short.isascii() and short.isdigit() and len(short) <= _SHORT_NUMBER
    return short if is_short else school.natural_id


def _asked(school_ids: Iterable[int], years: Iterable[int], on: date) -> _Asked:
    schools, ids = among(school_ids)
    of_years, numbers = among(years)
    return _Asked(schools, of_years, (ids, numbers), on.isoformat())


def _read_if(is_read: bool, asked: _Asked, text: str, columns: Mapping[str, Kind]) -> pl.DataFrame:
    return asked.read(text, columns) if is_read else _none(columns)


def _none(columns: Mapping[str, Kind]) -> pl.DataFrame:
    types = {"id": pl.Int64, "number": pl.Int32, "flag": pl.Boolean, "date": pl.Date}
    return pl.DataFrame(schema={name: types.get(kind, pl.String) for name, kind in columns.items()})


def _schools(scope: Scope, uuids: set[str]) -> pl.DataFrame:
    found = Organization.objects.filter(
        within(scope.over(Permission.GROUP_WRITE), "pk"),
        kind=OrganizationKind.SCHOOL,
        uuid__in=known_uuids(uuids),
    ).order_by("natural_id", "pk")
    rows = [
        (o.pk, str(o.uuid), o.natural_id, number_of(o), o.name, o.is_active)
        for o in found.only("uuid", "natural_id", "sourced_id", "name", "is_active")
    ]
    return pl.DataFrame(rows, schema=_SCHOOLS, orient="row")


def _with_tracking(
    schools: pl.DataFrame, classes: pl.DataFrame, taken: pl.DataFrame
) -> pl.DataFrame:
    """Tell of each school whether it says of any class that it is a student's primary one."""
    primary = taken.filter("is_primary").select("class_id").unique()
    tracking = classes.join(primary, left_on="id", right_on="class_id", how="semi")["school_id"]
    return schools.with_columns(tracks_primary=pl.col("id").is_in(tracking.unique().implode()))


def _enrollments(classes: pl.DataFrame, on: str) -> pl.DataFrame:
    """Return who is in which class on a day, and in classes out of term who was or will be."""
    day = date.fromisoformat(on)
    is_out = (pl.col("begins_on") > day) | (pl.col("ends_before") <= day)
    out = classes.filter(is_out.fill_null(value=False))
    running = classes.join(out, on="id", how="anti").select(class_id="id")
    share = running.height / max(Class.objects.count(), 1) if running.height else 0
    condition, ids = among(running["class_id"])
    if not running.height:
        held = _none(_ENROLLMENTS)
    elif share >= _MOST_CLASSES:
        held = read_columns(_ON_THE_DAY, [on, on], _ENROLLMENTS)
    else:
        statement = f"{_ON_THE_DAY} AND e.class_taught_id {condition}"
        held = read_columns(statement, [on, on, ids], _ENROLLMENTS)
    held = held.join(running, on="class_id", how="semi")
    if not out.height:
        return held
    condition, ids = among(out["id"])
    statement = _OUT_OF_TERM.format(classes=condition)
    return pl.concat([held, read_columns(statement, [ids, on, on], _ENROLLMENTS)])


def _of_students(enrollments: pl.DataFrame, students: pl.DataFrame) -> pl.DataFrame:
    """Return who takes which class: once each, those alone who are students of the schools."""
    known = students.select(student_id="id").unique()
    seats = _seats(enrollments, _LEARNS, "student_id")
    return seats.join(known, on="student_id", how="semi", maintain_order="left")


def _of_staff(enrollments: pl.DataFrame, part: int) -> pl.DataFrame:
    return _seats(enrollments, part, "staff_id")


def _seats(enrollments: pl.DataFrame, part: int, person: str) -> pl.DataFrame:
    """Return who is what in which class, once each, by class and person."""
    found = (
        enrollments.filter(pl.col("seat") % _SEATS // 2 == part)
        .select(
            "class_id",
            (pl.col("seat") // _SEATS).alias(person),
            is_primary=pl.col("seat") % 2 == 1,
        )
        .sort("class_id", person)
    )
    # The primary one of twins stays. They lie side by side: a hash table takes 200 MB to tell.
    side_by_side = (pl.col(name) == pl.col(name).shift() for name in ("class_id", person))
    is_twin = pl.all_horizontal(side_by_side)
    if not found.select(is_twin.any()).item():
        return found
    primary_first = found.sort("class_id", person, pl.col("is_primary").not_())
    return primary_first.unique(["class_id", person], keep="first", maintain_order=True)


def _students(asked: _Asked) -> pl.DataFrame:
    """Return each student once a school: of several stays the one of the day, else the latest."""
    order = ["is_enrolled", "begins_on", "stay_id"]
    found = asked.read(_STUDENTS_ASKED, _STUDENTS, before=2)
    latest_first = found.sort(order, descending=True, nulls_last=True)
    once = latest_first.unique(["id", "school_id"], keep="first", maintain_order=True)
    return once.sort("id", "school_id").drop("begins_on", "stay_id")


def _caseloads(
    asked: _Asked, enrollments: pl.DataFrame, taken: pl.DataFrame, *, is_read: bool
) -> pl.DataFrame:
    """Return who counsels whom, as the roster says of students and by classes of counselors."""
    if not is_read:
        return _none(_CASELOADS)
    counseled = _of_staff(enrollments, _COUNSELS).select("class_id", "staff_id")
    by_class = taken.join(counseled, on="class_id").select("student_id", "staff_id")
    said = asked.read(_CASELOADS_ASKED, _CASELOADS)
    return pl.concat([said, by_class]).unique().sort("student_id", "staff_id")


def _staff(
    school_ids: Sequence[int], working: pl.Series, profiles: Sequence[AskedProfile]
) -> pl.DataFrame:
    above = OrganizationLink.objects.filter(descendant_id__in=school_ids)
    places, ids = among(set(above.values_list("ancestor_id", flat=True)))
    persons, known = among(working)
    found = read_columns(
        "SELECT id, uuid, local_id, first_name, last_name, email, is_active FROM rollbook_staff"
        f" WHERE district_id {places} OR id {persons}",
        [ids, known],
        _STAFF,
    )
    named = {
        uuid
        for profile in profiles
        for uuid in (*profile.settings.additional_staff, *profile.settings.counselors)
    }
    is_needed = pl.col("id").is_in(working.implode()) | pl.col("uuid").is_in(sorted(named))
    return found.filter(is_needed).with_columns(email=plain_address(pl.col("email"))).sort("id")


def _group_frames(
    asked: _Asked, profiles: Sequence[AskedProfile], *, is_read: bool
) -> dict[str, pl.DataFrame]:
    """Return groups, their members and their users, by the names of ExtractWorld."""
    named = sorted({uuid for profile in profiles for uuid in profile.settings.groups})
    found = _read_if(is_read, asked, _GROUPS_ASKED, _GROUPS)
    groups = found.filter(~pl.col("follows") | pl.col("uuid").is_in(named)).drop("follows")
    condition, ids = among(groups["id"])
    members = (
        "SELECT m.group_id AS group_id, m.student_id AS student_id FROM rollbook_groupmember m"
        f" WHERE m.group_id {condition}"
    )
    users = (
        "SELECT u.group_id AS group_id, lower(u.login) AS login FROM rollbook_groupuser u"
        f" WHERE u.group_id {condition}"
    )
    return {
        "groups": groups.sort("id"),
        "group_members": read_columns(members, [ids], _MEMBERS).sort("group_id", "student_id"),
        "group_users": read_columns(users, [ids], _USERS)
        .filter(~pl.col("login").str.ends_with(SANDBOX_DOMAIN))
        .sort("group_id", "login"),
    }


def _blocks(asked: _Asked) -> pl.DataFrame:
    return asked.read(_BLOCKS_ASKED, _BLOCKS).sort(list(_BLOCKS))
