"""A file that came to one process is served by every one, from S3; WhatsApp is the double."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from tests.postgresql import MISSING, PROGRAMS
from tests.process.several import several
from tests.process.test_several_baileys import SECONDS, Bot
from tests.redis_server import PROGRAM
from tests.running import RunningPulso, eventually
from tests.s3 import BUCKET, s3_server
from tests.services.whatsapp.conftest import missing
from tests.services.whatsapp.world import Double

pytestmark = pytest.mark.skipif(
    not (PROGRAMS and PROGRAM) or missing() is not None,
    reason=f"{MISSING}, or redis-server or Node or its packages aren't",
)
VOICE = b"OggS\0\2" + os.urandom(200_000)


@pytest.fixture
def double() -> Iterator[Double]:
    server = Double()
    yield server
    server.close()


def voice(bot: Bot) -> str:
    """The customer sends one; the path of its file."""
    act = bot.double.act_now
    file = act("upload", kind="audio", base64=base64.b64encode(VOICE).decode())
    part = {"audioMessage": {**file, "mimetype": "audio/ogg; codecs=opus", "ptt": True}}
    act("message", bot=bot.user, id="VOICE", message=part, **{"from": bot.customer, "name": "Luz"})
    session = bot.stream.until("message:received", SECONDS)[-1].json["sessionId"]
    return f"/api/sessions/{session}/messages/VOICE/media"


def test_a_file_is_served_by_every_process_and_outlives_its_link_and_its_holder(
    tmp_path: Path, double: Double
) -> None:
    settings = {"PULSO_WHATSAPP": "baileys", "PULSO_BAILEYS_URL": double.url, "PULSO_AI": "off"}
    with (
        s3_server() as s3,
        several(tmp_path, PULSO_MEDIA_URL=f"s3://{BUCKET}/files", **s3, **settings) as processes,
    ):
        bot = Bot(processes, double)
        holder, other = bot.process, processes.start()
        token = other.token("boss", admin=True)

        def opens(process: RunningPulso, **headers: str) -> bytes:
            answer = process.request("GET", path, token=token, headers=headers)
            assert answer.status in (200, 206), (answer.status, answer.body)
            assert answer.headers["Content-Type"] == "audio/ogg"
            return answer.body

        path = voice(bot)
        # At once, whether the holder has it already or not.
        assert opens(other) == opens(holder) == VOICE
        assert processes.held(holder) == {bot.id}
        assert opens(other, Range="bytes=1000-1999") == VOICE[1000:2000]
        # What is not there any more is fetched anew, whoever is asked.
        store = S3Store(
            BUCKET,
            endpoint=s3["AWS_ENDPOINT_URL"],
            access_key_id="tests",
            secret_access_key="tests",
            region="us-east-1",
            client_options={"allow_http": True},
        )

        def kept() -> list[str]:
            return [one["path"] for batch in obstore.list(store, "files") for one in batch]

        (key,) = kept()
        obstore.delete(store, key)
        assert opens(other) == VOICE
        assert kept() == [key]
        double.act_now("forget")
        holder.kill()
        assert opens(other) == VOICE
        # And goes with its bot.
        assert other.request("DELETE", f"/api/bots/{bot.id}", token=token).status == 204
        assert other.request("GET", path, token=token).status == 404
        other.stop()
        other.start()
        eventually(lambda: not kept(), SECONDS)
        assert "Traceback" not in other.log, other.log
