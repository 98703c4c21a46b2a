"""The form of a source: choose a kind, say what its connector asks, say how it is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from rollbook.orgs.queries import OrganizationNotFound, organizations_in
from rollbook.orgs.types import OrganizationKind
from rollbook.roster.actions.sources import (
    SourceDraft,
    SourceIsIncomplete,
    add_source,
    change_source,
)
from rollbook.roster.checks.catalogue import CHECKS
from rollbook.roster.models.sources import Source
from rollbook.roster.queries.sources import (
    MayNotChangeSource,
    every_minutes_of,
    mappings_in,
    reading_of,
    source_to_change,
)
from rollbook.roster.rules.policy import ErrorPolicy, IntakePolicy, SecondSchoolPolicy
from rollbook.roster.rules.reading import Reading
from rollbook.roster.rules.running import LOOKS_EVERY, NEVER, OF_ANY_FORMAT
from rollbook.roster.rules.thresholds import Thresholds
from rollbook.roster.sources.connecting import SettingField
from rollbook.roster.sources.setting_values import fields_of
from rollbook.roster.types import Profile, SourceFormat, SourceKind
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, door, now, refused, typed
from rollbook.web.roster_sources import source_crumbs
from rollbook.web.shown_words import said
from rollbook.web.source_words import FORMATS, KINDS, SECOND_SCHOOLS

REPAIRS: Final = tuple(check for check in CHECKS if check.is_repair)
INPUTS: Final = {"secret": "password", "url": "url", "number": "number"}
ENCODINGS: Final = (
    ("utf-8", "UTF-8"),
    ("windows-1252", "Windows (Western European)"),
    ("utf-16", "UTF-16"),
)
LONGEST_VALUE: Final = 20_000
# What is not a number at all: a policy refuses it, in the words that go with its field.
NO_NUMBER: Final = -1


@dataclass(frozen=True, slots=True)
class Shown:
    """Hold one field of a connector as the form shows it; a secret's value never."""

    field: SettingField
    input: str
    value: str
    fault: str
    is_kept: bool

    @property
    def is_seldom(self) -> bool:
        """Tell whether the form folds the field away: whoever connects leaves it as it is."""
        is_usual = bool(self.field.default) and self.value == self.field.default
        return is_usual and not self.field.is_required and not self.fault


@door(
    rule="Names of districts within ROSTER_WRITE; adds a source to one of them.",
    needs=Permission.ROSTER_WRITE,
)
def add(request: Reader, school_year: int) -> HttpResponse:
    """Choose a kind of source, then say what it needs."""
    kind = _kind(request)
    context = {
        "title": _("Where should rosters come from?"),
        "section": "rosters",
        "breadcrumbs": source_crumbs(school_year),
        "kinds": [(kind.value, *words) for kind, words in KINDS.items()],
        "kind": kind.value if kind else "",
        "kind_word": KINDS[kind][0] if kind else "",
    }
    if kind is None:
        return render(request, "rosters/source_form.html", context)
    faults: dict[str, str] = {}
    if request.method == "POST":
        try:
            draft = _draft(request, kind)
            made = add_source(request.scope, _district(request), draft, by=request.actor, now=now())
        except SourceIsIncomplete as incomplete:
            faults = incomplete.faults
        except OrganizationNotFound:
            faults = {"district": _("Choose one of your districts.")}
        else:
            messages.success(request, _("The source was added. Check its connection, then run it."))
            return redirect("roster_source", school_year=school_year, source=made.uuid)
    return render(request, "rosters/source_form.html", context | _form(request, kind, None, faults))


