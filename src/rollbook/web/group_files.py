"""Group files: send them, see what each would change, mend the rows at fault, decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from rollbook.changes.actions import PlanDoesNotFit, StateMovedOn
from rollbook.changes.types import PlanStatus, PlanSummary
from rollbook.groups.actions.committing import commit_import, discard_import, undo_import
from rollbook.groups.actions.correcting import correct_import, take_part
from rollbook.groups.actions.imports import check_import, receive_import
from rollbook.groups.queries.imports import (
    differences_of,
    get_import,
    import_list,
    left_out_csv,
    plan_of_import,
    reading_of_import,
)
from rollbook.groups.types import GroupDifference, ImportOrigin, ImportRow, ImportStatus
from rollbook.jobs.actions import enqueue
from rollbook.orgs.queries import schools_in
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from rollbook.shared.years import SchoolYear
from rollbook.web.door import Reader, door, now
from rollbook.web.group_grid import Grid, corrections_in, drops_in, grid_of, repairs_in
from rollbook.web.group_refusals import REFUSALS, says_no
from rollbook.web.group_trail import crumbs, upload_crumbs
from rollbook.web.group_words import DOORS, life_of, subject_word
from rollbook.web.lists import page_number
from rollbook.web.uploads import UploadIsTooLarge, on_disk
from rollbook.web.words import known_as

# Some 15,000 rows: checked and planned before somebody wonders.
CHECKED_AT_ONCE_BYTES: Final = 1_000_000
MOST_FILES: Final = 20
MOST_GROUPS: Final = 1_000_000  # more than any file names
DIFFERENCES_SHOWN: Final = 300
OPEN: Final = frozenset({PlanStatus.PROPOSED, PlanStatus.HELD})


@door(
    rule=(
        "The group files that the reader sent, and on request those of districts within "
        "GROUP_WRITE: names of files, counts, states and messages."
    ),
    needs=Permission.GROUP_WRITE,
)
def uploads(request: Reader, school_year: int) -> HttpResponse:
    """Take group files, and list those that came in."""
    wrong = ""
    if request.method == "POST":
        files = request.FILES.getlist("files")
        wrong = _refused(files)
        if not wrong:
            return _received(request, school_year, files)
    everybody = request.GET.get("who") == "all"
    page = import_list(
        request.scope,
        PageRequest(number=page_number(request), size=25),
        only_own=not everybody,
    )
    context = {
        "title": _("Upload new or revised groups"),
        "crumb": _("Upload"),
        "section": "groups",
        "breadcrumbs": crumbs(school_year),
        "page": page,
        "rows": [_row(row, who) for row, who in _with_senders(request, page.items)],
        "everybody": everybody,
        "query": "who=all" if everybody else "",
        "wrong": wrong,
        "most_files": MOST_FILES,
    }
    return render(request, "groups/uploads.html", context, status=422 if wrong else 200)


def _refused(files: list[UploadedFile]) -> str:
    """Say why nothing of what was sent can be taken; blank when it can."""
    if not files:
        return _("Choose a file first. A group file is a CSV with six columns.")
    if len(files) > MOST_FILES:
        return _("These are %(n)d files. Send at most %(most)d at once.") % {
            "n": len(files),
            "most": MOST_FILES,
        }
    return ""


def _received(request: Reader, school_year: int, files: list[UploadedFile]) -> HttpResponse:
    """Keep each file, check it, and lead to its page or, of several, back to the list."""
    kept: list[ImportRow] = []
    for upload in files:
        try:
            kept.append(_kept(request, upload))
        except UploadIsTooLarge:
            messages.error(
                request,
                _("%(name)s is larger than this installation takes. Ask your administrator.")
                % {"name": upload.name},
            )
        except REFUSALS as refusal:
            messages.error(request, f"{upload.name}: {says_no(refusal)}")
    if len(kept) == 1 and len(files) == 1:
        return redirect("group_upload", school_year=school_year, upload=kept[0].uuid)
    if kept:
        messages.success(
            request,
            ngettext(
                "%(n)d file came in. Open it to see what it would change.",
                "%(n)d files came in. Open each to see what it would change.",
                len(kept),
            )
            % {"n": len(kept)},
        )
    return redirect("group_uploads", school_year=school_year)


def _kept(request: Reader, upload: UploadedFile) -> ImportRow:
    """Keep one file; a small one is checked at once, a large one by a worker."""
    with on_disk(upload) as path:
        kept = receive_import(
            request.scope,
            path,
            file_name=upload.name or "groups.csv",
            content_type=upload.content_type or "",
            origin=ImportOrigin.PAGE,
            is_strict=request.POST.get("strict") == "yes",
            takes_part=request.POST.get("part") == "yes",
            by=request.actor,
            now=now(),
        )
    return _checked(request, kept.uuid)


def _checked(request: Reader, upload: UUID) -> ImportRow:
    """Check a file now or by a worker, and return its life so far."""
    found = get_import(request.scope, upload)
    if found.byte_count <= CHECKED_AT_ONCE_BYTES:
        check_import(upload, scope=request.scope, by=request.actor, now=now())
        return get_import(request.scope, upload)
    enqueue(
        "groups.check_import",
        arguments={"import": str(upload)},
        dedupe_key=f"import:{upload}",
        by=request.actor,
        now=now(),
    )
    return found


def _with_senders(request: Reader, rows: Sequence[ImportRow]) -> Iterator[tuple[ImportRow, str]]:
    """Yield each file with who sent it, as far as the reader may know."""
    known = {label: known_as(request.scope, label) for label in {row.creator for row in rows}}
    for row in rows:
        yield row, known[row.creator]


def _row(row: ImportRow, who: str, plan: PlanSummary | None = None) -> dict[str, object]:
    word, tag = life_of(row, plan.status if plan else None)
    return {"row": row, "word": word, "tag": tag, "who": who, "door": DOORS[row.origin]}


@door(
    rule="One group file that the reader sent, or of a district within GROUP_WRITE: all its cells.",
    needs=Permission.GROUP_WRITE,
)
def upload(request: Reader, school_year: int, upload: UUID) -> HttpResponse:
    """Show what a group file would change or changed, and its rows to mend."""
    return _page(request, school_year, upload)


def _page(request: Reader, school_year: int, upload: UUID) -> HttpResponse:
    scope = request.scope
    found = get_import(scope, upload)
    plan = plan_of_import(scope, upload) if found.plan_uuid else None
    # The state's own answer is kept as its service words it; ours is said by the findings.
    is_states = found.message.startswith("Row: ")
    is_being_checked = found.status is ImportStatus.ACCEPTED and plan is None
    reading = None if is_being_checked else reading_of_import(scope, upload)
    grid = grid_of(reading, page_number(request)) if reading is not None else None
    is_open = plan is not None and plan.status in OPEN and found.waits
    context = {
        "title": _asks(found, plan),
        "crumb": found.file_name,
        "section": "groups",
        "breadcrumbs": upload_crumbs(school_year),
        **_row(found, known_as(scope, found.creator), plan),
        "plan": plan,
        "states_answer": found.message if is_states else "",
        "is_good_for_us": is_states and reading is not None and reading.is_accepted,
        "is_open": is_open,
        "is_being_checked": is_being_checked,
        "is_refused": _is_refused(found),
        "may_mend": _is_refused(found) or is_open or _left_some_out(plan, grid),
        "is_committed": plan is not None and plan.status is PlanStatus.COMMITTED,
        "is_undone": plan is not None and plan.status is PlanStatus.UNDONE,
        "is_discarded": plan is not None and plan.status is PlanStatus.DISCARDED,
        "repairs": repairs_in(reading) if reading is not None else [],
        **_in_the_grid(grid),
        **_of_the_plan(request, upload, plan),
    }
    return render(request, "groups/upload.html", context)


def _is_refused(found: ImportRow) -> bool:
    """Tell whether a file went no further than its check; one put away has a plan."""
    return found.status.value < 0 and found.plan_uuid is None


def _left_some_out(plan: PlanSummary | None, grid: Grid | None) -> bool:
    """Tell whether a file went in without some of its groups, which can still be mended."""
    is_in = plan is not None and plan.status is PlanStatus.COMMITTED
    return is_in and grid is not None and bool(grid.out_count)


def _asks(found: ImportRow, plan: PlanSummary | None) -> str:
    """Return the question that the page answers about this file."""
    name = {"name": found.file_name or _("this file")}
    if _is_refused(found):
        return _("What is wrong with %(name)s?") % name
    if found.waits or plan is None:
        return _("What would %(name)s change?") % name
    return _("What did %(name)s change?") % name


def _in_the_grid(grid: Grid | None) -> dict[str, object]:
    if grid is None:
        return {}
    return {
        "page": grid.page,
        "wrong_count": grid.wrong_count,
        "noted_count": grid.page.total_count - grid.wrong_count,
        "first_noted": next(
            (place for place, row in enumerate(grid.page.items) if not row.stays_out), None
        ),
        "out_count": grid.out_count,
        "good_count": grid.good_count,
        "of_the_file": grid.of_the_file,
    }


def _of_the_plan(request: Reader, upload: UUID, plan: PlanSummary | None) -> dict[str, object]:
    """Return what the file changes, group by group."""
    if plan is None:
        return {}
    found = differences_of(request.scope, upload, PageRequest(size=MOST_GROUPS)).items
    changing = [group for group in found if group.action != "unchanged"]
    schools = {s.natural_id: s.name for s in schools_in(request.scope, Permission.GROUP_WRITE)}
    return {
        "groups": [_shown(group, schools) for group in changing[:DIFFERENCES_SHOWN]],
        "changing_count": len(changing),
        "emptied": [group for group in changing if _loses_all(group)],
        "unchanged_count": len(found) - len(changing),
    }


def _shown(group: GroupDifference, schools: Mapping[str, str]) -> dict[str, object]:
    return {
        "told": group,
        "school_name": schools.get(group.school_natural_id, ""),
        "empties": _loses_all(group),
        "students_after": group.students_before + group.students_added - group.students_removed,
        "year": SchoolYear(group.school_year).label,
        "subject_before": subject_word(group.subject_before),
        "subject_after": subject_word(group.subject_after),
    }


def _loses_all(group: GroupDifference) -> bool:
    """Tell whether a group that had students is left without any."""
    return bool(
        group.students_before
        and group.students_removed >= group.students_before
        and not group.students_added
    )


@require_POST
@door(
    rule="Decides on a group file of schools within GROUP_WRITE; shows nothing itself.",
    needs=Permission.GROUP_WRITE,
)
def decide(request: Reader, school_year: int, upload: UUID) -> HttpResponse:
    """Commit, take in part, discard, undo or correct a group file, as the pressed button says."""
    # First of all: a file out of sight answers like one that there is not, whatever is sent.
    get_import(request.scope, upload)
    decision = _DECISIONS.get(request.POST.get("choice", ""))
    if decision is None:
        messages.error(request, _("Choose what to do with this file. Nothing was done."))
        return redirect("group_upload", school_year=school_year, upload=upload)
    try:
        goes_to = decision(request, upload)
    except REFUSALS as refusal:
        messages.error(request, says_no(refusal))
        goes_to = upload
        if isinstance(refusal, StateMovedOn | PlanDoesNotFit):
            check_import(upload, scope=request.scope, by=request.actor, now=now())
    return redirect("group_upload", school_year=school_year, upload=goes_to)


def _commit(request: Reader, upload: UUID) -> UUID:
    digest = request.POST.get("digest", "")
    commit_import(request.scope, upload, digest=digest, by=request.actor, now=now())
    messages.success(request, _("Committed. The groups are as in the file. You can undo this."))
    return upload


def _part(request: Reader, upload: UUID) -> UUID:
    take_part(request.scope, upload, by=request.actor, now=now())
    messages.success(request, _("This is what the good groups would change. The others stay out."))
    return upload


def _discard(request: Reader, upload: UUID) -> UUID:
    discard_import(request.scope, upload, by=request.actor, now=now())
    messages.success(request, _("The file was discarded. Nothing has changed."))
    return upload


def _undo(request: Reader, upload: UUID) -> UUID:
    undo_import(request.scope, upload, by=request.actor, now=now())
    messages.success(request, _("Undone: the groups from before are back."))
    return upload


def _correct(request: Reader, upload: UUID) -> UUID:
    reading = reading_of_import(request.scope, upload)
    corrections, drops = corrections_in(request.POST, reading), drops_in(request.POST)
    if not corrections and not drops:
        messages.warning(request, _("Nothing was changed in the rows, so nothing was checked."))
        return upload
    made = correct_import(
        request.scope,
        upload,
        corrections=corrections,
        drop_lines=drops,
        by=request.actor,
        now=now(),
    )
    after = get_import(request.scope, made.uuid)
    if after.status.value >= 0:
        messages.success(request, _("Every row can be used now. See what it would change."))
    else:
        messages.info(request, _("Checked again. Some rows still have to be mended."))
    return after.uuid


_DECISIONS: Final[Mapping[str, Callable[[Reader, UUID], UUID]]] = {
    "commit": _commit,
    "part": _part,
    "discard": _discard,
    "undo": _undo,
    "correct": _correct,
}


@door(
    rule="Rows that stayed out of a group file that the reader sent or may decide on.",
    needs=Permission.GROUP_WRITE,
)
def left_out(request: Reader, school_year: int, upload: UUID) -> HttpResponse:
    """Download the rows that stayed out, in the six columns, to mend and send again."""
    content = left_out_csv(request.scope, upload)
    response = HttpResponse(content, content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="groups-to-mend-{upload}.csv"'
    return response
