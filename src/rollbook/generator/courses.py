"""List the courses that made-up schools teach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GRADE_CODES: Final = ("KG", *(f"{grade:02d}" for grade in range(1, 13)))


@dataclass(frozen=True, slots=True)
class Course:
    """Describe one course.

    Shape:  `code` is unique; `department` says who teaches it; `terms` is `year`, `s1` or `s2`.
    Source: subject codes are those of the School Courses for the Exchange of Data (SCED).
    """

    code: str
    title: str
    level: str
    grades: tuple[str, ...]
    department: str
    subject: str
    subject_code: str
    terms: str = "year"
    is_homeroom: bool = False


def _elementary(grade: int) -> tuple[Course, ...]:
    name = GRADE_CODES[grade]
    spoken = "Kindergarten" if grade == 0 else f"Grade {grade}"
    taught_by = f"grade {grade}"  # one teacher has the class all day

    def course(stem: str, title: str, subject: str, sced: int, *, homeroom: bool = False) -> Course:
        return Course(
            code=f"{stem}{name}",
            title=title,
            level="elementary",
            grades=(name,),
            department=taught_by,
            subject=subject,
            subject_code=str(sced + grade),
            is_homeroom=homeroom,
        )

    return (
        course("HR", f"{spoken} Homeroom", "General Studies", 73030, homeroom=True),
        course("ELA", f"{spoken} English Language Arts", "English Language Arts", 51030),
        course("MAT", f"{spoken} Mathematics", "Mathematics", 52030),
    )


def _middle(grade: int) -> tuple[Course, ...]:
    name = GRADE_CODES[grade]

    def course(stem: str, title: str, subject: str, sced: int) -> Course:
        code = str(sced + grade)
        return Course(f"{stem}{name}", f"{title} {grade}", "middle", (name,), stem, subject, code)

    return (
        course("ELA", "English Language Arts", "English Language Arts", 51030),
        course("MAT", "Mathematics", "Mathematics", 52030),
        course("SCI", "Science", "Science", 53230),
        course("SOC", "Social Studies", "Social Studies", 54430),
        course("PED", "Physical Education", "Physical Education", 58030),
        course("MUS", "Music", "Music", 55130),
        course("ART", "Art", "Art", 55180),
    )


def _high(
    code: str, title: str, grades: str, subject: str, subject_code: str, *, terms: str = "year"
) -> Course:
    """Describe a high-school course; its department is the first three letters of its code."""
    return Course(
        code, title, "high", tuple(grades.split()), code[:3], subject, subject_code, terms
    )


_HIGH: Final = (
    _high("ENG09", "English 9", "09", "English", "01001"),
    _high("ENG10", "English 10", "10", "English", "01002"),
    _high("ENG11", "English 11", "11", "English", "01003"),
    _high("ENG12", "English 12", "12", "English", "01004"),
    _high("MATALG1", "Algebra I", "09 10", "Mathematics", "02052"),
    _high("MATGEOM", "Geometry", "09 10 11", "Mathematics", "02072"),
    _high("MATALG2", "Algebra II", "10 11 12", "Mathematics", "02056"),
    _high("MATPREC", "Precalculus", "11 12", "Mathematics", "02110"),
    _high("MATSTAT", "Statistics", "12", "Mathematics", "02201"),
    _high("SCIBIOL", "Biology", "09 10", "Science", "03051"),
    _high("SCICHEM", "Chemistry", "10 11", "Science", "03101"),
    _high("SCIPHYS", "Physics", "11 12", "Science", "03151"),
    _high("SCIENVI", "Environmental Science", "09 12", "Science", "03003"),
    _high("SOCGEOG", "World Geography", "09", "Social Studies", "04001"),
    _high("SOCWRLD", "World History", "10", "Social Studies", "04051"),
    _high("SOCUSHI", "United States History", "11", "Social Studies", "04101"),
    _high("SOCGOVT", "American Government", "12", "Social Studies", "04151", terms="s1"),
    _high("SOCECON", "Economics", "12", "Social Studies", "04201", terms="s2"),
    _high("PED09", "Physical Education 9", "09", "Physical Education", "08001"),
    _high("PED10", "Physical Education 10", "10", "Physical Education", "08001"),
    _high("SPA1", "Spanish I", "09 10 11", "World Languages", "06101"),
    _high("SPA2", "Spanish II", "10 11 12", "World Languages", "06102"),
    _high("ARTVIS", "Visual Arts", "09 10 11 12", "Visual Arts", "05154"),
    _high("MUSCHO", "Chorus", "09 10 11 12", "Music", "05110"),
)

COURSES: Final = (
    *(course for grade in range(6) for course in _elementary(grade)),
    *(course for grade in range(6, 9) for course in _middle(grade)),
    *_HIGH,
)


def schedule(grade: int, *, track: int) -> tuple[str, ...]:
    """List the codes of the courses that a student of `grade` takes.

    Shape: `track` is 0, 1 or 2 and chooses between courses; a grade offers at most three ways.
    """
    name = GRADE_CODES[grade]
    if grade < 6:
        return (f"HR{name}", f"ELA{name}", f"MAT{name}")
    if grade < 9:
        arts = "MUS" if track == 1 else "ART"
        return tuple(f"{stem}{name}" for stem in ("ELA", "MAT", "SCI", "SOC", "PED", arts))
    return _HIGH_SCHEDULES[grade][track]


_HIGH_SCHEDULES: Final = {
    9: (
        ("ENG09", "MATALG1", "SCIBIOL", "SOCGEOG", "PED09", "ARTVIS"),
        ("ENG09", "MATALG1", "SCIENVI", "SOCGEOG", "PED09", "MUSCHO"),
        ("ENG09", "MATGEOM", "SCIBIOL", "SOCGEOG", "PED09", "SPA1"),
    ),
    10: (
        ("ENG10", "MATGEOM", "SCICHEM", "SOCWRLD", "PED10", "SPA1"),
        ("ENG10", "MATALG1", "SCIBIOL", "SOCWRLD", "PED10", "ARTVIS"),
        ("ENG10", "MATALG2", "SCICHEM", "SOCWRLD", "PED10", "SPA2"),
    ),
    11: (
        ("ENG11", "MATALG2", "SCICHEM", "SOCUSHI", "SPA2", "ARTVIS"),
        ("ENG11", "MATGEOM", "SCICHEM", "SOCUSHI", "SPA1", "MUSCHO"),
        ("ENG11", "MATPREC", "SCIPHYS", "SOCUSHI", "SPA2", "ARTVIS"),
    ),
    12: (
        ("ENG12", "MATSTAT", "SCIPHYS", "SOCGOVT", "SOCECON", "ARTVIS"),
        ("ENG12", "MATALG2", "SCIENVI", "SOCGOVT", "SOCECON", "MUSCHO"),
        ("ENG12", "MATPREC", "SCIPHYS", "SOCGOVT", "SOCECON", "SPA2"),
    ),
}
