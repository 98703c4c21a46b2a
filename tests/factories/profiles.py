"""One small roster for each of the five types of profiles, to which students are added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from rollbook.extracts.actions.files import make_files
from rollbook.extracts.queries.files import file_path, found_file
from rollbook.extracts.types import ProfileKind, SubjectArea
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.orgs.models import AcademicSession
from rollbook.people.models import Class, Enrollment, SchoolEnrollment, Student
from tests.db.extracts.given import saved
from tests.factories.accounts import BY, EVERYTHING, NOW, ON
from tests.factories.extracts import BEGINS_ON, YEAR, seat, section, settings_for, teacher
from tests.factories.places import SmallState, small_state

K = ProfileKind
# School, name, subject, users: the group that each kind writes while it is small.
GROUPS: Mapping[ProfileKind, tuple[str, str, str, frozenset[str]]] = {
    K.SECONDARY_CLASSES: ("0101", "0101 Moss Kim P1 1", "ELA", frozenset({"moss@example.org"})),
    K.ELEMENTARY_TEACHERS: ("0102", "0102 Pine Kim 1", "Math", frozenset({"pine@example.org"})),
    K.ELEMENTARY_GRADES: ("0102", "0102 Grade 03 1", "All", frozenset({"fern@example.org"})),
    K.COUNSELOR: ("0101", "0101 Ruiz Kim 1", "All", frozenset({"ruiz@example.org"})),
    K.STUDENT_GROUP: ("0101", "Reading 1", "ELA", frozenset({"reed@example.org"})),
}
_GRADES = {K.ELEMENTARY_TEACHERS: "05", K.ELEMENTARY_GRADES: "03"}


@dataclass(frozen=True)
class FiveRosters:
    """Hold a place with something to write for each kind of profile."""

    places: SmallState
    profiles: Mapping[ProfileKind, UUID]
    classes: Mapping[ProfileKind, Class]
    group: StudentGroup

    def join(self, kind: ProfileKind, *numbers: int) -> list[Student]:
        """Let new students come into the group of a kind; SSIDs are made of kind and number."""
        school = self.places.north_high
        if kind in _GRADES:
            school = self.places.north_middle
        counselor = "C1" if kind is K.COUNSELOR else ""
        place = list(K).index(kind) + 1
        came = Student.objects.bulk_create(
            Student(
                district=self.places.north,
                ssid=f"{place}{number:09}",
                last_name=f"Of {number}",
                source="sis",
                sourced_id=f"{place}-{number}",
                counselor=counselor,
            )
            for number in numbers
        )
        stay = {"school": school, "school_year": YEAR, "begins_on": BEGINS_ON}
        SchoolEnrollment.objects.bulk_create(
            SchoolEnrollment(student=who, grade=_GRADES.get(kind, "09"), **stay) for who in came
        )
        if kind in self.classes:
            Enrollment.objects.bulk_create(
                Enrollment(class_taught=self.classes[kind], student=who, role="student")
                for who in came
            )
        if kind is K.STUDENT_GROUP:
            GroupMember.objects.bulk_create(
                GroupMember(group=self.group, student=who) for who in came
            )
        return came

    def written(self, *kinds: ProfileKind) -> bytes:
        """Write one file of the profiles of some kinds, and return its bytes."""
        profiles = [self.profiles[kind] for kind in kinds]
        (made,) = make_files(EVERYTHING, profiles, is_consolidated=True, on=ON, by=BY, now=NOW)
        return file_path(found_file(EVERYTHING, made)).read_bytes()


def five_rosters() -> FiveRosters:
    """Make the rosters, with two students each."""
    places = small_state()
    north, high, middle = places.north, places.north_high, places.north_middle
    # A service that looks at the clock knows a year by a calendar, however long ago it was.
    AcademicSession.objects.create(
        organization=north, kind="schoolYear", school_year=YEAR, title="2026-27",
        starts_on=date(2026, 7, 1), ends_before=date(2027, 7, 1),
    )  # fmt: skip
    english, room = section(high), section(middle, "Room 5")
    Class.objects.filter(pk=room.pk).update(kind="homeroom")
    seat(english, teacher(north, "Moss"))
    seat(room, teacher(north, "Pine"))
    teacher(north, "Ruiz", source="sis", sourced_id="C1")
    fern = teacher(north, "Fern")
    group = StudentGroup.objects.create(
        school=high, school_year=YEAR, name="Reading", subject="ELA", origin="hand"
    )
    GroupUser.objects.create(group=group, login="reed@example.org")
    every = [
        settings_for(high, kind=K.SECONDARY_CLASSES, subject_area=SubjectArea.ELA),
        settings_for(middle, kind=K.ELEMENTARY_TEACHERS, subject_area=SubjectArea.MATH),
        settings_for(
            middle, kind=K.ELEMENTARY_GRADES, grades=("03",), additional_staff=(str(fern.uuid),)
        ),
        settings_for(high, kind=K.COUNSELOR),
        settings_for(high, kind=K.STUDENT_GROUP, groups=(str(group.uuid),)),
    ]
    made = FiveRosters(
        places=places,
        profiles={asked.kind: saved(north, asked, name=asked.kind.value) for asked in every},
        classes={K.SECONDARY_CLASSES: english, K.ELEMENTARY_TEACHERS: room},
        group=group,
    )
    for kind in K:
        made.join(kind, 1, 2)
    return made
