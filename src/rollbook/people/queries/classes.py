"""Who is on the list of a class."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from rollbook.people.models import Enrollment
from rollbook.shared.scope import Scope


def class_list_rows(scope: Scope) -> QuerySet[Enrollment]:
    """Return who is on class lists on the scope's day: students and teachers.

    Shape: unordered; also who begins later; not limited to what the reader sees, but nothing for a
           reader without any right.
    """
    if not scope.reach and not scope.group_ids:
        return Enrollment.objects.none()
    return Enrollment.objects.filter(
        Q(ends_before__isnull=True) | Q(ends_before__gt=scope.on), is_active=True
    )
