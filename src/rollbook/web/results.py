"""Result pages: a school's grade, a group, a student."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

import polars as pl
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from rollbook.assessments.queries import provisional_ids
from rollbook.files.csv_write import write_csv
from rollbook.groups.queries import GroupRow, get_group, group_list, group_subjects, member_ids
from rollbook.lake.query import AllOf, Condition, Predicate
from rollbook.orgs.queries import get_organization, schools_in
from rollbook.people.queries.students import (
    find_student_by_ssid,
    school_spells,
    students_by_id,
)
from rollbook.results.queries import pages, visible
from rollbook.results.queries.history import find_visible_student, get_visible_student
from rollbook.results.types import AssessmentChoice, Distribution, StudentResult
from rollbook.shared.grades import GRADE_CODES, Grade
from rollbook.shared.scope import Permission, Scope
from rollbook.shared.years import SchoolYear
from rollbook.web.charts import with_bar
from rollbook.web.context import as_of
from rollbook.web.door import Reader, door, typed
from rollbook.web.home import TESTED, may_search_students

# A list longer than this is cut on the page, and whole in the CSV.
SHOWN = 500
DISPLAYS = ("percent", "number")
VIEWS = ("overall", "alternate", "claim")


@door(rule="Names of schools and groups within the reader's reach; no student is named.")
def search(request: Reader, school_year: int) -> HttpResponse:
    """Choose a school and a grade, a group, or a student."""
    school, grade = request.GET.get("school", ""), request.GET.get("grade", "")
    if school and grade in GRADE_CODES:
        return redirect("school_results", school_year=school_year, school=school, grade=grade)
    if group := request.GET.get("group", ""):
        return _group_chosen(request, school_year, group)
    scope = request.scope
    return render(
        request,
        "results/search.html",
        {
            "title": _("Whose results?"),
            "section": "results",
            "breadcrumbs": _crumbs(school_year),
            "schools": schools_in(scope, Permission.INDIVIDUAL_PII_READ),
            "grades": TESTED,
            "groups": group_list(scope),
            "may_search_students": may_search_students(scope),
        },
    )


def _group_chosen(request: Reader, school_year: int, group: str) -> HttpResponse:
    known = {str(row.uuid) for row in group_list(request.scope)}
    if group not in known:
        messages.warning(request, _("Choose a group from the list."))
        return redirect("results", school_year=school_year)
    return redirect("group_results", school_year=school_year, group=group)


@door(
    rule=(
        "One student, only if the reader sees the student or results of theirs; the id stays "
        "out of the address."
    )
)
def find_student(request: Reader, school_year: int) -> HttpResponse:
    """Find a student by state id and open the test history."""
    ssid = typed(request, "ssid", 100)
    found = find_student_by_ssid(request.scope, ssid) or find_visible_student(request.scope, ssid)
    if found is None:
        text = _(
            "No student with this SSID has results that you may see. Check the number, or ask "
            "whether the student is in your school."
        )
        messages.warning(request, text)
        return redirect("home", school_year=school_year)
    return redirect("student_results", school_year=school_year, student=found.uuid)


@door(
    rule="Results taken at one school, for readers of individual results there.",
    needs=Permission.INDIVIDUAL_PII_READ,
)
def school_and_grade(request: Reader, school_year: int, school: UUID, grade: str) -> HttpResponse:
    """Show how a grade of a school did: distributions, then students."""
    scope = request.scope
    place = get_organization(scope, school, permission=Permission.INDIVIDUAL_PII_READ)
    at_school = visible.at_school(scope, place.id)
    allowed = _of_year(at_school, school_year, grade)
    spoken = _(Grade(grade).label) if grade in GRADE_CODES else grade
    title = f"{place.name} · {spoken} · {SchoolYear(school_year).label}"
    context = _result_page(request, allowed, school_year, home_school_id=place.id)
    if not context["choices"]:
        context["other_years"] = [
            (SchoolYear(year), reverse("school_results", args=[year, school, grade]))
            for year, grades in pages.years_and_grades(scope, at_school).items()
            if grade in grades
        ]
    context |= {
        "title": title,
        "breadcrumbs": _crumbs(school_year),
        "csv": reverse("school_results_csv", args=[school_year, school, grade]),
        "grades": TESTED,
        "schools": schools_in(scope, Permission.INDIVIDUAL_PII_READ),
        "school": place,
        "grade": grade,
    }
    return render(request, "results/results.html", context)


@door(rule="Results of an assigned group's members, in the group's subject.")
def group(request: Reader, school_year: int, group: UUID) -> HttpResponse:
    """Show how the students of a group did."""
    scope = request.scope
    row = get_group(scope, group)
    members = member_ids(scope, row)
    allowed = AllOf((_of_group(scope, row, members), Condition("school_year", "eq", school_year)))
    context = _result_page(request, allowed, school_year, home_school_id=row.school_id)
    context |= {
        "title": f"{row.name} · {SchoolYear(school_year).label}",
        "breadcrumbs": _crumbs(school_year),
        "group": row,
        "groups": group_list(scope),
    }
    return render(request, "results/results.html", context)


def _of_group(scope: Scope, row: GroupRow, members: frozenset[int]) -> Predicate:
    subjects = group_subjects(scope, members)
    allowed = visible.of_students(scope, members, group_subjects=subjects)
    return AllOf((allowed, Condition("subject", "eq", row.subject))) if row.subject else allowed


def _of_year(allowed: Predicate, school_year: int, grade: str) -> Predicate:
    return AllOf(
        (
            allowed,
            Condition("school_year", "eq", school_year),
            Condition("enrolled_grade", "eq", grade),
        )
    )


def _result_page(
    request: Reader, allowed: Predicate, school_year: int, *, home_school_id: int
) -> dict[str, object]:
    """Collect what the school and the group page share."""
    scope = request.scope
    choices = pages.assessment_choices(scope, allowed)
    chosen = _chosen(request, choices)
    view = request.GET.get("view", "overall")
    view = view if view in VIEWS else "overall"
    results = (
        pages.results_list(scope, allowed, assessment_ids=chosen, home_school_id=home_school_id)
        if chosen
        else []
    )
    return {
        "section": "results",
        "choices": choices,
        "chosen": [choice for choice in choices if choice.assessment_id in chosen],
        "others": [choice for choice in choices if choice.assessment_id not in chosen],
        "cards": _cards(scope, allowed, chosen, view),
        "views": [
            ("overall", _("Overall")),
            ("alternate", _("Composite")),
            ("claim", _("Claim or domain")),
        ],
        "view": view,
        "displays": [("percent", _("Percent")), ("number", _("Number"))],
        "display": _display(request),
        "kept": "".join(f"{urlencode({'a': a})}&" for a in chosen),
        "has_transfers": any(result.is_transfer for result in results[:SHOWN]),
        "results": _with_names(scope, results[:SHOWN]),
        "result_count": len(results),
        "shown_count": min(len(results), SHOWN),
        "as_of": _as_of(scope, school_year),
    }  # fmt: skip


def _chosen(request: Reader, choices: Sequence[AssessmentChoice]) -> list[str]:
    """Return the assessments that the address selects, else the one taken most recently."""
    known = {choice.assessment_id for choice in choices}
    asked = [a for a in dict.fromkeys(request.GET.getlist("a")) if a in known]
    return asked or ([choices[0].assessment_id] if choices else [])


def _display(request: Reader) -> str:
    asked = request.GET.get("display", "percent")
    return asked if asked in DISPLAYS else "percent"


def _cards(
    scope: Scope, allowed: Predicate, chosen: Sequence[str], view: str
) -> list[dict[str, object]]:
    """Return one card per assessment: its overall distribution, and those of the view asked for."""
    cards: list[dict[str, object]] = []
    provisional = provisional_ids(scope, chosen)
    for whole in pages.distributions(scope, allowed, chosen):
        parts: list[Distribution] = []
        if view != "overall":
            parts = pages.sub_distributions(scope, allowed, whole.assessment_id, score_type=view)
        cards.append(
            {
                "whole": with_bar(whole),
                "parts": [with_bar(part) for part in parts],
                "is_provisional": whole.assessment_id in provisional,
            }
        )
    return cards


def _with_names(scope: Scope, results: Sequence[StudentResult]) -> list[dict[str, object]]:
    ids = frozenset(result.student_id for result in results)
    names = students_by_id(scope, ids, also=ids)
    return [{"result": result, "student": names.get(result.student_id)} for result in results]


def _as_of(scope: Scope, school_year: int) -> str:
    return as_of(SchoolYear(school_year), version=pages.results_version(scope))


def _crumbs(school_year: int) -> list[tuple[str, str]]:
    return [(_("Home"), reverse("home", args=[school_year]))]


@door(
    rule=(
        "Results taken at one school, for readers of individual results there; the rows of the "
        "page."
    ),
    needs=Permission.INDIVIDUAL_PII_READ,
)
def school_csv(request: Reader, school_year: int, school: UUID, grade: str) -> HttpResponse:
    """Download what the page of a school and grade lists, all of it."""
    scope = request.scope
    place = get_organization(scope, school, permission=Permission.INDIVIDUAL_PII_READ)
    allowed = _of_year(visible.at_school(scope, place.id), school_year, grade)
    chosen = _chosen(request, pages.assessment_choices(scope, allowed))
    results = pages.results_list(scope, allowed, assessment_ids=chosen) if chosen else []
    frame = _frame(_with_names(scope, results))
    content = write_csv(frame, columns=frame.columns, formula_safe=True)
    name = f"results-{place.natural_id or place.uuid}-{grade}-{school_year}.csv"
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# The state reporting system's names for what its screens export.
_CSV = {
    "StudentIdentifier": lambda row: row["student"].ssid if row["student"] else "",
    "FirstName": lambda row: row["student"].first_name if row["student"] else "",
    "LastOrSurname": lambda row: row["student"].last_name if row["student"] else "",
    "SubmitDateTime": lambda row: (
        row["result"].completed_at and row["result"].completed_at.isoformat()
    ),
    "SchoolName": lambda row: row["result"].school_name,
    "SchoolYear": lambda row: row["result"].school_year,
    "AssessmentType": lambda row: row["result"].assessment_type,
    "AssessmentName": lambda row: row["result"].label,
    "Subject": lambda row: row["result"].subject,
    "GradeLevelWhenAssessed": lambda row: row["result"].enrolled_grade,
    "Status": lambda row: row["result"].status,
    "ScaleScoreAchievementLevel": lambda row: row["result"].level_name,
    "ScaleScore": lambda row: row["result"].scale_score,
    "StandardError": lambda row: row["result"].standard_error,
}


def _frame(rows: Sequence[dict[str, object]]) -> pl.DataFrame:
    """Lay listed results out as text columns, under the names of the state's screen export."""
    cells = {
        name: [None if (value := read(row)) is None else str(value) for row in rows]
        for name, read in _CSV.items()
    }
    return pl.DataFrame(cells, schema=dict.fromkeys(_CSV, pl.String))