@door(
    rule="The settings of one source of a district within ROSTER_WRITE; no secret is shown.",
    needs=Permission.ROSTER_WRITE,
)
def change(request: Reader, school_year: int, source: UUID) -> HttpResponse:
    """Change what is said of a source."""
    try:
        found = source_to_change(request.scope, source)
    except MayNotChangeSource:
        return refused(request)
    kind = SourceKind(found.kind)
    faults: dict[str, str] = {}
    if request.method == "POST":
        try:
            draft = _draft(request, kind)
            change_source(request.scope, source, draft, by=request.actor, now=now())
        except SourceIsIncomplete as incomplete:
            faults = incomplete.faults
        else:
            messages.success(request, _("The source was changed."))
            return redirect("roster_source", school_year=school_year, source=source)
    context = {
        "title": _("What should change about this source?"),
        "crumb": _("Change"),
        "section": "rosters",
        "breadcrumbs": [
            *source_crumbs(school_year),
            (found.name, reverse("roster_source", args=[school_year, source])),
        ],
        "kind": kind.value,
        "kind_word": KINDS[kind][0],
        "source": found,
    }
    return render(
        request, "rosters/source_form.html", context | _form(request, kind, found, faults)
    )


def _kind(request: Reader) -> SourceKind | None:
    asked = request.POST.get("kind", "") or request.GET.get("kind", "")
    return next((kind for kind in KINDS if kind.value == asked), None)


def _district(request: Reader) -> UUID:
    try:
        return UUID(typed(request, "district", 40))
    except ValueError:
        raise OrganizationNotFound("No such district.") from None


def _draft(request: Reader, kind: SourceKind) -> SourceDraft:
    """Read what the form says; what it does not know stands for nothing, never for a crash."""
    layout = next((f for f in FORMATS if f.value == request.POST.get("format", "")), None)
    known = {check.code for check in REPAIRS}
    return SourceDraft(
        name=typed(request, "name", 200),
        kind=kind,
        format=layout or SourceFormat.ONEROSTER_CSV,
        values={
            field.name: request.POST.get(f"set_{field.name}", "")[: LONGEST_VALUE + 1]
            for field in fields_of(kind)
        },
        profile=Profile.STRICT if request.POST.get("profile") == "strict" else Profile.LENIENT,
        encoding=next(
            (code for code, _label in ENCODINGS if code == request.POST.get("encoding")), "utf-8"
        ),
        switched_off=frozenset(known & set(request.POST.getlist("off"))),
        mapping=_mapping(request),
        policy=_policy(request),
        every_minutes=_whole(request, "every_minutes", NEVER),
    )


def _mapping(request: Reader) -> UUID | None:
    try:
        return UUID(request.POST.get("mapping", ""))
    except ValueError:
        return None


def _policy(request: Reader) -> IntakePolicy:
    blocks = request.POST.get("errors") == ErrorPolicy.BLOCK_ON_ANY_ERROR.value
    second = request.POST.get("second_school", "")
    usual = Thresholds()
    return IntakePolicy(
        errors=ErrorPolicy.BLOCK_ON_ANY_ERROR if blocks else ErrorPolicy.EXCLUDE_BAD_RECORDS,
        largest_excluded_percent=_number(request, "largest_excluded_percent", 2.0),
        is_additive=request.POST.get("is_additive") == "1",
        commits_itself=request.POST.get("commits_itself") == "1",
        requires_one_section=request.POST.get("requires_one_section") == "1",
        second_school=next(
            (policy for policy in SecondSchoolPolicy if policy.value == second),
            SecondSchoolPolicy.ADD,
        ),
        second_person_from=_whole(request, "second_person_from", 0)
        if typed(request, "second_person_from", 12)
        else None,
        thresholds=Thresholds(
            archive_share=_number(request, "archive_percent", usual.archive_share * 100) / 100,
            archive_count=_whole(request, "archive_count", usual.archive_count),
            archive_minimum=_whole(request, "archive_minimum", usual.archive_minimum),
            update_share=_number(request, "update_percent", usual.update_share * 100) / 100,
            create_share=_number(request, "create_percent", usual.create_share * 100) / 100,
            minimum=usual.minimum,
        ),
    )


def _number(request: Reader, field: str, usual: float) -> float:
    text = typed(request, field, 12).replace(",", ".")
    if not text:
        return usual
    is_plain = text.isascii() and text.replace(".", "", 1).isdecimal()
    return float(text) if is_plain else NO_NUMBER


