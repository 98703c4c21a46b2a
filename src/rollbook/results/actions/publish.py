"""Take result files in: keep them, check them, find their schools and students, publish them."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl
from django.conf import settings
from django.db import transaction

from rollbook.assessments.actions import register_provisional
from rollbook.assessments.queries import assessments_by_id, known_assessments
from rollbook.audit.actions import record
from rollbook.files.digests import sha256_of
from rollbook.files.kept_findings import keep_findings
from rollbook.lake.columns import frame_types
from rollbook.lake.query import Condition, Query
from rollbook.lake.types import LakeTable
from rollbook.orgs.queries import places_by_key
from rollbook.people.actions import UnknownStudent, add_students_from_results
from rollbook.people.queries.matching import student_keys
from rollbook.results import rules
from rollbook.results.layouts import ITEM_RESPONSES, LAKE_TABLES, RESULTS, SUBSCORES
from rollbook.results.models import ResultIntake, TestedSchool, TestedStudent
from rollbook.results.queries.store import engine, lake
from rollbook.results.sources.reading import check_files
from rollbook.results.types import CheckedResults, ResultIntakeStatus
from rollbook.shared.actor import Actor
from rollbook.shared.findings import Check, Finding
from rollbook.shared.scope import Permission, Scope


class MayNotSendResults(PermissionError):
    """Say that this person may not send test results."""


@dataclass(frozen=True)
class _Matched:
    """Hold results with the ids of their school, district and student."""

    results: pl.DataFrame
    findings: list[Finding]


def publish_results(
    scope: Scope, paths: Sequence[Path], *, file_name: str, by: Actor, now: datetime
) -> ResultIntake:
    """Check result files and publish every result that is sound, once.

    Shape:  an intake whose status is `published`, or `refused` when no result could be used; the
            same bytes again return the first intake and change nothing, unless a roster has since
            named a school or student that was missing: then the rest is published. A call that
            was cut off is finished by the same call.
    Raises: MayNotSendResults.
    """
    if not scope.may(Permission.DATA_WRITE):
        raise MayNotSendResults
    digest = _digest(paths)
    intake = ResultIntake.objects.filter(sha256=digest).first()
    waiting = _without_place(intake)
    if intake is not None and intake.status == ResultIntakeStatus.PUBLISHED and waiting is None:
        return intake
    if intake is None or intake.status == ResultIntakeStatus.REFUSED:
        intake = _received(intake, paths, file_name, digest, by=by, now=now)
    checked = check_files(paths, known=known_assessments(scope))
    if waiting is not None:
        checked = replace(checked, results=checked.results.join(waiting, on=_KEY, how="semi"))
    matched = _match(scope, checked, by=by, now=now)
    if waiting is not None and matched.results.is_empty():
        return intake
    news = _news(digest, checked, matched.results)
    checked.report.extend([*matched.findings, *news.findings])
    keep_findings(findings_path(intake), checked.report)
    if matched.results.is_empty():
        return _finish(intake, checked, ResultIntakeStatus.REFUSED, {}, _Tally(), by=by, now=now)
    _mark_tested(matched.results)
    if waiting is None:
        intake.organization_id = _only(matched.results["district_id"])
    versions = _publish(digest, checked, news.results)
    tally = _Tally(news.results.height, matched.results.height - news.results.height)
    if waiting is not None:
        tally = tally.after(intake.counts)
    _keep_without_place(intake, checked, matched.results)
    return _finish(intake, checked, ResultIntakeStatus.PUBLISHED, versions, tally, by=by, now=now)


def _only(districts: pl.Series) -> int | None:
    """Return the district that all results are of, None when there are several."""
    found = districts.unique().to_list()
    return found[0] if len(found) == 1 else None


def findings_path(intake: ResultIntake) -> Path:
    """Return where the findings of an intake are kept, as JSON lines."""
    return Path(settings.FILES_ROOT) / "results" / f"{intake.uuid}.findings.jsonl"


def _digest(paths: Sequence[Path]) -> str:
    """Name a set of files by their bytes; the order in which they are listed does not matter."""
    digests = sorted(sha256_of(file) for path in paths for file in _files(path))
    return (
        digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()
    )


def _waiting_path(intake: ResultIntake) -> Path:
    return Path(settings.FILES_ROOT) / "results" / f"{intake.uuid}.waiting.parquet"


def _without_place(intake: ResultIntake | None) -> pl.DataFrame | None:
    """Return the keys of the sound results that found no school or student when it was published.

    Shape: None for an intake that left out nothing, or was not published yet.
    """
    if (
        intake is None
        or intake.status != ResultIntakeStatus.PUBLISHED
        or not _waiting_path(intake).exists()
    ):
        return None
    return pl.read_parquet(_waiting_path(intake))


def _keep_without_place(
    intake: ResultIntake, checked: CheckedResults, placed: pl.DataFrame
) -> None:
    path = _waiting_path(intake)
    waiting = checked.results.select(_KEY).join(placed, on=_KEY, how="anti")
    if waiting.is_empty():
        path.unlink(missing_ok=True)
        return
    draft = path.with_suffix(f".{os.getpid()}.part")
    waiting.write_parquet(draft)
    draft.replace(path)


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _received(
    earlier: ResultIntake | None,
    paths: Sequence[Path],
    file_name: str,
    digest: str,
    *,
    by: Actor,
    now: datetime,
) -> ResultIntake:
    """Keep the bytes first, then say so: a result that was accepted is never lost."""
    files = [file for path in paths for file in _files(path)]
    folder = Path(settings.FILES_ROOT) / "results" / digest
    folder.mkdir(parents=True, exist_ok=True)
    for place, file in enumerate(files):
        kept = folder / f"{place:05d}{file.suffix}"
        if not kept.exists():
            draft = kept.with_suffix(f".{os.getpid()}.part")
            shutil.copyfile(file, draft)
            draft.replace(kept)
    intake = earlier or ResultIntake(sha256=digest)
    intake.file_name = file_name[:200]
    intake.byte_count = sum(file.stat().st_size for file in files)
    intake.status = ResultIntakeStatus.PUBLISHING.value
    intake.received_by, intake.received_at = by.label, now
    intake.save()
    return intake


def _match(scope: Scope, checked: CheckedResults, *, by: Actor, now: datetime) -> _Matched:
    places = pl.DataFrame(places_by_key(scope), schema=rules.PLACES, orient="row")
    placed = rules.with_schools(checked.results, places)
    unknown = placed.filter(pl.col("school_id").is_null())
    findings = _by_value(rules.UNKNOWN_SCHOOL, unknown, "SchoolIdentifier", "school_identifier")
    placed = placed.filter(pl.col("school_id").is_not_null())
    keys = student_keys(scope, placed["student_identifier"].unique().to_list())
    found = rules.with_students(placed, keys)
    ambiguous = found.filter("is_ambiguous")
    findings += _by_value(
        rules.AMBIGUOUS_STUDENT, ambiguous, "StudentIdentifier", "student_identifier"
    )
    found = found.filter(~pl.col("is_ambiguous"))
    found, others = _without_others(scope, found)
    findings += others
    strangers = found.filter(pl.col("student_id").is_null() & ~_IS_RESET)
    findings += _by_value(
        rules.UNKNOWN_STUDENT, strangers, "StudentIdentifier", "student_identifier"
    )
    findings += _unknown_assessments(scope, found, by=by, now=now)
    return _Matched(_with_new_students(found, strangers, by=by, now=now), findings)


def _news(digest: str, checked: CheckedResults, results: pl.DataFrame) -> _Matched:
    """Leave out what is older than the version that is kept, and what is the same as it."""
    kept = _kept(RESULTS, results).filter(pl.col("intake_id").ne_missing(digest))
    if kept.is_empty():
        return _Matched(results, [])
    late = rules.older(results, kept)
    again = results.filter(~_IS_RESET).join(kept, on=_KEY, how="semi")
    changed = [
        rules.differing(_comparable(table, frame), _comparable(table, _kept(table, again)))
        for table, frame in _tables(checked, again)
    ]
    same = again.join(pl.concat([*changed, late.select(_KEY)]), on=_KEY, how="anti")
    findings = _by_value(rules.OLDER_THAN_KEPT, late, "OpportunityIdentifier", "opportunity_id")
    if same.height:
        findings.append(
            rules.UNCHANGED.finding(file=same["file"][0], weight=same.height, count=same.height)
        )
    left_out = pl.concat([late, same]).select(_KEY)
    left = results.join(left_out, on=_KEY, how="anti", maintain_order="left")
    return _Matched(left, findings)


def _kept(table: LakeTable, results: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of these results that a table of the lake holds now."""
    wanted = results.select(_KEY).unique()
    ids = wanted["assessment_id"].unique().to_list()
    rows = lake().scan(table).filter(pl.col("assessment_id").is_in(ids))
    if wanted.height <= _FEW:
        rows = rows.filter(pl.col("opportunity_id").is_in(wanted["opportunity_id"].to_list()))
    return rows.join(wanted.lazy(), on=_KEY, how="semi").collect()


