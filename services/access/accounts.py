"""An operator as the API takes and shows it, and what its name and password may be."""

from typing import Annotated, Any, Literal

import msgspec

from services.bus.events import BotId
from services.errors import Forbidden, Invalid
from services.text import CONTROL, is_name
from services.timestamps import iso
from services.weak_passwords import is_weak

Username = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
# Argon2 takes any length; the cap keeps a request from buying seconds of CPU.
Password = Annotated[str, msgspec.Meta(min_length=8, max_length=256)]
Scope = list[BotId] | Literal["*"]


class Operator(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Somebody who may sign in; ``bots`` are the ids of the bots they see, or ``"*"`` for all."""

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
    """Who shall be able to sign in from now on."""

    username: Username
    password: Password
    bots: Scope = "*"
    admin: bool = False

    def __post_init__(self) -> None:
        if not is_name(self.username):
            raise Invalid(
                "No control or invisible characters or outer spaces in a username",
                field="username",
            )
        check_password(self.password, self.username)
        _check_ids(self.bots)


class OperatorChange(msgspec.Struct, frozen=True):
    """What shall be different; null and what is left out stay as they are."""

    password: Password | None = None
    bots: Scope | None = None
    admin: bool | None = None

    def __post_init__(self) -> None:
        if self.password is not None:
            check_password(self.password)
        if self.bots is not None:
            _check_ids(self.bots)


def operator_of(row: Any) -> Operator:
    """A row of the table as answers show it."""
    return Operator(
        id=row.id,
        username=row.username,
        bots=row.bots,
        admin=row.admin,
        created_at=iso(row.created_at),
    )


def check_password(password: str, username: str | None = None, field: str = "password") -> None:
    """Invalid where anybody would guess it."""
    if is_weak(password, username):
        raise Invalid("That password is too easy to guess", field=field)


def require_within(scope: list[str] | Literal["*"], limit: frozenset[str] | None) -> None:
    """Forbidden where ``scope`` holds bots beyond ``limit``, those of who asks; None: all."""
    if limit is not None and (scope == "*" or not limit.issuperset(scope)):
        raise Forbidden("Only an admin of all those bots may do this", field="bots")


def _check_ids(bots: list[str] | Literal["*"]) -> None:
    for position, bot_id in enumerate(bots if bots != "*" else ()):
        if CONTROL.search(bot_id):
            raise Invalid("No control characters in a bot id", field=f"bots.{position}")
