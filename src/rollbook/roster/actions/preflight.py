"""Check a roster that was kept, and propose what it would change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import polars as pl
from django.db import transaction
from django.utils import timezone

from rollbook.audit.actions import record
from rollbook.changes.types import PlanStatus
from rollbook.orgs.queries import places_within
from rollbook.people.queries.roster import known_sourced_ids
from rollbook.roster.actions.naming import home_of, source_of
from rollbook.roster.actions.papers import keep_papers
from rollbook.roster.actions.planning import propose_roster
from rollbook.roster.actions.receiving import (
    MayNotSendRoster,
    kept_path,
    receive_intake,
)
from rollbook.roster.actions.repeats import (
    content_of,
    find_equal,
    find_repeat,
    grounds_of,
    note_repeat,
)
from rollbook.roster.checks.run import check_bundle
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import Source
from rollbook.roster.plan.sections import one_section_findings
from rollbook.roster.plan.sharing import shared_frames, sharing_findings
from rollbook.roster.queries.intakes import get_intake
from rollbook.roster.queries.mappings import known_mapping
from rollbook.roster.rules.identity import OUT_OF_REACH
from rollbook.roster.rules.reading import Reading, reading_from
from rollbook.roster.rules.sharing import Sharing
from rollbook.roster.sources.reading import format_of, read_roster, translated
from rollbook.roster.types import (
    BundleResult,
    IntakeStatus,
    Mode,
    OneRosterBundle,
    Profile,
    RosterWaits,
    SourceFormat,
)
from rollbook.shared.actor import Actor
from rollbook.shared.events import announce
from rollbook.shared.scope import Scope

Progress = Callable[[int, int, str], None]
STEPS = 4  # read and check, share, plan, keep


def preflight_intake(
    scope: Scope,
    path: Path,
    *,
    file_name: str,
    profile: Profile = Profile.LENIENT,
    encoding: str = "utf-8",
    reading: Reading | None = None,
    source: Source | None = None,
    by: Actor,
    now: datetime,
) -> Intake:
    """Keep a roster file, check it, and propose a plan of what it would change.

    Shape:  an Intake whose status is `refused` (nothing can be planned), `unchanged` (the plan
            would be empty) or `planned`; `received` where a mapping must be chosen first. Sending
            the same bytes again, to be read in the same way, while their plan still waits returns
            the same intake. `encoding` is what the sender declares; a byte order mark goes before.
    Raises: MayNotSendRoster.
    """
    wanted = reading or Reading(profile=profile, encoding=encoding)
    intake = receive_intake(
        scope, path, file_name=file_name, reading=wanted, source=source, by=by, now=now
    )
    return _check(intake, scope=scope, progress=_silent, by=by, now=now)


def preflight_again(
    scope: Scope, intake_uuid: UUID, *, sharing: Sharing | None = None, by: Actor, now: datetime
) -> Intake:
    """Check the bytes of an intake again: the records have moved on, or less of it is shared.

    Shape:  a new intake, or the one that waits for the same bytes read in the same way.
    Raises: IntakeNotFound, MayNotSendRoster.
    """
    before = get_intake(scope, intake_uuid)
    reading = reading_from(before.reading)
    return preflight_intake(
        scope,
        kept_path(before),
        file_name=before.file_name,
        reading=reading if sharing is None else replace(reading, sharing=sharing),
        source=before.saved_source,
        by=by,
        now=now,
    )


def read_kept(scope: Scope, intake: Intake) -> tuple[OneRosterBundle, BundleResult]:
    """Read and check the kept bytes of an intake again; nothing is written.

    Raises: IntakeNotFound where the reader may not see the intake.
    """
    intake = get_intake(scope, intake.uuid)
    reading = reading_from(intake.reading)
    bundle = read_roster(kept_path(intake), reading, name=intake.file_name)
    return bundle, _checked(_own_scope(scope, intake), intake, bundle, reading)


def check_intake(
    intake_uuid: UUID,
    *,
    scope: Scope,
    progress: Progress | None = None,
    by: Actor,
    now: datetime,
) -> Intake:
    """Check an intake that was kept, and propose a plan of what it would change.

    Checking one that has been checked changes nothing and returns it.
    Shape:  as `preflight_intake`.
    Raises: IntakeNotFound; MayNotSendRoster, and then the intake is on record as refused.
    """
    intake = get_intake(scope, intake_uuid)
    return _check(intake, scope=scope, progress=progress or _silent, by=by, now=now)


def _silent(done: int, total: int, says: str) -> None:
    """Report progress to nobody."""


def _check(intake: Intake, *, scope: Scope, progress: Progress, by: Actor, now: datetime) -> Intake:
    if intake.status != IntakeStatus.RECEIVED.value:
        return intake
    path = kept_path(intake)
    reading = _with_known_mapping(scope, path, intake, reading_from(intake.reading))
    if (asks := _asks_for_mapping(path, intake, reading)) is not None:
        return asks
    scope = _own_scope(scope, intake)
    if (earlier := find_repeat(scope, intake, now=now)) is not None:
        note_repeat(scope, intake, earlier, by=by, now=now)
        _put_on_record(intake, by=by, now=now)
        return intake
    progress(0, STEPS, "Reading and checking")
    bundle = read_roster(path, reading, name=intake.file_name)
    intake.source = intake.source or _key(scope, intake, bundle)
    # Before anything is read of what is here: whatever moves from now on makes other grounds.
    intake.counts = {"grounds": grounds_of(scope, intake.source, on=now)}
    result = _checked(scope, intake, bundle, reading)
    intake.status = IntakeStatus.REFUSED.value
    try:
        _plan(scope, intake, result, reading, progress, by=by, now=now)
    except MayNotSendRoster:
        result.report.add(OUT_OF_REACH.finding(file=intake.file_name))
        _finish(intake, bundle, result, reading, by=by, now=now)
        raise
    progress(STEPS - 1, STEPS, "Keeping what was found")
    _finish(intake, bundle, result, reading, by=by, now=now)
    _announce(intake)
    return intake


def _plan(
    scope: Scope,
    intake: Intake,
    result: BundleResult,
    reading: Reading,
    progress: Progress,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Propose a plan for an intake unless what was found forbids it."""
    if result.frames is None or result.report.is_fatal:
        return
    progress(1, STEPS, "Choosing what is shared")
    frames = shared_frames(result.frames, reading.sharing)
    result.report.extend(sharing_findings(result.frames, frames, reading.sharing))
    if reading.policy.requires_one_section:
        today = timezone.localdate(now)
        result.report.extend(one_section_findings(result.frames, reading.sharing, on=today))
    progress(2, STEPS, "Comparing with what is here")
    content = content_of(result, frames)
    intake.counts["content"] = content
    if (earlier := find_equal(scope, intake, content, now=now)) is not None:
        intake.status = IntakeStatus.UNCHANGED.value
        intake.organization_id = earlier.organization_id
        intake.counts |= {"says_as": str(earlier.uuid), "said_by_plan": 0}
        return
    proposed = propose_roster(scope, intake, result, frames, reading=reading, by=by, now=now)
    result.report.extend(proposed.findings)
    intake.counts["said_by_plan"] = len(proposed.findings)
    intake.plan = proposed.plan
    intake.organization_id = proposed.organization_id or intake.organization_id
    if proposed.plan is not None:
        intake.status = IntakeStatus.PLANNED.value
    elif proposed.is_unchanged:
        intake.status = IntakeStatus.UNCHANGED.value