@door(
    rule="One student the reader sees; of the results, those the reader's schools and groups reach."
)
def student(request: Reader, school_year: int, student: UUID) -> HttpResponse:
    """Show a student's test history."""
    scope = request.scope
    person, allowed = get_visible_student(scope, student)
    results = pages.results_list(
        scope, allowed, only_counted=False, home_school_id=person.school_id
    )
    years = sorted({result.school_year for result in results}, reverse=True)
    subjects = sorted({result.subject for result in results})
    year, subject = request.GET.get("year", ""), request.GET.get("subject", "")
    shown = [
        result
        for result in results
        if (not year or str(result.school_year) == year)
        and (not subject or result.subject == subject)
    ]
    context = {
        "title": _("Test history"),
        "heading": person.full_name,
        "section": "results",
        "breadcrumbs": _crumbs(school_year),
        "student": person,
        "spells": school_spells(scope, student) if person.is_on_roster_of_reader else [],
        "years": [SchoolYear(y) for y in years],
        "subjects": subjects,
        "year": year,
        "subject": subject,
        "by_subject": _by_subject(scope, shown),
        "result_count": len(results),
        "as_of": _as_of(scope, school_year),
    }
    return render(request, "results/student.html", context)


def _by_subject(
    scope: Scope, results: Sequence[StudentResult]
) -> list[tuple[str, list[dict[str, object]]]]:
    claims = pages.subscores_of(scope, results, score_type="claim")
    names = {code: name for result in results for code, name in pages.claim_names(result.subject)}
    found: dict[str, list[dict[str, object]]] = {}
    for result in results:
        parts = claims.get((result.assessment_id, result.opportunity_id), {})
        told = [
            (names.get(code, code), level)
            for code, (_number, level) in sorted(parts.items())
            if level
        ]
        found.setdefault(result.subject, []).append(
            {"result": result, "school_year": SchoolYear(result.school_year), "claims": told}
        )
    return sorted(found.items())
