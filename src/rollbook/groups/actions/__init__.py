"""What may be done with student groups: make, edit, archive, copy, follow classes and rules."""

from rollbook.groups.actions.classes import (
    RefreshedGroups,
    refresh_class_groups,
    withdraw_class_groups,
)
from rollbook.groups.actions.editing import (
    GroupFollowsRoster,
    MayNotChangeGroup,
    add_students,
    add_users,
    create_group,
    remove_students,
    remove_users,
    rename_group,
    set_school_year,
    set_subject,
)
from rollbook.groups.actions.from_classes import ClassNotFound, create_groups_from_classes
from rollbook.groups.actions.own import (
    NoOwnGroupsYet,
    add_own_students,
    archive_own_group,
    copy_own_group,
    create_own_group,
    delete_own_group,
    remove_own_students,
    rename_own_group,
    restore_own_group,
    set_own_subject,
)
from rollbook.groups.actions.rules import create_rule_group, refresh_rule_groups, set_rule
from rollbook.groups.actions.sandbox import (
    NotASandboxLogin,
    assign_sandbox_groups,
    remove_sandbox_groups,
)
from rollbook.groups.actions.yearly import archive_groups, copy_groups, restore_groups
from rollbook.groups.rules import GroupIsWrong

__all__ = [
    "ClassNotFound",
    "GroupFollowsRoster",
    "GroupIsWrong",
    "MayNotChangeGroup",
    "NoOwnGroupsYet",
    "NotASandboxLogin",
    "RefreshedGroups",
    "add_own_students",
    "add_students",
    "add_users",
    "archive_groups",
    "archive_own_group",
    "assign_sandbox_groups",
    "copy_groups",
    "copy_own_group",
    "create_group",
    "create_groups_from_classes",
    "create_own_group",
    "create_rule_group",
    "delete_own_group",
    "refresh_class_groups",
    "refresh_rule_groups",
    "remove_own_students",
    "remove_sandbox_groups",
    "remove_students",
    "remove_users",
    "rename_group",
    "rename_own_group",
    "restore_groups",
    "restore_own_group",
    "set_own_subject",
    "set_rule",
    "set_school_year",
    "set_subject",
    "withdraw_class_groups",
]
