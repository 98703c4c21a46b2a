"""Say where rosters come from: add a source, change it, test it, put it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from rollbook.audit.actions import record
from rollbook.orgs.models import Organization
from rollbook.orgs.queries import get_organization
from rollbook.orgs.types import OrganizationKind
from rollbook.roster.actions.looks import plan_next_look
from rollbook.roster.models.sources import SavedMapping, Source
from rollbook.roster.queries.connections import (
    FOLDER_FIELD,
    connection_of,
    kept_secrets,
    own_folders,
)
from rollbook.roster.queries.sources import mappings_in, source_to_change, sources_in
from rollbook.roster.rules.policy import IntakePolicy, policy_from
from rollbook.roster.rules.running import LOOKS_EVERY, NEVER, OF_ANY_FORMAT
from rollbook.roster.sources.connecting import ConnectionReport, SourceFailed
from rollbook.roster.sources.setting_values import (
    TYPED_AGAIN,
    base_of,
    faults_in,
    fields_of,
    has_moved,
    secrets_in,
    settings_in,
)
from rollbook.roster.types import Profile, SourceFormat, SourceKind
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope
from rollbook.shared.sealing import seal


class SourceIsIncomplete(ValueError):
    """Say what is missing or wrong in a source, field by field, in words for who typed it."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """Hold what a person says of a source.

    Shape: `values` are the connector's fields, secrets among them; a secret left blank stays as
           it is. `switched_off` are codes of repairs. `every_minutes` is 0 or one of LOOKS_EVERY.
    """

    name: str
    kind: SourceKind
    format: SourceFormat
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    profile: Profile = Profile.LENIENT
    encoding: str = "utf-8"
    switched_off: frozenset[str] = frozenset()
    mapping: UUID | None = None
    policy: IntakePolicy = field(default_factory=IntakePolicy)
    every_minutes: int = NEVER


def add_source(
    scope: Scope, district: UUID | str, draft: SourceDraft, *, by: Actor, now: datetime
) -> Source:
    """Let a district's rosters come from one more place.

    Raises: OrganizationNotFound; MayNotChangeSource; SourceIsIncomplete, with a sentence by field.
    """
    place = get_organization(scope, district, permission=Permission.ROSTER_WRITE)
    if place.kind is not OrganizationKind.DISTRICT:
        raise SourceIsIncomplete({"district": "Choose a district: rosters come by district."})
    source = Source(
        organization_id=place.id, kind=draft.kind.value, created_by=by.label[:80], created_at=now
    )
    return _saved(scope, source, draft, action="add_source", by=by, now=now)


def change_source(
    scope: Scope, uuid: UUID | str, draft: SourceDraft, *, by: Actor, now: datetime
) -> Source:
    """Change what is said of a source; its kind stays.

    Raises: SourceNotFound; MayNotChangeSource; SourceIsIncomplete, with a sentence by field.
    """
    source = source_to_change(scope, uuid)
    if draft.kind.value != source.kind:
        raise SourceIsIncomplete({"kind": "A source of another kind is another source. Add it."})
    return _saved(scope, source, draft, action="change_source", by=by, now=now)


def archive_source(scope: Scope, uuid: UUID | str, *, by: Actor, now: datetime) -> None:
    """Put a source away: it runs no more, its secrets are forgotten, its history stays.

    Raises: SourceNotFound; MayNotChangeSource.
    """
    source = source_to_change(scope, uuid)
    with transaction.atomic():
        if source.schedule is not None:
            source.schedule.is_on = False
            source.schedule.save(update_fields=["is_on"])
        source.is_archived = True
        source.sealed_secrets = ""
        source.cursor = {}
        source.save(update_fields=["is_archived", "sealed_secrets", "cursor"])
        audit_source("archive_source", source, {}, by=by, now=now)


def check_source_connection(
    scope: Scope, uuid: UUID | str, *, by: Actor, now: datetime
) -> ConnectionReport:
    """Try each step of a pull on a little data, and say how far it went; nothing is taken in.

    Raises: SourceNotFound; MayNotChangeSource.
    """
    source = source_to_change(scope, uuid)
    try:
        link = connection_of(scope, source)
        report = link.connector.check_connection(link.settings, link.secrets, now=now)
    except SourceFailed as failed:
        report = ConnectionReport((("Read what is kept of this source", False, failed.says),))
    audit_source(
        "check_source_connection",
        source,
        {"is_good": report.is_good, "steps": len(report.steps)},
        by=by,
        now=now,
    )
    return report


def audit_source(
    action: str, source: Source, detail: Mapping[str, object], *, by: Actor, now: datetime
) -> None:
    """Record what was done to a source: numbers and codes, never what somebody typed."""
    record(
        action=action,
        subject_kind="source",
        subject_uuid=source.uuid,
        organization_id=source.organization_id,
        detail={"kind": source.kind, **detail},
        by=by,
        now=now,
    )


def _saved(
    scope: Scope, source: Source, draft: SourceDraft, *, action: str, by: Actor, now: datetime
) -> Source:
    fields = fields_of(draft.kind)
    before, kept = dict(source.settings), _kept_secrets(scope, source)
    values = settings_in(fields, draft.values)
    secrets = secrets_in(fields, draft.values, kept=kept)
    faults = faults_in(fields, values, secrets) | _faults_of_draft(scope, source, draft, values)
    if source.pk is not None and has_moved(fields, before, values):
        reused = [n for n, s in secrets.items() if s == kept.get(n) and not draft.values.get(n)]
        faults |= dict.fromkeys(reused, TYPED_AGAIN)
    if faults:
        raise SourceIsIncomplete(faults)
    is_other = before and has_moved(fields, before, values)
    if is_other or source.format not in {"", draft.format.value}:
        source.cursor = {}  # what another place had sent before says nothing of this one
    _fill(source, draft)
    values = _whole_paths(scope, source, values)
    source.settings = values | {"every_minutes": draft.every_minutes}
    source.sealed_secrets = seal(secrets, [settings.SECRET_KEY]) if secrets else ""
    with transaction.atomic():
        source.save()
        detail = {
            "format": source.format,
            "is_secret_new": secrets != kept,
            "commits_itself": draft.policy.commits_itself,
            "second_person_from": draft.policy.second_person_from,
        }
        audit_source(action, source, detail, by=by, now=now)
        plan_next_look(minutes=[draft.every_minutes], by=by, now=now)
    return source


def _kept_secrets(scope: Scope, source: Source) -> dict[str, str]:
    try:
        return kept_secrets(scope, source)
    except SourceFailed:
        return {}  # sealed with a key that is gone: they must be typed again


def _fill(source: Source, draft: SourceDraft) -> None:
    source.name = draft.name.strip()
    # Who speaks to a server gets one layout from it, whatever it was called.
    is_free = draft.kind in OF_ANY_FORMAT
    source.format = draft.format.value if is_free else SourceFormat.ONEROSTER_CSV.value
    source.profile = draft.profile.value
    source.encoding = draft.encoding
    source.switched_off = sorted(draft.switched_off)
    source.policy = draft.policy.as_json()
    source.mapping = SavedMapping.objects.get(uuid=draft.mapping) if draft.mapping else None


def _faults_of_draft(
    scope: Scope, source: Source, draft: SourceDraft, values: Mapping[str, str]
) -> dict[str, str]:
    """Say what is wrong with a draft beyond what its connector asks for."""
    faults: dict[str, str] = {}
    name = draft.name.strip()
    others = sources_in(scope).filter(organization_id=source.organization_id, name=name)
    if not name or len(name) > 120:
        faults["name"] = "Give the source a name of up to 120 characters."
    elif others.exclude(pk=source.pk).exists():
        faults["name"] = "This district has a source of this name already."
    is_by_hand = draft.kind is SourceKind.UPLOAD
    if draft.every_minutes not in ({NEVER} if is_by_hand else {NEVER, *LOOKS_EVERY}):
        faults["every_minutes"] = "Choose how often to look from the list."
    own = Q(organization_id=source.organization_id) | Q(organization_id=None)
    is_known = bool(draft.mapping) and mappings_in(scope).filter(own, uuid=draft.mapping).exists()
    if not is_known and (draft.mapping or draft.format is SourceFormat.MAPPED):
        faults["mapping"] = "Choose how the columns of these files are read."
    if draft.kind is SourceKind.FOLDER:
        faults |= _faults_of_folder(scope, source, values)
    return faults | _faults_of_policy(scope, source, draft.policy)


def _faults_of_folder(scope: Scope, source: Source, values: Mapping[str, str]) -> dict[str, str]:
    """Keep a district's administrator out of the folders of other districts."""
    bases = _bases(scope, source)
    if base_of(values.get(FOLDER_FIELD, ""), bases) is not None:
        return {}
    listed = ", ".join(str(base) for base in bases) or "none yet: ask who runs this installation"
    says = f"Choose a folder in one of those that this installation reads: {listed}."
    return {FOLDER_FIELD: says}