def _whole(request: Reader, field: str, usual: int) -> int:
    text = typed(request, field, 9)
    if not text:
        return usual
    return int(text) if text.isascii() and text.isdecimal() else NO_NUMBER


def _form(
    request: Reader, kind: SourceKind, found: Source | None, faults: dict[str, str]
) -> dict[str, object]:
    """Return what the form shows: what was just typed, else what is kept, else the usual."""
    is_sent = request.method == "POST"
    draft = _draft(request, kind) if is_sent else None
    reading = _reading(draft) if draft else (reading_of(found) if found else Reading())
    districts = organizations_in(
        request.scope, Permission.ROSTER_WRITE, kinds=[OrganizationKind.DISTRICT]
    )
    off = draft.switched_off if draft else reading.switched_off
    mapping = draft.mapping if draft else (found.mapping.uuid if found and found.mapping else None)
    limits = reading.policy.thresholds
    fields = _fields(kind, found, draft, faults)
    return {
        "is_form": True,
        "faults": {field: said(says) for field, says in faults.items()},
        "name": draft.name if draft else (found.name if found else ""),
        "fields": fields,
        "seldom_count": sum(field.is_seldom for field in fields),
        "districts": districts,
        "district": request.POST.get("district", ""),
        "formats": [(layout.value, word) for layout, word in FORMATS.items()]
        if kind in OF_ANY_FORMAT
        else [],
        "format": draft.format.value if draft else (found.format if found else ""),
        "profile": reading.profile.value,
        "encodings": ENCODINGS,
        "encoding": reading.encoding,
        "mappings": mappings_in(request.scope),
        "mapping": mapping,
        "repairs": [(check, check.code in off) for check in REPAIRS],
        "off_count": len(off),
        "policy": reading.policy,
        "percents": {
            "archive": _percent(limits.archive_share),
            "update": _percent(limits.update_share),
            "create": _percent(limits.create_share),
        },
        "second_schools": SECOND_SCHOOLS,
        "looks": LOOKS_EVERY,
        "every_minutes": draft.every_minutes
        if draft
        else (every_minutes_of(found) if found else 0),
    }


def _looks(draft: SourceDraft | None, found: Source | None) -> int:
    if draft is not None:
        return draft.every_minutes
    return NEVER if found is None else every_minutes_of(found)


def _percent(share: float) -> float:
    return round(share * 100, 2)


def _reading(draft: SourceDraft) -> Reading:
    return Reading(
        format=draft.format,
        profile=draft.profile,
        encoding=draft.encoding,
        switched_off=draft.switched_off,
        policy=draft.policy,
    )


def _fields(
    kind: SourceKind, found: Source | None, draft: SourceDraft | None, faults: dict[str, str]
) -> list[Shown]:
    return shown_fields(
        fields_of(kind),
        kept=found.settings if found else {},
        typed_now=draft.values if draft else None,
        faults=faults,
        has_secrets=found is not None and bool(found.sealed_secrets),
    )


def shown_fields(
    fields: Iterable[SettingField],
    *,
    kept: Mapping[str, object],
    typed_now: Mapping[str, str] | None,
    faults: Mapping[str, str],
    has_secrets: bool,
) -> list[Shown]:
    """List the fields of an outside system as a form shows them.

    Shape: what was just typed, else what is kept, else the usual; a secret is never given back,
           not even to who just typed it.
    """

    def value_of(field: SettingField) -> str:
        if field.is_secret:
            return ""
        if typed_now is not None:
            return str(typed_now.get(field.name, ""))
        return str(kept.get(field.name, "") or field.default)

    return [
        Shown(
            field=field,
            input=INPUTS.get(field.type, "text"),
            value=value_of(field),
            fault=said(faults.get(field.name, "")),
            is_kept=field.is_secret and has_secrets,
        )
        for field in fields
    ]
