"""What may be done with student groups: make, edit, archive, copy, follow classes and rules."""

from rollbook.groups.actions.classes import (
    RefreshedGroups,
    refresh_class_groups,
    withdraw_class_groups,
)
from rollbook.groups.actions.sandbox import (
    NotASandboxLogin,
    assign_sandbox_groups,
    remove_sandbox_groups,
)

__all__ = [
    "NotASandboxLogin",
    "RefreshedGroups",
    "assign_sandbox_groups",
    "refresh_class_groups",
    "remove_sandbox_groups",
    "withdraw_class_groups",
]
