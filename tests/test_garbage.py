"""What is closed is freed by reference counts: a full collection would hold up every stream."""

import asyncio
import gc
import socket
import struct
from pathlib import Path

import msgspec
import pytest
from tornado.iostream import IOStream

from handlers.application import make_application
from handlers.stream import StreamHandler
from services.access.tokens import Claims
from services.bus.subscription import Subscription
from services.config import Settings
from services.pulso import Pulso

# A collection here also finds what pytest-tornado left behind: the loops of tests before this.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

KINDS = (IOStream, StreamHandler, Subscription)


def alive() -> int:
    return sum(isinstance(thing, KINDS) for thing in gc.get_objects())


@pytest.mark.parametrize("ending", ["fin", "reset", "revoked"])
def test_a_closed_stream_leaves_nothing_for_the_collector(tmp_path: Path, ending: str) -> None:
    settings = Settings.from_environ({"PULSO_DATA_DIR": str(tmp_path), "PULSO_PORT": "0"})
    settings = msgspec.structs.replace(settings, jwt_secret="a secret of at least 32 characters")

    async def open_and_end(pulso: Pulso, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        target = f"/events/stream?botId=b1&token={pulso.tokens.sign('tester')}"
        writer.write(f"GET {target} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        await reader.readuntil(b'"connected"')
        if ending == "revoked":
            claims = Claims(sub="tester")
            for stream in pulso.streams.visible_to(claims):
                pulso.streams.end(stream["streamId"], claims)
            await reader.readuntil(b'"revoked"}')
        if ending == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()

    async def run() -> None:
        async with Pulso(settings, make_application) as pulso:
            assert pulso.listener is not None
            await open_and_end(pulso, pulso.listener.port)  # what is made once is made now
            await asyncio.sleep(0.1)
            gc.collect()
            gc.disable()
            try:
                before = alive()
                for _ in range(5):
                    await open_and_end(pulso, pulso.listener.port)
                await asyncio.sleep(0.5)
                assert alive() == before
            finally:
                gc.enable()

    asyncio.run(run())
