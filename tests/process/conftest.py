"""Fixtures of the tests against real processes."""

from collections.abc import Iterator

import pytest

from tests.network import Elsewhere, another_network


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """A network whose packets can be made to vanish."""
    with another_network() as network:
        yield network
