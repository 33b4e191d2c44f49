"""What there is beside the rest where several processes run on one Redis and one PostgreSQL."""

import asyncio
import os
import secrets
import socket

from services.access.following import follow
from services.access.operators import Operators
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
from services.streams.everywhere import Everywhere
from services.tasks import Tasks
from services.whatsapp.gateway import LeasedGateway
from services.whatsapp.intake import Intake
from services.whatsapp.simulated.gateway import SimulatedGateway
from services.whatsapp.simulated.phone import LocalPhone

WAKE = "wake"
PERSON = "person"  # a session, which a person answers from now on
RIGHTS = "rights"


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
            lambda bot_id: self.notices.notify_all(WAKE, bot_id.encode()),
            seconds=settings.lease_seconds,
        )
        self.notices.takers[WAKE] = lambda said: self.holding.woken(said.decode())
        self.bots = SharedBots(ledger, self.holding.wake)
        self._rights_changed = asyncio.Event()
        self.notices.takers[RIGHTS] = lambda _: self._rights_changed.set()
        self.notices.on_subscribed.append(self._rights_changed.set)
        self._tasks = Tasks()
        phone = LocalPhone(gateway) if isinstance(gateway, SimulatedGateway) else None
        self.reach = Reach(ledger, self.holding, self.requests, gateway, phone)

    async def open(self, outbox: Outbox, answering: Answering) -> None:
        """Hear the others, and hold bots."""
        self.notices.takers[PERSON] = lambda said: answering.cancel(said.decode())
        answering.elsewhere = lambda chat: self.notices.notify_all(PERSON, chat.encode())
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

    def share(self, operators: Operators, streams: Everywhere) -> None:
        """Know of what others change of rights, and of the streams that they have."""
        streams.join(self.notices, self.requests, operators)
        self._tasks.start(follow(operators, self._rights_changed), "What others change of rights")

    def announce_rights(self) -> None:
        """Rights have changed here."""
        self.notices.notify_all(RIGHTS)

    async def close(self) -> None:
        await self._tasks.close()
        await self.holding.close()
        await self.requests.close()
        await self.notices.close()
