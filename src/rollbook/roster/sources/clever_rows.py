"""Turn the objects of Clever's Data API into the rows of OneRoster 1.2, cell by cell as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import polars as pl

from rollbook.roster.rules.spellings import is_only_day_first
from rollbook.roster.sources.oneroster_rows import made_id
from rollbook.roster.sources.packing import RosterTables, first_text, list_of, text_of
from rollbook.shared.years import SchoolYear

Record = Mapping[str, Any]
Row = dict[str, str]

# Source: Clever Data API 3.1, grade; CEDS element 000100.
_GRADES: Final = {
    "InfantToddler": "IT",
    "Preschool": "PR",
    "PreKindergarten": "PK",
    "TransitionalKindergarten": "TK",
    "Kindergarten": "KG",
    "PostGraduate": "PS",
    "Ungraded": "UG",
    **{str(number): f"{number:02d}" for number in range(1, 14)},
}
_SEXES: Final = {"M": "male", "F": "female", "X": "other"}
_RACES: Final = {
    "Caucasian": "white",
    "Asian": "asian",
    "Black or African American": "blackOrAfricanAmerican",
    "American Indian": "americanIndianOrAlaskaNative",
    "Hawaiian or Other Pacific Islander": "nativeHawaiianOrOtherPacificIslander",
    "Two or More Races": "demographicRaceTwoOrMoreRaces",
}
_YES_NO: Final = {"Y": "true", "N": "false"}
_HOMEROOM: Final = re.compile(r"home ?room", re.IGNORECASE)
_US_DATE: Final = r"^(\d{1,2})/(\d{1,2})/(\d{4})$"
# What no race is goes into a column where the checks tell it; so it can be read as no other word.
_ODD_RACE: Final = "demographicRaceTwoOrMoreRaces"
_UNSAID: Final = frozenset(("", "Unknown"))
_ISO_START: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?=T|$)")
# In this order a person's first role at a school is the primary one. Staff may be anybody, so
# they get the role that may do least.
_ROLES: Final = (("student", "student"), ("teacher", "teacher"), ("staff", "aide"))


@dataclass
class CleverRoster:
    """Collect one district as OneRoster tables. Add it in the order of the methods.

    Shape: sourcedIds are Clever's ids. `today` names the school year of a district without terms.
    """

    district: Record
    today: date
    tables: RosterTables = field(default_factory=lambda: RosterTables("1.2"))
    _years: dict[int, str] = field(default_factory=dict)
    _courses: dict[str, str] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)

    @property
    def _district(self) -> str:
        return text_of(self.district.get("id"))

    def add_schools(self, schools: Iterable[Record]) -> None:
        """Add the district and its schools."""
        home = {"sourcedId": self._district, "name": text_of(self.district.get("name"))}
        self.tables.add("orgs", [{**home, "type": "district"}])
        self.tables.add("orgs", (self._school(school) for school in schools))

    def add_terms(self, terms: Iterable[Record]) -> None:
        """Add the terms, and the school years that hold them: Clever has none of its own."""
        rows = [self._term(term) for term in terms]
        spans: dict[int, list[Row]] = {}
        for row in rows:
            spans.setdefault(int(row["schoolYear"]), []).append(row)
        for year, held in (spans or {SchoolYear.containing(self.today): []}).items():
            self._add_year(SchoolYear(year), held)
        self.tables.add(
            "academicSessions",
            ({**row, "parentSourcedId": self._years[int(row["schoolYear"])]} for row in rows),
        )

    def add_courses(self, courses: Iterable[Record]) -> None:
        """Add the courses that the district has named."""
        for course in courses:
            key = text_of(course.get("id"))
            self._courses[key] = first_text(course, ("name", "number", "id"))
            row = {"sourcedId": key, "title": self._courses[key], "orgSourcedId": self._district}
            self.tables.add("courses", [{**row, "courseCode": text_of(course.get("number"))}])

    def add_users(self, users: Iterable[Record]) -> None:
        """Add people: their roles at their schools, and what is known of students."""
        for user in users:
            roles = list(self._roles(user))
            self.tables.add("users", [_user(user, roles)])
            self.tables.add("roles", roles)
            if isinstance(student := _roles_of(user).get("student"), dict):
                self.tables.add("demographics", [_demographics(user, student)])

    def finished(self) -> RosterTables:
        """Return the tables, birthdays written as the standard does: Clever writes month first.

        Shape: where some birthday can only be day first, all stay as they are, for the checks.
        """
        days = self.tables.frame("demographics")["birthDate"]
        if not is_only_day_first(days).any():
            self.tables.rewrite("demographics", _month_first(pl.col("birthDate")))
        return self.tables

    def add_sections(self, sections: Iterable[Record]) -> None:
        """Add sections as classes, and who is in them."""
        for section in sections:
            self.tables.add("classes", [self._class(section)])
            self.tables.add("enrollments", _enrollments(section))

    def _school(self, school: Record) -> Row:
        return {
            "sourcedId": text_of(school.get("id")),
            "name": first_text(school, ("name", "id")),
            "type": "school",
            "identifier": first_text(school, ("state_id", "school_number", "sis_id")),
            "parentSourcedId": self._district,
        }

    def _term(self, term: Record) -> Row:
        starts, ends = _day(term.get("start_date")), _day(term.get("end_date"))
        day = _date_of(starts) or _date_of(ends) or self.today
        return {
            "sourcedId": text_of(term.get("id")),
            "title": first_text(term, ("name", "id")),
            "type": "term",
            "startDate": starts,
            "endDate": ends,
            "schoolYear": str(int(SchoolYear.containing(day))),
        }

    def _add_year(self, year: SchoolYear, terms: list[Row]) -> None:
        key = self._years[int(year)] = made_id(self._district, "year", str(int(year)))
        starts = [row["startDate"] for row in terms if _date_of(row["startDate"])]
        ends = [row["endDate"] for row in terms if _date_of(row["endDate"])]
        row = {
            "sourcedId": key,
            "title": year.label,
            "type": "schoolYear",
            "startDate": min(starts, default=year.starts_on.isoformat()),
            "endDate": max(ends, default=year.ends_before.isoformat()),
            "schoolYear": str(int(year)),
        }
        self.tables.add("academicSessions", [row])

    def _roles(self, user: Record) -> Iterator[Row]:
        key, known, held = text_of(user.get("id")), set[str](), _roles_of(user)
        for name, word in _ROLES:
            role = held.get(name)
            if not isinstance(role, dict):
                continue
            for org in _schools_of(role) or ([] if name == "student" else [self._district]):
                yield {
                    "sourcedId": made_id(key, org, word),
                    "userSourcedId": key,
                    "roleType": "secondary" if org in known else "primary",
                    "role": word,
                    "orgSourcedId": org,
                }
                known.add(org)

    def _class(self, section: Record) -> Row:
        name = first_text(section, ("name", "section_number", "id"))
        course = self._course_of(section, name)
        subject = text_of(section.get("subject"))
        words = f"{name} {self._courses[course]} {subject}"
        return {
            "sourcedId": text_of(section.get("id")),
            "title": name,
            "grades": grade_of(section.get("grade")),
            "courseSourcedId": course,
            "classCode": text_of(section.get("section_number")),
            "classType": "homeroom" if _HOMEROOM.search(words) else "scheduled",
            "schoolSourcedId": text_of(section.get("school")),
            "termSourcedIds": text_of(section.get("term_id")) or self._latest_year,
            "subjects": list_of([subject]),
            "periods": list_of([text_of(section.get("period"))]),
        }

    def _course_of(self, section: Record, name: str) -> str:
        """Return a section's course; made of the section where the district has named none."""
        school = text_of(section.get("school"))
        key = text_of(section.get("course")) or made_id("course", school, name)
        if key not in self._courses:
            self._courses[key] = name
            row = {"sourcedId": key, "title": name, "orgSourcedId": school or self._district}
            self.tables.add("courses", [row])
        return key

    @property
    def _latest_year(self) -> str:
        return self._years[max(self._years)]


