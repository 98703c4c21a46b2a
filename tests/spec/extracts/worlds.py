"""Small worlds for group extracts, written as lines that a person reads.

    school East number=994 id=0001 primary
    staff smith "Smith, Jane" mail=smith@example.org
    students East 03: ana ben -cal
    course ENG9 "English 9" subjects=ELA department=English
    class e1 East ENG9 teachers=smith,jones period=3: ana ben*
    counsel ruiz: ana
    group reading East "Reading" subject=ELA users=ito@example.org: ana

A student's SSID is the name with `S-` before it; `-cal` left during the year; `ben*` has the class
as a primary one. Ids are given in the order of the lines; the public ids are the words themselves.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import date

import polars as pl

from rollbook.extracts.types import AskedProfile, ExtractWorld, ProfileSettings

TODAY = date(2026, 11, 20)
YEAR = 2027

SCHEMAS: dict[str, dict[str, pl.DataType | type[pl.DataType]]] = {
    "schools": {"id": pl.Int64, "uuid": pl.String, "natural_id": pl.String, "number": pl.String,
                "name": pl.String, "is_active": pl.Boolean, "tracks_primary": pl.Boolean},
    "students": {"id": pl.Int64, "ssid": pl.String, "grade": pl.String, "school_id": pl.Int64,
                 "is_enrolled": pl.Boolean},
    "classes": {"id": pl.Int64, "uuid": pl.String, "school_id": pl.Int64, "school_year": pl.Int32,
                "course_id": pl.Int64, "title": pl.String, "section": pl.String,
                "periods": pl.String, "kind": pl.String, "begins_on": pl.Date,
                "ends_before": pl.Date, "is_active": pl.Boolean},
    "courses": {"id": pl.Int64, "code": pl.String, "title": pl.String, "subjects": pl.String,
                "department": pl.String},
    "taught": {"class_id": pl.Int64, "staff_id": pl.Int64, "is_primary": pl.Boolean},
    "taken": {"class_id": pl.Int64, "student_id": pl.Int64, "is_primary": pl.Boolean},
    "staff": {"id": pl.Int64, "uuid": pl.String, "local_id": pl.String, "first_name": pl.String,
              "last_name": pl.String, "email": pl.String, "is_active": pl.Boolean},
    "caseloads": {"student_id": pl.Int64, "staff_id": pl.Int64},
    "groups": {"id": pl.Int64, "uuid": pl.String, "school_id": pl.Int64, "school_year": pl.Int32,
               "name": pl.String, "subject": pl.String},
    "group_members": {"group_id": pl.Int64, "student_id": pl.Int64},
    "group_users": {"group_id": pl.Int64, "login": pl.String},
    "blocks": {"school_id": pl.Int64, "school_year": pl.Int32, "base": pl.String,
               "student_id": pl.Int64, "block": pl.Int32},
}  # fmt: skip

Row = dict[str, object]


class SmallWorld:
    """Hold the rows that lines of text gave, and the ids of the words in them."""

    def __init__(self, text: str = "") -> None:
        self.rows: dict[str, list[Row]] = {name: [] for name in SCHEMAS}
        self.ids: dict[str, int] = {}
        for line in text.strip().splitlines():
            if line.strip():
                self.take(line)

    def take(self, line: str) -> None:
        head, _colon, tail = line.partition(": ")
        what, *words = shlex.split(head)
        named = dict(word.split("=", 1) for word in words if "=" in word)
        plain = [word for word in words if "=" not in word]
        takers: dict[str, Callable[..., None]] = {
            "school": self.school, "staff": self.staff, "students": self.students,
            "course": self.course, "class": self.taught_class, "counsel": self.counsel,
            "group": self.group,
        }  # fmt: skip
        takers[what](plain, named, tail.split())

    def new(self, word: str) -> int:
        return self.ids.setdefault(word, len(self.ids) + 1)

    def add(self, table: str, **cells: object) -> None:
        self.rows[table].append(cells)

    def school(self, plain: list[str], named: dict[str, str], _names: list[str]) -> None:
        name = plain[0]
        number = self.new(name)
        self.add("schools", id=number, uuid=name, name=name, number=named.get("number", name),
                 natural_id=named.get("id", f"{number:04}"), is_active="closed" not in plain,
                 tracks_primary="primary" in plain)  # fmt: skip

    def staff(self, plain: list[str], named: dict[str, str], _names: list[str]) -> None:
        word, name = plain[:2]
        last, _comma, first = name.partition(", ")
        self.add("staff", id=self.new(word), uuid=word, local_id=f"T-{word}", first_name=first,
                 last_name=last, email=named.get("mail", f"{word}@example.org"),
                 is_active="gone" not in plain)  # fmt: skip

    def students(self, plain: list[str], named: dict[str, str], names: list[str]) -> None:
        for name in names:
            word = name.lstrip("-")
            self.add("students", id=self.new(word), ssid=named.get("ssid", f"S-{word}"),
                     grade=plain[1], school_id=self.ids[plain[0]],
                     is_enrolled=not name.startswith("-"))  # fmt: skip

    def course(self, plain: list[str], named: dict[str, str], _names: list[str]) -> None:
        self.add("courses", id=self.new(plain[0]), code=plain[0], title=plain[1],
                 subjects=named.get("subjects", ""),
                 department=named.get("department", ""))  # fmt: skip

    def taught_class(self, plain: list[str], named: dict[str, str], names: list[str]) -> None:
        word, school, course = plain[:3]
        number = self.new(word)
        day = {name: date.fromisoformat(named[name]) if name in named else None
               for name in ("begins", "ends")}  # fmt: skip
        self.add("classes", id=number, uuid=word, school_id=self.ids[school],
                 school_year=int(named.get("year", YEAR)), course_id=self.ids[course], title=word,
                 section=named.get("section", str(number)), periods=named.get("period", ""),
                 kind="homeroom" if "homeroom" in plain else "scheduled",
                 begins_on=day["begins"], ends_before=day["ends"], is_active=True)  # fmt: skip
        for place, teacher in enumerate(filter(None, named.get("teachers", "").split(","))):
            self.add("taught", class_id=number, staff_id=self.ids[teacher], is_primary=place == 0)
        for name in names:
            self.add("taken", class_id=number, student_id=self.ids[name.rstrip("*")],
                     is_primary=name.endswith("*"))  # fmt: skip

    def counsel(self, plain: list[str], _named: dict[str, str], names: list[str]) -> None:
        for name in names:
            self.add("caseloads", student_id=self.ids[name], staff_id=self.ids[plain[0]])

    def group(self, plain: list[str], named: dict[str, str], names: list[str]) -> None:
        word, school, title = plain
        number = self.new(word)
        self.add("groups", id=number, uuid=word, school_id=self.ids[school], name=title,
                 school_year=int(named.get("year", YEAR)),
                 subject=named.get("subject", ""))  # fmt: skip
        for login in filter(None, named.get("users", "").split(",")):
            self.add("group_users", group_id=number, login=login)
        for name in names:
            self.add("group_members", group_id=number, student_id=self.ids[name])

    def data(self, on: date = TODAY, blocks: pl.DataFrame | None = None) -> ExtractWorld:
        frames = {name: pl.DataFrame(self.rows[name], schema=SCHEMAS[name]) for name in SCHEMAS}
        if blocks is not None:
            frames["blocks"] = blocks
        return ExtractWorld(on=on, **frames)


def profile(line: str) -> AskedProfile:
    """Read a profile: `A counselor East,West counselors=ruiz subject_area=ELA pattern="{n}"`."""
    name, kind, schools, *words = shlex.split(line)
    named = dict(word.split("=", 1) for word in words if "=" in word)
    told: dict[str, object] = {"kind": kind, "schools": schools.split(","), "school_year": YEAR,
                               "primary_only": "primary_only" in words}  # fmt: skip
    for key, value in named.items():
        is_text = key in {"pattern", "subject_area", "school_year"}
        told[key] = value if is_text else value.split(",")
    return AskedProfile(uuid=name, name=name, settings=ProfileSettings.from_json(told))
