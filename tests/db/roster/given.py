"""A small roster on disk, and who sends it."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

from rollbook.changes.types import CommitReceipt
from rollbook.roster.actions.commit import commit_intake
from rollbook.roster.actions.preflight import preflight_intake
from rollbook.roster.models.intakes import Intake
from rollbook.roster.queries.intakes import findings_of
from rollbook.roster.types import Profile
from rollbook.shared.scope import Scope
from tests.factories.accounts import BY, EVERYTHING, NOW
from tests.spec.roster.given import spoilt


def bundle(folder: Path, defect: str = "1.2", name: str = "roster.zip") -> Path:
    """Write the small bundle; `defect` as in tests/spec/roster."""
    path = folder / name
    path.write_bytes(spoilt(defect))
    return path


def preflight(
    path: Path,
    scope: Scope = EVERYTHING,
    *,
    profile: Profile = Profile.LENIENT,
    encoding: str = "utf-8",
    now: datetime = NOW,
) -> Intake:
    return preflight_intake(
        scope, path, file_name=path.name, profile=profile, encoding=encoding, by=BY, now=now
    )


def recoded(path: Path, word: str, by: str, encoding: str) -> Path:
    """Write every file of a bundle in another encoding, with one word replaced."""
    with zipfile.ZipFile(path) as package:
        files = {name: package.read(name).decode() for name in package.namelist()}
    with zipfile.ZipFile(path, "w") as package:
        for name, text in files.items():
            package.writestr(name, text.replace(word, by).encode(encoding))
    return path


def committed(
    intake: Intake, scope: Scope = EVERYTHING, *, approved: int | None = None
) -> CommitReceipt:
    assert intake.plan is not None
    return commit_intake(
        scope, intake.uuid, digest=intake.plan.digest, approved_count=approved, by=BY, now=NOW
    )


def loaded(folder: Path, defect: str = "1.2", scope: Scope = EVERYTHING) -> Intake:
    """Take a bundle in and commit its plan."""
    intake = preflight(bundle(folder, defect), scope)
    committed(intake, scope)
    intake.refresh_from_db()
    return intake


def codes(intake: Intake) -> list[str]:
    return [finding["code"] for finding in findings_of(EVERYTHING, intake.uuid)]
