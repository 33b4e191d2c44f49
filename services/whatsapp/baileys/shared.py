"""Real WhatsApp where there are several processes: what links the bots is in the store.

The WhatsApp process writes it there itself, with the fence of the bot's lease, and stops a bot
whose time is over by a clock of its own, should we be frozen, late or gone.
"""

import time
from collections.abc import Mapping
from pathlib import Path

from services.store.database import plain_url
from services.whatsapp.baileys.gateway import BaileysGateway
from services.whatsapp.gateway import Lease


class SharedBaileysGateway(BaileysGateway):
    """``data_dir`` is for files on their way only; ``database_url`` as in the settings."""

    def __init__(self, data_dir: Path, database_url: str, url: str | None = None) -> None:
        super().__init__(data_dir, url, credentials_url=plain_url(database_url))
        self._leases: Mapping[str, Lease] = {}
        # What the process's clock shows, less what ours does: at most so much. A line that came
        # late makes it too small, and a lease end early.
        self._ahead: float | None = None

    async def prepare(self, bot_id: str, fence: int) -> None:
        """The process reads what links the bot when it opens it."""

    def hold(self, leases: Mapping[str, Lease]) -> None:
        self._leases = dict(leases)
        self._pass_on()

    async def log_out(self, bot_id: str) -> None:
        await self._leave(bot_id, "logout")

    def _clock(self, at: float) -> None:
        ahead = at / 1000 - time.monotonic()
        self._ahead = ahead if self._ahead is None else max(ahead, self._ahead)

    def _up(self) -> None:
        self._pass_on()
        super()._up()

    def _down(self, next_or_reason: float | str) -> None:
        self._ahead = None
        super()._down(next_or_reason)

    def _pass_on(self) -> None:
        if self._ahead is None:
            return
        ahead = self._ahead
        leases = {
            bot_id: {"fence": lease.fence, "until": (lease.until + ahead) * 1000}
            for bot_id, lease in self._leases.items()
        }
        self._child.tell("hold", leases=leases)
