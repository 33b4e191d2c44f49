"""One running server for the tests of the handlers; each uses bots and names of its own."""

from collections.abc import Iterator

import pytest

from tests.running import RunningPulso, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    """Shared by a module's tests; no traceback may have come into its log."""
    folder = tmp_path_factory.mktemp("server")
    with running(
        folder / "data",
        PULSO_ALLOWED_ORIGINS="https://panel.example.com",
        PULSO_MAX_STREAMS_PER_USER="500",
        PULSO_MAX_BOTS_PER_STREAM="5",
        PULSO_HEARTBEAT_SECONDS="0.5",
    ) as pulso:
        yield pulso
        assert "Traceback" not in pulso.log, pulso.log
