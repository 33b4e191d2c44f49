"""What other processes change of operators and sign-ins, known here at once, or a little later."""

import asyncio
import logging

from services.access.operators import Operators
from services.errors import Unavailable

LOOK_SECONDS = 3.0  # between looks at the store where nobody says anything

log = logging.getLogger(__name__)


async def follow(operators: Operators, notified: asyncio.Event) -> None:
    """Look at the store whenever ``notified`` is set, and every so often; until cancelled."""
    while True:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await notified.wait()
        except TimeoutError:
            pass
        notified.clear()
        try:
            await operators.look()
        except Unavailable as error:
            log.warning("What others changed of the operators is not known: %s", error)
            await asyncio.sleep(LOOK_SECONDS / 3)
