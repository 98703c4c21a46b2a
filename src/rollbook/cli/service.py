"""The two processes of an installation: the pages, and the work in the background."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import click

from rollbook.cli.terminal import console, start_django

PORTS = click.IntRange(1, 65_535)
SHARED_MEMORY = Path("/dev/shm")  # gunicorn's heartbeat files must not wait for a disk
LONGEST_FAREWELL_SECONDS = 15


class PortIsBusy(Exception):
    """Say that somebody else answers at this address."""


class TablesAreOld(Exception):
    """Say that the tables are of an earlier version."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=PORTS, default=8000, show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Processes that answer requests.",
)
@click.option("--no-worker", is_flag=True, help="Do not run background work beside the pages.")
def serve(host: str, port: int, workers: int, no_worker: bool) -> None:
    """Serve the pages, with a background worker beside them. Ctrl-C stops both."""
    start_django()
    require_new_tables()
    if not is_free(host, port):
        raise PortIsBusy(
            f"Something answers at {host}:{port} already. Stop it, or choose another --port."
        )
    commands = [_server(host, port, workers)]
    if not no_worker:
        commands.append([sys.executable, "-m", "rollbook.cli", "worker"])
    stop = stop_on_signals()
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "rollbook.config.settings"}
    processes = [subprocess.Popen(command, env=environment) for command in commands]
    console.print(f"Rollbook is at http://{host}:{port}/  (Ctrl-C stops it)")
    _wait(processes, stop)


def _server(host: str, port: int, workers: int) -> list[str]:
    where = str(SHARED_MEMORY) if SHARED_MEMORY.is_dir() else "/tmp"
    options = {
        "--bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "--workers": str(workers),
        "--threads": "4",
        "--timeout": "120",
        "--graceful-timeout": "10",
        "--log-level": "warning",
        "--logger-class": "rollbook.config.server_log.ServerLog",
        "--worker-tmp-dir": where,
    }
    words = [word for pair in options.items() for word in pair]
    return [sys.executable, "-m", "gunicorn", "rollbook.config.wsgi:application", *words]


def is_free(host: str, port: int) -> bool:
    """Tell whether nobody listens at an address yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def require_new_tables() -> None:
    """Refuse to work on tables of an earlier version.

    Raises: TablesAreOld.
    """
    from django.db import connection  # after Django has started
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise TablesAreOld("The tables are of an earlier version. Run `rollbook migrate`.")
    connection.close()  # what runs from here on has connections of its own


def stop_on_signals() -> threading.Event:
    """Return an event, set when somebody asks this process to stop or closes its terminal."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _wait(processes: list[subprocess.Popen[bytes]], stop: threading.Event) -> None:
    """Wait until one process ends or somebody asks to stop; then stop them all."""
    while not stop.wait(0.3) and all(process.poll() is None for process in processes):
        pass
    ended = [process.returncode for process in processes if process.poll() is not None]
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(timeout=LONGEST_FAREWELL_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if not stop.is_set():
        raise click.ClickException(
            f"A part of Rollbook ended by itself (exit status {ended[0]}). See above."
        )


@click.command()
def worker() -> None:
    """Run background work: jobs from the queue, schedules, mail."""
    start_django()
    require_new_tables()
    from rollbook.jobs.actions import run_worker  # after Django has started

    run_worker(stop_on_signals())
