"""Statements on operators and their sign-ins."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from services.store.schema import operators, rights, sign_ins

_ALL = select(operators)
_SIGN_INS = select(sign_ins.c.id, sign_ins.c.operator_id, sign_ins.c.expires_at)
_GET = select(operators).where(operators.c.id == bindparam("operator_id"))
_SIGNED_IN = (
    select(operators)
    .join(sign_ins, sign_ins.c.operator_id == operators.c.id)
    .where(sign_ins.c.id == bindparam("sign_in_id"), sign_ins.c.expires_at > bindparam("now"))
)
_SIGN_IN = _SIGN_INS.where(
    sign_ins.c.id == bindparam("sign_in_id"), sign_ins.c.expires_at > bindparam("now")
)
_VERSION = select(rights.c.version)
_RAISE = update(rights).values(version=rights.c.version + 1)
_BY_NAME = select(operators.c.id).where(operators.c.username == bindparam("name"))
_ADD = insert(operators)
_REMOVE = delete(operators).where(operators.c.id == bindparam("operator_id"))
_OTHER_ADMINS = (
    select(func.count())
    .select_from(operators)
    .where(operators.c.admin, operators.c.id != bindparam("operator_id"))
)
_ADD_SIGN_IN = insert(sign_ins)
_END_SIGN_IN = delete(sign_ins).where(sign_ins.c.id == bindparam("sign_in_id"))
_END_EXPIRED = delete(sign_ins).where(sign_ins.c.expires_at <= bindparam("now"))
_END_ALL = delete(sign_ins).where(
    sign_ins.c.operator_id == bindparam("owner"), sign_ins.c.id != bindparam("but")
)


def version(connection: Connection) -> int:
    """Of what operators may: another one after every change but a new or a longer sign-in."""
    found: int = connection.execute(_VERSION).scalar_one()
    return found


def begin(connection: Connection) -> None:
    """Rights are about to change: in one transaction at a time, over all processes."""
    connection.execute(_RAISE)


def every(connection: Connection) -> Sequence[Any]:
    """All operators: ``id, username, password_hash, bots, admin, created_at``."""
    return connection.execute(_ALL).all()


def every_sign_in(connection: Connection) -> Sequence[Any]:
    """All sign-ins: ``id, operator_id, expires_at``."""
    return connection.execute(_SIGN_INS).all()


def get(connection: Connection, operator_id: str) -> Any:
    """One operator, or None."""
    return connection.execute(_GET, {"operator_id": operator_id}).first()


def signed_in(connection: Connection, sign_in_id: str, now: float) -> Any:
    """The operator of a sign-in that still lives, or None."""
    return connection.execute(_SIGNED_IN, {"sign_in_id": sign_in_id, "now": now}).first()


def sign_in(connection: Connection, sign_in_id: str, now: float) -> Any:
    """A sign-in that still lives, or None: ``id, operator_id, expires_at``."""
    return connection.execute(_SIGN_IN, {"sign_in_id": sign_in_id, "now": now}).first()


def has_name(connection: Connection, username: str) -> bool:
    """Whether an operator is called that."""
    return connection.execute(_BY_NAME, {"name": username}).first() is not None


def has_other_admin(connection: Connection, operator_id: str) -> bool:
    """Whether there is an admin beside this one."""
    count: int = connection.execute(_OTHER_ADMINS, {"operator_id": operator_id}).scalar_one()
    return count > 0


def add(connection: Connection, **values: Any) -> None:
    """A new operator, with every column."""
    connection.execute(_ADD, values)


def change(connection: Connection, operator_id: str, **values: Any) -> None:
    """Set these columns."""
    connection.execute(update(operators).where(operators.c.id == operator_id).values(**values))


def remove(connection: Connection, operator_id: str) -> None:
    """Forget an operator and their sign-ins."""
    connection.execute(_REMOVE, {"operator_id": operator_id})


def put_sign_in(
    connection: Connection, sign_in_id: str, operator_id: str, now: float, expires_at: float
) -> None:
    """A new sign-in, or a longer life for one that there is; those that ended go."""
    connection.execute(_END_SIGN_IN, {"sign_in_id": sign_in_id})
    connection.execute(_END_EXPIRED, {"now": now})
    values = {
        "id": sign_in_id,
        "operator_id": operator_id,
        "created_at": now,
        "expires_at": expires_at,
    }
    connection.execute(_ADD_SIGN_IN, values)


def end_sign_in(connection: Connection, sign_in_id: str) -> None:
    connection.execute(_END_SIGN_IN, {"sign_in_id": sign_in_id})


def end_sign_ins_of(connection: Connection, operator_id: str, but: str | None = None) -> None:
    """End an operator's sign-ins, all but this one."""
    connection.execute(_END_ALL, {"owner": operator_id, "but": but or ""})
