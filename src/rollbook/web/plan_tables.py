"""What the page of a plan shows in tables: counts, sizes, schools, limits, whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from rollbook.changes.queries import approvals, plan_counts_by_school, plan_labels
from rollbook.changes.rules import may_commit, may_endorse
from rollbook.changes.types import Cell, ChangeAction, PlanRow, PlanStatus, PlanSummary
from rollbook.orgs.queries import school_names
from rollbook.people.queries.names import names_of, sizes_by_school
from rollbook.people.queries.roster import roster_sizes, students_by_school
from rollbook.roster.models.intakes import Intake
from rollbook.roster.rules.policy import ErrorPolicy, IntakePolicy
from rollbook.shared.scope import Scope
from rollbook.web.words import known_as

ACTIONS = [action.value for action in ChangeAction if action is not ChangeAction.DELETE]
# Tables that a page breaks down by school, with the caption of each.
STUDENTS_AT = "school enrollments"
BROKEN_DOWN = (STUDENTS_AT, "staff", "classes", "enrollments")
# Which of them a reason to wait, of one school, is about.
_TABLE_OF = {
    "students-leave": STUDENTS_AT,
    "school-vanished": STUDENTS_AT,
    "staff-leave": "staff",
    "classes-leave": "classes",
    "enrollments-leave": "enrollments",
}
# Columns that hold the id of a place or a person: a page shows names.
PLACES = frozenset({"school_id", "organization_id", "district_id", "parent_id"})
PEOPLE = {
    "student_id": "students",
    "staff_id": "staff",
    "class_taught_id": "classes",
    "merged_into_id": "students",
}


NAMED_BY_PLAN = frozenset({"students", "staff", "classes"})


def is_open(summary: PlanSummary) -> bool:
    """Tell whether a plan may still be decided on."""
    return summary.status in {PlanStatus.PROPOSED, PlanStatus.HELD}


def columns(summary: PlanSummary | None) -> list[str]:
    """List the actions to show: the usual ones always, a rare one where it happens."""
    found = (
        {action for counts in summary.counts.values() for action in counts} if summary else set()
    )
    return [action for action in ACTIONS if action != "reactivate" or action in found]


def tables(scope: Scope, intake: Intake, summary: PlanSummary) -> list[dict[str, object]]:
    """Count each table now, by action, and after; now and after only while the plan is open."""
    sizes = roster_sizes(scope, source=intake.source) if is_open(summary) else {}
    return [
        {"name": table, **_row(sizes.get(table), counts, columns(summary))}
        for table, counts in summary.counts.items()
    ]


def _row(now: int | None, counts: Mapping[str, int], actions: Sequence[str]) -> dict[str, object]:
    """Return one line of counts: each with its part of what there is now."""
    touched = sum(counts.get(action, 0) for action in ("update", "move", "archive"))
    return {
        "now": now,
        "counts": [(a, counts.get(a, 0), _percent(counts.get(a, 0), now)) for a in actions],
        "unchanged": None if now is None else max(now - touched, 0),
        "after": None if now is None else now + _growth(counts),
    }


def _percent(count: int, of: int | None) -> int | None:
    return round(100 * count / of) if of and count else None


def _growth(counts: Mapping[str, int]) -> int:
    return counts.get("add", 0) + counts.get("reactivate", 0) - counts.get("archive", 0)


def additions_count(summary: PlanSummary) -> int:
    """Count what a plan does to records that stay: all but archiving and removing."""
    leaving = {ChangeAction.ARCHIVE, ChangeAction.DELETE}
    return sum(
        count
        for actions in summary.counts.values()
        for action, count in actions.items()
        if action not in leaving
    )


def schools(scope: Scope, intake: Intake, summary: PlanSummary) -> list[dict[str, object]]:
    """Break a plan down by school, one table per kind of record; a school over its limit first."""
    by_table = plan_counts_by_school(scope, summary.uuid)
    places = {school for table in BROKEN_DOWN for school in by_table.get(table, {}) if school}
    names = school_names(scope, places)
    sizes: dict[str, dict[int, int]] = {}
    if is_open(summary):
        sizes = sizes_by_school(scope, source=intake.source)
        sizes[STUDENTS_AT] = students_by_school(scope)
    held = {(_TABLE_OF.get(hold.code), hold.organization_id) for hold in summary.holds}
    found = []
    for table in BROKEN_DOWN:
        rows = [
            {
                "id": school,
                "name": names.get(school, "?"),
                "is_over": (table, school) in held,
                **_row(sizes[table].get(school, 0) if sizes else None, counts, columns(summary)),
            }
            for school, counts in by_table.get(table, {}).items()
            if school is not None
        ]
        if rows:
            rows.sort(key=lambda row: (not row["is_over"], str(row["name"])))
            found.append({"table": table, "rows": rows})
    return found


def turn(scope: Scope, summary: PlanSummary) -> dict[str, object]:
    """Say who has to approve a plan yet: whether it takes two people, and whose turn it is."""
    behind = approvals(scope, summary.uuid)
    return {
        "needs_two": behind.needs_second_person,
        "endorsed_by": known_as(scope, behind.endorser) if behind.endorser else "",
        "endorsed_at": behind.endorsed_at,
        "may_commit": may_commit(behind, scope.label),
        "may_endorse": may_endorse(behind, scope.label),
    }


def _share(share: float) -> str:
    return f"{100 * share:g} %"


def limits(policy: IntakePolicy) -> list[str]:
    """Say by which limits a plan was judged, one sentence each."""
    most = policy.thresholds
    told = [
        _(
            "A school that would lose more than %(share)s of its students, or more than "
            "%(count)d, makes the plan wait; fewer than %(least)d never do."
        )
        % {
            "share": _share(most.archive_share),
            "count": most.archive_count,
            "least": most.archive_minimum,
        },
        _("More than %(add)s new or %(update)s changed records of a kind make it wait.")
        % {"add": _share(most.create_share), "update": _share(most.update_share)},
        _("A file with less than %(share)s of the records that there are makes it wait.")
        % {"share": _share(most.file_share)},
        _("A class with more than %(students)d students, or a teacher with more than %(classes)d "
          "classes, makes it wait.")
        % {"students": most.largest_class, "classes": most.most_classes},
    ]  # fmt: skip
    if policy.errors is ErrorPolicy.BLOCK_ON_ANY_ERROR:
        told.append(_("Any error stops the whole file."))
    else:
        told.append(
            _("Records with errors are left out; more than %(share)g %% of a file make it wait.")
            % {"share": policy.largest_excluded_percent}
        )
    if policy.second_person_from is not None:
        told.append(
            _("From %(count)d leaving students on, two people must approve.")
            % {"count": policy.second_person_from}
        )
    if policy.is_additive:
        told.append(_("This source only adds and changes; it archives nobody."))
    return told


def named(scope: Scope, summary: PlanSummary, rows: Sequence[PlanRow]) -> list[PlanRow]:
    """Put names in place of ids: of whom a row is, and in its cells."""
    if not rows:
        return []
    table = rows[0].table
    # Who is a person or a class is told by the plan itself, with the local id.
    labels = {} if table in NAMED_BY_PLAN else names_of(scope, table, {row.id for row in rows})
    ids: dict[str, set[int]] = {"places": set()}
    for cell in (cell for row in rows for cell in row.cells):
        kind = "places" if cell.column in PLACES else PEOPLE.get(cell.column)
        if kind is not None:
            found = {int(value) for value in (cell.before, cell.after) if value}
            ids.setdefault(kind, set()).update(found)
    names = {
        kind: (
            school_names(scope, wanted)
            if kind == "places"
            else plan_labels(scope, summary.uuid, kind, wanted) | names_of(scope, kind, wanted)
        )
        for kind, wanted in ids.items()
        if wanted
    }
    return [_named_row(row, labels, names) for row in rows]


def _named_row(
    row: PlanRow, labels: Mapping[int, str], names: Mapping[str, Mapping[int, str]]
) -> PlanRow:
    cells = tuple(_named_cell(cell, names) for cell in row.cells)
    who = [
        cell.after
        for cell in cells
        if cell.column in PEOPLE and cell.after and row.table not in NAMED_BY_PLAN
    ]
    label = labels.get(row.id) or ", ".join(who) or row.label
    return replace(row, label=label, cells=cells)


def _named_cell(cell: Cell, names: Mapping[str, Mapping[int, str]]) -> Cell:
    kind = "places" if cell.column in PLACES else PEOPLE.get(cell.column, "")
    known = names.get(kind, {})
    return replace(cell, before=_name(cell.before, known), after=_name(cell.after, known))


def _name(value: str | None, known: Mapping[int, str]) -> str | None:
    return known.get(int(value), value) if value and known and value.isdecimal() else value
