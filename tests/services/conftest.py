"""Stores of both kinds, for what must hold on each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgresql import MISSING, PROGRAMS, PostgreSQL, postgresql


@pytest.fixture(scope="session")
def shared_postgresql() -> Iterator[PostgreSQL]:
    """One server for all tests that leave it running."""
    if PROGRAMS is None:
        pytest.skip(MISSING)
    with postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'pulso.db'}"
    server: PostgreSQL = request.getfixturevalue("shared_postgresql")
    return server.empty()
