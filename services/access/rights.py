"""Who may do what, in memory: every operator and every sign-in, as the store has them.

The store is the truth and is written first; this copy answers every request. What this process
changes it changes here in the same step. Over several processes others change the store, too:
``look`` finds that out by the version that each change of rights raises there. A sign-in, or a
longer life of one, raises nothing: a token that is not known here is looked for by itself.
"""

import asyncio
import time
from collections.abc import Awaitable
from functools import partial
from typing import Any

import msgspec

from services.access.accounts import Operator, operator_of
from services.access.sign_ins import SignIns
from services.access.tokens import Claims
from services.store import operators as store
from services.store.database import Connection
from services.store.ledger import Ledger


class Rights:
    """``is_shared``: other processes change them, too."""

    def __init__(self, ledger: Ledger, *, is_shared: bool = False) -> None:
        self._ledger = ledger
        self.is_shared = is_shared
        self._operators: dict[str, Operator] = {}
        self._hashes: dict[str, str] = {}
        self._sign_ins = SignIns()
        self._version = -1
        # Counts what was changed here: what was read before that is too old to be taken.
        self._changes = 0
        self._looking = asyncio.Lock()

    async def look(self) -> bool:
        """Read them where the store's are newer; whether they were. Unavailable."""
        async with self._looking:
            while True:
                changes = self._changes
                found = await self._ledger.read(partial(_read, known=self._version))
                if found is None:
                    return False
                if changes == self._changes:
                    self._take(*found)
                    return True

    def missing(self, sign_in_id: str) -> Awaitable[None] | None:
        """What looks for a sign-in that is not known here but may have been made elsewhere."""
        if not self.is_shared or self._sign_ins.owner(sign_in_id) is not None:
            return None
        return self.find(sign_in_id)

    async def find(self, sign_in_id: str) -> None:
        """Read this sign-in anew."""
        changes = self._changes
        found = await self._ledger.read(
            lambda connection: store.sign_in(connection, sign_in_id, time.time())
        )
        if found is None:
            return
        if found.operator_id not in self._operators:
            await self.look()
        if changes == self._changes:
            self.keep_sign_in(sign_in_id, found.operator_id, found.expires_at)

    def signed_in(self, sign_in_id: str | None) -> Operator | None:
        """The operator of a sign-in that lives."""
        return self._operators.get(self._sign_ins.owner(sign_in_id) or "")

    def still(self, claims: Claims) -> Claims | None:
        """These claims as they stand now; None where their sign-in is over."""
        if claims.signin is None:
            return claims
        operator = self.signed_in(claims.signin)
        if operator is None or operator.username != claims.sub:
            return None
        return msgspec.structs.replace(claims, bots=operator.scope, admin=operator.admin)

    def get(self, operator_id: str) -> Operator | None:
        return self._operators.get(operator_id)

    def named(self, username: str) -> Operator | None:
        return next((one for one in self._operators.values() if one.username == username), None)

    def hash_of(self, operator: Operator) -> str | None:
        """Of their password."""
        return self._hashes.get(operator.id)

    def all(self) -> list[Operator]:
        """Every operator, by name."""
        return sorted(self._operators.values(), key=lambda operator: operator.username)

    def keep(self, row: Any) -> None:
        """An operator as they are from now on."""
        self._changes += 1
        self._operators[row.id] = operator_of(row)
        self._hashes[row.id] = row.password_hash

    def forget(self, operator_id: str) -> None:
        """An operator and their sign-ins are gone."""
        self._changes += 1
        self._operators.pop(operator_id, None)
        self._hashes.pop(operator_id, None)
        self._sign_ins.end_all_of(operator_id)

    def keep_sign_in(self, sign_in_id: str, owner: str, expires_at: float) -> None:
        """A new one, or a longer life for one that there is."""
        self._changes += 1
        self._sign_ins.keep(sign_in_id, owner, expires_at)

    def end(self, sign_in_id: str) -> None:
        self._changes += 1
        self._sign_ins.end(sign_in_id)

    def end_all_of(self, owner: str, but: str | None = None) -> None:
        """The sign-ins of an operator, all but this one."""
        self._changes += 1
        self._sign_ins.end_all_of(owner, but)

    def _take(self, version: int, rows: Any, sign_ins: Any) -> None:
        self._version = version
        self._operators = {row.id: operator_of(row) for row in rows}
        self._hashes = {row.id: row.password_hash for row in rows}
        self._sign_ins = SignIns()
        for one in sign_ins:
            self._sign_ins.keep(one.id, one.operator_id, one.expires_at)


def _read(connection: Connection, known: int) -> tuple[int, Any, Any] | None:
    version = store.version(connection)
    if version == known:
        return None
    return version, store.every(connection), store.every_sign_in(connection)
