"""What another system should hold beside what it was sent, and what only a person can delete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from rollbook.extracts.plan.comparing import compare_files, keyed
from rollbook.extracts.types import GroupChange, SubjectArea, Wanted
from rollbook.groups.layouts import GROUP_FILE


def wanted_state(desired: pl.DataFrame, sent: pl.DataFrame, sent_at: datetime | None) -> Wanted:
    """Hold what the other side should have beside what it has.

    Shape: `orphans` still show students to somebody; `to_delete` are all groups that nothing writes
           any more, emptied ones too: a file cannot delete. `blind` are users of either side whom
           the desired groups show no student, by address.
    Source: certification-and-groups 2.4: groups that a file does not name stay as they are
    """
    changes = compare_files(sent, desired)
    removed = [change for change in changes if change.action == "removed"]
    return Wanted(
        sent_at=sent_at,
        orphans=[each for each in removed if each.students_removed and each.users_removed],
        drift=[change for change in changes if change.action == "changed"],
        missing=[change for change in changes if change.action == "added"],
        to_delete=removed,
        blind=_blind(desired, sent),
    )


def _blind(desired: pl.DataFrame, sent: pl.DataFrame) -> list[str]:
    """Return whoever is a user of some group and of no desired group that has a student."""
    group = ["school_key", "name_key", "school_year"]
    rows = keyed(desired)
    users = rows.filter(_said("group_user_login"))
    taught = rows.filter(_said("student_ssid")).select(group).unique()
    seeing = users.join(taught, on=group, how="semi")["group_user_login"].str.to_lowercase()
    known = [
        frame.filter(_said("group_user_login"))["group_user_login"].str.to_lowercase()
        for frame in (desired, sent)
    ]
    return sorted(set(pl.concat(known)) - set(seeing))


def _said(column: str) -> pl.Expr:
    return pl.col(column).fill_null("") != ""


def emptying_rows(orphans: Sequence[GroupChange]) -> pl.DataFrame:
    """Write rows that name each orphan with neither student nor user, so that it shows nothing.

    Shape: the columns of a group file, one row per group; the other side keeps the empty
           group until a person deletes it.
    """
    rows = [
        (
            each.name,
            each.school_natural_id,
            str(each.school_year),
            each.subject_before or SubjectArea.ALL.value,
            "",
            "",
        )
        for each in orphans
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(GROUP_FILE, pl.String), orient="row")
    keys = ["school_key", "name_key", "group_name", "school_year"]
    return keyed(frame).sort(keys).select(GROUP_FILE)
