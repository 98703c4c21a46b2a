"""`rollbook serve`: both processes stop together, and a busy port is said in a sentence."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from rollbook.cli.demo import free_port
from rollbook.cli.service import is_free
from tests.faces.test_commands import rollbook

PATIENCE_SECONDS = 60


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=5).close()
    except OSError:
        return False
    return True


def _children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(number) for number in listed.split()]


def test_ctrl_c_stops_the_pages_and_the_worker(tmp_path: Path) -> None:
    rollbook(tmp_path / "home", "init")
    port = free_port(18_431)
    served = subprocess.Popen(
        [sys.executable, "-m", "rollbook.cli", "serve", "--port", str(port), "--workers", "1"],
        env={**os.environ, "ROLLBOOK_HOME": str(tmp_path / "home")},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while not _answers(port) and time.monotonic() < until:
            time.sleep(0.2)
        assert _answers(port)
        children = _children(served.pid)
        assert len(children) == 2
        second = rollbook(tmp_path / "home", "serve", "--port", port, ok=False)
        assert second.returncode == 1
        assert second.stderr == (
            f"Error: Something answers at 127.0.0.1:{port} already. "
            "Stop it, or choose another --port.\n"
        )
        served.send_signal(signal.SIGINT)  # to it alone: it must tell the others
        assert served.wait(timeout=PATIENCE_SECONDS) == 0
        assert [child for child in children if Path(f"/proc/{child}").exists()] == []
        assert is_free("127.0.0.1", port)
    finally:
        if served.poll() is None:
            os.killpg(served.pid, signal.SIGKILL)
            served.wait()


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        assert free_port(port) > port


def test_old_tables_are_not_served(tmp_path: Path) -> None:
    home = tmp_path / "home"
    rollbook(home, "init")
    (home / "rollbook.sqlite3").unlink()
    done = rollbook(home, "serve", "--port", 18_999, ok=False)
    assert done.returncode == 1
    assert "Run `rollbook migrate`." in done.stderr


def test_a_demo_keeps_out_of_folders_that_hold_something_else(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("real")
    done = rollbook(tmp_path, "demo", "--home", tmp_path, "--no-serve", ok=False)
    assert done.returncode == 1
    assert "holds something else than a demo" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
