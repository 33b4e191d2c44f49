"""Passwords, hashed with Argon2id, on threads of their own: each check costs some 50 ms of CPU."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2  # checks side by side, 64 MiB each


class Passwords:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "passwords")
        self._hasher = PasswordHasher()
        self._of_nobody: str | None = None

    async def hash(self, password: str) -> str:
        """What to keep of a password."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hasher.hash, password)

    async def match(self, kept: str | None, password: str) -> bool:
        """Whether it is the password. With None (an unknown name) it takes as long to say no."""
        if self._of_nobody is None:
            self._of_nobody = await self.hash(secrets.token_hex(16))
        against = self._of_nobody if kept is None else kept
        loop = asyncio.get_running_loop()
        matches = await loop.run_in_executor(self._threads, self._matches, against, password)
        return matches and kept is not None

    def close(self) -> None:
        """Nothing is hashed or checked after this."""
        self._threads.shutdown()

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
