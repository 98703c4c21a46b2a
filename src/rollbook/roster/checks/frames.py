"""Turn judged files of either version into the frames that a roster is planned with."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from rollbook.roster.checks.tables import JudgedBundle, JudgedTable
from rollbook.roster.types import FRAME_SCHEMAS, Mode, RosterFrames

_FILES: Final = {
    "orgs": "orgs",
    "sessions": "academicSessions",
    "users": "users",
    "roles": "roles",
    "courses": "courses",
    "classes": "classes",
    "enrollments": "enrollments",
    "demographics": "demographics",
}
# What a column is called in a frame, where that is not its own name in our spelling.
_RENAMED: Final = {
    "dateLastModified": "changed_at",
    "startDate": "starts_on",
    "beginDate": "begins_on",
    "birthDate": "born_on",
    "enabledUser": "is_enabled",
    "primary": "is_primary",
}
_END_DATE: Final = {"academicSessions": "ends_on"}


def roster_frames(bundle: JudgedBundle) -> RosterFrames:
    """Return the records that are still in, typed and named the same for both versions.

    Shape: see `RosterFrames`; the mode of a file that cannot be used is absent, so that nothing
           is read as removed because of it. The bundle is empty then: a table and its frame
           together would be the most that a check ever holds in memory.
    """
    modes = {file: _mode(bundle, file) for file in _FILES.values()}
    users = bundle.get("users") if bundle.version == "1.1" else None
    frames = {name: _frame(bundle.tables.pop(file, None), name) for name, file in _FILES.items()}
    if users is not None:
        frames["roles"] = _roles_of_users(users.records())
        frames["users"] = _with_primary_org(frames["users"], users.records())
        modes["roles"] = modes["users"]
    return RosterFrames(**frames, modes=modes, vocabulary=bundle.vocabulary)


def our_name(file: str, column: str) -> str:
    """Return what a column of a file is called in our frames."""
    if column == "endDate":
        return _END_DATE.get(file, "ends_before")
    spelled = re.sub(r"(?<!^)([A-Z])", r"_\1", column).lower()
    return _RENAMED.get(column, spelled)


def _mode(bundle: JudgedBundle, file: str) -> Mode:
    table = bundle.get(file)
    return Mode.ABSENT if table is None else table.mode


def _frame(table: JudgedTable | None, name: str) -> pl.DataFrame:
    schema = FRAME_SCHEMAS[name]
    if table is None:
        return pl.DataFrame(schema=schema)
    theirs = {our_name(table.name, column): column for column in table.layout.header}
    return table.records().select(
        (pl.col(theirs[ours]) if ours in theirs else pl.lit(None)).cast(kind).alias(ours)
        if ours != "_line"
        else pl.col("_line")
        for ours, kind in schema.items()
    )


def _roles_of_users(users: pl.DataFrame) -> pl.DataFrame:
    """Make the roles of version 1.1: one for each organization of a user, all primary."""
    schema = FRAME_SCHEMAS["roles"]
    roles = users.select(
        "_line",
        "status",
        "role",
        changed_at="dateLastModified",
        user_sourced_id="sourcedId",
        role_type=pl.lit("primary"),
        org_sourced_id="orgSourcedIds",
    ).explode("org_sourced_id", empty_as_null=True)
    return roles.select(
        (pl.col(name) if name in roles.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema.items()
    )


def _with_primary_org(frame: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    first = users["orgSourcedIds"].list.first()
    return frame.with_columns(primary_org_sourced_id=first)
