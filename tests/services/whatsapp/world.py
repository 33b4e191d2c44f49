"""The outside of a gateway: the server double, and phones to act with on both gateways."""

import asyncio
import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Protocol

from services.whatsapp.baileys.gateway import BaileysGateway
from services.whatsapp.gateway import Gateway, QrShown
from services.whatsapp.simulated.gateway import SimulatedGateway
from tests.running import eventually
from tests.services.whatsapp.heard import Heard

SCRIPT = Path(__file__).parent / "double" / "main.js"


class Double:
    """WhatsApp's server for tests; an action per name (see double/main.js)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self._port = json.loads(self._process.stdout.readline())["port"]
        self.url = f"ws://127.0.0.1:{self._port}/ws/chat"
        self._numbers = iter(range(5215550000001, 5215560000000))

    def number(self) -> str:
        """A phone number nobody has used yet."""
        return str(next(self._numbers))

    async def act(self, action: str, /, **fields: Any) -> Any:
        """AssertionError with the double's reason where it can't be done."""
        return await asyncio.to_thread(self.act_now, action, **fields)

    async def device(self, user: str) -> dict[str, Any]:
        """The linked device of a number, as the server sees it."""
        state = await self.act("state")
        return next(device for device in state["devices"] if device["user"] == user)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def act_now(self, action: str, /, **fields: Any) -> Any:
        """The same, for tests without a loop."""
        url = f"http://127.0.0.1:{self._port}/{action}"
        request = urllib.request.Request(url, data=json.dumps(fields).encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{action}: {error.read().decode()}") from None


class Phone(Protocol):
    """A bot ``b1`` on a gateway, what it told, and what a person with a phone does to it."""

    gateway: Gateway
    heard: Heard

    async def scan(self, qr: QrShown) -> None: ...
    async def message(self, text: str, *, message_id: str, from_me: bool = False) -> None: ...
    async def unlink(self) -> None: ...
    async def drop(self) -> None: ...
    async def restart(self) -> None:
        """Close the gateway and open another on the same folder."""
        ...


class SimulatedPhone:
    def __init__(self, folder: Path, speed: float) -> None:
        self._folder = folder
        self._speed = speed
        self.heard = Heard()
        self.gateway = SimulatedGateway(folder, speed)

    async def scan(self, qr: QrShown) -> None:
        self.gateway.scan(qr.bot_id, "Bot")

    async def message(self, text: str, *, message_id: str, from_me: bool = False) -> None:
        self.gateway.message(
            "b1", "5215551234567", "Ana", text, message_id=message_id, from_me=from_me
        )

    async def unlink(self) -> None:
        self.gateway.unlink("b1")

    async def drop(self) -> None:
        self.gateway.drop("b1")

    async def restart(self) -> None:
        await self.gateway.close()
        self.gateway = SimulatedGateway(self._folder, self._speed)
        await self.gateway.open(self.heard)


class BaileysPhone:
    """``user`` is the number whose phone scans, ``customer`` the one that writes."""

    def __init__(self, folder: Path, double: Double, qr_ms: int | None) -> None:
        self._folder = folder
        self.double = double
        self._qr_ms = qr_ms
        self.user = double.number()
        self.customer = double.number()
        self.heard = Heard()
        self.gateway = self._make()

    @property
    def folder(self) -> Path:
        """The bot's credentials and sessions."""
        return self._folder / "whatsapp" / "b1"

    async def scan(self, qr: QrShown) -> None:
        await self.double.act("scan", qr=qr.code, user=self.user, name="Bot")

    async def message(
        self, text: str, *, message_id: str, from_me: bool = False, **how: object
    ) -> None:
        await self.double.act(
            "message",
            bot=self.user,
            name="Ana",
            text=text,
            id=message_id,
            fromMe=from_me,
            **{"from": self.customer, **how},
        )

    async def received(self) -> None:
        """Return once WhatsApp holds nothing back for the bot, and would send nothing again."""

        def held() -> bool:
            devices = self.double.act_now("state")["devices"]
            return any(one["unreceived"] for one in devices if one["user"] == self.user)

        await asyncio.to_thread(eventually, lambda: not held(), 60)

    async def unlink(self) -> None:
        await self.double.act("unlink", bot=self.user)

    async def drop(self) -> None:
        await self.double.act("drop", bot=self.user)

    async def restart(self) -> None:
        await self.gateway.close()
        self.gateway = self._make()
        await self.gateway.open(self.heard)

    def _make(self) -> BaileysGateway:
        return BaileysGateway(self._folder, self.double.url, qr_ms=self._qr_ms)
