"""Small files of other layouts, and what comes of them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from rollbook.roster.checks.run import check_bundle
from rollbook.roster.rules.mapping import ColumnMapping, suggested_mapping
from rollbook.roster.rules.reading import Reading
from rollbook.roster.sources.flat_file import read_flat
from rollbook.roster.sources.reading import read_roster, translated
from rollbook.roster.types import BundleResult, OneRosterBundle

CLEVER: Mapping[str, str] = {
    "schools.csv": "School_id,School_name,School_number\nS1,North,101\nS2,South,102\n",
    "students.csv": (
        "School_id,Student_id,Student_number,State_id,Last_name,First_name,Grade,Gender,DOB,Race,"
        "Hispanic_Latino,Student_email\n"
        "S1,1,n1,900,Soto,Eli,3,M,3/14/2018,W,Y,eli@example.org\n"
        "S1,2,n2,901,Ito,Ana,Kindergarten,F,3/4/2020,,N,\n"
    ),
    "teachers.csv": (
        "School_id,Teacher_id,Teacher_email,First_name,Last_name\n"
        "S1,1,cara@example.org,Cara,Park\nS2,2,dev@example.org,Dev,Lee\n"
    ),
    "sections.csv": (
        "School_id,Section_id,Teacher_id,Teacher_2_id,Name,Grade,Course_name,Period,Term_name,"
        "Term_start,Term_end\n"
        "S1,c1,1,2,Math A,3,Math,1,Fall,8/10/2026,12/20/2026\n"
    ),
    "enrollments.csv": "School_id,Section_id,Student_id\nS1,c1,1\nS1,c1,2\n",
}
SDS: Mapping[str, str] = {
    "orgs.csv": "sourcedId,name,type,parentSourcedId\nd,Dist,localAuthority,\ns,North,school,d\n",
    "users.csv": (
        "sourcedId,username,givenName,familyName,email\n"
        "1,eli@example.org,Eli,Soto,\n2,cara@example.org,Cara,Park,cara@example.org\n"
    ),
    "roles.csv": (
        "userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary,roleStartDate,"
        "roleEndDate\n"
        "1,s,student,SY,3,TRUE,8/24/2026,6/11/2027\n2,s,faculty,SY,,TRUE,,\n"
    ),
    "classes.csv": "sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId\nc,s,Bio,SY,\n",
    "enrollments.csv": "classSourcedId,userSourcedId,role\nc,1,student\nc,2,teacher\n",
    "academicSessions.csv": (
        "sourcedId,title,type,schoolYear,startDate,endDate\n"
        "SY,2026-27,schoolYear,2027,8/24/2026,6/11/2027\n"
    ),
    "demographics.csv": (
        "userSourcedId,sex,birthDate,ethnicityCodes,raceCodes\n"
        "1,male,7/20/2018,hispanicOrLatinoEthnicity,white\n"
    ),
}


def zipped(folder: Path, files: Mapping[str, str], name: str = "package.zip") -> Path:
    """Write files into a zip."""
    path = folder / name
    with zipfile.ZipFile(path, "w") as made:
        for entry, text in files.items():
            made.writestr(entry, text)
    return path


def changed(files: Mapping[str, str], name: str, old: str, new: str) -> dict[str, str]:
    """Return the files with one text in one of them replaced."""
    assert old in files[name]
    return {**files, name: files[name].replace(old, new)}


def without(files: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the files without one of them."""
    return {key: text for key, text in files.items() if key != name}


def checked(path: Path, reading: Reading | None = None) -> tuple[OneRosterBundle, BundleResult]:
    """Read a file and check it, told in its own words."""
    how = reading or Reading()
    bundle = read_roster(path, how, name=path.name)
    return bundle, translated(check_bundle(bundle, profile=how.profile), bundle)


def told(result: BundleResult) -> list[tuple[str, str, int | None, str | None]]:
    """List what was found: code, file, line, column; notes of what is not read left out."""
    return [(f.code, f.file, f.line, f.column) for f in result.report if f.severity != "info"]


def says(result: BundleResult, code: str) -> str:
    """Return the sentence of the only finding with a code."""
    (finding,) = [finding for finding in result.report if finding.code == code]
    return finding.says


def flat(folder: Path, text: str, name: str = "students.csv") -> Path:
    """Write one flat file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def suggested(path: Path) -> ColumnMapping:
    """Map a file as its columns suggest."""
    table = read_flat(path, name=path.name)
    return suggested_mapping(table.header, table.frame)


def rows(bundle: OneRosterBundle, table: str, *columns: str) -> list[tuple[object, ...]]:
    """Return these columns of a converted table."""
    return bundle.tables[table].frame.select(pl.col(columns)).rows()
