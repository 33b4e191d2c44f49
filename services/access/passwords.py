"""Passwords, hashed with Argon2id; in a thread, for each check costs some 50 ms of CPU."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


class Passwords:
    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._of_nobody: str | None = None

    async def hash(self, password: str) -> str:
        """What to keep of a password."""
        return await asyncio.to_thread(self._hasher.hash, password)

    async def match(self, kept: str | None, password: str) -> bool:
        """Whether it is the password. With None (an unknown name) it takes as long to say no."""
        if kept is None:
            if self._of_nobody is None:
                self._of_nobody = await self.hash(secrets.token_hex(16))
            await asyncio.to_thread(self._matches, self._of_nobody, password)
            return False
        return await asyncio.to_thread(self._matches, kept, password)

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
