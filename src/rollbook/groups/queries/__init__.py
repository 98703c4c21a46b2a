"""Reads of student groups: which there are, who is in them, who may look, what happened."""

from rollbook.groups.queries.groups import (
    GroupNotFound,
    get_group,
    group_list,
    group_subjects,
    groups_in,
    groups_of_login,
    may_write,
    member_ids,
    rule_of,
)
from rollbook.groups.queries.history import history_of
from rollbook.groups.queries.members import (
    may_have_own_groups,
    members_of,
    students_to_add,
    users_of,
)
from rollbook.groups.queries.search import classes_to_choose, find_groups, years_of_groups
from rollbook.groups.queries.sight import may_ask_onlookers, onlookers_of, why_sees
from rollbook.groups.types import GroupRow

__all__ = [
    "GroupNotFound",
    "GroupRow",
    "classes_to_choose",
    "find_groups",
    "get_group",
    "group_list",
    "group_subjects",
    "groups_in",
    "groups_of_login",
    "history_of",
    "may_ask_onlookers",
    "may_have_own_groups",
    "may_write",
    "member_ids",
    "members_of",
    "onlookers_of",
    "rule_of",
    "students_to_add",
    "users_of",
    "why_sees",
    "years_of_groups",
]
