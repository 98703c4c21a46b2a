"""Make the virtual environment from requirements.lock, or say in one line why not.

Runs on the bare Python of the machine, before anything is installed: standard library only.
Usage: python3 tools/environment.py
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "rollbook-environment"
LOG = VENV / "rollbook-environment.log"
OLDEST = (3, 11)
BAR_WIDTH = 30


def main() -> int:
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        return fail(f"Rollbook needs Python 3.11 or newer, this is {found}. make PYTHON=python3.12")
    wanted = digest_of_inputs()
    if STAMP.exists() and STAMP.read_text().strip() == wanted:
        STAMP.touch()
        return 0
    started = time.monotonic()
    make_venv()
    if not install_locked() or not install_this_folder():
        return 1
    STAMP.write_text(wanted + "\n")
    print(f"Environment ready in {time.monotonic() - started:.0f} s: .venv")
    return 0


def digest_of_inputs() -> str:
    """Name the state of everything the environment follows from."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for path in (LOCK, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make_venv() -> None:
    if PYTHON.exists() and version_in_venv() == list(sys.version_info[:2]):
        return
    print("Making .venv")
    venv.create(VENV, with_pip=True, clear=VENV.exists())


def version_in_venv() -> list[int]:
    """Return the Python version inside .venv, empty when it does not even start."""
    code = "import sys; print(*sys.version_info[:2])"
    answer = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=False)
    return [int(part) for part in answer.stdout.split()]


def install_locked() -> bool:
    """Install exactly what the lock names, checking every hash."""
    total = len(re.findall(r"^[a-z0-9][\w.\-\[\]]*==", LOCK.read_text(), flags=re.MULTILINE))
    options = ["--require-hashes", "-r", str(LOCK)]
    return run_pip(options, total=total, doing="Installing libraries")


def install_this_folder() -> bool:
    """Put src/ on the path and write the `rollbook` command, with the locked setuptools."""
    options = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    return run_pip(options, total=1, doing="Installing Rollbook")


def run_pip(options: list[str], *, total: int, doing: str) -> bool:
    command = [PYTHON, "-m", "pip", "install", "--no-input", "--progress-bar", "off", *options]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    with LOG.open("a") as log:
        pip = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        assert pip.stdout is not None
        lines: list[str] = []
        for line in pip.stdout:
            lines.append(line)
            log.write(line)
            show(doing, sum(1 for _ in settled(lines)), total)
        show(doing, total, total, done=pip.wait() == 0)
    if pip.returncode:
        sys.stderr.writelines(lines[-12:])
        fail(f"{doing} stopped. Everything pip said is in {LOG.relative_to(ROOT)}")
    return pip.returncode == 0


def settled(lines: list[str]) -> Iterator[str]:
    """Return the lines in which pip starts or skips one library."""
    return (line for line in lines if line.startswith(("Collecting ", "Requirement already")))


def show(doing: str, count: int, total: int, *, done: bool = False) -> None:
    """Draw one line of progress on a terminal; elsewhere only its end."""
    if sys.stdout.isatty():
        filled = BAR_WIDTH * min(count, total) // total
        bar = "█" * filled + "·" * (BAR_WIDTH - filled)
        print(f"\r{doing} {bar} {min(count, total)}/{total}", end="\n" if done else "", flush=True)
    elif done:
        print(f"{doing}: {total} of {total}", flush=True)


def fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
