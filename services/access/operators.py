"""Operators and their sign-ins: who they are, what they may right now.

The store is the truth and is written first; a copy in memory answers every request, because a
stream is opened far more often than an operator changes. Rights come from the operator as it
is now, not from the token: a change counts at once.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from sqlalchemy import delete, insert, select, update

from services.access.login_attempts import LoginAttempts
from services.access.passwords import Passwords
from services.access.tokens import Claims, Tokens
from services.bus.events import BotId
from services.errors import Conflict, Invalid, NotFound, Unauthorized
from services.store import Database
from services.store.schema import operators, sign_ins
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
        database: Database,
        tokens: Tokens,
        *,
        session_seconds: float = 43_200.0,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._session_seconds = session_seconds
        self._on_change = on_change
        self._passwords = Passwords()
        self._attempts = LoginAttempts()
        self._operators: dict[str, Operator] = {}
        self._hashes: dict[str, str] = {}
        self._sign_ins: dict[str, tuple[str, float]] = {}
        # Store and memory change together, one change at a time.
        self._lock = asyncio.Lock()

    async def open(self, first_password: str) -> bool:
        """Read who there is; with nobody there, make ``admin``. Whether it was made."""
        async with self._database.reading() as connection:
            for row in (await connection.execute(select(operators))).mappings():
                self._keep(dict(row))
            for row in (await connection.execute(select(sign_ins))).mappings():
                self._sign_ins[row["id"]] = (row["operator_id"], row["expires_at"])
        if self._operators:
            return False
        await self.add(NewOperator(username="admin", password=first_password, admin=True))
        return True

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
        """A new sign-in. Unauthorized, or TooMany after 5 failures a minute of name and address."""
        self._attempts.begin(username, address)
        operator = next((o for o in self._operators.values() if o.username == username), None)
        kept = self._hashes[operator.id] if operator else None
        matches = await self._passwords.match(kept, password)
        if operator is None or not matches:
            raise Unauthorized("Wrong username or password")
        async with self._lock:
            # A change may have held the lock: another password since, or no such operator.
            if self._hashes.get(operator.id) != kept:
                raise Unauthorized("Wrong username or password")
            self._attempts.succeed(username, address)
            return await self._issue(self._operators[operator.id], secrets.token_urlsafe(16))

    async def refresh(self, claims: Claims) -> SignIn:
        """A newer token of the same sign-in. Invalid for a token that no login made."""
        if claims.signin is None:
            raise Invalid("This token does not come from a login")
        async with self._lock:
            operator = self._signed_in(claims.signin)
            if operator is None:
                raise Unauthorized("Invalid token")
            return await self._issue(operator, claims.signin)

    async def sign_out(self, sign_in_id: str) -> None:
        """End a sign-in: its tokens count no more, its streams end."""
        async with self._lock:
            async with self._database.writing() as connection:
                await connection.execute(delete(sign_ins).where(sign_ins.c.id == sign_in_id))
            self._sign_ins.pop(sign_in_id, None)
        self._on_change()

    def all(self) -> list[Operator]:
        """Every operator, by name."""
        return sorted(self._operators.values(), key=lambda operator: operator.username)

    async def add(self, new: NewOperator) -> Operator:
        """Conflict where the name is taken."""
        if CONTROL.search(new.username) or new.username != new.username.strip():
            raise Invalid("No control characters or outer spaces in a username", field="username")
        _check_scope(new.bots)
        hashed = await self._passwords.hash(new.password)
        row = {
            "id": secrets.token_urlsafe(9),
            "username": new.username,
            "password_hash": hashed,
            "bots": new.bots,
            "admin": new.admin,
            "created_at": time.time(),
        }
        async with self._lock:
            if any(operator.username == new.username for operator in self._operators.values()):
                raise Conflict("That username is taken", field="username")
            async with self._database.writing() as connection:
                await connection.execute(insert(operators).values(row))
            return self._keep(row)

    async def change(self, operator_id: str, change: OperatorChange) -> Operator:
        """Change what is not None. Conflict where no admin would be left."""
        self._get(operator_id)
        values: dict[str, Any] = {}
        if change.bots is not None:
            _check_scope(change.bots)
            values["bots"] = change.bots
        if change.admin is not None:
            values["admin"] = change.admin
        if change.password is not None:
            values["password_hash"] = await self._passwords.hash(change.password)
        async with self._lock:
            operator = self._get(operator_id)
            if change.admin is False:
                self._keep_an_admin(operator)
            if not values:
                return operator
            async with self._database.writing() as connection:
                mine = operators.c.id == operator_id
                await connection.execute(update(operators).where(mine).values(values))
                row = (await connection.execute(select(operators).where(mine))).mappings().one()
                if change.password is not None:
                    await connection.execute(
                        delete(sign_ins).where(sign_ins.c.operator_id == operator_id)
                    )
            if change.password is not None:
                self._forget_sign_ins(operator_id)
            changed = self._keep(dict(row))
        self._on_change()
        return changed

    async def remove(self, operator_id: str) -> None:
        """Conflict for the last admin."""
        async with self._lock:
            self._keep_an_admin(self._get(operator_id))
            async with self._database.writing() as connection:
                await connection.execute(delete(operators).where(operators.c.id == operator_id))
            del self._operators[operator_id]
            del self._hashes[operator_id]
            self._forget_sign_ins(operator_id)
        self._on_change()

    def _keep(self, row: dict[str, Any]) -> Operator:
        operator = Operator(
            id=row["id"],
            username=row["username"],
            bots=row["bots"],
            admin=row["admin"],
            created_at=iso(row["created_at"]),
        )
        self._operators[operator.id] = operator
        self._hashes[operator.id] = row["password_hash"]
        return operator

    def _get(self, operator_id: str) -> Operator:
        operator = self._operators.get(operator_id)
        if operator is None:
            raise NotFound("No such operator")
        return operator

    def _keep_an_admin(self, leaving: Operator) -> None:
        others = any(o.admin for o in self._operators.values() if o.id != leaving.id)
        if leaving.admin and not others:
            raise Conflict("The last admin has to stay one")

    def _signed_in(self, sign_in_id: str) -> Operator | None:
        found = self._sign_ins.get(sign_in_id)
        if found is None or found[1] <= time.time():
            return None
        return self._operators.get(found[0])

    async def _issue(self, operator: Operator, sign_in_id: str) -> SignIn:
        now = time.time()
        expires_at = float(int(now + self._session_seconds))
        values = {
            "id": sign_in_id,
            "operator_id": operator.id,
            "created_at": now,
            "expires_at": expires_at,
        }
        async with self._database.writing() as connection:
            await connection.execute(delete(sign_ins).where(sign_ins.c.id == sign_in_id))
            await connection.execute(delete(sign_ins).where(sign_ins.c.expires_at <= now))
            await connection.execute(insert(sign_ins).values(values))
        for gone in [key for key, (_, expiry) in self._sign_ins.items() if expiry <= now]:
            del self._sign_ins[gone]
        self._sign_ins[sign_in_id] = (operator.id, expires_at)
        token = self._tokens.sign(
            operator.username,
            ttl=expires_at - now,
            bots=operator.bots,
            admin=operator.admin,
            signin=sign_in_id,
        )
        return SignIn(token, expires_at)

    def _forget_sign_ins(self, operator_id: str) -> None:
        for gone in [key for key, (owner, _) in self._sign_ins.items() if owner == operator_id]:
            del self._sign_ins[gone]


def _check_scope(scope: list[str] | Literal["*"]) -> None:
    for position, bot_id in enumerate(scope if scope != "*" else ()):
        if CONTROL.search(bot_id):
            raise Invalid("No control characters in a bot id", field=f"bots.{position}")
