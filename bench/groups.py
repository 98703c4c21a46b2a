"""Measure group files: what the state's system would say, and our own reading.

    python bench/groups.py [--rows 500000] [--students 200000] [--keep FOLDER]

The rows are made up: groups of 199 students and a teacher, schools of a hundred groups. Each figure
is the best of three runs in a process of its own, with its peak memory when it has run once.
Beside them Polars reads the same bytes, judges nothing, and writes them again. Then group files are
made out of rosters: by the rules alone, and from the database to the bytes on the disk.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
RUNS = 3
GROUP_ROWS = 200
GROUPS_PER_SCHOOL = 100
FIRST_SSID, FIRST_SCHOOL, YEAR = 10**9, 10**13, 2027
FIGURES = ("state", "reading", "planning")
EXTRACTING = ("_extraction.py", "_extract_files.py")
SHAPES = ("sound", "quoted", "CR alone", "in any order", "without the last comma", "all padded")


def main() -> None:
    """Print one line for each shape of file."""
    wanted = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    wanted.add_argument("--rows", type=int, default=500_000)
    wanted.add_argument("--students", type=int, default=200_000)
    wanted.add_argument("--keep", help="a folder for the files, to look into them")
    wanted.add_argument("--stage", nargs=2, help=argparse.SUPPRESS)
    asked = wanted.parse_args()
    if asked.stage:
        measure(STAGES[asked.stage[0]], Path(asked.stage[1]))
        return
    with tempfile.TemporaryDirectory(prefix="rollbook-bench-") as spare:
        folder = Path(asked.keep or spare)
        print(f"Group files of {asked.rows:,} rows: seconds and peak memory")
        titles = ("the state says", "Rollbook reads", "reads and plans")
        heads = "".join(f"{title:>18}" for title in titles)
        print(f"{'':<24}{heads}{'Polars, and writes':>20}")
        for shape in SHAPES:
            path = written(folder / f"{shape.replace(' ', '_')}.csv", asked.rows, shape)
            figures = "".join(f"{_stage(stage, path):>18}" for stage in FIGURES)
            print(f"{shape:<24}{figures}{_stage('floor', path):>20}", flush=True)
    for script in EXTRACTING:
        print(flush=True)
        subprocess.run([sys.executable, HERE.parent / script, str(asked.students)], check=True)


def written(path: Path, rows: int, shape: str) -> Path:
    """Write a group file of one shape."""
    from rollbook.groups.layouts import GROUP_FILE

    lines = [_line(number) for number in range(rows)]
    if shape == "quoted":
        lines = [",".join(f'"{cell}"' for cell in line.split(",")) for line in lines]
    elif shape == "in any order":
        random.Random(7).shuffle(lines)
    elif shape == "without the last comma":
        lines = [line.removesuffix(",") for line in lines]
    elif shape == "all padded":
        lines = [line.replace(",", " ,", 1) for line in lines]
    end = "\r" if shape == "CR alone" else "\n"
    path.write_bytes(end.join([",".join(GROUP_FILE), *lines, ""]).encode())
    return path


def _line(number: int) -> str:
    group, place = divmod(number, GROUP_ROWS)
    school = FIRST_SCHOOL + group // GROUPS_PER_SCHOOL
    member = f"{FIRST_SSID + number % 200_000}," if place else f",teacher{group}@example.org"
    return (
        f"Teacher {group} Period {group % 7},{school},{YEAR},{('ELA', 'Math')[group % 2]},{member}"
    )


def _stage(name: str, path: Path) -> str:
    """Run one stage in a process of its own and return its figures."""
    ran = subprocess.run(
        [sys.executable, str(HERE), "--stage", name, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told = json.loads(ran.stdout.splitlines()[-1])
    return f"{told['seconds']:.2f} s {told['peak']:,.0f} MB"


def measure(work: Callable[[Path], Callable[[], object]], path: Path) -> None:
    """Do the work a few times; print the best time, and the peak up to the end of the first."""
    ready = work(path)
    best, peak = float("inf"), 0.0
    for _ in range(RUNS):
        started = time.perf_counter()
        ready()
        best = min(best, time.perf_counter() - started)
        peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": best, "peak": peak}))


def state(path: Path) -> Callable[[], object]:
    """Say what the state's system says."""
    from rollbook.groups.checks.state import state_verdict
    from rollbook.groups.types import GroupFileWorld

    world = GroupFileWorld(subjects=("ELA", "Math"), years=frozenset({YEAR}))
    return lambda: state_verdict(path, world)


