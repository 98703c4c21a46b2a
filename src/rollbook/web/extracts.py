"""Extract profiles: which there are, write their files, schedule, order, copy, put away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollbook.extracts.actions.files import (
    ProfilesCannotJoin,
    ask_for_files,
    deliver_files,
    make_files,
)
from rollbook.extracts.actions.profiles import (
    MayNotChangeProfile,
    ProfileIsWrong,
    copy_profile,
    copy_to_year,
    delete_profile,
    move_profile,
    restore_profile,
    schedule_profiles,
)
from rollbook.extracts.queries.profiles import (
    get_profile,
    position_beside,
    prior_profiles,
    profile_list,
)
from rollbook.extracts.queries.targets import TargetNotFound, target_list
from rollbook.extracts.types import ProfileRow
from rollbook.shared.scope import Permission
from rollbook.shared.years import SchoolYear
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.extract_choices import WORDS
from rollbook.web.extract_words import AREAS, KINDS
from rollbook.web.group_trail import crumbs
from rollbook.web.shown_words import said

# A run over more schools takes longer than somebody looks at a page that loads.
SCHOOLS_AT_ONCE: Final = 8
MOST_RESTORED: Final = 100
_MOST_WORDS: Final = 100


@door(
    rule=(
        "Extract profiles of organizations within GROUP_WRITE: the reader's own, those shared, and "
        "all of a district where the reader writes groups for the whole of it; owners are named "
        "to who may see their accounts."
    ),
    needs=Permission.GROUP_WRITE,
)
def profiles(request: Reader, school_year: int) -> HttpResponse:
    """List the profiles that the reader may use, and do something with several at once."""
    choice = request.POST.get("choice", "")
    if request.method == "POST" and choice in _BULK:
        return _done(request, school_year, choice)
    if request.method == "POST" and choice.partition(":")[0] in ("up", "down"):
        return _moved(request, school_year, choice)
    words = typed(request, "words", _MOST_WORDS)
    return render(request, "extracts/profiles.html", _context(request, school_year, words))


def profile_crumbs(school_year: int) -> list[tuple[str, str]]:
    """Return the way to the list of profiles."""
    address = reverse("extract_profiles", args=[school_year])
    return [*crumbs(school_year), (_("Extract profiles"), address)]


def owner_word(request: Reader, row: ProfileRow) -> str:
    """Say whose a profile is, as far as this reader may know."""
    if row.owner_id is None:
        return _("Rollbook's operator")
    if row.owner_id == request.scope.account_id:
        return _("you")
    return row.owner_name or _("another person")


def _context(request: Reader, school_year: int, words: str) -> dict[str, object]:
    scope = request.scope
    rows = profile_list(scope, words, school_year=school_year)
    away = _uuids(request.GET.get("deleted", "").split(","))[:MOST_RESTORED]
    return {
        "title": _("Which groups go to the state's system?"),
        "crumb": _("Extract profiles"),
        "section": "groups",
        "breadcrumbs": crumbs(school_year),
        "words": words,
        "rows": [_row(request, row, rows, place) for place, row in enumerate(rows)],
        "earlier": [_row(request, row, [], 0) for row in prior_profiles(scope, school_year, words)],
        "targets": target_list(scope),
        "away": away,
    }


def _row(request: Reader, row: ProfileRow, rows: list[ProfileRow], place: int) -> dict[str, object]:
    here = row.organization_id
    return {
        "profile": row,
        "kind": KINDS[row.settings.kind],
        "area": AREAS[row.settings.subject_area],
        "owner": owner_word(request, row),
        "year": SchoolYear(row.settings.school_year),
        "has_above": any(other.organization_id == here for other in rows[:place]),
        "has_below": any(other.organization_id == here for other in rows[place + 1 :]),
    }


def _uuids(texts: Iterable[str]) -> list[UUID]:
    found: list[UUID] = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _list(school_year: int) -> HttpResponse:
    return redirect("extract_profiles", school_year=school_year)


def _done(request: Reader, school_year: int, choice: str) -> HttpResponse:
    """Do what the pressed button says with the chosen profiles."""
    chosen = _uuids(request.POST.getlist("profile"))
    if not chosen:
        messages.error(request, _("Choose one or more profiles in the list first."))
        return _list(school_year)
    try:
        return _BULK[choice](request, school_year, chosen)
    except (MayNotChangeProfile, ProfileIsWrong, ProfilesCannotJoin) as refusal:
        messages.error(request, f"{said(str(refusal))} {_('Nothing was done.')}")
    return _list(school_year)


def _moved(request: Reader, school_year: int, choice: str) -> HttpResponse:
    """Let a profile win over the one above it, or lose to the one below it."""
    way, _colon, text = choice.partition(":")
    for uuid in _uuids([text]):
        position = position_beside(request.scope, uuid, is_up=way == "up")
        if position is None:
            continue
        try:
            move_profile(request.scope, uuid, position=position, by=request.actor, now=now())
        except MayNotChangeProfile as refusal:
            messages.error(request, said(str(refusal)))
    return redirect(f"{reverse('extract_profiles', args=[school_year])}#profiles")


def _make(request: Reader, school_year: int, chosen: list[UUID]) -> HttpResponse:
    """Write files at once, or queue what takes long; send them where that was asked."""
    is_consolidated = request.POST.get("consolidated") == "1"
    targets = _uuids(request.POST.getlist("target"))
    if unknown := set(targets) - {row.uuid for row in target_list(request.scope)}:
        raise TargetNotFound(f"{len(unknown)} targets are not there.")
    rows = [get_profile(request.scope, uuid) for uuid in chosen]
    if len({school for row in rows for school in row.settings.schools}) > SCHOOLS_AT_ONCE:
        job = ask_for_files(
            request.scope,
            chosen,
            is_consolidated=is_consolidated,
            target_uuids=targets,
            by=request.actor,
            now=now(),
        )
        messages.success(
            request,
            _("The files are being written. You get a message when they are there."),
        )
        return redirect("job", job=job)
    files = make_files(
        request.scope, chosen, is_consolidated=is_consolidated, by=request.actor, now=now()
    )
    _tell_of_files(request, files, targets)
    if len(files) == 1:
        return redirect("extract_file", school_year=school_year, file=files[0])
    return redirect("extract_files", school_year=school_year)


def _tell_of_files(request: Reader, files: list[UUID], targets: list[UUID]) -> None:
    says = ngettext("%(n)d file was written.", "%(n)d files were written.", len(files))
    messages.success(request, says % {"n": len(files)})
    if not targets:
        return
    try:
        deliver_files(request.scope, files, targets, by=request.actor, now=now())
    except TargetNotFound:
        messages.error(
            request,
            _(
                "Nothing was sent: a file goes to targets of its own district or school alone. "
                "Open the file to see which those are."
            ),
        )
    else:
        messages.success(request, _("What became of each delivery is told under “Deliveries”."))


def _schedule(request: Reader, school_year: int, chosen: list[UUID]) -> HttpResponse:
    n = schedule_profiles(request.scope, chosen, in_schedule=True, by=request.actor, now=now())
    says = ngettext(
        "%(n)d profile was taken into the scheduled process.",
        "%(n)d profiles were taken into the scheduled process.",
        n,
    )
    messages.success(request, says % {"n": n})
    return _list(school_year)


def _unschedule(request: Reader, school_year: int, chosen: list[UUID]) -> HttpResponse:
    n = schedule_profiles(request.scope, chosen, in_schedule=False, by=request.actor, now=now())
    says = ngettext(
        "%(n)d profile was taken out of the scheduled process.",
        "%(n)d profiles were taken out of the scheduled process.",
        n,
    )
    messages.success(request, says % {"n": n})
    return _list(school_year)


def _delete(request: Reader, school_year: int, chosen: list[UUID]) -> HttpResponse:
    """Put profiles away, all or none; the list offers to bring them back."""
    for uuid in chosen:
        if not get_profile(request.scope, uuid).may_change:
            raise MayNotChangeProfile(
                "One of these is somebody else's. Leave it out, and delete the others."
            )
    for uuid in chosen:
        delete_profile(request.scope, uuid, by=request.actor, now=now())
    address = reverse("extract_profiles", args=[school_year])
    return redirect(f"{address}?deleted={','.join(map(str, chosen[:MOST_RESTORED]))}")


def _restore(request: Reader, school_year: int, chosen: list[UUID]) -> HttpResponse:
    for uuid in chosen:
        restore_profile(request.scope, uuid, by=request.actor, now=now())
    says = ngettext("%(n)d profile is back.", "%(n)d profiles are back.", len(chosen))
    messages.success(request, says % {"n": len(chosen)})
    return _list(school_year)


def _copy(request: Reader, school_year: int, chosen: list[UUID]) -> HttpResponse:
    for uuid in chosen:
        made = copy_profile(request.scope, uuid, by=request.actor, now=now())
    says = ngettext(
        "%(n)d profile was copied. The copy is yours, not shared and not scheduled.",
        "%(n)d profiles were copied. The copies are yours, not shared and not scheduled.",
        len(chosen),
    )
    messages.success(request, says % {"n": len(chosen)})
    if len(chosen) == 1:
        return redirect("extract_profile", school_year=school_year, profile=made)
    return _list(school_year)


def _copy_to_year(request: Reader, school_year: int, chosen: list[UUID]) -> HttpResponse:
    """Copy profiles of former years, and say of each which of its choices are gone."""
    for uuid in chosen:
        copied = copy_to_year(
            request.scope, uuid, school_year=school_year, by=request.actor, now=now()
        )
        row = get_profile(request.scope, copied.uuid)
        told = {"name": row.name, "year": SchoolYear(school_year).label}
        if not copied.missing:
            messages.success(request, _("“%(name)s” was copied to %(year)s, whole.") % told)
            continue
        told["gone"] = ", ".join(f"{WORDS[name][0]} ({n})" for name, n in copied.missing.items())
        says = _(
            "“%(name)s” was copied to %(year)s. No longer there: %(gone)s. Open it and look; until "
            "then it is not scheduled."
        )
        messages.warning(request, says % told)
    return _list(school_year)


_BULK: Final[Mapping[str, Callable[[Reader, int, list[UUID]], HttpResponse]]] = {
    "make": _make,
    "schedule": _schedule,
    "unschedule": _unschedule,
    "delete": _delete,
    "restore": _restore,
    "copy": _copy,
    "copy_to_year": _copy_to_year,
}
