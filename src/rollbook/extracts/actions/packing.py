"""Make a file ready to go out, so that the other side takes it for what it is now."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.db.models import QuerySet
from django.utils import timezone

from rollbook.extracts.models import Delivery
from rollbook.extracts.plan.rewording import quoted_otherwise
from rollbook.extracts.queries.files import file_path
from rollbook.extracts.targets.delivering import Parcel
from rollbook.extracts.types import DeliveryStatus, TargetKind
from rollbook.remote.failures import RemoteFailed


@contextmanager
def packed(delivery: Delivery, batch: str) -> Generator[Parcel]:
    """Lay a delivery's file out to be sent.

    Import services know a file by its digest, and answer the same bytes with what they made of them
    the first time, whatever they took since. A file that goes back to an earlier one is therefore
    quoted otherwise: the same rows, other bytes.

    Shape:  what is laid out is gone with the block.
    Raises: RemoteFailed when the file's bytes are gone.
    """
    path = file_path(delivery.file)
    if not path.exists():
        says = "The file's bytes are gone from this machine. Make the file again and send that."
        raise RemoteFailed("nothing_there", says)
    times = _done(delivery).count() if holds_newer(delivery) else 0
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        parcel = Parcel(
            path=path,
            name=delivery.file.name,
            batch=batch,
            md5=delivery.file.md5,
            made_on=timezone.localdate(delivery.file.made_at),
            school_year=delivery.file.school_year,
        )
        yield _other(parcel, Path(folder), times) if times else parcel


def holds_newer(delivery: Delivery) -> bool:
    """Tell whether an import service took this delivery's bytes before, and others since."""
    if delivery.target.kind != TargetKind.IMPORT_API:
        return False
    latest: datetime | None = (
        _done(delivery).order_by("-finished_at").values_list("finished_at", flat=True).first()
    )
    if latest is None:
        return False
    later = Delivery.objects.filter(
        target=delivery.target, status=DeliveryStatus.DONE, finished_at__gt=latest
    )
    return later.exclude(file__md5=delivery.file.md5).exists()


def _done(delivery: Delivery) -> QuerySet[Delivery]:
    same = Delivery.objects.filter(target=delivery.target, file__md5=delivery.file.md5)
    return same.filter(status=DeliveryStatus.DONE).exclude(pk=delivery.pk)


def _other(parcel: Parcel, folder: Path, times: int) -> Parcel:
    content = quoted_otherwise(parcel.path.read_bytes(), times)
    path = folder / "file.csv"
    path.write_bytes(content)
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest().upper()
    return Parcel(path, parcel.name, parcel.batch, digest, parcel.made_on, parcel.school_year)
