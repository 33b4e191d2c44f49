"""What there is beside the rest where several processes run on one Redis and one PostgreSQL."""

import os
import secrets
import socket

from services.bots.holding import Holding
from services.bots.orders import Orders
from services.bots.reach import Reach
from services.bots.shared_bots import SharedBots
from services.bus.redis.notices import Notices
from services.bus.redis.requests import Requests
from services.chats.answering import Answering
from services.chats.outbox import Outbox
from services.config import Settings
from services.store.leases import Leases
from services.store.ledger import Ledger
from services.whatsapp.gateway import LeasedGateway
from services.whatsapp.intake import Intake
from services.whatsapp.simulated.gateway import SimulatedGateway
from services.whatsapp.simulated.phone import LocalPhone

WAKE = "wake"


class Several:
    """This process as one of several; ``me`` names this start of it."""

    def __init__(
        self, settings: Settings, ledger: Ledger, gateway: LeasedGateway, intake: Intake
    ) -> None:
        self.me = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._ledger = ledger
        self._gateway = gateway
        self.notices = Notices(settings.bus_url, self.me)
        self.requests = Requests(self.notices)
        self.holding = Holding(
            ledger,
            Leases(settings.database_url, self.me),
            gateway,
            intake.feed,
            intake.settled_of,
            lambda bot_id: self.notices.tell_all(WAKE, bot_id.encode()),
            seconds=settings.lease_seconds,
        )
        self.notices.takers[WAKE] = lambda said: self.holding.woken(said.decode())
        self.bots = SharedBots(ledger, self.holding.wake)
        phone = LocalPhone(gateway) if isinstance(gateway, SimulatedGateway) else None
        self.reach = Reach(ledger, self.holding, self.requests, gateway, phone)

    async def open(self, outbox: Outbox, answering: Answering) -> None:
        """Hear the others, and hold bots."""
        await self.notices.open()
        await self.holding.open(
            Orders(
                self._ledger,
                self._gateway,
                self.holding.records,
                self.holding.feed,
                outbox,
                answering,
            )
        )

    async def close(self) -> None:
        await self.holding.close()
        await self.requests.close()
        await self.notices.close()