def _bases(scope: Scope, source: Source) -> list[Path]:
    return own_folders(scope, Organization.objects.get(pk=source.organization_id))


def _whole_paths(scope: Scope, source: Source, values: dict[str, str]) -> dict[str, str]:
    """Write a watched folder in full, so that it stays the same one whoever reads it."""
    if source.kind != SourceKind.FOLDER.value:
        return values
    base = base_of(values[FOLDER_FIELD], _bases(scope, source))
    assert base is not None  # as the faults have said otherwise
    return values | {FOLDER_FIELD: str((base / values[FOLDER_FIELD]).resolve())}


def _faults_of_policy(scope: Scope, source: Source, policy: IntakePolicy) -> dict[str, str]:
    faults: dict[str, str] = {}
    if not 0 <= policy.largest_excluded_percent <= 100:
        faults["largest_excluded_percent"] = "Write a percentage from 0 to 100."
    if policy.second_person_from is not None and policy.second_person_from < 1:
        faults["second_person_from"] = "Write a number of students from 1, or leave it blank."
    limits = policy.thresholds
    shares = (limits.archive_share, limits.update_share, limits.create_share)
    counts = (limits.archive_count, limits.archive_minimum, limits.minimum)
    if not all(0 <= share <= 1 for share in shares) or min(counts) < 0:
        faults["thresholds"] = "Write limits as percentages from 0 to 100 and as whole numbers."
    return faults | _faults_of_approval(scope, source, policy)


def _faults_of_approval(scope: Scope, source: Source, policy: IntakePolicy) -> dict[str, str]:
    """Keep to who may approve rosters what would let a plan pass that waits for them now."""
    if scope.over(Permission.ROSTER_APPROVE).includes(source.organization_id):
        return {}
    faults: dict[str, str] = {}
    # A plan that goes in alone is approved by whoever says so here, once for all nights: also where
    # it comes from, how it is read and what holds it.
    if policy.commits_itself:
        faults["commits_itself"] = "Only who may approve rosters lets plans go in by themselves."
    before = policy_from(source.policy).second_person_from
    if _asks_fewer(policy.second_person_from, before):
        faults["second_person_from"] = "Only who may approve rosters asks fewer plans for two."
    return faults


def _asks_fewer(now: int | None, before: int | None) -> bool:
    return before is not None and (now is None or now > before)
