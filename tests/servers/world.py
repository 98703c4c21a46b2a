"""A small made-up district, which both the Clever and the OneRoster server show.

    world = district(schools=2, students=12)    # students of each school
    world.students[0].first = "Ada"; world.changed("users", world.students[0].id)
    world.add_student(world.schools[0].id); world.remove_student(world.students[0].id)

Every student sits in two sections: the homeroom of the grade, and one of mathematics. The names
of homerooms hold "Homeroom", and their period is "1", so that rules can choose them.
`changed` and the methods leave an event for Clever and a `dateLastModified` for OneRoster.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

START = "2026-08-01T00:00:00.000Z"  # when everything was modified for the first time
CHANGED = "2026-11-20T10:00:00.000Z"  # when `changed` says that something was


@dataclass
class School:
    id: str
    name: str
    number: str
    state_id: str


@dataclass
class Person:
    id: str
    first: str
    last: str
    email: str
    schools: list[str]
    number: str
    state_id: str = ""
    grade: str = ""  # CEDS
    born: str = ""  # YYYY-MM-DD
    sex: str = ""  # male, female, other
    race: str = ""  # Clever's word
    is_hispanic: bool = False
    kinds: tuple[str, ...] = ("student",)  # student, teacher, staff


@dataclass
class Term:
    id: str
    name: str
    starts: str
    ends: str


@dataclass
class Course:
    id: str
    name: str
    number: str


@dataclass
class Section:
    id: str
    school: str
    name: str
    number: str
    subject: str
    period: str
    grade: str
    course: str
    term: str
    teachers: list[str]
    students: list[str]


@dataclass
class World:
    id: str
    name: str
    schools: list[School] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    state: str = "success"  # Clever's word; "running" while a sync goes on
    last_sync: str = START
    is_connected: bool = True  # False: the district has taken its token back
    events: list[tuple[str, str, str]] = field(default_factory=list)  # id, type, object's id
    modified: dict[str, str] = field(default_factory=dict)  # by id; START when not named
    gone: dict[str, list[str]] = field(default_factory=dict)  # collection -> ids taken away

    @property
    def students(self) -> list[Person]:
        return [person for person in self.people if "student" in person.kinds]

    @property
    def teachers(self) -> list[Person]:
        return [person for person in self.people if "teacher" in person.kinds]

    def person(self, key: str) -> Person:
        return next(person for person in self.people if person.id == key)

    def changed(self, collection: str, key: str, how: str = "updated") -> None:
        """Say that a record changed."""
        self.modified[key] = CHANGED
        self.events.append((ident("e", len(self.events)), f"{collection}.{how}", key))

    def add_student(self, school: str, *, grade: str = "06", place: int | None = None) -> Person:
        """Add a student to a school and to the sections of the grade there."""
        number = 9000 + len(self.people)
        person = _student(number, school, grade)
        self.people.insert(len(self.people) if place is None else place, person)
        for section in self.sections:
            if section.school == school and section.grade == grade:
                section.students.append(person.id)
                self.changed("sections", section.id)
        self.changed("users", person.id, "created")
        return person

    def remove_student(self, key: str) -> None:
        """Take a student away, and from the sections too."""
        self.people = [person for person in self.people if person.id != key]
        self.gone.setdefault("users", []).append(key)
        for section in self.sections:
            if key in section.students:
                section.students.remove(key)
                self.gone.setdefault("enrollments", []).append(f"{section.id}-{key}")
                self.changed("sections", section.id)
        self.changed("users", key, "deleted")


_KINDS = {"d": 1, "s": 2, "p": 3, "t": 4, "c": 5, "x": 6, "e": 7, "u": 8}
_FIRST = ("Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Femi", "Grace", "Hugo", "Ines", "Jun")
_LAST = ("Alvarez", "Brandt", "Chen", "Dubois", "Eze", "Fraser", "Gupta", "Haas")
_RACES = ("Caucasian", "Asian", "Black or African American", "Two or More Races", "Unknown")
_GRADES = ("06", "07", "08")


def ident(kind: str, number: int) -> str:
    """Return an id like Clever's: 24 hexadecimal digits."""
    return f"{_KINDS[kind]:04x}{number:020x}"


def district(
    *, schools: int = 2, students: int = 12, has_courses: bool = True, has_terms: bool = True
) -> World:
    """Build a district: so many schools, so many students in each, two sections for each."""
    world = World(ident("d", 1), "Pinecrest Unified")
    if has_terms:
        world.terms.append(Term(ident("t", 1), "Semester 1", "2026-08-17", "2027-01-16"))
        world.terms.append(Term(ident("t", 2), "Semester 2", "2027-01-19", "2027-06-12"))
    if has_courses:
        world.courses.append(Course(ident("c", 1), "Homeroom", "HR"))
        world.courses.append(Course(ident("c", 2), "Mathematics", "MA1"))
    for number in range(1, schools + 1):
        _add_school(world, number, students)
    principal = Person(
        ident("u", 1), "Robin", "Vance", "robin.vance@example.org", [world.schools[0].id], "A1",
        kinds=("staff",),
    )  # fmt: skip
    world.people.append(principal)
    world.events.append((ident("e", 0), "schools.created", world.schools[0].id))
    return world


def _add_school(world: World, number: int, students: int) -> None:
    school = School(
        ident("s", number), f"School {number}", f"{number:03d}", f"19{number:05d}0000000"[:14]
    )
    world.schools.append(school)
    people = [
        _student(number * 1000 + place, school.id, _GRADES[place % 3]) for place in range(students)
    ]
    world.people += people
    for place, grade in enumerate(_GRADES):
        mine = [person.id for person in people if person.grade == grade]
        for kind in ("Homeroom", "Mathematics"):
            world.people.append(_teacher(number * 100 + place * 10 + len(kind), school.id))
            world.sections.append(
                _section(
                    world, school, kind, grade, teachers=[world.people[-1].id], students=list(mine)
                )
            )


def _section(
    world: World, school: School, kind: str, grade: str, *, teachers: list[str], students: list[str]
) -> Section:
    number = len(world.sections) + 1
    is_home = kind == "Homeroom"
    course = ident("c", 1 if is_home else 2) if world.courses else ""
    return Section(
        id=ident("x", number),
        school=school.id,
        name=f"{kind} {grade}",
        number=f"{kind[:2].upper()}-{number}",
        subject="homeroom/advisory" if is_home else "math",
        period="1" if is_home else "2",
        grade=grade,
        course=course,
        term=world.terms[0].id if world.terms else "",
        teachers=teachers,
        students=students,
    )


def _student(number: int, school: str, grade: str) -> Person:
    first, last = _FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)]
    return Person(
        id=ident("p", number),
        first=first,
        last=last,
        email=f"student{number}@example.org",
        schools=[school],
        number=f"{number:06d}",
        state_id=f"{4000000000 + number}",
        grade=grade,
        born=f"{2027 - 6 - int(grade)}-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
        sex=("male", "female")[number % 2],
        race=_RACES[number % len(_RACES)],
        is_hispanic=number % 3 == 0,
    )


def _teacher(number: int, school: str) -> Person:
    return replace(
        _student(number, school, "06"),
        id=ident("u", number), email=f"teacher{number}@example.org", number=f"T{number}",
        state_id="", grade="", born="", kinds=("teacher",),
    )  # fmt: skip
