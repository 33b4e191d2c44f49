"""Changes over real processes: what is committed is published, whoever dies in between."""

import http.client
import signal
import time
from collections.abc import Iterator

import pytest

from tests.postgresql import MISSING, PROGRAMS
from tests.process.several import Several, several
from tests.process.test_several import ask, customer, link
from tests.redis_server import PROGRAM
from tests.running import RunningPulso
from tests.stream_client import StreamClient

pytestmark = pytest.mark.skipif(
    not (PROGRAMS and PROGRAM), reason=f"{MISSING}, or redis-server isn't"
)
DIE = {"PULSO_TEST_DIE_BEFORE_PUBLISH": "last words"}


@pytest.fixture
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Several]:
    # A QR code then lives for longer than a busy machine takes to scan it.
    settings = {"PULSO_AI": "off", "PULSO_SIMULATOR_SPEED": "10"}
    with several(tmp_path_factory.mktemp("store"), **settings) as made:
        yield made


def label(process: RunningPulso, session: str, text: str) -> None:
    ask(process, "PATCH", f"/api/sessions/{session}", {"labels": [text]})


def labels_until(stream: StreamClient, last: str) -> list[str]:
    """The labels that a session got, one after the other."""
    seen: list[str] = []
    while not seen or seen[-1] != last:
        session = stream.until("session:updated")[-1].json["session"]
        seen += session["labels"]
    return seen


def test_what_was_committed_is_published_once_and_in_order(processes: Several) -> None:
    one = processes.start()
    [bot] = link(one, 1)
    stream = one.stream(bot)
    customer(one, bot, "hola")
    (session,) = (s["id"] for s in ask(one, "GET", f"/api/sessions?botId={bot}")["sessions"])

    # A process ends between commit and publication: before the next change of that bot.
    doomed = processes.start(**DIE)
    label(doomed, session, "first")
    with pytest.raises((http.client.HTTPException, OSError)):
        label(doomed, session, "last words")
    assert doomed.wait() == -signal.SIGKILL
    label(one, session, "next")
    assert labels_until(stream, "next") == ["first", "last words", "next"]

    # And where there is no next one.
    doomed = processes.start(**DIE)
    with pytest.raises((http.client.HTTPException, OSError)):
        label(doomed, session, "last words, again")
    died = time.monotonic()
    assert doomed.wait() == -signal.SIGKILL
    assert labels_until(stream, "last words, again") == ["last words, again"]
    assert time.monotonic() - died < 15

    # Redis hangs: a change is stored and answered all the same, and published afterwards.
    processes.redis.freeze()
    try:
        for text in ("hung 1", "hung 2", "hung 3"):
            label(one, session, text)
        stored = ask(one, "GET", f"/api/sessions/{session}")["session"]
        assert stored["labels"] == ["hung 3"]
    finally:
        processes.redis.thaw()
    assert labels_until(stream, "hung 3") == ["hung 1", "hung 2", "hung 3"]
    label(one, session, "done")
    assert labels_until(stream, "done") == ["done"]
    assert "Traceback" not in one.log
