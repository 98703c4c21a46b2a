"""Who may use and change a profile."""

from __future__ import annotations


def may_use_profile(
    *, owner_id: int | None, is_shared: bool, reader_id: int | None, is_admin: bool
) -> bool:
    """Tell whether somebody who may write groups there sees, runs and copies a profile.

    Shape: `is_admin` says that the reader may write groups at the district or above it; a reader
           without an account (a command) comes as an admin.
    Source: results-reporting 5.7; sharing with a team is ours
    """
    return is_admin or is_shared or _owns(owner_id, reader_id)


def may_change_profile(*, owner_id: int | None, reader_id: int | None, is_admin: bool) -> bool:
    """Tell whether somebody edits and deletes a profile: admins any, others only their own."""
    return is_admin or _owns(owner_id, reader_id)


def _owns(owner_id: int | None, reader_id: int | None) -> bool:
    return reader_id is not None and owner_id == reader_id
