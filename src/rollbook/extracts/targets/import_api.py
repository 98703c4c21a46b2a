"""Deliver files to the import service of a state's reporting system, or of another Rollbook."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import quote

from rollbook.extracts.targets.delivering import Answered, Parcel
from rollbook.extracts.targets.sftp import ONE_TRY
from rollbook.extracts.types import DeliveryStatus, TargetKind
from rollbook.remote.failures import PassingFailure, RemoteFailed
from rollbook.remote.http import Answer, HttpClient
from rollbook.remote.patience import Patience
from rollbook.remote.uploads import Upload
from rollbook.roster.sources.calling import (
    Steps,
    allows_private,
    brief,
    object_in,
    server_found,
)
from rollbook.roster.sources.connecting import ConnectionReport, SettingField

CONTENT_TYPE: Final = "application/csv"
WAITING: Final = "ACCEPTED"
TAKEN: Final = frozenset({"PROCESSED", "NO_UPDATE"})
LONGEST_ANSWER: Final = 20_000  # of what the other side says of a file, to be kept and shown

_BY_NAME: Final = "To sign in with user name and secret key."
_BY_CLIENT: Final = "To sign in with client id and secret alone."

# Source: results-reporting 6.2
_NUMBERS: Final[Mapping[str, str]] = {
    "0": WAITING,
    "1": "PROCESSED",
    "2": "NO_UPDATE",
    "-1": "INVALID",
    "-2": "BAD_FORMAT",
    "-3": "BAD_DATA",
    "-4": "UNAUTHORIZED",
    "-5": "UNKNOWN_ASMT",
    "-6": "UNKNOWN_SCHOOL",
    "-7": "PIPELINE_FAILURE",
}
_MAY_NOT: Final = (
    "The other side knows this user, but does not let it write groups. Ask whoever gives out its "
    "rights for GROUP_WRITE."
)
_KEY_REFUSED: Final = (
    "The other side does not accept the user name and the secret key. Keys end after a year, and "
    "making a new one ends the old: type the key in that holds now."
)
_NO_ID: Final = "The other side's answer does not say which import it made. Check the address."
# What a server says that has no such page, or shows it to nobody.
_NOT_OFFERED: Final = frozenset({400, 403, 404, 405, 501})


@dataclass(frozen=True, slots=True)
class _Import:
    """Hold what the other side keeps of one file."""

    id: str
    status: str
    message: str
    digest: str
    batch: str

    def as_answer(self, *, batch: str = "") -> Answered:
        """Say what became of it; the batch of a delivery tells its own import from an earlier."""
        known = (WAITING, *TAKEN, *_NUMBERS.values())
        status = DeliveryStatus.REFUSED
        if self.status == WAITING or self.status not in known:
            status = DeliveryStatus.SENT
        elif self.status in TAKEN:
            status = DeliveryStatus.DONE
        is_earlier = bool(batch and self.batch and self.batch != batch)
        return Answered(status, self.id, self.status, self.message, is_earlier=is_earlier)


class ImportApi:
    """Post a group file as school information systems do, and ask what became of it.

    Shape: each delivery carries a tag of its own as `batch`. When a reply is lost, the list of
           imports is looked through for the tag and the digest before anything is posted again;
           a server without a list answers a second post with the first import, by its digest.
    Source: results-reporting 5.6, 6.1, 6.2
    """

    kind = TargetKind.IMPORT_API
    fields = (
        SettingField("address", "Address of the import service", "url"),
        SettingField("token_address", "Address where Rollbook signs in", "url"),
        SettingField("realm", "Realm", is_required=False, help="Only where the vendor names one."),
        SettingField(
            "grant",
            "How to sign in",
            "choice",
            default="password",
            choices=(
                ("password", "User name and secret key"),
                ("client_credentials", "Client id and secret alone"),
            ),
        ),
        SettingField("username", "User name", is_required=False, help=_BY_NAME),
        SettingField("secret", "Secret key", "secret", is_required=False, help=_BY_NAME),
        SettingField("client_id", "Client id", is_required=False, help=_BY_CLIENT),
        SettingField(
            "client_secret", "Client secret", "secret", is_required=False, help=_BY_CLIENT
        ),
        SettingField(
            "send_as",
            "How the file is sent",
            "choice",
            is_required=False,
            default="raw",
            choices=(("raw", "As it is (usual)"), ("form", "In a form")),
        ),
    )

    def __init__(self, *, patience: Patience = ONE_TRY, trust: ssl.SSLContext | None = None):
        self._patience = patience
        self._trust = trust

    def check_connection(
        self, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> ConnectionReport:
        """Find the servers, sign in, and ask what this user may do."""
        steps = Steps()
        private = allows_private(settings)
        with self._client(settings, brief(self._patience)) as client:
            service = _Service(client, settings, secrets)
            for what, url in (
                ("Find the import service", service.base),
                ("Find the sign-in", service.desk),
            ):
                steps.take(what, lambda url=url: server_found(url, allow_private=private))
            steps.take("Sign in", service.signed_in)
            steps.take("Ask who this user is", service.known_as)
        return steps.report

    def deliver(
        self,
        parcel: Parcel,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        is_repeat: bool,
    ) -> Answered:
        """Post a file, unless an earlier try whose reply was lost has brought it there.

        Raises: RemoteFailed.
        """
        with self._client(settings, self._patience) as client:
            service = _Service(client, settings, secrets)
            if is_repeat and (own := service.found(parcel)):
                return own.as_answer()
            try:
                made = service.posted(parcel, in_form=settings.get("send_as", "") == "form")
            except RemoteFailed as failed:
                if not (isinstance(failed, PassingFailure) or failed.code == "lies"):
                    raise
                # It may have been taken all the same: only the list knows.
                if own := _found_quietly(service, parcel):
                    return own.as_answer()
                raise
            return made.as_answer(batch=parcel.batch)

    def ask(
        self, remote_id: str, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> Answered:
        """Ask what became of an import.

        Raises: RemoteFailed.
        """
        with self._client(settings, self._patience) as client:
            return _Service(client, settings, secrets).import_of(remote_id).as_answer()

    def _client(self, settings: Mapping[str, str], patience: Patience) -> HttpClient:
        return HttpClient(
            allow_private=allows_private(settings), patience=patience, trust=self._trust
        )


def _found_quietly(service: _Service, parcel: Parcel) -> _Import | None:
    try:
        return service.found(parcel)
    except RemoteFailed:
        return None


class _Service:
    """Speak to one import service as one user of it."""

    def __init__(
        self, client: HttpClient, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> None:
        self._client = client
        self._settings = settings
        self._secrets = secrets
        self.base = settings.get("address", "").rstrip("/")
        self.desk = settings.get("token_address", "")
        self._token = ""

    def signed_in(self) -> str:
        """Ask for a token, and say so."""
        self._bearer(True)
        return "The other side accepts the key."

    def known_as(self) -> str:
        """Ask what this user may do.

        Raises: RemoteFailed refused, when the right to write groups is not among what is said.
        """
        try:
            answer = self._get("/imports/user")
        except RemoteFailed as failed:
            if failed.status in {404, 405, 501}:
                return "The other side does not say what this user may do."
            raise
        told = json.dumps(answer.json())
        if "authorities" in told and "GROUP_WRITE" not in told and "DATA_WRITE" not in told:
            raise RemoteFailed("refused", _MAY_NOT)
        return "This user may write groups."

    def posted(self, parcel: Parcel, *, in_form: bool) -> _Import:
        """Post a file once.

        Raises: RemoteFailed; when it may have arrived all the same, a PassingFailure or `lies`.
        """
        tags = {"filename": parcel.name, "batch": parcel.batch}
        upload = Upload(parcel.path, CONTENT_TYPE)
        if in_form:
            upload = Upload(parcel.path, CONTENT_TYPE, parcel.name, part="file", form=tags)
        try:
            answer = self._client.post_file(
                f"{self.base}/groups/imports",
                upload,
                params=None if in_form else tags,
                authorize=self._bearer,
            )
        except RemoteFailed as failed:
            raise _renamed(failed) from None
        return _import_in(object_in(answer))

    def found(self, parcel: Parcel) -> _Import | None:
        """Look for the import of a delivery by its tag and digest; None where there is no list.

        Raises: RemoteFailed, when nobody can say now.
        """
        try:
            answer = self._get("/groups/imports", {"batch": parcel.batch})
        except RemoteFailed as failed:
            if failed.status in _NOT_OFFERED:
                return None
            raise
        listed = [_import_in(record) for record in _records_in(answer.json()) if record.get("id")]
        own = [i for i in listed if i.batch == parcel.batch and i.digest == parcel.md5]
        return own[0] if own else None

    def import_of(self, remote_id: str) -> _Import:
        """Return what is kept of one import.

        Raises: RemoteFailed.
        """
        return _import_in(object_in(self._get(f"/imports/{quote(remote_id, safe='')}")))

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        try:
            return self._client.get(self.base + path, params=params, authorize=self._bearer)
        except RemoteFailed as failed:
            raise _renamed(failed) from None

    def _bearer(self, renew: bool) -> str:
        if renew or not self._token:
            self._token = self._new_token()
        return f"Bearer {self._token}"

    def _new_token(self) -> str:
        settings, secrets = self._settings, self._secrets
        grant = settings.get("grant", "") or "password"
        client, client_secret = settings.get("client_id", ""), secrets.get("client_secret", "")
        form = {"grant_type": grant}
        headers: dict[str, str] = {}
        if grant == "password":
            form |= {
                "username": settings.get("username", ""),
                "password": secrets.get("secret", ""),
            }
            if client:
                form |= {"client_id": client, "client_secret": client_secret}
        else:
            pair = f"{quote(client, safe='')}:{quote(client_secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        realm = settings.get("realm", "")
        desk = self.desk + (f"?realm={quote(realm, safe='/')}" if realm else "")
        try:
            answer = self._client.post_form(desk, form, headers=headers, may_repeat=True)
        except RemoteFailed as failed:
            if failed.status in {400, 401, 403}:
                raise RemoteFailed("refused", _KEY_REFUSED, status=failed.status) from None
            raise
        token = object_in(answer).get("access_token")
        if not isinstance(token, str) or not token.isprintable() or not token:
            raise RemoteFailed("lies", "The sign-in gives no token. Check its address.")
        return token


def _renamed(failed: RemoteFailed) -> RemoteFailed:
    """Say of a status what it means here, where the usual words would mislead."""
    says = {401: _KEY_REFUSED, 403: _MAY_NOT}.get(failed.status or 0)
    if says is None or failed.says == _KEY_REFUSED:
        return failed
    return RemoteFailed("refused", says, status=failed.status)


def _import_in(record: Mapping[str, Any]) -> _Import:
    """Read an import as the other side tells it.

    Raises: RemoteFailed lies, for what is none.
    """
    number = record.get("id")
    if isinstance(number, bool) or not isinstance(number, int | str) or not str(number).strip():
        raise RemoteFailed("lies", _NO_ID)
    status = str(record.get("status", "")).strip().upper()
    return _Import(
        id=str(number).strip()[:200],
        status=_NUMBERS.get(status, status)[:40],
        message=str(record.get("message") or "")[:LONGEST_ANSWER],
        digest=str(record.get("digest") or "").upper(),
        batch=str(record.get("batch") or ""),
    )


def _records_in(told: object) -> Iterator[Mapping[str, Any]]:
    """Return the records of a list, bare or wrapped once or twice as services do."""
    if isinstance(told, list):
        for record in cast("list[object]", told):
            if isinstance(record, dict):
                yield cast("dict[str, Any]", record)
    elif isinstance(told, dict):
        for inside in cast("dict[str, object]", told).values():
            yield from _records_in(inside)
