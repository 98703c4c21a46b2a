from __future__ import annotations

from pathlib import Path

from rollbook.files.checks import CSV_EMPTY
from rollbook.files.kept_findings import keep_findings, kept_findings
from rollbook.shared.findings import FindingReport


def test_findings_come_back_as_they_were_told_in_order(tmp_path: Path) -> None:
    report = FindingReport()
    report.extend(CSV_EMPTY.finding(file=f"{name}.csv", value="Zoë\n") for name in "ba")
    path = tmp_path / "new" / "one.findings.jsonl"
    keep_findings(path, report)
    assert kept_findings(path, limit=9) == [finding.as_dict() for finding in report]
    assert [told["file"] for told in kept_findings(path, limit=1)] == ["b.csv"]


def test_where_nothing_was_kept_nothing_is_read(tmp_path: Path) -> None:
    assert kept_findings(tmp_path / "none.jsonl", limit=9) == []
