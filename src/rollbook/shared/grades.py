"""Grade levels, as CEDS codes them."""

from __future__ import annotations

from enum import StrEnum


class Grade(StrEnum):
    """Name one CEDS entry grade level. Members are listed in teaching order.

    Source: CEDS element 000100 "Entry Grade Level".
    """

    UNGRADED = "UG"
    INFANT = "IT"
    PRESCHOOL = "PR"
    PREKINDERGARTEN = "PK"
    TRANSITIONAL_KINDERGARTEN = "TK"
    KINDERGARTEN = "KG"
    GRADE_01 = "01"
    GRADE_02 = "02"
    GRADE_03 = "03"
    GRADE_04 = "04"
    GRADE_05 = "05"
    GRADE_06 = "06"
    GRADE_07 = "07"
    GRADE_08 = "08"
    GRADE_09 = "09"
    GRADE_10 = "10"
    GRADE_11 = "11"
    GRADE_12 = "12"
    GRADE_13 = "13"
    POSTSECONDARY = "PS"
    OTHER = "Other"

    @property
    def sequence(self) -> int:
        """Return the place of this grade in teaching order, from 0."""
        return GRADE_CODES.index(self.value)

    @property
    def label(self) -> str:
        """Say the grade as a school does: `Grade 6`, `Kindergarten`."""
        if self.value.isdigit():
            return f"Grade {int(self.value)}"
        return _SPOKEN.get(self.value, self.value)


_SPOKEN = {
    "UG": "Ungraded",
    "IT": "Infant",
    "PR": "Preschool",
    "PK": "Prekindergarten",
    "TK": "Transitional kindergarten",
    "KG": "Kindergarten",
    "PS": "Postsecondary",
    "Other": "Other",
}

GRADE_CODES: tuple[str, ...] = tuple(grade.value for grade in Grade)
