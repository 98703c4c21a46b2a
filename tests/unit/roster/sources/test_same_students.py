"""One roster in three layouts, one and the same students."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import polars as pl

from rollbook.files.csv_write import write_csv
from rollbook.generator.generate import write_state
from rollbook.roster.rules.reading import Reading
from rollbook.roster.sources.reading import read_roster
from rollbook.roster.types import BundleResult, RosterFrames
from tests.unit.roster.sources.given import checked, suggested, zipped


@cache
def generated() -> dict[str, pl.DataFrame]:
    """Write a small district, and read its tables."""
    folder = Path(mkdtemp())
    write_state(folder, students=800, districts=1, seed=3, years=1, xml=0)
    path = folder / "rosters" / "sample.zip"
    bundle = read_roster(path, Reading(), name=path.name)
    return {name: bundle.tables[name].frame for name in bundle.tables}


def frames(result: BundleResult) -> RosterFrames:
    assert result.frames is not None
    return result.frames


def columns(frame: pl.DataFrame, **named: pl.Expr | str) -> str:
    """Write these columns under these names, as CSV."""
    made = frame.select(
        **{name: pl.col(e) if isinstance(e, str) else e for name, e in named.items()}
    )
    return write_csv(made, columns=made.columns, formula_safe=False).decode()


def us_date(name: str) -> pl.Expr:
    return pl.col(name).str.to_date("%Y-%m-%d").dt.strftime("%m/%d/%Y")


def attending() -> pl.DataFrame:
    """Pair students with their schools and birth dates."""
    tables = generated()
    roles = (
        tables["roles"].filter(pl.col("role") == "student").select("userSourcedId", "orgSourcedId")
    )
    born = tables["demographics"].select(sourcedId="sourcedId", born="birthDate", sex="sex")
    return (
        tables["users"]
        .join(roles, left_on="sourcedId", right_on="userSourcedId", maintain_order="left")
        .join(born, on="sourcedId", maintain_order="left")
    )


def seats(role: str) -> pl.DataFrame:
    return generated()["enrollments"].filter(pl.col("role") == role)


def truth() -> pl.DataFrame:
    students = attending().select("identifier", "givenName", "familyName", "grades", "born")
    return students.sort("identifier")


def people(result: BundleResult) -> pl.DataFrame:
    """Return the students of a result in the shape of the truth."""
    got = frames(result)
    students = got.roles.filter(pl.col("role") == "student")["user_sourced_id"]
    born = got.demographics.select("sourced_id", born=pl.col("born_on").cast(pl.String))
    return (
        got.users.filter(pl.col("sourced_id").is_in(students.implode()))
        .join(born, on="sourced_id", how="left", maintain_order="left")
        .select(
            "identifier",
            givenName="given_name",
            familyName="family_name",
            grades=pl.col("grades").list.first(),
            born="born",
        )
        .sort("identifier")
    )


def clever() -> dict[str, str]:
    tables = generated()
    schools = tables["orgs"].filter(pl.col("type") == "school")
    students, staff = attending(), seats("teacher")
    teachers = tables["users"].join(
        staff.unique("userSourcedId").select("userSourcedId", "schoolSourcedId"),
        left_on="sourcedId",
        right_on="userSourcedId",
        maintain_order="left",
    )
    first = staff.unique("classSourcedId", keep="first").select("classSourcedId", "userSourcedId")
    sections = tables["classes"].join(
        first, left_on="sourcedId", right_on="classSourcedId", maintain_order="left"
    )
    return {
        "schools.csv": columns(
            schools, School_id="sourcedId", School_name="name", School_number="identifier"
        ),
        "students.csv": columns(
            students, School_id="orgSourcedId", Student_id="sourcedId", Student_number="identifier",
            State_id="userMasterIdentifier", Last_name="familyName", First_name="givenName",
            Grade="grades", DOB=us_date("born"), Gender="sex", Student_email="email",
            Username="username",
        ),
        "teachers.csv": columns(
            teachers, School_id="schoolSourcedId", Teacher_id="sourcedId",
            Teacher_email="email", First_name="givenName", Last_name="familyName",
        ),
        "sections.csv": columns(
            sections.with_columns(start=pl.lit("08/10/2026"), end=pl.lit("06/10/2027")),
            School_id="schoolSourcedId", Section_id="sourcedId", Teacher_id="userSourcedId",
            Name="title", Term_name=pl.lit("Year"), Term_start="start", Term_end="end",
        ),
        "enrollments.csv": columns(
            seats("student"), School_id="schoolSourcedId", Section_id="classSourcedId",
            Student_id="userSourcedId",
        ),
    }  # fmt: skip


def test_clevers_files_say_the_same_students_classes_and_seats(tmp_path: Path) -> None:
    _, result = checked(zipped(tmp_path, clever()))
    assert result.report.by_severity.get("error", 0) == 0
    assert people(result).equals(truth())
    got = frames(result)
    assert got.classes.height == generated()["classes"].height
    pairs = got.enrollments.filter(pl.col("role") == "student").select(
        classSourcedId="class_sourced_id", userSourcedId="user_sourced_id"
    )
    assert pairs.sort(pl.all()).equals(
        seats("student").select("classSourcedId", "userSourcedId").sort(pl.all())
    )


def test_a_flat_file_says_the_same_students_and_seats(tmp_path: Path) -> None:
    tables = generated()
    classes = tables["classes"].select(classSourcedId="sourcedId", title="title")
    rows = (
        seats("student")
        .select("classSourcedId", sourcedId="userSourcedId")
        .join(attending(), on="sourcedId", maintain_order="left")
        .join(classes, on="classSourcedId", maintain_order="left")
        .join(
            tables["orgs"].select(orgSourcedId="sourcedId", school="name", number="identifier"),
            on="orgSourcedId",
            maintain_order="left",
        )
    )
    path = tmp_path / "flat.csv"
    text = columns(
        rows, SSID="userMasterIdentifier", Student_Number="identifier", LAST_NAME="familyName",
        First="givenName", Grade="grades", DOB=us_date("born"), School="school",
        School_Code="number", Section_ID="classSourcedId", Class_Name="title",
        School_Year=pl.lit("2026-27"),
    )  # fmt: skip
    path.write_text(text, encoding="utf-8")
    _, result = checked(path, Reading(mapping=suggested(path)))
    assert result.report.by_severity.get("error", 0) == 0
    seated = rows["identifier"].unique()
    assert people(result).equals(truth().filter(pl.col("identifier").is_in(seated.implode())))
    got = frames(result)
    assert (
        got.enrollments.height
        == seats("student").unique(["classSourcedId", "userSourcedId"]).height
    )
