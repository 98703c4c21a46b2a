"""Work that the queue does for groups."""

from __future__ import annotations

from rollbook.groups.actions import refresh_class_groups, refresh_rule_groups
from rollbook.jobs.types import JobContext, job
from rollbook.shared.actor import Actor


@job(
    name="groups.refresh_class_groups",
    scope_rule="whole installation; writes ids only",
    in_transaction=True,
)
def refresh_groups(context: JobContext) -> dict[str, int]:
    """Keep the groups of one roster source in step with its classes."""
    source = str(context.arguments["source"])
    counts = refresh_class_groups(
        source=source, by=Actor.job("groups.refresh_class_groups"), now=context.now
    )
    return {
        "groups": counts.group_count,
        "members": counts.member_count,
        "users": counts.user_count,
    }


@job(
    name="groups.refresh_rule_groups",
    scope_rule="whole installation; writes ids only",
    in_transaction=True,
)
def refresh_by_rule(context: JobContext) -> dict[str, int]:
    """Work out again who is in the rule groups of this school year."""
    counts = refresh_rule_groups(by=Actor.job("groups.refresh_rule_groups"), now=context.now)
    return {"groups": counts.group_count, "members": counts.member_count}
