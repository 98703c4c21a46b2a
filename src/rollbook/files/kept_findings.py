"""Keep the findings of an intake beside its files, and read them again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rollbook.shared.findings import Finding


def keep_findings(path: Path, findings: Iterable[Finding | Mapping[str, Any]]) -> None:
    """Write findings, one JSON object per line: what a report kept, or rows made of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for finding in findings:
            plain = finding.as_dict() if isinstance(finding, Finding) else dict(finding)
            file.write(json.dumps(plain, ensure_ascii=False) + "\n")


def kept_findings(path: Path, *, limit: int) -> list[dict[str, Any]]:
    """Read the first `limit` findings that were kept.

    Shape: dictionaries as `Finding.as_dict` makes them, in the order they were found; none when
           nothing was kept.
    """
    return [finding for finding, _ in zip(_read(path), range(limit), strict=False)]


@dataclass(frozen=True, slots=True)
class Sifted:
    """Hold the findings that were asked for, and what else there is to ask for.

    Shape: `found` are those from `offset` on; `total_count` counts all that fit; `severities`,
           `codes` and `files` count every kept finding, whether it fits or not.
    """

    found: list[dict[str, Any]]
    total_count: int
    severities: dict[str, int]
    codes: dict[str, int]
    files: dict[str, int]


def sift_findings(
    path: Path,
    *,
    severity: str = "",
    code: str = "",
    file: str = "",
    offset: int = 0,
    size: int = 50,
) -> Sifted:
    """Read the kept findings that have this severity, code and file; an empty word asks for all."""
    sifted = Sifted([], 0, {}, {}, {})
    total = 0
    for finding in _read(path):
        for counts, word in (
            (sifted.severities, str(finding["severity"])),
            (sifted.codes, str(finding["code"])),
            (sifted.files, str(finding["file"])),
        ):
            counts[word] = counts.get(word, 0) + 1
        fits = (
            severity in ("", finding["severity"])
            and code in ("", finding["code"])
            and file in ("", finding["file"])
        )
        if fits and offset <= total < offset + size:
            sifted.found.append(finding)
        total += fits
    return Sifted(sifted.found, total, sifted.severities, sifted.codes, sifted.files)


def _read(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