def reading(path: Path) -> Callable[[], Any]:
    """Read as Rollbook does, beside 200,000 students and every teacher."""
    import polars as pl

    from rollbook.groups.checks.reading import read_group_file
    from rollbook.groups.types import GroupFileWorld

    numbers = pl.int_range(200_000, eager=True)
    world = GroupFileWorld(
        school_ids=frozenset(str(FIRST_SCHOOL + number) for number in range(1000)),
        subjects=("ELA", "Math"),
        years=frozenset({YEAR}),
        ssids=(numbers + FIRST_SSID).cast(pl.String),
        logins=pl.select(pl.format("teacher{}@example.org", numbers)).to_series(),
    )
    return lambda: read_group_file(path, name=path.name, world=world)


def planning(path: Path) -> Callable[[], object]:
    """Read and plan, where half of the groups are there already with one student less."""
    import polars as pl

    from rollbook.groups.plan.current import (
        GROUPS,
        MEMBERS,
        SCHOOLS,
        STUDENTS,
        USERS,
        CurrentGroups,
    )  # fmt: skip
    from rollbook.groups.plan.file import plan_group_file

    read = reading(path)
    schools = pl.int_range(1000, eager=True)
    numbers = pl.int_range(200_000, eager=True)
    groups = pl.int_range(1250, eager=True)
    members = pl.int_range(1250 * GROUP_ROWS, eager=True)
    place = members % GROUP_ROWS
    current = CurrentGroups(
        schools=pl.DataFrame(
            {"school_natural_id": (schools + FIRST_SCHOOL).cast(pl.String), "school_id": schools}
        ).with_columns(pl.lit(1, pl.Int64).alias("district_id")).select(*SCHOOLS),
        students=pl.DataFrame(
            {"ssid": (numbers + FIRST_SSID).cast(pl.String), "student_id": numbers}
        ).with_columns(pl.lit(1, pl.Int64).alias("district_id")).select(*STUDENTS),
        groups=pl.DataFrame({"id": groups}).select(
            "id",
            pl.format("Teacher {} Period {}", "id", pl.col("id") % 7).alias("name"),
            (pl.col("id") // GROUPS_PER_SCHOOL).alias("school_id"),
            pl.lit(YEAR, pl.Int64).alias("school_year"),
            pl.lit("").alias("subject"),
            pl.lit("file").alias("origin"),
            pl.lit(True).alias("is_active"),
        ).select(*GROUPS),
        members=pl.DataFrame(
            {"id": members, "group_id": members // GROUP_ROWS, "student_id": members % 200_000}
        ).filter(place > 1).select(*MEMBERS),
        users=USERS.to_frame(),
        subjects=("ELA", "Math"),
    )  # fmt: skip

    def read_and_plan() -> object:
        rows = read().rows
        return plan_group_file(rows, current, take_ids=lambda _table, _count: 10**9)

    return read_and_plan


def floor(path: Path) -> Callable[[], object]:
    """Read the same bytes as text with Polars and write them again, and nothing else."""
    import polars as pl

    def read_and_write() -> None:
        content = path.read_bytes().replace(b"\r", b"\n")
        frame = pl.read_csv(content, infer_schema=False, truncate_ragged_lines=True)
        frame.write_csv(path.with_suffix(".again"))

    return read_and_write


STAGES: dict[str, Callable[[Path], Callable[[], object]]] = {
    "state": state,
    "reading": reading,
    "planning": planning,
    "floor": floor,
}

if __name__ == "__main__":
    main()