def grade_of(value: Any) -> str:
    """Return Clever's grade as CEDS codes it; what is none is passed on as it is."""
    text = text_of(value)
    return _GRADES.get(text, text)


def _user(user: Record, roles: list[Row]) -> Row:
    held = _roles_of(user)
    here = [role for name, _ in _ROLES if isinstance(role := held.get(name), dict)]
    name = user.get("name") if isinstance(user.get("name"), dict) else {}
    names: Record = name if isinstance(name, dict) else {}
    preferred = here[0].get("preferred_name") if here else None
    liked: Record = preferred if isinstance(preferred, dict) else {"first": preferred}
    key, email = text_of(user.get("id")), text_of(user.get("email"))
    logins = (_credentials(role).get("district_username") for role in here)
    return {
        "sourcedId": key,
        "enabledUser": "true",
        "username": next((text_of(login) for login in logins if login), "") or email or key,
        "givenName": text_of(names.get("first")),
        "familyName": text_of(names.get("last")),
        "middleName": text_of(names.get("middle")),
        "identifier": _first_of(here, ("student_number", "teacher_number", "staff_id", "sis_id")),
        "email": email,
        "grades": grade_of(held["student"].get("grade")) if _is_student(held) else "",
        "userMasterIdentifier": _first_of(here, ("state_id",)),
        "preferredGivenName": text_of(liked.get("first")),
        "preferredMiddleName": text_of(liked.get("middle")),
        "preferredFamilyName": text_of(liked.get("last")),
        "primaryOrgSourcedId": roles[0]["orgSourcedId"] if roles else "",
    }


