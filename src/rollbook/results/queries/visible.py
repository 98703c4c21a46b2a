"""Which results a reader may see. Every read of results goes through here."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rollbook.lake.query import AllOf, AnyOf, Condition, Predicate
from rollbook.people.queries.merged import merged_ids
from rollbook.people.queries.students import students_in
from rollbook.shared.scope import Permission, Scope

NOTHING = AnyOf(())


class MayNotSeeResults(PermissionError):
    """Say that this reader sees no results here, whether or not there are any."""


def at_school(scope: Scope, school_id: int) -> Predicate:
    """Return the condition for the results taken at one school.

    Raises: MayNotSeeResults when the reader does not read individual results there.
    """
    if not scope.over(Permission.INDIVIDUAL_PII_READ).includes(school_id):
        raise MayNotSeeResults
    return Condition("school_id", "eq", school_id)


def of_students(
    scope: Scope, student_ids: Collection[int], *, group_subjects: dict[int, frozenset[str] | None]
) -> Predicate:
    """Return the condition for the results of some students that the reader may see.

    Shape:  `group_subjects` maps a student to the subjects in which the reader's assigned groups
            show that student's results; None means all subjects. Results taken at a school where
            the reader reads individual results are seen too, also of students who have left.
            What was taken under a record merged into a student's is the student's.
    Source: reference, results-reporting 1.3
    """
    wanted = frozenset(student_ids)
    merged = merged_ids(scope, wanted)
    mine = Condition("student_id", "in", _with_merged(wanted, merged))
    reach = scope.over(Permission.INDIVIDUAL_PII_READ)
    if reach.everything:
        return mine
    parts: list[Predicate] = []
    if reach:
        parts.append(Condition("school_id", "in", reach.organization_ids))
        enrolled = _enrolled_within(scope, wanted)
        if enrolled:
            parts.append(Condition("student_id", "in", _with_merged(enrolled, merged)))
    for student, subjects in group_subjects.items():
        if student not in wanted:
            continue
        of_one = Condition("student_id", "in", _with_merged(frozenset({student}), merged))
        shown = (
            of_one if subjects is None else AllOf((of_one, Condition("subject", "in", subjects)))
        )
        parts.append(shown)
    return AllOf((mine, AnyOf(tuple(parts)))) if parts else NOTHING


def _with_merged(students: frozenset[int], merged: Mapping[int, frozenset[int]]) -> frozenset[int]:
    return students.union(*(merged.get(student, frozenset()) for student in students))


def _enrolled_within(scope: Scope, student_ids: frozenset[int]) -> frozenset[int]:
    """Return those of `student_ids` who are enrolled now where the reader reads results."""
    without_groups = Scope(
        account_id=scope.account_id,
        label=scope.label,
        on=scope.on,
        reach=scope.reach,
        group_ids=frozenset(),
    )
    return frozenset(
        students_in(without_groups).filter(pk__in=student_ids).values_list("pk", flat=True)
    )