def _comparable(table: LakeTable, frame: pl.DataFrame) -> pl.DataFrame:
    types = frame_types(table)
    return frame.select(pl.col(name).cast(types[name]) for name in types if name != "intake_id")


def _tables(
    checked: CheckedResults, results: pl.DataFrame
) -> Iterator[tuple[LakeTable, pl.DataFrame]]:
    """Return the rows of each table for these results, the results last; one table at a time."""
    place = results.select(*_KEY, "student_id", "school_id", "district_id")
    for table, frame in ((SUBSCORES, checked.subscores), (ITEM_RESPONSES, checked.items)):
        yield table, frame.join(place, on=_KEY, how="inner")
    yield RESULTS, results


def _without_others(scope: Scope, found: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Leave out what would replace or remove results of schools that are not the sender's."""
    reach = scope.over(Permission.DATA_WRITE)
    if reach.everything or found.is_empty():
        return found, []
    known = _known_opportunities(found)
    taken = known.filter(~pl.col("school_id").is_in(sorted(reach.organization_ids)))
    others = found.join(taken, on=_KEY, how="semi")
    findings = _by_value(rules.OTHERS_RESULT, others, "OpportunityIdentifier", "opportunity_id")
    return found.join(taken, on=_KEY, how="anti"), findings


def _by_value(check: Check, rows: pl.DataFrame, column: str, name: str) -> list[Finding]:
    """Make one finding per distinct value, weighted by how many results it touches."""
    causes = rows.group_by(name, maintain_order=True).agg(
        file=pl.col("file").first(), line=pl.col("line").first(), weight=pl.len()
    )
    return [
        check.finding(
            file=row["file"], line=row["line"], column=column, value=row[name], weight=row["weight"]
        )
        for row in causes.iter_rows(named=True)
    ]


def _unknown_assessments(
    scope: Scope, results: pl.DataFrame, *, by: Actor, now: datetime
) -> list[Finding]:
    ids = results["assessment_id"].unique().to_list()
    known = assessments_by_id(scope, ids)
    fresh = results.filter(~pl.col("assessment_id").is_in(list(known)))
    if fresh.is_empty():
        return []
    register_provisional(rules.provisional(fresh), by=by, now=now)
    return _by_value(rules.UNKNOWN_ASSESSMENT, fresh, "AssessmentIdentifier", "assessment_id")


def _with_new_students(
    found: pl.DataFrame, strangers: pl.DataFrame, *, by: Actor, now: datetime
) -> pl.DataFrame:
    latest = strangers.sort("completed_at", descending=True, nulls_last=True).unique(
        "student_identifier", keep="first", maintain_order=True
    )
    added = add_students_from_results(
        [
            UnknownStudent(
                ssid=row["student_identifier"],
                district_id=row["district_id"],
                first_name=row["first_name"] or "",
                last_name=row["last_name"] or "",
                birth_date=row["birth_on"],
                grade=row["enrolled_grade"] or "",
            )
            for row in latest.iter_rows(named=True)
        ],
        by=by,
        now=now,
    )
    new = pl.DataFrame(
        {"student_identifier": list(added), "new_id": list(added.values())},
        schema={"student_identifier": pl.String, "new_id": pl.Int64},
    )
    return (
        found.join(new, on="student_identifier", how="left", maintain_order="left")
        .with_columns(student_id=pl.coalesce("student_id", "new_id"))
        .drop("new_id")
    )


def _mark_tested(results: pl.DataFrame) -> None:
    """Say which students and schools the lake speaks of, before it does."""
    students = results["student_id"].drop_nulls().unique().sort().to_list()
    schools = results["school_id"].unique().sort().to_list()
    with transaction.atomic():
        TestedStudent.objects.bulk_create(
            [TestedStudent(student_id=student) for student in students],
            ignore_conflicts=True,
            batch_size=5000,
        )
        TestedSchool.objects.bulk_create(
            [TestedSchool(school_id=school) for school in schools], ignore_conflicts=True
        )


def _publish(digest: str, checked: CheckedResults, results: pl.DataFrame) -> dict[str, int]:
    """Write the three tables, the results last; every step happens once, by its transaction.

    Until the results are written, what they replace is found the same however often this is begun;
    once they are, nothing is left to do.
    """
    transaction = _transaction(digest, results)
    if results.height and not lake().has_applied(RESULTS, transaction):
        live = results.filter(~_IS_RESET)
        known = _known_opportunities(results)
        for table, rows in _tables(checked, live):
            gone = known
            if table is RESULTS:
                # Rows that stay in their partition are replaced where they are.
                stays = live.select(*_KEY, *RESULTS.partition_by)
                gone = known.join(stays, on=stays.columns, how="anti")
            _clear(table, gone, transaction)
            _write(table, rows.with_columns(intake_id=pl.lit(digest)), transaction)
            del rows  # before the next table's are made
    return {table.name: lake().version(table) for table in LAKE_TABLES}


def _transaction(digest: str, results: pl.DataFrame) -> str:
    """Name the publishing of these results: of an intake, others may find their place later."""
    keys = results.select(pl.concat_str(_KEY, separator="\n").sort()).to_series().to_list()
    return f"{digest}:{hashlib.sha256(chr(10).join(keys).encode()).hexdigest()[:16]}"


_KEY = rules.KEY
# So many opportunities are looked for by name; more of them by the assessment alone.
_FEW = 5000
_IS_RESET = (pl.col("status") == "reset").fill_null(value=False)


def _known_opportunities(results: pl.DataFrame) -> pl.DataFrame:
    """Return those of these opportunities that are in the lake already, and where."""
    wanted = results.select(_KEY).unique()
    known = engine().run(
        Query(
            table=RESULTS.name,
            where=Condition("assessment_id", "in", frozenset(wanted["assessment_id"])),
            select=(*_KEY, *RESULTS.partition_by, "school_id"),
        )
    )
    return known.join(wanted, on=_KEY, how="semi")


def _clear(table: LakeTable, gone: pl.DataFrame, transaction: str) -> None:
    if gone.height:
        lake().retract_rows(table, gone.select(_KEY).unique(), transaction=f"{transaction}:before")


def _write(table: LakeTable, frame: pl.DataFrame, transaction: str) -> None:
    if frame.height:
        lake().upsert(table, frame.select(*table.columns), transaction=transaction)


@dataclass(frozen=True)
class _Tally:
    """Count the results of an intake that were published, and those that changed nothing."""

    accepted: int = 0
    unchanged: int = 0

    def after(self, counts: dict[str, int]) -> _Tally:
        """Add what an earlier publishing of the intake counted."""
        earlier = counts.get("accepted", 0), counts.get("unchanged", 0)
        return _Tally(self.accepted + earlier[0], self.unchanged + earlier[1])

    def as_counts(self, checked: CheckedResults) -> dict[str, int]:
        """Return the counts of the checks, now that schools and students were looked up."""
        sound = checked.counts["accepted"]
        lost = sound - self.accepted - self.unchanged
        return {
            **checked.counts,
            "accepted": self.accepted,
            "rejected": checked.counts["rejected"] + lost,
            "unchanged": self.unchanged,
        }


def _finish(
    intake: ResultIntake,
    checked: CheckedResults,
    status: ResultIntakeStatus,
    versions: dict[str, int],
    tally: _Tally,
    *,
    by: Actor,
    now: datetime,
) -> ResultIntake:
    intake.status, intake.verdict = status.value, checked.report.verdict.value
    intake.counts = {"by_code": checked.report.counts, **tally.as_counts(checked)}
    intake.lake_versions = versions
    intake.published_at = now if status is ResultIntakeStatus.PUBLISHED else None
    with transaction.atomic():
        intake.save()
        record(
            action="publish_results",
            subject_kind="result intake",
            subject_uuid=str(intake.uuid),
            detail={
                "status": status.value,
                "verdict": intake.verdict,
                "results": tally.accepted,
            },
            by=by,
            now=now,
        )
    return intake
