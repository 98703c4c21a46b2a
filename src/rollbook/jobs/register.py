"""Find the function behind a job's name in the folder that the name begins with."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from rollbook.jobs.types import JobKind, registered

_PACKAGE = __name__.partition(".")[0]


class UnknownJob(Exception):
    """Say that no folder's `jobs.py` registers a job of this name."""


def find_kind(name: str) -> JobKind:
    """Return the job of this name, importing the `jobs.py` of its folder when need be.

    Raises: UnknownJob, for a misspelled name or one that an older version knew.
    """
    if name not in registered():
        _import_jobs_of(name.partition(".")[0])
    if name not in registered():
        raise UnknownJob(f'No job is called "{name}".')
    return registered()[name]


def all_kinds() -> Mapping[str, JobKind]:
    """Return every job of the house, by name."""
    for path in sorted(Path(__file__).parent.parent.glob("*/jobs.py")):
        _import_jobs_of(path.parent.name)
    return registered()


def _import_jobs_of(folder: str) -> None:
    if folder.isidentifier() and find_spec(f"{_PACKAGE}.{folder}"):
        module = f"{_PACKAGE}.{folder}.jobs"
        if find_spec(module):
            import_module(module)
