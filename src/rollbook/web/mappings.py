"""The page on which somebody says which uploaded field is which import field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollbook.files.csv import CsvTable
from rollbook.files.csv_separators import told_separator
from rollbook.files.xlsx import sheets_of
from rollbook.orgs.queries import organizations_in
from rollbook.orgs.types import OrganizationKind
from rollbook.roster.actions.mappings import (
    MappingIsIncomplete,
    MappingIsUsed,
    MayNotSaveMapping,
    delete_mapping,
    map_intake,
    say_mapping,
)
from rollbook.roster.actions.receiving import MayNotSendRoster, kept_path
from rollbook.roster.models.intakes import Intake
from rollbook.roster.queries.intakes import get_intake
from rollbook.roster.queries.mappings import MappingNotFound
from rollbook.roster.queries.sources import mappings_in
from rollbook.roster.rules.import_fields import (
    DATE_FIELDS,
    DEFAULTABLE,
    FIELDS,
    IMPORT_FIELDS,
    NEEDED,
    FieldKind,
)
from rollbook.roster.rules.mapping import (
    WORDS_OF,
    ColumnMapping,
    mapping_from,
    suggested_mapping,
    value_map,
)
from rollbook.roster.rules.reading import reading_from
from rollbook.roster.sources.converting import placed
from rollbook.roster.sources.flat_file import is_workbook, read_flat
from rollbook.roster.sources.mapped_file import columns_read, orders_of, preview
from rollbook.shared.grades import GRADE_CODES, Grade
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.receiving import CHECKED_AT_ONCE_BYTES, checked

_LONGEST: Final = 200
_ABOUT: Final[Mapping[str, Promise]] = {
    "student": gettext_lazy("Student"),
    "school": gettext_lazy("School"),
    "class": gettext_lazy("Class"),
    "teacher": gettext_lazy("Teacher"),
    "term": gettext_lazy("Term"),
}
_LABELS: Final[Mapping[str, Promise]] = {
    "ssid": gettext_lazy("State student ID"),
    "local_id": gettext_lazy("Local student ID"),
    "first_name": gettext_lazy("First name"),
    "middle_name": gettext_lazy("Middle name"),
    "last_name": gettext_lazy("Last name"),
    "full_name": gettext_lazy("Full name (Last, First)"),
    "preferred_name": gettext_lazy("Preferred first name"),
    "grade": gettext_lazy("Grade"),
    "birth_date": gettext_lazy("Birth date"),
    "sex": gettext_lazy("Sex"),
    "email": gettext_lazy("E-mail"),
    "username": gettext_lazy("Username"),
    "hispanic": gettext_lazy("Hispanic or Latino"),
    "enrolled_on": gettext_lazy("Enrolled on"),
    "left_on": gettext_lazy("Last day"),
    "school_number": gettext_lazy("School number"),
    "school_name": gettext_lazy("School name"),
    "district_number": gettext_lazy("District number"),
    "district_name": gettext_lazy("District name"),
    "class_id": gettext_lazy("Class ID"),
    "class_name": gettext_lazy("Class name"),
    "period": gettext_lazy("Period"),
    "course_number": gettext_lazy("Course number"),
    "course_name": gettext_lazy("Course name"),
    "subject": gettext_lazy("Subject"),
    "teacher_id": gettext_lazy("Teacher ID"),
    "teacher_first_name": gettext_lazy("Teacher first name"),
    "teacher_last_name": gettext_lazy("Teacher last name"),
    "teacher_name": gettext_lazy("Teacher name (Last, First)"),
    "teacher_email": gettext_lazy("Teacher e-mail"),
    "term_name": gettext_lazy("Term"),
    "term_starts_on": gettext_lazy("Term starts on"),
    "term_ends_on": gettext_lazy("Term ends on"),
    "school_year": gettext_lazy("School year (the year it ends in)"),
}
_ORDERS: Final = (
    ("mdy", gettext_lazy("Month first: 3/14/2018")),
    ("dmy", gettext_lazy("Day first: 14/3/2018")),
    ("ymd", gettext_lazy("Year first: 2018-03-14")),
)

_SEPARATORS: Final[Mapping[str, Promise]] = {
    ",": gettext_lazy("Commas"),
    ";": gettext_lazy("Semicolons"),
    "\t": gettext_lazy("Tabs"),
    "|": gettext_lazy("Bars"),
}


@dataclass(frozen=True, slots=True)
class _FieldRow:
    """Hold one line of the form: an import field and what feeds it."""

    name: str
    label: str
    is_needed: bool
    column: str
    default: str
    takes_default: bool
    grades: tuple[tuple[str, str], ...]
    is_date: bool
    order: str
    asks_order: bool


@door(
    rule=(
        "A file of a district within ROSTER_READ, for who may send rosters: ten of its rows, "
        "to see whether its columns are read right."
    ),
    needs=Permission.ROSTER_WRITE,
)
def mapping(request: Reader, school_year: int, intake: UUID) -> HttpResponse:
    """Ask which column is what, show ten rows as they would be read, and read the file so."""
    found = get_intake(request.scope, intake)
    reading = reading_from(found.reading)
    said = reading.mapping
    if request.method == "POST":
        said = _said(request)
    sheet, separator = (said.sheet, said.separator) if said else ("", "")
    try:
        table = read_flat(
            kept_path(found),
            name=found.file_name,
            encoding=reading.encoding,
            separator=separator,
            sheet=sheet,
        )
    except FileNotFoundError:
        messages.error(request, _("The file is not kept here any more. Send the roster again."))
        return redirect("roster_plan", school_year=school_year, intake=intake)
    shown, is_other = _shown(table, said)
    if is_other:
        messages.warning(
            request, _("The columns are others now. Look at what was found, and check again.")
        )
    elif request.method == "POST" and request.POST.get("action") == "use":
        answer = _used(request, school_year, found, shown)
        if answer is not None:
            return answer
    return render(request, "rosters/mapping.html", _context(school_year, found, table, shown))


@door(
    rule="Names of saved mappings of districts within ROSTER_READ; names of columns, no student.",
    needs=Permission.ROSTER_WRITE,
)
def mappings(request: Reader, school_year: int) -> HttpResponse:
    """List the headers that are known, and forget one."""
    if request.method == "POST":
        try:
            delete_mapping(
                request.scope, UUID(request.POST.get("mapping", "")), by=request.actor, now=now()
            )
            messages.success(request, _("Files with this header are asked about again."))
        except (MappingNotFound, ValueError):
            messages.error(request, _("There is no such mapping any more."))
        except MappingIsUsed:
            messages.error(request, _("A source reads its files by this mapping. Change it first."))
        except MayNotSaveMapping:
            messages.error(request, _("Your role does not say how this district's files are read."))
        return redirect("roster_mappings", school_year=school_year)
    context = {
        "title": _("Which files are read by themselves?"),
        "section": "rosters",
        "breadcrumbs": _trail(school_year),
        "mappings": [
            (saved, [(_LABELS[name], column) for name, column in said.columns.items()])
            for saved in mappings_in(request.scope)
            for said in [mapping_from(saved.mapping)]
        ],
    }
    return render(request, "rosters/mappings.html", context)


def _trail(school_year: int) -> list[tuple[str, str]]:
    return [
        (_("Home"), reverse("home", args=[school_year])),
        (_("Rosters"), reverse("rosters", args=[school_year])),
    ]


def _shown(table: CsvTable, said: ColumnMapping | None) -> tuple[ColumnMapping, bool]:
    """Return what was said, or what the columns suggest where none that was said is there."""
    suggested = suggested_mapping(table.header, table.frame)
    if said is None:
        return suggested, False
    read = columns_read(table, said)
    if read or not said.columns or not table.header:
        return said, False
    return replace(suggested, separator=said.separator, sheet=said.sheet), True


def _said(request: Reader) -> ColumnMapping:
    """Read the form: which column feeds which field, what values mean, and the defaults."""
    columns: dict[str, str] = {}
    defaults: dict[str, str] = {}
    orders: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    for name in FIELDS:
        if column := request.POST.get(f"column-{name}", ""):
            columns[name] = column
        if default := typed(request, f"default-{name}", _LONGEST):
            defaults[name] = default
        if (order := request.POST.get(f"order-{name}", "")) in dict(_ORDERS):
            orders[name] = order
        said = request.POST.getlist(f"said-{name}")
        meant = request.POST.getlist(f"meant-{name}")
        if said:
            values[name] = dict(zip(said, meant, strict=False))
    plain = {"columns": columns, "defaults": defaults, "date_orders": orders, "values": values}
    plain |= {name: request.POST.get(name, "") for name in ("separator", "sheet")}
    return mapping_from(plain)


def _used(
    request: Reader, school_year: int, intake: Intake, said: ColumnMapping
) -> HttpResponse | None:
    """Save the mapping and read the file by it; None when something is still missing."""
    try:
        # A small file is checked at once, a large one by a worker.
        use = map_intake if intake.byte_count <= CHECKED_AT_ONCE_BYTES else say_mapping
        mapped = use(
            request.scope,
            intake.uuid,
            mapping=said,
            name=typed(request, "name", _LONGEST),
            organization_id=_home(request),
            by=request.actor,
            now=now(),
        )
        return checked(request, school_year, mapped)
    except MappingIsIncomplete as lacks:
        for names in lacks.missing:
            labels = _(" or ").join(str(_LABELS[name]) for name in names)
            messages.error(request, _("Choose the column that holds: %(what)s.") % {"what": labels})
    except MayNotSaveMapping:
        messages.error(request, _("Your role does not say how this district's files are read."))
    except MayNotSendRoster:
        messages.error(request, _("Your role may not send this district's roster."))
    return None


def _home(request: Reader) -> int | None:
    """Return the district that a mapping is saved for: everybody's where the sender sees all."""
    reach = request.scope.over(Permission.ROSTER_WRITE)
    if reach.everything:
        return None
    sent = organizations_in(request.scope, Permission.ROSTER_WRITE)
    districts = [row for row in sent if row.kind is OrganizationKind.DISTRICT]
    return next((row.id for row in (*districts, *sent)), None)


