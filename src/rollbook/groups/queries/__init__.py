"""Reads of student groups: which there are, who is in them, who may look, what happened."""

from rollbook.groups.queries.groups import (
    GroupNotFound,
    GroupRow,
    get_group,
    group_list,
    group_subjects,
    groups_in,
    groups_of_login,
    member_ids,
)

__all__ = [
    "GroupNotFound",
    "GroupRow",
    "get_group",
    "group_list",
    "group_subjects",
    "groups_in",
    "groups_of_login",
    "member_ids",
]
