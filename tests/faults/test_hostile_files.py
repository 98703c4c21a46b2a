"""A hostile file costs little: each is read in a process of its own, under the kernel's limits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Processor seconds, after which the kernel ends the process; a normal refusal takes under 2.
SECONDS = 20
MEGABYTES = 512

BOMBS = {
    "50 MB open quote": (
        "from rollbook.files.csv import read_csv",
        "read_csv(b'a,b\\n1,\"' + b'x\\n' * 25_000_000, name='f')",
        "FIL-212",
    ),
    "50 MB of quotes": (
        "from rollbook.files.csv import read_csv",
        "read_csv(b'a,b\\n1,' + b'\"' * 50_000_000, name='f')",
        "FIL-214",
    ),
    "50 MB of blank lines": (
        "from rollbook.files.csv import read_csv",
        "read_csv(b'a,b\\n' + b'\\n' * 50_000_000, name='f')",
        "FIL-221",
    ),
    "50 MB of commas": (
        "from rollbook.files.csv import read_csv",
        "read_csv(b'a,b\\n' + b',' * 50_000_000, name='f')",
        "FIL-215",
    ),
    "100 MB of zeros, zipped": (
        "import io, zipfile; from rollbook.files.zip import open_zip; out = io.BytesIO();"
        " z = zipfile.ZipFile(out, 'w', 8); z.writestr('a', b'\\0' * 100_000_000); z.close()",
        "open_zip(out.getvalue())",
        "FIL-107",
    ),
    "50 MB of XML levels": (
        "from rollbook.files.xml import read_xml",
        "read_xml(b'<a>' * 16_000_000, name='f')",
        "FIL-307",
    ),
    "50 MB of XML brackets": (
        "from rollbook.files.xml import read_xml",
        "read_xml(b'<' * 50_000_000, name='f')",
        "FIL-305",
    ),
}

CHILD = """
import resource
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
{before}
found = {call}.findings
peak = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) // 1024
print(sorted(found.counts), peak)
"""


@pytest.mark.parametrize("case", BOMBS)
def test_bomb_is_refused_within_time_and_memory(case: str) -> None:
    before, call, code = BOMBS[case]
    child = CHILD.format(seconds=SECONDS, before=before, call=call)
    source = Path(__file__).resolve().parents[2] / "src"
    run = subprocess.run(
        [sys.executable, "-c", child],
        env={"PYTHONPATH": str(source), "POLARS_MAX_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    found, _, peak = run.stdout.strip().rpartition(" ")
    assert found == str([code])
    assert int(peak) < MEGABYTES
