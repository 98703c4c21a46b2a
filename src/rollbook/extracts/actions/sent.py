"""Keep what a target holds, now that it took a file."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.db import transaction

from rollbook.extracts.models import Delivery, DeliveryTarget
from rollbook.extracts.plan.writing import rows_of
from rollbook.extracts.queries.files import file_path
from rollbook.extracts.queries.wanted import rows_after, sent_path, sent_rows


def keep_sent(delivery: Delivery, *, now: datetime) -> None:
    """Write down what a target holds, in the transaction of the delivery that is done.

    Shape: the file named by the target is whole and never changes; the one before goes once the
           transaction has committed, so that a reader finds what the record names.
    """
    target = DeliveryTarget.objects.select_for_update(no_key=True).get(pk=delivery.target_id)
    before = target.sent_file
    name = f"{uuid4()}.parquet"
    path = sent_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    rows_after(sent_rows(target), rows_of(file_path(delivery.file).read_bytes())).write_parquet(
        draft
    )
    draft.replace(path)
    target.sent_file, target.sent_at = name, now
    target.save(update_fields=["sent_file", "sent_at"])
    if before:
        transaction.on_commit(lambda: sent_path(before).unlink(missing_ok=True))
