"""Baileys where several processes share a store: what is particular about its gateway."""

import asyncio
import time
from pathlib import Path

import pytest

from services.store import Database, bot_states, bots
from services.whatsapp.baileys.shared import SharedBaileysGateway
from services.whatsapp.gateway import Disconnected, Failed, Lease, QrShown
from tests.postgresql import MISSING, PROGRAMS, postgresql
from tests.services.whatsapp.heard import Heard
from tests.services.whatsapp.world import Double

pytestmark = pytest.mark.skipif(PROGRAMS is None, reason=MISSING)


@pytest.mark.gen_test(timeout=60)
async def test_a_store_that_is_away_and_a_lease_that_is_over_are_waited_out(
    tmp_path: Path, double: Double
) -> None:
    with postgresql() as server:
        database = Database(server.url)
        database.open()
        with database.writing() as connection:
            bots.add(connection, "b1", "Tienda", 1.0)
            bot_states.claim(connection, "b1", 1, {})
            connection.commit()
        database.close()
        heard, gateway = Heard(), SharedBaileysGateway(tmp_path, server.url, double.url)
        await gateway.open(heard)

        await asyncio.to_thread(server.stop)
        gateway.hold({"b1": Lease(1, time.monotonic() + 60)})
        await gateway.start("b1")
        await heard.until(Disconnected, will_reconnect=True)
        await asyncio.to_thread(server.start)
        await heard.until(QrShown)

        # Nobody renews it: the process stops the bot by itself, and begins anew once it may.
        gateway.hold({"b1": Lease(1, time.monotonic() + 0.5)})
        await heard.until(Disconnected, will_reconnect=True)
        gateway.hold({"b1": Lease(1, time.monotonic() + 60)})
        await heard.until(QrShown)
        assert not heard.of(Failed)
        await gateway.close()
