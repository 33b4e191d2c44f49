"""The stream as somebody sees it who has nothing but curl."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.running import message, running

CURL = shutil.which("curl")


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
def test_curl_shows_the_stream_and_its_heartbeat(tmp_path: Path) -> None:
    with running(tmp_path / "data", PULSO_HEARTBEAT_SECONDS="0.5") as pulso:
        url = f"{pulso.url}/events/stream?token={pulso.token()}&botId=b1"
        curl = subprocess.Popen([str(CURL), "-sN", url], stdout=subprocess.PIPE, text=True)
        try:
            assert curl.stdout is not None
            lines = iter(curl.stdout.readline, "")

            def block() -> list[str]:
                return [line.rstrip("\n") for line in iter(lambda: next(lines), "\n")]

            retry, cursor, connected = block()
            assert retry.startswith("retry: ")
            assert cursor.startswith("id: ")
            assert connected.startswith('data: {"type":"connected","botId":"b1","streamId":')

            pulso.publish(message("b1", "hello"))
            _, data = block()
            assert data.startswith('data: {"type":"message:received","botId":"b1",')

            comment, name, beat, time = block()
            assert (comment, name) == (": ping", "event: ping")
            assert beat.startswith("id: ")
            assert time.startswith('data: {"time":')
        finally:
            curl.kill()
            curl.communicate()
