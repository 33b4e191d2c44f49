import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

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
