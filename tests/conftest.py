"""What every test runs in: a home of its own, and rules about skips."""

from __future__ import annotations

import atexit
import importlib
import os
import shutil
import tempfile
from pathlib import Path

import django
import pytest
import pytest_django
from hypothesis import settings as hypothesis_settings

# Before Django reads its settings: no test may touch the installation of whoever runs it.
_HOME = tempfile.mkdtemp(prefix="rollbook-test-home-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["ROLLBOOK_HOME"] = _HOME
for name in ("ROLLBOOK_LAKE", "ROLLBOOK_SANDBOX", "ROLLBOOK_BASE_URL", "ROLLBOOK_ALLOWED_HOSTS"):
    os.environ.pop(name, None)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
django.setup()

# Time limits belong to bench/: a busy machine must not make a test fail.
hypothesis_settings.register_profile("house", deadline=None, print_blob=True)
hypothesis_settings.load_profile("house")

DATABASE_FIXTURES = {
    "db",
    "transactional_db",
    "django_db_reset_sequences",
    "live_server",
    "own_database",  # of tests/faults: one that other processes open
}
# The only skip that the build server allows: samples that lie beside the checkout, not in it.
ALLOWED_SKIP = "needs_shared_samples"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or fixtures & DATABASE_FIXTURES:
            item.add_marker("database")
        if "journeys" in item.path.parts:
            item.add_marker("journey")


@pytest.fixture(autouse=True)
def own_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give each test that touches the database a lake and files of its own."""
    if not request.node.get_closest_marker("database"):
        return
    settings = request.getfixturevalue("settings")
    home = tmp_path_factory.mktemp("home")
    settings.HOME = home
    settings.LAKE_ROOT = home / "lake"
    settings.FILES_ROOT = home / "files"
    settings.LOCK_ROOT = home / "run"


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> None:
    """Let the audit log be emptied between tests; tests/db/audit puts its triggers back on."""
    from django.db import connection

    append_only = importlib.import_module("rollbook.migrations.0002_audit_append_only")
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for statement in append_only.TAKE_OFF[connection.vendor]:
            cursor.execute(statement)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the folder that holds pyproject.toml."""
    return Path(__file__).resolve().parent.parent


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:
        return
    skips = [report.nodeid for report in reporter.stats.get("skipped", [])]
    if refused := [nodeid for nodeid in skips if ALLOWED_SKIP not in nodeid]:
        reporter.write_line(f"\nCI=true allows no skips, and these were skipped: {refused}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
