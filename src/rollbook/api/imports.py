"""Group files in and out of the import API, by the contract of the state's import service."""

from __future__ import annotations

from typing import Any, Final

from django.http import FileResponse, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.http import content_disposition_header

from rollbook.access.queries import chain_of_program
from rollbook.access.types import Caller
from rollbook.api import parameters
from rollbook.api.bodies import SentFile, most_bytes, sent_file
from rollbook.api.door import Call, door, now
from rollbook.api.errors import Refused, not_found
from rollbook.groups.actions.imports import (
    GroupFileIsTooLarge,
    receive_import,
    resubmit_imports,
)
from rollbook.groups.models import GroupImport
from rollbook.groups.queries.imports import imports_in, payload_path, sent_by
from rollbook.groups.types import ImportOrigin, ImportStatus
from rollbook.shared.scope import Permission

WRITE: Final = (Permission.GROUP_WRITE,)
MOMENT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


@door(
    rule=(
        "A program's own group files; what became of each. A new one is judged under the "
        "program's own permissions."
    ),
    methods={"GET": WRITE, "POST": WRITE},
    most_bytes=most_bytes,
)
def imports(request: Call) -> HttpResponse:
    """Take a group file, or list those that this program sent."""
    return _received(request) if request.method == "POST" else _listed(request)


def _received(request: Call) -> HttpResponse:
    with sent_file(request) as sent:
        try:
            kept = _kept(request, sent)
        except GroupFileIsTooLarge as error:
            raise Refused("too_large", "A group file has no more than 500 MB.") from error
    return JsonResponse(_resource(request, kept), status=202)


def _kept(request: Call, sent: SentFile) -> GroupImport:
    """Keep a file; a job checks it."""
    caller = request.caller
    properties = parameters.properties_of(request.GET, sent.fields)
    told = sent.fields.copy()
    told.update(request.GET)
    return receive_import(
        caller.scope,
        sent.path,
        file_name=_plain(parameters.text_of(told, "filename") or sent.name),
        content_type=sent.content_type,
        origin=ImportOrigin.API,
        batch=parameters.text_of(told, "batch"),
        properties=properties,
        is_strict=True,
        client_id=caller.client_id,
        creator=caller.username,
        by=caller.actor,
        now=now(),
    )


def _listed(request: Call) -> HttpResponse:
    """List this program's own files, the newest first: where a reply was lost, find it here."""
    limit, offset = parameters.limit_of(request.GET), parameters.offset_of(request.GET)
    scope = request.caller.scope
    found = imports_in(scope).filter(sent_by(scope))
    if (status := parameters.status_of(request.GET)) is not None:
        found = found.filter(status=status)
    if digest := parameters.text_of(request.GET, "digest"):
        found = found.filter(digest=digest.upper())
    if batch := parameters.text_of(request.GET, "batch"):
        found = found.filter(batch=batch)
    if name := parameters.text_of(request.GET, "filename"):
        found = found.filter(file_name=name)
    shown = found.order_by("-received_at", "-id")[offset : offset + limit]
    return JsonResponse(
        {
            "_embedded": {"imports": [_resource(request, each) for each in shown]},
            "page": {"limit": limit, "offset": offset, "total": found.count()},
            "_links": {"self": {"href": request.build_absolute_uri()}},
        }
    )


@door(
    rule="One group file of the program's own, or of organizations within GROUP_WRITE.",
    methods={"GET": WRITE},
)
def group_import(request: Call, number: int) -> HttpResponse:
    """Tell what became of one group file."""
    kept = _find(request.caller, number)
    return not_found() if kept is None else JsonResponse(_resource(request, kept))


@door(
    rule=(
        "The bytes of one group file, with the students' numbers in it: the program's own, or of "
        "organizations within GROUP_WRITE."
    ),
    methods={"GET": WRITE},
)
def payload(request: Call, number: int) -> HttpResponse:
    """Give one group file back, byte for byte."""
    kept = _find(request.caller, number)
    if kept is None:
        return not_found()
    try:
        stream = payload_path(kept).open("rb")
    except FileNotFoundError:
        return not_found()
    response = FileResponse(stream, content_type=kept.content_type or "application/csv")
    name = kept.file_name or f"{kept.number}.csv"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@door(
    rule=(
        "What was said beside one group file: the program's own, or of organizations within "
        "GROUP_READ."
    ),
    methods={"GET": WRITE},
)
def payload_properties(request: Call, number: int) -> HttpResponse:
    """Tell what was sent beside a file: its type, its name, its batch, its sender, the rest."""
    kept = _find(request.caller, number)
    if kept is None:
        return not_found()
    own = {
        "Content-Type": kept.content_type,
        "filename": kept.file_name,
        "batch": kept.batch,
        "username": kept.creator,
        "organization": _organization(kept),
        "tenancy-chain": [place["natural_id"] for place in _chain(request.caller)],
    }
    return JsonResponse({**kept.properties, **own})


@door(
    rule="Numbers of group files that are checked again: own, or within GROUP_WRITE.",
    methods={"POST": WRITE},
)
def resubmit(request: Call) -> HttpResponse:
    """Have files checked again, such as after a school was added; tell how many."""
    caller, at, sent = request.caller, now(), request.GET
    count = resubmit_imports(
        caller.scope,
        status=parameters.status_of(sent),
        after=parameters.moment_of(sent, "after", now=at),
        before=parameters.moment_of(sent, "before", now=at),
        creator=parameters.text_of(sent, "creator"),
        batch=parameters.text_of(sent, "batch"),
        limit=parameters.limit_of(sent),
        by=caller.actor,
        now=at,
    )
    return JsonResponse(count, safe=False)


@door(
    rule="The calling program: its own rights, its organization and the names of those above.",
    methods={"GET": ()},
)
def user(request: Call) -> HttpResponse:
    """Tell a program what it may do, and where, so that a wrong set-up shows before a file does."""
    caller = request.caller
    chain = _chain(caller)
    return JsonResponse(
        {
            "username": caller.username,
            "name": caller.name,
            "authorities": [permission.value for permission in caller.scope.reach],
            "organization": chain[-1],
            "tenancyChain": chain,
        }
    )


def _chain(caller: Caller) -> list[dict[str, str]]:
    return [
        {"kind": place.kind.value, "name": place.name, "natural_id": place.natural_id}
        for place in chain_of_program(caller)
    ]


def _find(caller: Caller, number: int) -> GroupImport | None:
    found = imports_in(caller.scope).select_related("organization")
    return found.filter(number=number).first()


def _resource(request: Call, kept: GroupImport) -> dict[str, Any]:
    """Shape one import as the state's service does."""

    def link(name: str) -> dict[str, str]:
        return {"href": request.build_absolute_uri(reverse(name, args=[kept.number]))}

    return {
        "id": kept.number,
        "content": "GROUPS",
        "contentType": kept.content_type,
        "digest": kept.digest,
        "status": ImportStatus(kept.status).name,
        "batch": kept.batch or None,
        "creator": kept.creator,
        "created": kept.received_at.strftime(MOMENT),
        "updated": kept.updated_at.strftime(MOMENT),
        "message": kept.message or None,
        "_links": {
            "self": link("api_import"),
            "payload": link("api_payload"),
            "payload-properties": link("api_payload_properties"),
        },
    }


def _organization(kept: GroupImport) -> str | None:
    return None if kept.organization is None else kept.organization.natural_id


def _plain(name: str) -> str:
    """Return the last part of a file's name, without what no name has."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[-255:].strip()
