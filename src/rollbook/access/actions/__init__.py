"""Change accounts, grants and programs, and enter and leave the sandbox."""

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
from rollbook.access.actions.clients import (
    ProgramRefused,
    SecretRefused,
    TwoSecretsHold,
    add_client,
    close_client,
    issue_token,
    remind_of_secrets,
    remove_expired_tokens,
    renew_secret,
    revoke_secret,
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
    "ProgramRefused",
    "SandboxIsClosed",
    "SecretRefused",
    "TwoSecretsHold",
    "add_account",
    "add_client",
    "close_client",
    "disable_account",
    "enable_account",
    "end_grant",
    "end_sessions",
    "enter_sandbox",
    "grant_role",
    "issue_token",
    "leave_sandbox",
    "remind_of_secrets",
    "remove_expired_sessions",
    "remove_expired_tokens",
    "remove_old_sandbox_accounts",
    "renew_secret",
    "reset_password",
    "revoke_secret",
]
