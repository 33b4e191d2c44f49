"""How often somebody may guess a password: five failures a minute for a name and an address."""

import time

from services.errors import TooMany

FAILURES = 5
SECONDS = 60.0


class LoginAttempts:
    """An attempt counts from its beginning, so that attempts side by side count too."""

    def __init__(self) -> None:
        self._begun: dict[tuple[str, str], list[float]] = {}

    def begin(self, username: str, address: str) -> None:
        """Note an attempt. TooMany, with ``Retry-After``, where too many failed lately."""
        now = time.monotonic()
        self._forget_old(now)
        begun = self._begun.setdefault((username, address), [])
        if len(begun) >= FAILURES:
            wait = max(1, round(begun[0] + SECONDS - now))
            raise TooMany(
                "Too many failed attempts; try again in a minute",
                headers={"Retry-After": str(wait)},
            )
        begun.append(now)

    def succeed(self, username: str, address: str) -> None:
        """It was the right password: what failed before counts no more."""
        self._begun.pop((username, address), None)

    def _forget_old(self, now: float) -> None:
        for key, times in list(self._begun.items()):
            recent = [at for at in times if now - at < SECONDS]
            if recent:
                self._begun[key] = recent
            else:
                del self._begun[key]
