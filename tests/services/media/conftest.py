"""Both places for files: a folder, and a real S3 server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.s3 import BUCKET, s3_server


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    """The environment that leads to a running S3 server."""
    with s3_server() as environ:
        yield environ


@pytest.fixture(params=["folder", "s3"])
def media_url(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """An empty place for files, of either kind."""
    if request.param == "folder":
        return (tmp_path / "la música").as_uri()
    for name, value in request.getfixturevalue("s3").items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{tmp_path.name}"