def _context(
    school_year: int, intake: Intake, table: CsvTable, said: ColumnMapping
) -> dict[str, object]:
    read = columns_read(table, said)
    open_questions = orders_of(placed(table, read), said)[1]
    fields = [_row(field.name, said, field.name in open_questions) for field in IMPORT_FIELDS]
    rows = preview(table, said)
    names = [name for name in FIELDS if any(name in cells for _line, cells in rows)]
    return {
        "title": _("Which column is what in %(name)s?") % {"name": intake.file_name},
        "crumb": intake.file_name,
        "section": "rosters",
        "breadcrumbs": _trail(school_year),
        "intake": intake,
        "header": [name for name in table.header if name.strip()],
        "groups": [
            (label, [row for row in fields if FIELDS[row.name].about == about])
            for about, label in _ABOUT.items()
        ],
        "orders": _ORDERS,
        **_written(intake, said),
        "values": _value_rows(table, read, said),
        "labels": [_LABELS[name] for name in names],
        "preview": [(line, [cells[name] for name in names]) for line, cells in rows],
        "row_count": table.frame.height,
        "findings": list(table.findings),
        "missing": [_(" or ").join(str(_LABELS[name]) for name in group) for group in said.missing],
    }


def _written(intake: Intake, said: ColumnMapping) -> dict[str, object]:
    """Return the sheets to choose from, or the separators with the one that the header shows."""
    path = kept_path(intake)
    if is_workbook(path):
        return {"sheets": list(sheets_of(path)), "sheet": said.sheet}
    encoding = reading_from(intake.reading).encoding
    told = _SEPARATORS[told_separator(path, encoding=encoding)]
    return {
        "separators": list(_SEPARATORS.items()),
        "separator": said.separator,
        "told_separator": told,
    }


