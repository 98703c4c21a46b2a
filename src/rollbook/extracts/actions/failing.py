"""Tell people that a file was not delivered."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from rollbook.access.queries import holders_of
from rollbook.extracts.models import Delivery
from rollbook.extracts.rules.answers import plain_words
from rollbook.extracts.types import DeliveryStatus
from rollbook.messages.actions import tell_and_mail
from rollbook.orgs.queries import current_school_year
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission


def tell_of_failure(delivery: Delivery, *, by: Actor, now: datetime) -> int:
    """Tell whoever writes groups at a target's place that a file did not get there; count them.

    Shape: once for each time it was asked for, by mail and in the message center. What the other
           side said of rows stays on the page: it may repeat cells of the file.
    """
    today = timezone.localdate(now)
    title = f"A group file was not delivered to {delivery.target.name}"
    is_refused = delivery.status == DeliveryStatus.REFUSED
    says = plain_words(delivery.remote_status, delivery.says, is_refused=is_refused)
    body = f"{delivery.file.name}: {says}"
    link = f"/{int(current_school_year(today))}/groups/deliveries/"
    key = f"delivery:{delivery.uuid}:{delivery.asked_at.isoformat()}"
    holders = holders_of(Permission.GROUP_WRITE, delivery.target.organization_id, on=today)
    return tell_and_mail(
        holders,
        kind="delivery_failed",
        title=title,
        body=body,
        link=link,
        dedupe_key=key,
        by=by,
        now=now,
    )
