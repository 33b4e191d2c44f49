"""The query of a request as a typed struct: the pages of a list, and which of it."""

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec.inspect import IntType, ListType, Metadata, type_info

from handlers.requests.json_body import explain
from services.bus.events import BotId, State
from services.errors import Invalid
from services.store.session_lists import Sort, View
from services.text import CONTROL

T = TypeVar("T")


Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]


class PageQuery(msgspec.Struct, frozen=True):
    """One page of a list: ``limit`` items, those before the ``before`` of the page after."""

    before: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,18}$")] | None = None
    limit: Limit = 50


class BotsQuery(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Of which bots."""

    bot_id: Annotated[list[BotId], msgspec.Meta(min_length=1, max_length=100)]


class SessionsQuery(BotsQuery, frozen=True, rename="camel", kw_only=True):
    """Of which bots, which of their chats, and what is looked for in names, numbers and texts.

    ``view`` ``mine`` and ``unassigned`` are of open chats unless ``state`` says otherwise;
    ``sort`` ``waiting`` lists only those whose customer waits for a person, longest first.
    """

    q: Annotated[str, msgspec.Meta(max_length=200)] = ""
    view: View = "all"
    unread: Annotated[int, msgspec.Meta(ge=0, le=1)] = 0
    state: State | None = None
    label: Annotated[str, msgspec.Meta(max_length=50)] | None = None
    sort: Sort = "newest"
    before: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,18}(-[A-Za-z0-9-]{1,64})?$")] | None = (
        None
    )
    limit: Limit = 50

    def __post_init__(self) -> None:
        for name in ("q", "label"):
            if CONTROL.search(getattr(self, name) or ""):
                raise Invalid("No control characters", field=name)


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
            if _is(IntType, field.type) and re.fullmatch(r"-?[0-9]{1,18}", found[-1]):
                given[name] = int(found[-1])
    try:
        return msgspec.convert({name: one for name, one in given.items() if one != []}, kind)
    except msgspec.ValidationError as error:
        message, name = explain(str(error))
        raise Invalid(message, field=name and name.split(".")[0]) from None


def _is(wanted: type, kind: Any) -> bool:
    found = type_info(kind)
    return isinstance(found.type if isinstance(found, Metadata) else found, wanted)
