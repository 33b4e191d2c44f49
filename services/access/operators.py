"""Operators and their sign-ins: signing in and out, and changing what somebody may.

Rights come from the operator as it is now, not from the token: a change counts at once.
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from services.access.accounts import (
    NewOperator,
    Operator,
    OperatorChange,
    check_password,
    operator_of,
    require_within,
)
from services.access.leaving import release_chats, require_other_admin
from services.access.login_attempts import LoginAttempts, SharedFailures
from services.access.passwords import AT_ONCE, Passwords
from services.access.rights import Rights
from services.access.sign_ins import SignIn
from services.access.tokens import Claims, Tokens
from services.bus.events import Author
from services.errors import Conflict, Invalid, NotFound, Unauthorized
from services.store import operators as store
from services.store.ledger import Change, Ledger


class Operators:
    """``session_seconds``: how long a sign-in's token lives; refresh gives a new one.

    ``on_change`` is called once the store has a change: living streams are checked again then.
    ``announce`` notifies other processes that there is one; None: there are no others. ``failures``
    are those of their attempts to sign in.
    """

    def __init__(
        self,
        ledger: Ledger,
        tokens: Tokens,
        *,
        session_seconds: float = 43_200.0,
        on_change: Callable[[], None] = lambda: None,
        announce: Callable[[], None] | None = None,
        failures: SharedFailures | None = None,
    ) -> None:
        self._ledger = ledger
        self._tokens = tokens
        self._session_seconds = session_seconds
        self._on_change = on_change
        self._announce = announce or (lambda: None)
        self._passwords = Passwords()
        self._attempts = LoginAttempts(AT_ONCE, shared=failures)
        self._rights = Rights(ledger, is_shared=announce is not None)

    async def open(self, first_password: str) -> bool:
        """Read who there is; with nobody there, make ``admin``. Whether it was made."""
        await self._rights.look()
        if self._rights.all():
            return False
        try:
            await self.add(NewOperator(username="admin", password=first_password, admin=True))
        except Conflict:  # another process starts, too, and was first
            await self._rights.look()
            return False
        return True

    def close(self) -> None:
        """Let the threads go that check passwords."""
        self._passwords.close()

    async def look(self) -> None:
        """Find out what other processes changed, where there are some. Unavailable."""
        if self._rights.is_shared and await self._rights.look():
            self._on_change()

    def missing(self, token: str) -> Awaitable[None] | None:
        """To await before ``authorize``, where the token's sign-in may be of another process."""
        if not self._rights.is_shared:
            return None
        try:
            claims = self._tokens.verify(token)
        except Unauthorized:
            return None
        return None if claims.signin is None else self._rights.missing(claims.signin)

    async def find(self, claims: Claims) -> None:
        """Know of a sign-in of another process, or that it lives longer. Unavailable."""
        if claims.signin is not None:
            await self._rights.find(claims.signin)

    def authorize(self, token: str) -> Claims:
        """What the holder of this token may now. Unauthorized where it counts no more."""
        claims = self._tokens.verify(token)
        now = self._rights.still(claims)
        if now is None:
            raise Unauthorized("Invalid token")
        return now

    def still(self, claims: Claims) -> Claims | None:
        """These claims as they stand now; None where their sign-in is over."""
        return self._rights.still(claims)

    def author(self, claims: Claims) -> Author:
        """Who writes with these claims."""
        operator = self._rights.signed_in(claims.signin)
        name = claims.sub[:256]
        return Author(id=operator.id if operator else name, name=name)

    async def sign_in(self, username: str, password: str, address: str) -> SignIn:
        """A new sign-in. Unauthorized, or TooMany: see ``LoginAttempts``."""
        async with self._attempts.turn(username, address):
            await self.look()
            operator = self._rights.named(username)
            kept = self._rights.hash_of(operator) if operator else None
            if not await self._passwords.match(kept, password) or operator is None:
                self._attempts.failed(username, address)
                raise Unauthorized("Wrong username or password")

        def issue(change: Change) -> SignIn:
            row = store.get(change.connection, operator.id)
            # Another password since, or no such operator.
            if row is None or row.password_hash != kept:
                raise Unauthorized("Wrong username or password")
            return self._issue(change, row, secrets.token_urlsafe(16))

        sign_in = await self._ledger.change(issue)
        self._attempts.succeeded(username, address)
        return sign_in

    async def refresh(self, claims: Claims) -> SignIn:
        """A newer token of the same sign-in. Invalid for a token that no login made."""
        if claims.signin is None:
            raise Invalid("This token does not come from a login")
        sign_in_id = claims.signin

        def issue(change: Change) -> SignIn:
            row = store.signed_in(change.connection, sign_in_id, time.time())
            if row is None:
                raise Unauthorized("Invalid token")
            return self._issue(change, row, sign_in_id)

        return await self._ledger.change(issue)

    async def sign_out(self, sign_in_id: str) -> None:
        """End a sign-in: its tokens count no more, its streams end."""

        def end(change: Change) -> None:
            store.begin(change.connection)
            store.end_sign_in(change.connection, sign_in_id)
            change.on_commit(lambda: self._rights.end(sign_in_id))
            change.on_commit(self._changed)

        await self._ledger.change(end)

    def get(self, operator_id: str) -> Operator | None:
        """The operator of this id."""
        return self._rights.get(operator_id)

    def all(self) -> list[Operator]:
        """Every operator, by name."""
        return self._rights.all()

    async def add(self, new: NewOperator, within: frozenset[str] | None = None) -> Operator:
        """Conflict where the name is taken; Forbidden for bots that are not ``within`` (None: all).

        ``within`` are the bots of who asks, here and below: nobody gives more than they have.
        """
        require_within(new.bots, within)
        hashed = await self._passwords.hash(new.password)
        values = {
            "id": secrets.token_urlsafe(9),
            "username": new.username,
            "password_hash": hashed,
            "bots": new.bots,
            "admin": new.admin,
            "created_at": time.time(),
        }

        def add(change: Change) -> Any:
            store.begin(change.connection)
            if store.has_name(change.connection, new.username):
                raise Conflict("That username is taken", field="username")
            store.add(change.connection, **values)
            row = store.get(change.connection, str(values["id"]))
            change.on_commit(lambda: self._rights.keep(row))
            change.on_commit(self._announce)
            return row

        return operator_of(await self._ledger.change(add))

    async def change(
        self, operator_id: str, wanted: OperatorChange, within: frozenset[str] | None = None
    ) -> Operator:
        """Change what is not None. Conflict where no admin would be left."""
        await self.look()
        operator = _require(self._rights.get(operator_id))
        values: dict[str, Any] = {
            name: value
            for name, value in (("bots", wanted.bots), ("admin", wanted.admin))
            if value is not None
        }
        if wanted.bots is not None:
            require_within(wanted.bots, within)
        if wanted.password is not None:
            require_within(operator.bots, within)
            check_password(wanted.password, operator.username)
            values["password_hash"] = await self._passwords.hash(wanted.password)

        def store_it(change: Change) -> Any:
            store.begin(change.connection)
            row = _require(store.get(change.connection, operator_id))
            require_within(row.bots, within)
            if wanted.admin is False:
                require_other_admin(change, row)
            if not values:
                return row
            store.change(change.connection, operator_id, **values)
            if wanted.password is not None:
                self._end_sign_ins(change, operator_id)
            row = store.get(change.connection, operator_id)
            change.on_commit(lambda: self._rights.keep(row))
            change.on_commit(self._changed)
            return row

        return operator_of(await self._ledger.change(store_it))

    async def change_password(self, claims: Claims, current: str, new: str, address: str) -> None:
        """One's own: every other sign-in of the operator's ends. Invalid, or TooMany."""
        sign_in_id = claims.signin
        operator = self._rights.signed_in(sign_in_id)
        if operator is None:
            raise Invalid("This token does not come from a login")
        check_password(new, operator.username, "new")
        await self.look()
        async with self._attempts.turn(operator.username, address):
            kept = self._rights.hash_of(operator)
            if not await self._passwords.match(kept, current):
                self._attempts.failed(operator.username, address)
                raise Invalid("That is not your password", field="current")
            hashed = await self._passwords.hash(new)

        def store_it(change: Change) -> None:
            store.begin(change.connection)
            row = store.get(change.connection, operator.id)
            if row is None or row.password_hash != kept:
                raise Unauthorized("Invalid token")
            store.change(change.connection, operator.id, password_hash=hashed)
            self._end_sign_ins(change, operator.id, but=sign_in_id)
            row = store.get(change.connection, operator.id)
            change.on_commit(lambda: self._rights.keep(row))
            change.on_commit(self._changed)

        await self._ledger.change(store_it)
        self._attempts.succeeded(operator.username, address)

    async def remove(self, operator_id: str, within: frozenset[str] | None = None) -> None:
        """Their chats need another person. Conflict for the last admin."""

        def remove(change: Change) -> None:
            store.begin(change.connection)
            row = _require(store.get(change.connection, operator_id))
            require_within(row.bots, within)
            require_other_admin(change, row)
            store.remove(change.connection, operator_id)
            change.on_commit(lambda: self._rights.forget(operator_id))
            change.on_commit(self._changed)

        await self._ledger.change(remove)
        await release_chats(self._ledger, operator_id)

    def _changed(self) -> None:
        self._on_change()
        self._announce()

    def _issue(self, change: Change, row: Any, sign_in_id: str) -> SignIn:
        now = time.time()
        expires_at = float(int(now + self._session_seconds))
        store.put_sign_in(change.connection, sign_in_id, row.id, now, expires_at)
        change.on_commit(lambda: self._rights.keep_sign_in(sign_in_id, row.id, expires_at))
        ttl = expires_at - now
        token = self._tokens.sign(
            row.username, ttl=ttl, bots=row.bots, admin=row.admin, signin=sign_in_id
        )
        return SignIn(token, expires_at)

    def _end_sign_ins(self, change: Change, owner: str, but: str | None = None) -> None:
        store.end_sign_ins_of(change.connection, owner, but)
        change.on_commit(lambda: self._rights.end_all_of(owner, but))


def _require(row: Any) -> Any:
    if row is None:
        raise NotFound("No such operator")
    return row