def _row(name: str, said: ColumnMapping, asks_order: bool) -> _FieldRow:
    grades = tuple((code, _(Grade(code).label)) for code in GRADE_CODES) if name == "grade" else ()
    return _FieldRow(
        name=name,
        label=str(_LABELS[name]),
        is_needed=any(name in group for group in NEEDED),
        column=said.columns.get(name, ""),
        default=said.defaults.get(name, ""),
        takes_default=name in DEFAULTABLE,
        grades=grades,
        is_date=name in DATE_FIELDS,
        order=said.date_orders.get(name, ""),
        asks_order=asks_order,
    )


def _value_rows(
    table: CsvTable, read: Mapping[str, str], said: ColumnMapping
) -> list[dict[str, object]]:
    """List the values of columns that hold words, and what each is read as."""
    shown: list[dict[str, object]] = []
    for name, column in read.items():
        words = WORDS_OF.get(FIELDS[name].kind)
        if words is None:
            continue
        found = value_map(name, table.frame[column]) | dict(said.values.get(name, {}))
        is_grade = FIELDS[name].kind is FieldKind.GRADE
        choices = GRADE_CODES if is_grade else tuple(dict.fromkeys(words.values()))
        shown.append(
            {
                "name": name,
                "label": _LABELS[name],
                "choices": choices,
                "pairs": sorted(found.items()),
            }
        )
    return shown
