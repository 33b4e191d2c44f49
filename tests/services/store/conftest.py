import pytest

from tests.postgresql import PostgreSQL


@pytest.fixture
def url(shared_postgresql: PostgreSQL) -> str:
    """An empty database of PostgreSQL."""
    return shared_postgresql.empty()
