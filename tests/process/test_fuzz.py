"""The server answers what its own document says it does, whatever is sent: see tests/fuzz.py."""

from pathlib import Path

from tests.fuzz import SETTINGS, fuzz
from tests.running import running


def test_no_request_gets_a_500_or_an_answer_that_the_document_does_not_have(
    tmp_path: Path,
) -> None:
    with running(tmp_path / "data", **SETTINGS) as server:
        options = ["--phases", "coverage,fuzzing", "--max-examples", "2"]
        assert fuzz(server, tmp_path, *options, seconds=12) == ""
        assert server.request("GET", "/readyz").status == 200
