"""Measure rosters: the checks, a first load, a night without changes, and who waits meanwhile.

    python bench/roster.py [--checks 10,50,200,1000] [--load N] [--keep FOLDER]

Bundles come from the generator: OneRoster 1.2, one district, thousands of students. Each check runs
in a process of its own, so that the memory is that of one check; beside it Polars reads the same
bytes and does nothing else. The load uses DATABASE_URL, or SQLite in a temporary folder: zip to
committed, while another process reads the database every few milliseconds and remembers how long it
ever had to wait; then the same zip again, and the same rows in another order.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
LOOK_EVERY = 0.005


def main() -> None:
    """Print the curve of the checks, then the load and the night after it."""
    wanted = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    wanted.add_argument("--checks", default="10,50,200", help="thousands of students, comma apart")
    wanted.add_argument("--load", type=int, default=50, help="thousands of students; 0 for none")
    wanted.add_argument("--keep", help="a folder for the generated bundles, to use them again")
    wanted.add_argument("--stage", nargs=2, help=argparse.SUPPRESS)
    asked = wanted.parse_args()
    if asked.stage:
        STAGES[asked.stage[0]](Path(asked.stage[1]))
        return
    with tempfile.TemporaryDirectory(prefix="rollbook-bench-") as spare:
        folder = Path(asked.keep or spare)
        _checks(folder, [int(part) for part in asked.checks.split(",") if part])
        if asked.load:
            _load(folder, asked.load)


def _checks(folder: Path, sizes: list[int]) -> None:
    if not sizes:
        return
    print("Strict and sense checks of a OneRoster 1.2 bundle, each in a process of its own")
    print(f"{'students':>10}{'rows':>12}{'check':>10}{'rows/s':>12}{'peak':>10}{'floor':>10}")
    for size in sizes:
        bundle = bundle_of(folder, size)
        checked, floor = _stage("check", bundle), _stage("floor", bundle)
        rate = checked["rows"] / checked["seconds"]
        print(
            f"{size * 1000:>10,}{checked['rows']:>12,}{checked['seconds']:>8.2f} s{rate:>12,.0f}"
            f"{checked['peak']:>7,.0f} MB{floor['seconds']:>8.2f} s",
            flush=True,
        )


def _load(folder: Path, size: int) -> None:
    bundle = bundle_of(folder, size)
    vendor = "PostgreSQL" if os.environ.get("DATABASE_URL", "").startswith("post") else "SQLite"
    print(f"\nFirst load of {size * 1000:,} students on {vendor}, and the night after")
    told = _stage("load", bundle)
    for what, rows, seconds in told["steps"]:
        print(f"{what:<52}{rows:>12,}{seconds:>9.2f} s{rows / seconds:>12,.0f} rows/s")
    print(f"{'an unchanged night costs, in checks':<52}{told['night_in_checks']:>21.2f} times")
    print(f"{'longest wait of a reader while it was committed':<52}{told['wait'] * 1000:>21.0f} ms")
    print(f"{'peak memory of the load':<52}{told['peak']:>21,.0f} MB")


def bundle_of(folder: Path, size: int) -> Path:
    """Return a bundle of so many thousand students, made once."""
    from rollbook.generator.generate import write_state  # only where one is made

    place = folder / f"{size}k"
    if not (place / "rosters").exists():
        write_state(place, students=size * 1000, districts=1, seed=7, years=0, xml=0)
    return next(p for p in (place / "rosters").glob("*.zip") if not p.stem.endswith("-next"))


def _stage(name: str, bundle: Path) -> dict[str, Any]:
    """Run one stage in a process of its own and return what it says."""
    ran = subprocess.run(
        [sys.executable, str(HERE), "--stage", name, str(bundle)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return told


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def check(bundle: Path) -> None:
    """Check a bundle strictly, without an installation."""
    from rollbook.roster.sources.oneroster_csv import check_file
    from rollbook.roster.types import Profile

    result, seconds = _timed(lambda: check_file(bundle, profile=Profile.STRICT))
    assert result.report.verdict == "ok", result.report.counts
    rows = sum(file.rows for file in result.counts.by_file.values())
    print(json.dumps({"rows": rows, "seconds": seconds, "peak": _peak()}))


def floor(bundle: Path) -> None:
    """Read the same bytes as text with Polars, and nothing else."""
    import polars as pl

    def read() -> int:
        with zipfile.ZipFile(bundle) as archive:
            return sum(
                pl.read_csv(io.BytesIO(archive.read(name)), infer_schema=False).height
                for name in archive.namelist()
            )

    rows, seconds = _timed(read)
    print(json.dumps({"rows": rows, "seconds": seconds, "peak": _peak()}))


def load(bundle: Path) -> None:
    """Load a bundle into an empty installation, then send it again."""
    home = Path(tempfile.mkdtemp(prefix="rollbook-bench-"))
    os.environ["ROLLBOOK_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from rollbook.cli.first_steps import make_state
    from rollbook.roster.actions.commit import commit_intake
    from rollbook.roster.actions.preflight import preflight_intake
    from rollbook.roster.sources.oneroster_csv import check_file
    from rollbook.roster.types import Profile
    from rollbook.shared.actor import Actor
    from rollbook.shared.scope import Scope

    now, by = datetime(2026, 9, 15, 18, tzinfo=UTC), Actor.command("bench")
    scope = Scope.of_installation("bench", on=now.date())
    call_command("migrate", verbosity=0)
    make_state(scope, name="Sample State", by=by, now=now)

    def preflight(path: Path) -> Any:
        return preflight_intake(
            scope, path, file_name=path.name, profile=Profile.STRICT, by=by, now=now
        )

    intake, planning = _timed(lambda: preflight(bundle))
    count = sum(n for actions in intake.plan.counts.values() for n in actions.values())
    with _Reader(home) as reader:
        _, committing = _timed(
            lambda: commit_intake(
                scope, intake.uuid, digest=intake.plan.digest, approved_count=count, by=by, now=now
            )
        )
    peak = _peak()
    result, checking = _timed(lambda: check_file(bundle, profile=Profile.STRICT))
    rows = sum(file.rows for file in result.counts.by_file.values())
    again, repeat = _timed(lambda: preflight(bundle))
    turned, night = _timed(lambda: preflight(_turned(bundle, home)))
    assert again.status == turned.status == "unchanged", (again.status, turned.status)
    steps = [
        ("preflight: keep, check, plan, propose", rows, planning),
        ("commit", count, committing),
        ("zip to committed", count, planning + committing),
        ("check alone, in the same process", rows, checking),
        ("an unchanged night: the same bytes", rows, repeat),
        ("an unchanged night: the same rows in another order", rows, night),
    ]
    told = {"steps": steps, "night_in_checks": night / checking, "wait": reader.wait, "peak": peak}
    print(json.dumps(told))


def _turned(bundle: Path, home: Path) -> Path:
    """Write a bundle again with the rows of each file in the other direction."""
    turned = home / "turned.zip"
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(turned, "w") as target:
        for name in source.namelist():
            head, *rows = source.read(name).splitlines(keepends=True)
            target.writestr(name, head + b"".join(rows if name == "manifest.csv" else rows[::-1]))
    return turned


class _Reader:
    """Read the database from another process, and remember the longest wait."""

    def __init__(self, home: Path) -> None:
        self._stop = home / "stop-reading"
        self.wait = 0.0

    def __enter__(self) -> _Reader:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE), "--stage", "read", str(self._stop)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it has begun
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.touch()
        said, _rest = self._process.communicate()
        self.wait = json.loads(said.splitlines()[-1])["wait"]


def read(stop: Path) -> None:
    """Ask for a few students again and again until told to stop."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
    import django

    django.setup()
    from rollbook.people.models import Student

    print("reading", flush=True)
    longest = 0.0
    while not stop.exists():
        _, seconds = _timed(lambda: list(Student.objects.order_by("last_name")[:25]))
        longest = max(longest, seconds)
        time.sleep(LOOK_EVERY)
    print(json.dumps({"wait": longest}))


STAGES: dict[str, Callable[[Path], None]] = {
    "check": check,
    "floor": floor,
    "load": load,
    "read": read,
}

if __name__ == "__main__":
    main()
