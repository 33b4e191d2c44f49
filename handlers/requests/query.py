"""The query of a request as a typed struct: the pages of a list, and which of it."""

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec.inspect import IntType, ListType, Metadata, type_info

from handlers.requests.json_body import explain
from services.bus.events import BotId
from services.errors import Invalid
from services.text import CONTROL

T = TypeVar("T")


class PageQuery(msgspec.Struct, frozen=True):
    """One page of a list: ``limit`` items, those before the ``before`` of the page after."""

    before: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,18}$")] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50


class SessionsQuery(PageQuery, frozen=True, rename="camel", kw_only=True):
    """Of which bots, and what is looked for in names, numbers and texts."""

    bot_id: Annotated[list[BotId], msgspec.Meta(min_length=1, max_length=100)]
    q: Annotated[str, msgspec.Meta(max_length=200)] = ""

    def __post_init__(self) -> None:
        if CONTROL.search(self.q):
            raise Invalid("No control characters", field="q")


class StreamQuery(msgspec.Struct, frozen=True, rename="camel"):
    """The bots to follow, from where, and by which right, for who can't set headers."""

    bot_id: Annotated[list[BotId], msgspec.Meta(min_length=1)]
    last_event_id: str | None = None
    token: str | None = None


def decode_query(values: Callable[[str], list[str]], kind: type[T]) -> T:
    """``kind``, a struct, from a query; ``values`` are those of a name. Invalid.

    A repeated name counts as a list where one is asked for, its empty and double values left out;
    else the last one counts.
    """
    given: dict[str, Any] = {}
    fields: Any = msgspec.structs.fields(cast(Any, kind))
    for field in fields:
        name, found = field.encode_name, values(field.encode_name)
        if _is(ListType, field.type):
            given[name] = list(dict.fromkeys(filter(None, found)))
        elif found:
            given[name] = found[-1]
            if _is(IntType, field.type) and re.fullmatch(r"[0-9]{1,18}", found[-1]):
                given[name] = int(found[-1])
    try:
        return msgspec.convert({name: one for name, one in given.items() if one != []}, kind)
    except msgspec.ValidationError as error:
        message, name = explain(str(error))
        raise Invalid(message, field=name and name.split(".")[0]) from None


def _is(wanted: type, kind: Any) -> bool:
    found = type_info(kind)
    return isinstance(found.type if isinstance(found, Metadata) else found, wanted)
