"""Operators and their sign-ins: who they are, what they may right now.

The store is the truth and is written first; a copy in memory answers every request, because a
stream is opened far more often than an operator changes. Rights come from the operator as it
is now, not from the token: a change counts at once.
"""

import secrets
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

from services.access.login_attempts import LoginAttempts
from services.access.passwords import AT_ONCE, Passwords
from services.access.tokens import Claims, Tokens
from services.bus.events import BotId
from services.errors import Conflict, Invalid, NotFound, Unauthorized
from services.store import operators as store
from services.store.ledger import Change, Ledger
from services.text import CONTROL
from services.timestamps import iso

Username = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
# Argon2 takes any length; the cap keeps a request from buying seconds of CPU.
Password = Annotated[str, msgspec.Meta(min_length=8, max_length=256)]


class Operator(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An operator as the API shows it; ``bots`` is a list of bot ids, or ``"*"``."""

    id: str
    username: str
    bots: list[str] | Literal["*"]
    admin: bool
    created_at: str

    @property
    def scope(self) -> frozenset[str] | None:
        """Its bots as ``Claims`` has them. None: all."""
        return None if self.bots == "*" else frozenset(self.bots)


class NewOperator(msgspec.Struct, frozen=True):
    username: Username
    password: Password
    bots: list[BotId] | Literal["*"] = "*"
    admin: bool = False


class OperatorChange(msgspec.Struct, frozen=True):
    password: Password | None = None
    bots: list[BotId] | Literal["*"] | None = None
    admin: bool | None = None


class SignIn(msgspec.Struct, frozen=True):
    token: str
    expires_at: float


class Operators:
    """``session_seconds``: how long a sign-in's token lives; refresh gives a new one.

    ``on_change`` is called once the store has a change: living streams are checked again then.
    """

    def __init__(
        self,
        ledger: Ledger,
        tokens: Tokens,
        *,
        session_seconds: float = 43_200.0,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._tokens = tokens
        self._session_seconds = session_seconds
        self._on_change = on_change
        self._passwords = Passwords()
        self._attempts = LoginAttempts(AT_ONCE)
        self._operators: dict[str, Operator] = {}
        self._hashes: dict[str, str] = {}
        self._sign_ins: dict[str, tuple[str, float]] = {}

    async def open(self, first_password: str) -> bool:
        """Read who there is; with nobody there, make ``admin``. Whether it was made."""
        rows, sign_ins = await self._ledger.read(
            lambda connection: (store.every(connection), store.every_sign_in(connection))
        )
        for row in rows:
            self._keep(row)
        for sign_in in sign_ins:
            self._sign_ins[sign_in.id] = (sign_in.operator_id, sign_in.expires_at)
        if self._operators:
            return False
        await self.add(NewOperator(username="admin", password=first_password, admin=True))
        return True

    def close(self) -> None:
        """Let the threads go that check passwords."""
        self._passwords.close()

    def authorize(self, token: str) -> Claims:
        """What the holder of this token may now. Unauthorized where it counts no more."""
        claims = self._tokens.verify(token)
        if claims.signin is None:
            return claims
        operator = self._signed_in(claims.signin)
        if operator is None or operator.username != claims.sub:
            raise Unauthorized("Invalid token")
        return msgspec.structs.replace(claims, bots=operator.scope, admin=operator.admin)

    def still(self, claims: Claims) -> Claims | None:
        """These claims as they stand now; None where their sign-in is over."""
        if claims.signin is None:
            return claims
        operator = self._signed_in(claims.signin)
        if operator is None:
            return None
        return msgspec.structs.replace(claims, bots=operator.scope, admin=operator.admin)

    async def sign_in(self, username: str, password: str, address: str) -> SignIn:
        """A new sign-in. Unauthorized, or TooMany: see ``LoginAttempts``."""
        async with self._attempts.turn(username, address):
            operator = next((o for o in self._operators.values() if o.username == username), None)
            kept = self._hashes[operator.id] if operator else None
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
            store.end_sign_in(change.connection, sign_in_id)
            change.on_commit(lambda: self._sign_ins.pop(sign_in_id, None) and None)
            change.on_commit(self._on_change)

        await self._ledger.change(end)

    def all(self) -> list[Operator]:
        """Every operator, by name."""
        return sorted(self._operators.values(), key=lambda operator: operator.username)

    async def add(self, new: NewOperator) -> Operator:
        """Conflict where the name is taken."""
        if CONTROL.search(new.username) or new.username != new.username.strip():
            raise Invalid("No control characters or outer spaces in a username", field="username")
        _check_scope(new.bots)
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
            if store.has_name(change.connection, new.username):
                raise Conflict("That username is taken", field="username")
            store.add(change.connection, **values)
            row = store.get(change.connection, str(values["id"]))
            change.on_commit(lambda: self._keep(row))
            return row

        return _operator(await self._ledger.change(add))

    async def change(self, operator_id: str, wanted: OperatorChange) -> Operator:
        """Change what is not None. Conflict where no admin would be left."""
        if operator_id not in self._operators:
            raise NotFound("No such operator")
        values: dict[str, Any] = {}
        if wanted.bots is not None:
            _check_scope(wanted.bots)
            values["bots"] = wanted.bots
        if wanted.admin is not None:
            values["admin"] = wanted.admin
        if wanted.password is not None:
            values["password_hash"] = await self._passwords.hash(wanted.password)

        def store_it(change: Change) -> Any:
            row = _require(store.get(change.connection, operator_id))
            if wanted.admin is False:
                _require_other_admin(change, row)
            if not values:
                return row
            store.change(change.connection, operator_id, **values)
            if wanted.password is not None:
                store.end_sign_ins_of(change.connection, operator_id)
                change.on_commit(lambda: self._forget_sign_ins(operator_id))
            row = store.get(change.connection, operator_id)
            change.on_commit(lambda: self._keep(row))
            change.on_commit(self._on_change)
            return row

        return _operator(await self._ledger.change(store_it))

    async def remove(self, operator_id: str) -> None:
        """Conflict for the last admin."""

        def remove(change: Change) -> None:
            _require_other_admin(change, _require(store.get(change.connection, operator_id)))
            store.remove(change.connection, operator_id)
            change.on_commit(lambda: self._forget(operator_id))
            change.on_commit(self._on_change)

        await self._ledger.change(remove)

    def _keep(self, row: Any) -> None:
        self._operators[row.id] = _operator(row)
        self._hashes[row.id] = row.password_hash

    def _forget(self, operator_id: str) -> None:
        del self._operators[operator_id]
        del self._hashes[operator_id]
        self._forget_sign_ins(operator_id)

    def _signed_in(self, sign_in_id: str) -> Operator | None:
        found = self._sign_ins.get(sign_in_id)
        if found is None or found[1] <= time.time():
            return None
        return self._operators.get(found[0])

    def _issue(self, change: Change, row: Any, sign_in_id: str) -> SignIn:
        now = time.time()
        expires_at = float(int(now + self._session_seconds))
        store.put_sign_in(change.connection, sign_in_id, row.id, now, expires_at)
        change.on_commit(lambda: self._keep_sign_in(sign_in_id, row.id, now, expires_at))
        token = self._tokens.sign(
            row.username,
            ttl=expires_at - now,
            bots=row.bots,
            admin=row.admin,
            signin=sign_in_id,
        )
        return SignIn(token, expires_at)

    def _keep_sign_in(self, sign_in_id: str, owner: str, now: float, expires_at: float) -> None:
        for gone in [key for key, (_, expiry) in self._sign_ins.items() if expiry <= now]:
            del self._sign_ins[gone]
        self._sign_ins[sign_in_id] = (owner, expires_at)

    def _forget_sign_ins(self, operator_id: str) -> None:
        for gone in [key for key, (owner, _) in self._sign_ins.items() if owner == operator_id]:
            del self._sign_ins[gone]


def _operator(row: Any) -> Operator:
    return Operator(
        id=row.id,
        username=row.username,
        bots=row.bots,
        admin=row.admin,
        created_at=iso(row.created_at),
    )


def _require(row: Any) -> Any:
    if row is None:
        raise NotFound("No such operator")
    return row


def _require_other_admin(change: Change, leaving: Any) -> None:
    if leaving.admin and not store.has_other_admin(change.connection, leaving.id):
        raise Conflict("The last admin has to stay one")


def _check_scope(scope: list[str] | Literal["*"]) -> None:
    for position, bot_id in enumerate(scope if scope != "*" else ()):
        if CONTROL.search(bot_id):
            raise Invalid("No control characters in a bot id", field=f"bots.{position}")
