"""Reads of what an intake's checks put on paper: findings, root causes, the rows left out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
from django.conf import settings

from rollbook.files.kept_findings import Sifted, kept_findings, sift_findings
from rollbook.roster.models.intakes import Intake
from rollbook.roster.queries.intakes import get_intake
from rollbook.roster.rules.root_causes import Repair, RootCause, cause_from
from rollbook.roster.rules.summary import PreflightSummary
from rollbook.roster.targets.findings_files import findings_csv, root_causes_csv
from rollbook.roster.targets.left_out_rows import LeftOut, left_out_file
from rollbook.roster.types import SourceFormat
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Scope

# More than any report keeps.
EVERY_FINDING = 10_000_000


def findings_path(intake: Intake) -> Path:
    """Return where the findings of an intake are kept, as JSON lines."""
    return _beside(intake, "findings.jsonl")


def papers_path(intake: Intake) -> Path:
    """Return where the root causes and the repairs of an intake are kept."""
    return _beside(intake, "papers.json")


def excluded_path(intake: Intake) -> Path:
    """Return where the received lines that an intake leaves out are kept."""
    return _beside(intake, "excluded.parquet")


def _beside(intake: Intake, suffix: str) -> Path:
    return Path(settings.FILES_ROOT) / "intakes" / f"{intake.uuid}.{suffix}"


@dataclass(frozen=True, slots=True)
class Download:
    """Hold a file for one reader: its name, its type, its bytes."""

    name: str
    media_type: str
    content: bytes


def causes_of(scope: Scope, uuid: UUID) -> list[RootCause]:
    """Return the root causes of one intake, what stops the file first, then by weight.

    Raises: IntakeNotFound.
    """
    return [cause_from(plain) for plain in _papers(get_intake(scope, uuid)).get("causes", ())]


def repairs_of(scope: Scope, uuid: UUID) -> list[Repair]:
    """Return what was repaired on the way in, the most frequent first.

    Raises: IntakeNotFound.
    """
    return [Repair(**plain) for plain in _papers(get_intake(scope, uuid)).get("repairs", ())]


def sifted_findings(
    scope: Scope,
    uuid: UUID,
    *,
    severity: str = "",
    code: str = "",
    file: str = "",
    page: PageRequest,
) -> Sifted:
    """Return one page of the findings with this severity, code and file; blank asks for all.

    Raises: IntakeNotFound.
    """
    path = findings_path(get_intake(scope, uuid))
    return sift_findings(
        path, severity=severity, code=code, file=file, offset=page.offset, size=page.size
    )


def summary_of(scope: Scope, uuid: UUID) -> PreflightSummary:
    """Return what one page says about one intake.

    Raises: IntakeNotFound.
    """
    intake = get_intake(scope, uuid)
    plan = intake.plan
    return PreflightSummary(
        file_name=intake.file_name,
        status=plan.status if plan else intake.status,
        records=intake.counts.get("records", {}),
        causes=causes_of(scope, uuid),
        repairs=repairs_of(scope, uuid),
        changes=plan.counts if plan else {},
        holds=[hold["says"] for hold in plan.hold_reasons] if plan else [],
        left_out=intake.counts.get("excluded", {}),
        is_sent_alone=intake.format == SourceFormat.ONEROSTER_CSV.value,
    )


def findings_download(scope: Scope, uuid: UUID) -> Download:
    """Return findings.csv of one intake.

    Raises: IntakeNotFound.
    """
    intake = get_intake(scope, uuid)
    rows = kept_findings(findings_path(intake), limit=EVERY_FINDING)
    return Download("findings.csv", "text/csv; charset=utf-8", findings_csv(rows))


def root_causes_download(scope: Scope, uuid: UUID) -> Download:
    """Return root_causes.csv of one intake.

    Raises: IntakeNotFound.
    """
    content = root_causes_csv(causes_of(scope, uuid))
    return Download("root_causes.csv", "text/csv; charset=utf-8", content)


def everything_download(scope: Scope, uuid: UUID) -> Download:
    """Return all that was found in one intake, as JSON.

    Raises: IntakeNotFound.
    """
    intake = get_intake(scope, uuid)
    papers = _papers(intake)
    told = {
        "intake": str(intake.uuid),
        "file": intake.file_name,
        "verdict": intake.verdict,
        "status": intake.status,
        "counts": intake.counts,
        "root_causes": papers.get("causes", []),
        "repairs": papers.get("repairs", []),
        "findings": kept_findings(findings_path(intake), limit=EVERY_FINDING),
    }
    content = json.dumps(told, ensure_ascii=False, indent=1).encode()
    return Download("findings.json", "application/json", content)


def excluded_download(scope: Scope, uuid: UUID) -> Download | None:
    """Return the rows that one intake leaves out, in the layout they came in.

    Shape:  None when nothing was left out.
    Raises: IntakeNotFound.
    """
    intake = get_intake(scope, uuid)
    papers = _papers(intake)
    if "left_out" not in papers:
        return None
    said = papers["left_out"] | {"whole": tuple(papers["left_out"]["whole"])}
    found = left_out_file(
        _received(intake),
        LeftOut(lines=_lines(excluded_path(intake)), **said),
        encoding=intake.counts.get("encoding", "utf-8"),
        moment=f"{intake.received_at:%Y-%m-%dT%H:%M:%S}.000Z",
        sheet=(intake.reading.get("mapping") or {}).get("sheet", ""),
    )
    if found is None:
        return None
    name, content = found
    is_zip = name.endswith(".zip")
    return Download(name, "application/zip" if is_zip else "text/csv; charset=utf-8", content)


def _lines(path: Path) -> dict[str, list[int]]:
    if not path.exists():
        return {}
    frame = pl.read_parquet(path)
    grouped = frame.group_by("file", maintain_order=True).agg("line")
    return dict(grouped.iter_rows())


def _received(intake: Intake) -> Path:
    """Return where the received bytes are, whatever their layout made of their name."""
    folder = Path(settings.FILES_ROOT) / "intakes"
    found = (p for p in folder.glob(f"{intake.sha256}.*") if p.suffix != ".part")
    return next(found, folder / f"{intake.sha256}.zip")


def _papers(intake: Intake) -> dict[str, Any]:
    path = papers_path(intake)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
