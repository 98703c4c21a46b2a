"""The form of an extract profile: whom it takes, what it names them, a look before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

import polars as pl
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from rollbook.extracts.actions.profiles import ProfileIsWrong, save_profile
from rollbook.extracts.queries.choosing import school_choices
from rollbook.extracts.queries.previewing import preview
from rollbook.extracts.queries.profiles import get_profile
from rollbook.extracts.rules.naming import (
    DEFAULTS,
    FIELDS,
    PATTERNS,
    example_name,
    lint_pattern,
)
from rollbook.extracts.types import (
    LISTS,
    Extraction,
    LeftOut,
    ProfileKind,
    ProfileRow,
    ProfileSettings,
)
from rollbook.orgs.queries import OrganizationNotFound
from rollbook.shared.scope import Permission, Scope
from rollbook.shared.years import SchoolYear
from rollbook.web.door import Reader, door, now
from rollbook.web.extract_choices import chosen_words, kept_from_sight, lists_of, with_all
from rollbook.web.extract_drafts import Draft, draft_of, draft_sent, new_draft
from rollbook.web.extract_schedule import places_with_groups
from rollbook.web.extract_words import AREAS, KIND_HINTS, KINDS, LEFT_OUT
from rollbook.web.extracts import owner_word, profile_crumbs
from rollbook.web.shown_words import said

GROUPS_SHOWN: Final = 10


@door(
    rule=(
        "What a profile may choose at schools within GROUP_WRITE: courses, groups, staff by name "
        "and address; a preview counts students and names groups."
    ),
    needs=Permission.GROUP_WRITE,
)
def add(request: Reader, school_year: int) -> HttpResponse:
    """Make a profile."""
    places = places_with_groups(request.scope)
    schools = school_choices(request.scope)
    only = (schools[0].value,) if len(schools) == 1 else ()
    place = str(places[0].uuid) if places else ""
    opened = new_draft(school_year, place=place, schools=only)
    return _form(request, school_year, opened, None)


@door(
    rule=(
        "One profile that the reader may use, and what it may choose at schools within "
        "GROUP_WRITE; changed by its owner and by who looks after the district's profiles."
    ),
    needs=Permission.GROUP_WRITE,
)
def profile(request: Reader, school_year: int, profile: UUID) -> HttpResponse:
    """Show one profile: a form to whoever may change it, words to everybody else."""
    row = get_profile(request.scope, profile)
    places = {place.id: str(place.uuid) for place in places_with_groups(request.scope)}
    draft = draft_of(row, place=places.get(row.organization_id, ""))
    if row.may_change:
        return _form(request, school_year, draft, row)
    return _reading(request, school_year, draft, row)


def _form(request: Reader, school_year: int, draft: Draft, row: ProfileRow | None) -> HttpResponse:
    """Read what was sent, do what the pressed button says, and show the form again."""
    faults: dict[str, str] = {}
    shown: Mapping[str, object] | None = None
    choice, _colon, name = request.POST.get("choice", "").partition(":")
    if request.method == "POST":
        draft = draft_sent(request, draft.settings.school_year)
        if choice == "all" and name in LISTS:
            draft = with_all(request.scope, draft, name)
        elif choice == "none" and name in LISTS:
            draft = draft.choosing(name, ())
        elif choice == "preview":
            shown, faults = _previewed(request.scope, draft)
        elif choice == "save":
            faults = _saved(request, draft, row)
            if not faults:
                return redirect("extract_profiles", school_year=school_year)
    context = _context(request, school_year, draft, row) | {
        "faults": {field: said(says) for field, says in faults.items()},
        "preview": shown,
    }
    status = 422 if faults else 200
    return render(request, "extracts/profile_form.html", context, status=status)


def _reading(request: Reader, school_year: int, draft: Draft, row: ProfileRow) -> HttpResponse:
    shown: Mapping[str, object] | None = None
    if request.method == "POST":
        shown, _faults = _previewed(request.scope, draft)
    context = {
        "title": _("What does this profile write?"),
        "crumb": row.name,
        "section": "groups",
        "breadcrumbs": profile_crumbs(school_year),
        "profile": row,
        "owner": owner_word(request, row),
        "kind": KINDS[row.settings.kind],
        "area": AREAS[row.settings.subject_area],
        "year": SchoolYear(row.settings.school_year),
        "pattern": row.settings.pattern or DEFAULTS[row.settings.kind],
        "example": example_name(row.settings.pattern, row.settings.kind),
        "chosen": chosen_words(request.scope, draft),
        "preview": shown,
    }
    return render(request, "extracts/profile.html", context)


def _saved(request: Reader, draft: Draft, row: ProfileRow | None) -> dict[str, str]:
    """Save a profile, or return what is wrong with it by field."""
    try:
        place = UUID(draft.place)
    except ValueError:
        return {"organization": _("Choose one of your districts or schools.")}
    try:
        save_profile(
            request.scope,
            uuid=row.uuid if row else None,
            organization_uuid=place,
            name=draft.name,
            settings=draft.wanted,
            is_shared=draft.is_shared,
            in_schedule=draft.in_schedule,
            by=request.actor,
            now=now(),
        )
    except ProfileIsWrong as wrong:
        return wrong.faults
    except OrganizationNotFound:
        return {"organization": _("Choose one of your districts or schools.")}
    says = _("“%(name)s” was saved. Choose it in the list to write its file.")
    messages.success(request, says % {"name": " ".join(draft.name.split())})
    return {}


def _previewed(scope: Scope, draft: Draft) -> tuple[Mapping[str, object] | None, dict[str, str]]:
    """Work out what a profile would write, or return what keeps it from being worked out."""
    settings = draft.wanted
    if not settings.schools:
        return None, {"schools": _("Choose at least one school.")}
    errors = [fault for fault in lint_pattern(settings.pattern, settings.kind) if fault.is_error]
    if errors:
        return None, {"pattern": " ".join(f"{fault.says} {fault.fix}" for fault in errors)}
    return _told(preview(scope, settings, on=scope.on, name=draft.name)), {}


def _told(extraction: Extraction) -> dict[str, object]:
    """Return what a preview says of an extraction: counts, examples, warnings, who is left out."""
    rows, left = extraction.rows, extraction.left_out
    counts = dict(
        left.group_by(pl.col("criterion").cast(pl.String))
        .agg(pl.col("student_id").n_unique())
        .iter_rows()
    )
    return {
        "row_count": rows.height,
        "group_count": extraction.groups.height,
        "student_count": _different(rows["student_ssid"]),
        "user_count": _different(rows["group_user_login"]),
        "groups": extraction.groups.head(GROUPS_SHOWN).to_dicts(),
        "warnings": extraction.warnings,
        "left_count": left["student_id"].n_unique(),
        "left": [(LEFT_OUT[each], counts[each]) for each in LeftOut if each in counts],
    }


def _different(values: pl.Series) -> int:
    return values.filter(values != "").n_unique()


def _context(
    request: Reader, school_year: int, draft: Draft, row: ProfileRow | None
) -> dict[str, object]:
    settings = draft.settings
    lists = lists_of(request.scope, draft)
    filters = [lists[name] for name in draft.filters if name in lists]
    return {
        "title": _("Which groups should this profile write?"),
        "crumb": row.name if row else _("Make a profile"),
        "section": "groups",
        "breadcrumbs": profile_crumbs(school_year),
        "profile": row,
        "year": SchoolYear(settings.school_year),
        "is_former": settings.school_year < school_year,
        "draft": draft,
        "settings": settings,
        "places": places_with_groups(request.scope),
        "schools": lists["schools"],
        "filters": filters,
        "staff": lists.get("additional_staff"),
        "kept": kept_from_sight(draft),
        "is_classes": settings.kind is ProfileKind.SECONDARY_CLASSES,
        "kinds": [(kind.value, word, KIND_HINTS[kind]) for kind, word in KINDS.items()],
        "areas": [(area.value, word) for area, word in AREAS.items()],
        **_naming(draft, settings),
    }


def _naming(draft: Draft, settings: ProfileSettings) -> dict[str, object]:
    """Return the ways to name groups of this type, each with an example, and what is wrong."""
    kind, pattern = settings.kind, settings.pattern
    presets = [
        (said(title), template, example_name(template, kind))
        for title, template in PATTERNS.items()
        if not any(fault.is_error for fault in lint_pattern(template, kind))
    ]
    usual = next((title for title, told, _e in presets if told == DEFAULTS[kind]), "")
    chosen = "own" if draft.has_own_pattern else pattern
    if not chosen and usual:
        chosen = DEFAULTS[kind]
    own = replace(settings, pattern=pattern if draft.has_own_pattern else "")
    return {
        "presets": presets,
        "usual": "" if usual else example_name("", kind),
        "usual_template": DEFAULTS[kind],
        "chosen_pattern": chosen,
        "own_template": own.pattern or DEFAULTS[kind],
        "own_example": example_name(own.pattern, kind) if draft.has_own_pattern else "",
        "own_faults": lint_pattern(own.pattern, kind) if draft.has_own_pattern else (),
        "fields": [
            (name, said(field.says), field.example)
            for name, field in FIELDS.items()
            if kind in field.kinds
        ],
    }
