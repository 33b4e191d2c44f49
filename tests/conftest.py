"""Fixtures that every kind of test shares."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningPulso, running


@pytest.fixture
def pulso(tmp_path: Path) -> Iterator[RunningPulso]:
    """A running server with the default settings of the tests."""
    with running(tmp_path / "data") as server:
        yield server
        assert "Traceback" not in server.log, server.log
