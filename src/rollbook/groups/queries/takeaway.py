"""Groups that are here, as the rows of a group file."""

from __future__ import annotations

import polars as pl

from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.models import GroupMember, GroupUser
from rollbook.groups.queries.groups import of_people
from rollbook.groups.queries.search import find_groups
from rollbook.groups.types import GroupFilter, GroupRow
from rollbook.orgs.queries import schools_in
from rollbook.people.queries.students import students_in
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission, Scope

# More groups than any agency has: a download has no pages.
_ALL = PageRequest(size=1_000_000)
_IDS_AT_ONCE = 10_000


def group_file_rows(scope: Scope, wanted: GroupFilter) -> pl.DataFrame:
    """Return the groups that a reader asked for as rows of a group file.

    Shape: the six columns as text, sorted by school, year and name; one row per user, one per
           student whom the reader sees today and who has a state id; a group without either has
           one row. Only groups of schools where the reader reads groups and students, and
           nobody's own.
    """
    groups = [row for row in find_groups(scope, wanted, _ALL).items if _may_take(scope, row)]
    ids = [row.id for row in groups]
    codes = {school.id: school.natural_id for school in schools_in(scope, Permission.GROUP_READ)}
    named = pl.DataFrame(
        [(g.id, g.name, codes.get(g.school_id, ""), str(g.school_year), g.subject) for g in groups],
        schema=dict.fromkeys(("group_id",), pl.Int64) | dict.fromkeys(GROUP_FILE[:4], pl.String),
        orient="row",
    ).with_columns(pl.col("subject_code").replace("", "All"))
    people = pl.concat([_users(ids), _students(scope, ids)])
    rows = named.join(people, on="group_id", how="left")
    return rows.sort(*GROUP_FILE[1:3], "group_name", "group_user_login", "student_ssid").select(
        GROUP_FILE
    )


def _may_take(scope: Scope, row: GroupRow) -> bool:
    rights = (Permission.GROUP_READ, Permission.INDIVIDUAL_PII_READ)
    return not row.is_own and all(scope.over(right).includes(row.school_id) for right in rights)


def _users(ids: list[int]) -> pl.DataFrame:
    found: list[tuple[int, str, str]] = []
    for part in _parts(ids):
        users = of_people(GroupUser.objects.filter(group_id__in=part))
        found += [(group, "", login) for group, login in users.values_list("group_id", "login")]
    return _frame(found)


def _students(scope: Scope, ids: list[int]) -> pl.DataFrame:
    seen = students_in(scope).exclude(ssid="").values("pk")
    found: list[tuple[int, str, str]] = []
    for part in _parts(ids):
        members = GroupMember.objects.filter(group_id__in=part, student__in=seen)
        found += [
            (group, ssid, "") for group, ssid in members.values_list("group", "student__ssid")
        ]
    return _frame(found)


def _parts(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE)]


def _frame(rows: list[tuple[int, str, str]]) -> pl.DataFrame:
    kinds = {"group_id": pl.Int64, "student_ssid": pl.String, "group_user_login": pl.String}
    return pl.DataFrame(rows, schema=kinds, orient="row")
