"""What the latest check of a group file left on paper, beside the bytes that came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import polars as pl
from django.conf import settings

from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.models import GroupImport
from rollbook.groups.types import GroupDifference, GroupFileReading
from rollbook.shared.findings import Finding, Severity

ROWS: Final = pl.Schema(
    {
        "line": pl.UInt32(),
        **dict.fromkeys(GROUP_FILE, pl.String()),
        "school_year": pl.Int32(),
    }
)
FAULTY: Final = pl.Schema({**ROWS, "school_year": pl.String()})


def papers_of(found: GroupImport) -> Path:
    """Return the folder that holds what the latest check of a group file found."""
    return Path(settings.FILES_ROOT) / "group-imports" / str(found.uuid)


def findings_path(found: GroupImport) -> Path:
    """Return where the findings of a group file are kept, as JSON."""
    return papers_of(found) / "findings.json"


def kept_reading(found: GroupImport) -> GroupFileReading:
    """Read what the latest check found; nothing where the file was not checked."""
    folder, path = papers_of(found), findings_path(found)
    if not path.exists():
        return GroupFileReading(ROWS.to_frame(), FAULTY.to_frame(), (), 0)
    kept = json.loads(path.read_text(encoding="utf-8"))
    return GroupFileReading(
        rows=pl.read_parquet(folder / "rows.parquet"),
        faulty=pl.read_parquet(folder / "faulty.parquet"),
        findings=tuple(_finding(each) for each in kept["findings"]),
        finding_count=kept["finding_count"],
        repairs=kept["repairs"],
    )


def kept_differences(found: GroupImport) -> list[GroupDifference]:
    """Read what a group file does to each group; nothing where it was refused unread."""
    path = papers_of(found) / "differences.parquet"
    if not path.exists():
        return []
    return [GroupDifference(*row) for row in pl.read_parquet(path).iter_rows()]


def as_kept(finding: Finding) -> dict[str, object]:
    """Return a finding as plain values, none of them made longer."""
    return asdict(finding)


def _finding(kept: Mapping[str, Any]) -> Finding:
    return Finding(**{**kept, "severity": Severity(kept["severity"])})
