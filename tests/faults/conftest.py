"""What processes that are killed need: a database that others may open and break."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import psycopg
import pytest


@pytest.fixture
def own_database() -> Iterator[str]:
    """Make an empty database on the PostgreSQL server of these tests, and return its URL."""
    url, name = os.environ["DATABASE_URL"], f"faults_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"{url.rpartition('/')[0]}/{name}"
        for made in (name, f"{name}_fresh"):
            server.execute(f"DROP DATABASE IF EXISTS {made} WITH (FORCE)")
