import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from services.whatsapp.baileys.child import SCRIPT as CHILD
from services.whatsapp.gateway import Connected, QrShown
from tests.services.whatsapp.world import SCRIPT as DOUBLE
from tests.services.whatsapp.world import BaileysPhone, Double, Phone, SimulatedPhone

CHAT = "5215551234567@s.whatsapp.net"


def missing() -> str | None:
    """What the tests with a real Baileys lack here."""
    if shutil.which("node") is None:
        return "needs Node 20 or newer"
    for script in (CHILD, DOUBLE):
        if not (script.parent / "node_modules").is_dir():
            return f"needs npm ci --prefix {script.parent.relative_to(Path.cwd())}"
    return None


@pytest.fixture(scope="session")
def double() -> Iterator[Double]:
    """One server for the whole run; every test has numbers of its own."""
    if reason := missing():
        pytest.skip(reason)
    server = Double()
    yield server
    server.close()


@pytest.fixture
def brief() -> bool:
    """Whether QR codes live for a fraction of a second; a test module may say so."""
    return False


@pytest.fixture
def linked() -> Callable[[Phone], Awaitable[Connected]]:
    """Take a bot at rest through QR and scan until it is online."""

    async def link(phone: Phone, bot_id: str = "b1") -> Connected:
        await phone.gateway.start(bot_id)
        await phone.scan(await phone.heard.until(QrShown, bot_id=bot_id))
        return await phone.heard.until(Connected, bot_id=bot_id)

    return link


class Link(NamedTuple):
    """A number that has a bot ``b1`` linked, and the bot's folder as it was right after that."""

    user: str
    folder: Path


@pytest.fixture(scope="session")
def link(double: Double, tmp_path_factory: pytest.TempPathFactory) -> Link:
    """Made once: a pairing takes Baileys 800 keys, which is most of a second."""

    async def pair() -> Link:
        phone = BaileysPhone(tmp_path_factory.mktemp("link"), double, None)
        await phone.gateway.open(phone.heard)
        await phone.gateway.start("b1")
        await phone.scan(await phone.heard.until(QrShown))
        await phone.heard.until(Connected)
        await phone.gateway.close()
        return Link(phone.user, phone.folder)

    # A loop of its own thread: the test's own is there already, and does not run yet.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, pair()).result()


@pytest.fixture
def online(link: Link) -> Callable[[BaileysPhone], Awaitable[Connected]]:
    """Bring a bot online that is linked already. Tests share the link: they may not break it."""

    async def go_online(phone: BaileysPhone) -> Connected:
        shutil.copytree(link.folder, phone.folder)
        phone.user = link.user
        await phone.gateway.start("b1")
        return await phone.heard.until(Connected)

    return go_online


@pytest.fixture
def baileys(io_loop, tmp_path: Path, double: Double, brief: bool) -> Iterator[BaileysPhone]:
    phone = BaileysPhone(tmp_path, double, 250 if brief else None)
    io_loop.run_sync(lambda: phone.gateway.open(phone.heard))
    yield phone
    io_loop.run_sync(lambda: phone.gateway.close())


@pytest.fixture
def simulated(io_loop, tmp_path: Path, brief: bool) -> Iterator[SimulatedPhone]:
    phone = SimulatedPhone(tmp_path, 200.0 if brief else 10.0)
    io_loop.run_sync(lambda: phone.gateway.open(phone.heard))
    yield phone
    io_loop.run_sync(lambda: phone.gateway.close())


@pytest.fixture(params=["simulated", "baileys"])
def phone(request: pytest.FixtureRequest) -> Phone:
    """The same bot on either gateway."""
    return request.getfixturevalue(request.param)
