"""A hostile group file costs little: each is judged in a process of its own, under a limit."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Processor seconds, after which the kernel ends the process; start-up takes under 2 of them.
SECONDS = 8

HEADER = "group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login"
BOMBS = {
    "200,000 schools that nobody knows": "g,S{i},2027,All,{i},a@b.org",
    "200,000 schools without their first 0": "g,{i},2027,All,{i},a@b.org",
    "200,000 groups": "g{i},0101,2027,All,{i},a@b.org",
    "200,000 years": "g,0101,{i},All,{i},a@b.org",
    "200,000 subjects": "g,0101,2027,S{i},{i},a@b.org",
    "200,000 addresses that are none": "g,0101,2027,All,{i},x{i}",
    "200,000 students of one group": "g,0101,2027,All,{i},a@b.org",
}

CHILD = """
import resource
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
from rollbook.groups.checks.reading import read_group_file
from rollbook.groups.types import GroupFileWorld
rows = "".join({row!r}.format(i=i) + chr(10) for i in range(200_000))
schools = frozenset(["0101", *(f"0{{i}}" for i in range(1, 5_000))])
world = GroupFileWorld(school_ids=schools, subjects=("ELA",), years=frozenset([2027]))
found = read_group_file(({header!r} + chr(10) + rows).encode(), name="f", world=world)
print(found.rows.height + found.faulty.height)
"""


@pytest.mark.parametrize("row", BOMBS.values(), ids=BOMBS)
def test_no_group_file_takes_longer_than_its_rows(row: str) -> None:
    code = CHILD.format(seconds=SECONDS, row=row, header=HEADER)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-300:]
    assert done.stdout.strip() == "200000"
