"""Fixtures that every kind of test shares."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.running import RunningPulso, running

# The same examples everywhere and every time; a busy machine is no failure.
settings.register_profile("pulso", derandomize=True, database=None, deadline=None)
settings.load_profile("pulso")


@pytest.fixture
def pulso(tmp_path: Path) -> Iterator[RunningPulso]:
    """A running server with the default settings of the tests."""
    with running(tmp_path / "data") as server:
        yield server
        assert "Traceback" not in server.log, server.log
