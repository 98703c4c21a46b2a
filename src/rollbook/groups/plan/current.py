"""What a group file is planned from: the groups, students and schools of today, as frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

SCHOOLS: Final = pl.Schema(
    {"school_natural_id": pl.String(), "school_id": pl.Int64(), "district_id": pl.Int64()}
)
STUDENTS: Final = pl.Schema(
    {"ssid": pl.String(), "student_id": pl.Int64(), "district_id": pl.Int64()}
)
GROUPS: Final = pl.Schema(
    {
        "id": pl.Int64(),
        "name": pl.String(),
        "school_id": pl.Int64(),
        "school_year": pl.Int64(),
        "subject": pl.String(),
        "origin": pl.String(),
        "is_active": pl.Boolean(),
    }
)
MEMBERS: Final = pl.Schema({"id": pl.Int64(), "group_id": pl.Int64(), "student_id": pl.Int64()})
USERS: Final = pl.Schema({"id": pl.Int64(), "group_id": pl.Int64(), "login": pl.String()})


@dataclass(frozen=True, slots=True)
class CurrentGroups:
    """Hold what a group file meets.

    Shape: frames as above. `schools` are those whose groups the sender may write; `students` are
           active, each under every SSID that names one, with its district; `groups` belong to
           their school (nobody's own), archived ones included; `subjects` as the system spells
           them. `members` and `users` of groups that no file names do no harm.
    """

    schools: pl.DataFrame
    students: pl.DataFrame
    groups: pl.DataFrame
    members: pl.DataFrame
    users: pl.DataFrame
    subjects: tuple[str, ...] = ()
