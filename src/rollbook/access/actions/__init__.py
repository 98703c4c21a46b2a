"""Change accounts and grants, and enter and leave the sandbox."""

from rollbook.access.actions.accounts import (
    AccountExists,
    NotYours,
    add_account,
    disable_account,
    enable_account,
    end_sessions,
    remove_expired_sessions,
    reset_password,
)
from rollbook.access.actions.grants import GrantExists, GrantRefused, end_grant, grant_role
from rollbook.access.actions.sandbox import (
    SandboxIsClosed,
    enter_sandbox,
    leave_sandbox,
    remove_old_sandbox_accounts,
)

__all__ = [
    "AccountExists",
    "GrantExists",
    "GrantRefused",
    "NotYours",
    "SandboxIsClosed",
    "add_account",
    "disable_account",
    "enable_account",
    "end_grant",
    "end_sessions",
    "enter_sandbox",
    "grant_role",
    "leave_sandbox",
    "remove_expired_sessions",
    "remove_old_sandbox_accounts",
    "reset_password",
]