def _demographics(user: Record, student: Record) -> Row:
    sex, hispanic = text_of(student.get("gender")), text_of(student.get("hispanic_ethnicity"))
    return {
        "sourcedId": text_of(user.get("id")),
        "birthDate": _day(student.get("dob")),
        "sex": _SEXES.get(sex, sex),
        "hispanicOrLatinoEthnicity": _YES_NO.get(hispanic, hispanic),
        **_race(text_of(student.get("race"))),
    }


def _race(said: str) -> Row:
    if said in _RACES:
        return {_RACES[said]: "true"}
    return {} if said in _UNSAID else {_ODD_RACE: f"race: {said}"}


def _enrollments(section: Record) -> Iterator[Row]:
    first = text_of(section.get("teacher"))
    others = [text_of(each) for each in _list(section.get("teachers"))]
    for teacher in dict.fromkeys(key for key in (first, *others) if key):
        is_first = teacher == (first or others[0])
        row = _enrollment(section, teacher, "teacher")
        yield {**row, "primary": "true" if is_first else "false"}
    for student in dict.fromkeys(text_of(each) for each in _list(section.get("students"))):
        yield _enrollment(section, student, "student")


def _enrollment(section: Record, user: str, role: str) -> Row:
    key = text_of(section.get("id"))
    return {
        "sourcedId": made_id(key, user, role),
        "classSourcedId": key,
        "schoolSourcedId": text_of(section.get("school")),
        "userSourcedId": user,
        "role": role,
    }


def _roles_of(user: Record) -> dict[str, Any]:
    roles = user.get("roles")
    return roles if isinstance(roles, dict) else {}


def _is_student(held: Mapping[str, Any]) -> bool:
    return isinstance(held.get("student"), dict)


def _credentials(role: Record) -> Record:
    found = role.get("credentials")
    return found if isinstance(found, dict) else {}


def _schools_of(role: Record) -> list[str]:
    """Return a role's schools, its first one first."""
    named = [text_of(role.get("school")), *(text_of(each) for each in _list(role.get("schools")))]
    return list(dict.fromkeys(school for school in named if school))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _first_of(roles: list[dict[str, Any]], names: tuple[str, ...]) -> str:
    return next((text for role in roles if (text := first_text(role, names))), "")


def _day(value: Any) -> str:
    """Return a day without its time; what is none is passed on as it is."""
    text = text_of(value)
    found = _ISO_START.match(text)
    return found[0] if found else text


def _month_first(cell: pl.Expr) -> pl.Expr:
    """Write days like 3/9/2014 as the standard does; what is none stays as it is."""
    year, month, day = (cell.str.extract(_US_DATE, group) for group in (3, 1, 2))
    made = pl.concat_str([year, month.str.zfill(2), day.str.zfill(2)], separator="-")
    is_day = made.str.to_date("%Y-%m-%d", strict=False).is_not_null()
    return pl.when(is_day).then(made).otherwise(cell).alias(cell.meta.output_name())


def _date_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
