"""Fixtures that every kind of test shares."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.running import RunningPulso, running

# pytest-tornado asks for the current loop before it makes its own. Where none was ever set, Python
# before 3.14 makes one then, which nobody closes: asyncio.run() leaves it to the garbage collector,
# and whichever test runs at that moment fails with its ResourceWarning.
asyncio.set_event_loop(None)

# The same examples everywhere and every time; a busy machine is no failure.
settings.register_profile("pulso", derandomize=True, database=None, deadline=None)
settings.load_profile("pulso")


@pytest.fixture
def pulso(tmp_path: Path) -> Iterator[RunningPulso]:
    """A running server with the default settings of the tests."""
    with running(tmp_path / "data") as server:
        yield server
        assert "Traceback" not in server.log, server.log
