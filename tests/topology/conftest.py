"""One topology for all tests of a module; what a test breaks it mends again."""

import shutil
from collections.abc import Iterator

import pytest

from tests.postgresql import MISSING, PROGRAMS
from tests.topology.topology import Topology, topology


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    if PROGRAMS is None:
        pytest.skip(MISSING)
    for program in ("redis-server", "nginx"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    with topology(tmp_path_factory.mktemp("topology")) as made:
        yield made