def _own_scope(scope: Scope, intake: Intake) -> Scope:
    """Narrow a reader to the district of a saved source: it never reaches into another."""
    if intake.saved_source is None:
        return scope
    return scope.narrowed_to(places_within(scope, intake.saved_source.organization_id))


def _key(scope: Scope, intake: Intake, bundle: OneRosterBundle) -> str:
    """Return what people tables call the source of this intake."""
    if intake.saved_source is not None and intake.saved_source.key:
        return intake.saved_source.key
    if intake.saved_source is not None and bundle.origins:
        return f"{intake.saved_source.format}:{intake.saved_source.uuid.hex[:16]}"
    # Two districts may number their schools alike, so such files are told apart by the district.
    if bundle.origins and (home := home_of(scope, intake)) is not None:
        return f"{intake.format}:{home}"
    return source_of(scope, bundle)


def _with_known_mapping(scope: Scope, path: Path, intake: Intake, reading: Reading) -> Reading:
    """Add the mapping that was saved for files with this header, and note it with the intake."""
    layout = reading.format or format_of(path, intake.file_name)
    if layout is not SourceFormat.MAPPED or reading.mapping is not None:
        return reading
    known = known_mapping(
        scope,
        path,
        file_name=intake.file_name,
        source=intake.saved_source,
        encoding=reading.encoding,
    )
    if known is None:
        return reading
    reading = replace(reading, format=layout, mapping=known)
    intake.reading = reading.as_json()
    return reading


