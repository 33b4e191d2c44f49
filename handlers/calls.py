"""What a call takes and answers, declared where it is written; the OpenAPI document is read off it.

``@call`` stands above a handler's method. The method's annotations name what it reads (``Body`` or
``Query``, decoded when it asks for them, so that rights are looked at first) and what it returns,
which is the answer. Nothing is said a second time for the document.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from services.errors import (
    Forbidden,
    Invalid,
    Refusal,
    TooLarge,
    Unauthorized,
    UnsupportedType,
)

if TYPE_CHECKING:
    from handlers.base import BaseHandler, PulsoHandler

T = TypeVar("T")
JSON = "application/json"


class Body(Generic[T]):
    """The JSON body of a request; ``read`` names the field that is wrong."""

    def __init__(self, handler: BaseHandler, kind: type[T]) -> None:
        self._handler = handler
        self._kind = kind

    def read(self) -> T:
        return self._handler.body(self._kind)


class Query(Generic[T]):
    """The query of a request; ``read`` names the parameter that is wrong."""

    def __init__(self, handler: PulsoHandler, kind: type[T]) -> None:
        self._handler = handler
        self._kind = kind

    def read(self) -> T:
        return self._handler.parameters(self._kind)


class Call(msgspec.Struct, frozen=True):
    """One method of a handler: ``answer`` is a type, or None where there is no JSON to describe.

    ``body``, ``form`` and ``query`` are types, too. ``headers`` names those of the request that
    count.
    """

    summary: str
    statuses: tuple[int, ...]
    answer: Any
    media: str
    body: Any
    form: Any
    query: Any
    headers: tuple[str, ...]
    refuses: tuple[type[Refusal], ...]
    is_open: bool


def call(
    *statuses: int,
    refuses: tuple[type[Refusal], ...] = (),
    is_open: bool = False,
    media: str = JSON,
    headers: tuple[str, ...] = (),
    body: Any = None,
    form: Any = None,
    query: Any = None,
) -> Callable[[Callable[..., Any]], Callable[..., Awaitable[None]]]:
    """Declare a method; its docstring says what it does, what it returns is answered.

    ``refuses`` are those that don't follow from the rest: see ``refusals_of``. With several
    ``statuses`` the method sets its own. What is not JSON (``media``) the method writes itself;
    ``body`` and ``query`` are for one that reads them in its own way. ``form`` are the fields of
    the form with a file that may come instead of the body.
    """

    def declare(method: Callable[..., Any]) -> Callable[..., Awaitable[None]]:
        hints = get_type_hints(method)
        readers = {
            name: (get_origin(hint), get_args(hint)[0])
            for name, hint in hints.items()
            if get_origin(hint) in (Body, Query)
        }
        read = dict(readers.values())
        answer = hints.get("return")

        declared = Call(
            summary=inspect.getdoc(method) or "",
            statuses=statuses,
            answer=None if answer is type(None) else answer,
            media=media,
            body=read.get(Body, body),
            form=form,
            query=read.get(Query, query),
            headers=headers,
            refuses=refuses,
            is_open=is_open,
        )
        if media != JSON:
            method.call = declared  # type: ignore[attr-defined]
            return method

        @wraps(method)
        async def answered(self: Any, *path: str) -> None:
            given = {name: reader(self, kind) for name, (reader, kind) in readers.items()}
            found = method(self, *path, **given)
            if inspect.isawaitable(found):
                found = await found
            if len(statuses) == 1:
                self.set_status(statuses[0])
            if found is None:
                self.finish()
            else:
                self.reply(found)

        answered.call = declared  # type: ignore[attr-defined]
        return answered

    return declare


def refusals_of(call: Call, method: str, parameters: bool) -> set[type[Refusal]]:
    """Every refusal a call can give; ``parameters``: its path has some."""
    found = set(call.refuses)
    if not call.is_open:
        found.add(Unauthorized)
    if method not in ("GET", "HEAD"):
        found.add(Forbidden)  # a page of another site, with its visitor's cookie
    if call.body is not None:
        found |= {Invalid, UnsupportedType, TooLarge}
    if call.query is not None or parameters:
        found.add(Invalid)
    return found
