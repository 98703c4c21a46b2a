"""Measure reading CSV beside bare Polars on the same bytes.

    python bench/read_csv.py [rows]

The peer parses and proves nothing: no width of rows, no quotes, no lines, no limits. Each
reader runs three times in a process of its own; the best time and the peak memory are shown.
1.5 million rows are about the enrollments of 200,000 students.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

ROWS = 1_500_000
HEADER = (
    "sourcedId,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate,name"
)


def written(path: Path, rows: int, *, quoted: bool) -> Path:
    """Write an enrollment file of about 120 bytes a row."""
    number = pl.int_range(rows, eager=True)
    text = number.cast(pl.String)
    name = ('"Ramirez, J' + text + '"') if quoted else ("Jose Ramirez " + text)
    line = pl.select(
        pl.format(
            "enr-{}-5f3a9c,cls-{}-ab12cd34,sch-{},stu-{}-9d8e7f6a,student,false,2026-08-15,2027-06-05,{}",
            text,
            (number % 60_000).cast(pl.String),
            (number % 400).cast(pl.String),
            (number // 7).cast(pl.String),
            name,
        )
    ).to_series()
    path.write_bytes((HEADER + "\r\n" + "\r\n".join(line) + "\r\n").encode())
    return path


def measure(reader: str, path: Path) -> None:
    """Read the file three times and print the best figures."""
    from rollbook.files.csv import read_csv

    content = path.read_bytes()
    best = (float("inf"), float("inf"))
    height = 0
    for _ in range(3):
        started, used = time.perf_counter(), time.process_time()
        if reader == "rollbook":
            height = read_csv(content, name=path.name).frame.height
        else:
            height = pl.read_csv(content, infer_schema=False).height
        best = min(best, (time.perf_counter() - started, time.process_time() - used))
    # Not ru_maxrss, which a process inherits from the one that started it.
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(
        f"{path.stem:8} {reader:9} {len(content) / 1e6:6.0f} MB {best[0]:6.2f} s"
        f" {best[1]:6.2f} s of processor {height / best[0] / 1e6:6.1f} M rows/s {peak:6.0f} MB peak"
    )


def main() -> None:
    """Compare both readers on a plain file and on one with quoted cells."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory(prefix="rollbook-bench-") as folder:
        for quoted in (False, True):
            path = written(Path(folder, "quoted" if quoted else "plain"), rows, quoted=quoted)
            for reader in ("rollbook", "polars"):
                subprocess.run([sys.executable, __file__, reader, path], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] in (["rollbook"], ["polars"]):
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