def _asks_for_mapping(path: Path, intake: Intake, reading: Reading) -> Intake | None:
    """Return the intake unread when somebody must first say which column is what."""
    layout = reading.format or format_of(path, intake.file_name)
    if intake.format != layout.value:
        intake.format = layout.value
        Intake.objects.filter(pk=intake.pk).update(format=layout.value)
    return intake if layout is SourceFormat.MAPPED and reading.mapping is None else None


def _checked(
    scope: Scope, intake: Intake, bundle: OneRosterBundle, reading: Reading
) -> BundleResult:
    return check_bundle(
        bundle,
        profile=reading.profile,
        switched_off=reading.switched_off,
        known=_known_ids(scope, intake.source, bundle),
    )


def _known_ids(scope: Scope, source: str, bundle: OneRosterBundle) -> dict[str, pl.Series]:
    """Return the ids that references of a delta, or to a file that did not come, may name."""
    whole = all(mode is Mode.BULK for mode in bundle.modes.values() if mode is not Mode.ABSENT)
    if whole and {"orgs", "users", "classes"} <= set(bundle.tables):
        return {}
    return known_sourced_ids(scope, source=source)


def _finish(
    intake: Intake,
    bundle: OneRosterBundle,
    result: BundleResult,
    reading: Reading,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Put on record what was found and planned, with the plan's life in the same moment."""
    told = translated(result, bundle)
    report = told.report
    intake.verdict = report.verdict.value
    intake.finished_at = now
    intake.counts |= {
        "encoding": reading.encoding,
        "by_code": report.counts,
        "by_file": {name: asdict(count) for name, count in told.counts.by_file.items()},
        "records": dict(told.counts.records),
        "excluded": {file: exclusion.frame.height for file, exclusion in told.excluded.items()},
    }
    keep_papers(intake, result, told, bundle)
    _put_on_record(intake, by=by, now=now)


def _put_on_record(intake: Intake, *, by: Actor, now: datetime) -> None:
    with transaction.atomic():
        intake.save()
        if intake.saved_source is not None and not intake.saved_source.key:
            Source.objects.filter(pk=intake.saved_source.pk, key="").update(key=intake.source)
        record(
            action="preflight_intake",
            subject_kind="intake",
            subject_uuid=str(intake.uuid),
            organization_id=intake.organization_id,
            detail={
                "status": intake.status,
                "verdict": intake.verdict,
                "sha256": intake.sha256,
            },
            by=by,
            now=now,
        )


def _announce(intake: Intake) -> None:
    if intake.plan is not None and intake.plan.status == PlanStatus.HELD.value:
        announce(
            RosterWaits(
                intake_uuid=intake.uuid,
                organization_id=intake.plan.organization_id,
                file_name=intake.file_name,
                reason_count=len(intake.plan.hold_reasons),
            )
        )


__all__ = ["MayNotSendRoster", "check_intake", "preflight_again", "preflight_intake", "read_kept"]
