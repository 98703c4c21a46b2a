"""Where group files go, how each delivery went, and what the other side should hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from rollbook.extracts.actions.deliveries import DeliveryIsUnderWay, retry_delivery
from rollbook.extracts.actions.orphans import NothingToEmpty, empty_orphans
from rollbook.extracts.actions.targets import (
    TargetIsIncomplete,
    check_target,
    close_target,
    save_target,
)
from rollbook.extracts.queries.deliveries import (
    delivery_list,
    failed_deliveries,
    flagged_rows_of,
    get_delivery,
)
from rollbook.extracts.queries.targets import get_target, target_list
from rollbook.extracts.queries.wanted import HeldFileUnread, wanted_of
from rollbook.extracts.targets.systems import fields_of
from rollbook.extracts.types import (
    DeliveryRow,
    DeliveryStatus,
    GroupChange,
    TargetKind,
    TargetRow,
    Wanted,
)
from rollbook.orgs.queries import OrganizationNotFound
from rollbook.roster.sources.connecting import ConnectionReport
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.extract_schedule import places_with_groups
from rollbook.web.extract_words import STATUSES, TARGETS
from rollbook.web.group_trail import crumbs
from rollbook.web.lists import page_number
from rollbook.web.shown_words import said
from rollbook.web.source_forms import LONGEST_VALUE, shown_fields
from rollbook.web.words import known_as

ON_A_PAGE: Final = 25
GROUPS_SHOWN: Final = 200
MOST_HELD_BYTES: Final = 100_000_000
SOON_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class ShownTarget:
    """Hold one target as a page shows it; `days_left` is None where there is no key."""

    row: TargetRow
    kind: str
    days_left: int | None

    @property
    def key_word(self) -> str:
        """Say how long the key still opens something; blank where there is none."""
        left = self.days_left
        if left is None:
            return ""
        if left < 0:
            return _("The key has ended")
        if left == 0:
            return _("The key ends today")
        return ngettext("The key ends in %(n)d day", "The key ends in %(n)d days", left) % {
            "n": left
        }

    @property
    def is_urgent(self) -> bool:
        """Tell whether somebody should ask for a new key."""
        return self.days_left is not None and self.days_left <= SOON_DAYS


@door(
    rule=(
        "Deliveries and targets of organizations within GROUP_WRITE: names of files and targets, "
        "states, what the other side answered without its own words; no secret."
    ),
    needs=Permission.GROUP_WRITE,
)
def deliveries(request: Reader, school_year: int) -> HttpResponse:
    """List where group files go, and how each delivery went."""
    page = delivery_list(request.scope, PageRequest(number=page_number(request), size=ON_A_PAGE))
    context = {
        "title": _("Did the group files arrive?"),
        "crumb": _("Deliveries"),
        "section": "groups",
        "breadcrumbs": crumbs(school_year),
        "failed": [shown_delivery(request, row) for row in failed_deliveries(request.scope)],
        "page": page,
        "rows": [shown_delivery(request, row) for row in page.items],
        "targets": [_target(row, request.scope.on) for row in target_list(request.scope)],
        "query": "",
    }
    return render(request, "extracts/deliveries.html", context)


@door(
    rule=(
        "One delivery to a target within GROUP_WRITE; to who writes groups at all schools of its "
        "file also the other side's own words, and the groups whose rows it did not take."
    ),
    needs=Permission.GROUP_WRITE,
)
def delivery(request: Reader, school_year: int, delivery: UUID) -> HttpResponse:
    """Show what became of one delivery, and offer to send it again."""
    row = get_delivery(request.scope, delivery)
    if request.method == "POST":
        try:
            again = retry_delivery(request.scope, delivery, by=request.actor, now=now())
        except DeliveryIsUnderWay:
            messages.info(request, _("It is under way already. Nothing was sent twice."))
            return redirect("delivery", school_year=school_year, delivery=delivery)
        messages.success(request, _("It will be sent again within a minute."))
        return redirect("delivery", school_year=school_year, delivery=again)
    context = {
        "title": _("What became of this delivery?"),
        "crumb": row.file_name,
        "section": "groups",
        "breadcrumbs": delivery_crumbs(school_year),
        "shown": shown_delivery(request, row),
        "flagged": flagged_rows_of(request.scope, delivery),
        "may_retry": row.status in (DeliveryStatus.FAILED, DeliveryStatus.REFUSED),
    }
    return render(request, "extracts/delivery.html", context)


@door(
    rule="Names of organizations within GROUP_WRITE; adds a target to one of them.",
    needs=Permission.GROUP_WRITE,
)
def add_target(request: Reader, school_year: int) -> HttpResponse:
    """Choose a kind of target, then say what it needs."""
    kind = _kind(request)
    context = {
        "title": _("Where should group files go?"),
        "crumb": _("Add a target"),
        "section": "groups",
        "breadcrumbs": delivery_crumbs(school_year),
        "kinds": [(kind.value, *words) for kind, words in TARGETS.items()],
        "kind": kind.value if kind else "",
        "kind_word": TARGETS[kind][0] if kind else "",
    }
    if kind is None:
        return render(request, "extracts/target_form.html", context)
    faults: dict[str, str] = {}
    if request.method == "POST":
        try:
            made = _save(request, kind, None, _place(request))
        except TargetIsIncomplete as incomplete:
            faults = incomplete.faults
        except OrganizationNotFound:
            faults = {"place": _("Choose one of your districts or schools.")}
        else:
            messages.success(request, _("The target was added. Check its connection now."))
            return redirect("delivery_target", school_year=school_year, target=made)
    shown = context | _form(request, kind, None, faults)
    return render(request, "extracts/target_form.html", shown, status=422 if faults else 200)


@door(
    rule="The settings of one target within GROUP_WRITE; no secret is shown.",
    needs=Permission.GROUP_WRITE,
)
def change_target(request: Reader, school_year: int, target: UUID) -> HttpResponse:
    """Change what is said of a target, such as its key."""
    row = get_target(request.scope, target)
    faults: dict[str, str] = {}
    if request.method == "POST":
        try:
            _save(request, row.kind, row, _uuid_of_place(request, row))
        except TargetIsIncomplete as incomplete:
            faults = incomplete.faults
        else:
            messages.success(request, _("The target was changed."))
            return redirect("delivery_target", school_year=school_year, target=target)
    context = {
        "title": _("What should change about this target?"),
        "crumb": _("Change"),
        "section": "groups",
        "breadcrumbs": [
            *delivery_crumbs(school_year),
            (row.name, reverse("delivery_target", args=[school_year, target])),
        ],
        "kind": row.kind.value,
        "kind_word": TARGETS[row.kind][0],
        "target": row,
    }
    shown = context | _form(request, row.kind, row, faults)
    return render(request, "extracts/target_form.html", shown, status=422 if faults else 200)


@door(
    rule=(
        "One target within GROUP_WRITE, and the groups that it should hold beside those that it "
        "was sent: names of groups, counts, addresses of colleagues who would see nobody."
    ),
    needs=Permission.GROUP_WRITE,
)
def target(request: Reader, school_year: int, target: UUID) -> HttpResponse:
    """Show one target: its key, its deliveries, what it should hold beside what it was sent."""
    row = get_target(request.scope, target)
    wanted: Wanted | None = None
    wrong, held = "", request.FILES.get("held") if request.method == "POST" else None
    if request.method == "POST" and (held is None or (held.size or 0) > MOST_HELD_BYTES):
        wrong = _("Choose the group file that you downloaded from the other side.")
    elif request.method == "POST" or request.GET.get("compare") == "1":
        try:
            content = held.read() if held is not None else None
            wanted = wanted_of(request.scope, target, on=request.scope.on, held=content)
        except HeldFileUnread as unread:
            wrong = said(str(unread))
    return _target_page(request, school_year, row, wanted=wanted, wrong=wrong)


@door(
    rule="Tries, closes, or empties the orphans of, one target within GROUP_WRITE.",
    needs=Permission.GROUP_WRITE,
)
@require_POST
def decide_target(request: Reader, school_year: int, target: UUID) -> HttpResponse:
    """Check a connection, empty what nothing writes any more, or close a target."""
    row = get_target(request.scope, target)
    choice = request.POST.get("choice", "")
    if choice == "check":
        report = check_target(request.scope, target, by=request.actor, now=now())
        return _target_page(request, school_year, row, report=report)
    if choice == "empty":
        try:
            made = empty_orphans(request.scope, target, by=request.actor, now=now())
        except NothingToEmpty as nothing:
            messages.info(request, said(str(nothing)))
        else:
            messages.success(
                request,
                _("A file that empties these groups is on its way. Delete them there by hand."),
            )
            return redirect("delivery", school_year=school_year, delivery=made)
    if choice == "close":
        close_target(request.scope, target, by=request.actor, now=now())
        messages.success(
            request, _("Nothing goes to %(name)s any more. Its key is forgotten.") % {
                "name": row.name
            }
        )  # fmt: skip
        return redirect("deliveries", school_year=school_year)
    return redirect("delivery_target", school_year=school_year, target=target)


def delivery_crumbs(school_year: int) -> list[tuple[str, str]]:
    """Return the way to the list of deliveries."""
    return [*crumbs(school_year), (_("Deliveries"), reverse("deliveries", args=[school_year]))]


def _target_page(
    request: Reader,
    school_year: int,
    row: TargetRow,
    *,
    report: ConnectionReport | None = None,
    wanted: Wanted | None = None,
    wrong: str = "",
) -> HttpResponse:
    page = delivery_list(request.scope, PageRequest(size=10), target_uuid=row.uuid)
    context = {
        "title": _("Is this target well?"),
        "crumb": row.name,
        "section": "groups",
        "breadcrumbs": delivery_crumbs(school_year),
        "shown": _target(row, request.scope.on),
        "says": _says_of(row),
        "rows": [shown_delivery(request, delivery) for delivery in page.items],
        "report": report,
        "wanted": wanted,
        "tables": _tables(wanted) if wanted else [],
        "is_settled": wanted is not None and not any(_lists(wanted)),
        "wrong": wrong,
    }
    return render(request, "extracts/target.html", context, status=422 if wrong else 200)


def _lists(wanted: Wanted) -> tuple[object, ...]:
    return (wanted.orphans, wanted.drift, wanted.missing, wanted.blind)


def _tables(wanted: Wanted) -> list[tuple[str, str, int, list[GroupChange]]]:
    """Return each kind of difference: its heading, what to do, how many, and the first of them."""
    told = (
        (
            _("Groups that nothing writes any more"),
            _(
                "They go on showing their students to their users. No file can delete a group: "
                "empty them here, then delete each one there by hand."
            ),
            wanted.orphans,
        ),
        (
            _("Groups that differ"),
            _("The next file brings them in step."),
            wanted.drift,
        ),
        (
            _("Groups that were never sent"),
            _("The next file brings them."),
            wanted.missing,
        ),
    )
    return [
        (heading, says, len(groups), list(groups[:GROUPS_SHOWN]))
        for heading, says, groups in told
        if groups
    ]


def _target(row: TargetRow, on: date) -> ShownTarget:
    left = None if row.key_expires_on is None else (row.key_expires_on - on).days
    return ShownTarget(row, str(TARGETS[row.kind][0]), left)


def _says_of(row: TargetRow) -> list[tuple[str, str]]:
    """Return the settings of a target by their labels, those left blank out."""
    shown: list[tuple[str, str]] = []
    for field in fields_of(row.kind):
        value = "" if field.is_secret else row.settings.get(field.name, "")
        word = dict(field.choices).get(value)
        if value:
            shown.append((said(field.label), said(word) if word else value))
    return shown


def shown_delivery(request: Reader, row: DeliveryRow) -> Mapping[str, object]:
    """Return one delivery with the words that lists of deliveries show."""
    tag, word = STATUSES[row.status]
    return {
        "row": row,
        "tag": tag,
        "word": word,
        "says": said(row.says),
        "by": known_as(request.scope, row.asked_by),
    }


def _kind(request: Reader) -> TargetKind | None:
    asked = request.POST.get("kind", "") or request.GET.get("kind", "")
    return next((kind for kind in TARGETS if kind.value == asked), None)


def _place(request: Reader) -> UUID:
    try:
        return UUID(typed(request, "place", 40))
    except ValueError:
        raise OrganizationNotFound("No such organization.") from None


def _uuid_of_place(request: Reader, row: TargetRow) -> UUID:
    """Return the public id of the organization that a target belongs to."""
    found = (p.uuid for p in places_with_groups(request.scope) if p.id == row.organization_id)
    place = next(found, None)
    if place is None:
        raise OrganizationNotFound("No such organization.")
    return place


def _save(request: Reader, kind: TargetKind, row: TargetRow | None, place: UUID) -> UUID:
    return save_target(
        request.scope,
        uuid=row.uuid if row else None,
        organization_uuid=place,
        name=typed(request, "name", 200),
        kind=kind,
        values=_values(request, kind),
        key_expires_on=_day(typed(request, "key_expires_on", 10)),
        by=request.actor,
        now=now(),
    )


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _values(request: Reader, kind: TargetKind) -> dict[str, str]:
    return {
        field.name: request.POST.get(f"set_{field.name}", "")[: LONGEST_VALUE + 1]
        for field in fields_of(kind)
    }


def _form(
    request: Reader, kind: TargetKind, row: TargetRow | None, faults: Mapping[str, str]
) -> dict[str, object]:
    """Return what the form shows: what was just typed, else what is kept, else the usual."""
    is_sent = request.method == "POST"
    fields = shown_fields(
        fields_of(kind),
        kept=row.settings if row else {},
        typed_now=_values(request, kind) if is_sent else None,
        faults=faults,
        has_secrets=row is not None,
    )
    expires = row.key_expires_on.isoformat() if row and row.key_expires_on else ""
    return {
        "is_form": True,
        "faults": {field: said(says) for field, says in faults.items()},
        "fields": fields,
        "seldom_count": sum(field.is_seldom for field in fields),
        "places": places_with_groups(request.scope),
        "place": typed(request, "place", 40) if is_sent else "",
        "name": typed(request, "name", 200) if is_sent else (row.name if row else ""),
        "key_expires_on": typed(request, "key_expires_on", 10) if is_sent else expires,
        "has_key": kind is not TargetKind.ROLLBOOK,
    }
