"""GET /api/openapi.json: OpenAPI 3.1 made from the routes and what each handler declares.

Schemas are msgspec's of the very structs that bodies are decoded into and answers encoded from,
limits included; refusals are those of ``services/errors.py``. Open to all: it holds nothing of
this server but which version it is, and what reads it (a page before the sign-in, a generator of
clients) has no token yet.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import msgspec

from handlers.base import COOKIE, PulsoHandler, Refused
from handlers.calls import JSON, Call, call, refusals_of
from services.bus.events import BotId
from services.errors import Refusal

# A path with its parameters in braces, its handler, and the services that one gets.
Route = tuple[str, Any, dict[str, Any]]

METHODS = ("get", "head", "post", "patch", "put", "delete")
REFERENCE = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"\{(\w+)\}")
HEADERS = {
    "Idempotency-Key": {"type": "string", "minLength": 1, "maxLength": 128},
    "Last-Event-ID": {"type": "string"},
    "Range": {"type": "string", "examples": ["bytes=0-1023"]},
    "If-Range": {"type": "string"},
    "If-None-Match": {"type": "string"},
}


def pattern_of(path: str) -> str:
    """The path as Tornado matches it."""
    return _PARAMETER.sub("([^/]+)", path)


def calls_of(handler: Any) -> Iterator[tuple[str, Call]]:
    """The methods a handler answers, with what each declares. TypeError where one doesn't."""
    for method in METHODS:
        function = getattr(handler, method)
        declared = getattr(function, "call", None)
        if declared is not None:
            yield method, declared
        elif function.__module__.startswith("handlers."):
            raise TypeError(f"{handler.__name__}.{method} declares no @call")


class Document:
    """The description of these routes; made when it is first asked for."""

    def __init__(self, routes: Sequence[Route], version: str) -> None:
        self._routes = routes
        self._version = version
        self._calls = [
            (path, handler, method, declared)
            for path, handler, _ in routes
            for method, declared in calls_of(handler)
        ]

    @cached_property
    def content(self) -> bytes:
        """The document as JSON."""
        return msgspec.json.encode(self.build())

    def build(self) -> dict[str, Any]:
        kinds = {
            repr(kind): kind for *_, one in self._calls for kind in (one.answer, one.body, one.form)
        }
        kinds[repr(Refused)] = Refused
        kinds.pop("None", None)
        found, components = msgspec.json.schema_components(kinds.values(), ref_template=REFERENCE)
        self._schemas = dict(zip(kinds, found, strict=True))
        paths: dict[str, dict[str, Any]] = {}
        for path, handler, method, declared in self._calls:
            paths.setdefault(path, {})[method] = self._operation(path, handler, method, declared)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Pulso",
                "version": self._version,
                "description": "Live events of WhatsApp bots, and what people do about them.",
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "paths": paths,
            "components": {
                "schemas": components,
                "responses": {kind.__name__: _refused(kind) for kind in Refusal.__subclasses__()},
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                    "query": {"type": "apiKey", "in": "query", "name": "token"},
                    "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                },
            },
        }

    def _operation(self, path: str, handler: Any, method: str, call: Call) -> dict[str, Any]:
        names = _PARAMETER.findall(path)
        refused = refusals_of(call, method.upper(), bool(names))
        operation: dict[str, Any] = {
            "operationId": f"{method}{_identifier(path)}",
            "tags": [handler.__module__.rpartition(".")[2]],
            "summary": call.summary,
            "parameters": [*_in_path(names), *_in_query(call.query), *_in_headers(call.headers)],
            "responses": {
                **{str(status): self._answer(call, method) for status in call.statuses},
                **{
                    str(kind.status): {"$ref": f"#/components/responses/{kind.__name__}"}
                    for kind in sorted(refused, key=lambda kind: kind.status)
                    if kind.status not in call.statuses
                },
            },
            "security": [] if call.is_open else [{"bearer": []}, {"query": []}, {"cookie": []}],
        }
        if call.body is not None:
            content = {JSON: {"schema": self._schemas[repr(call.body)]}}
            if call.form is not None:
                content["multipart/form-data"] = {"schema": self._with_file(call.form)}
            operation["requestBody"] = {"required": True, "content": content}
        return operation

    def _with_file(self, form: Any) -> dict[str, Any]:
        file = {"type": "string", "contentMediaType": "application/octet-stream"}
        with_file = {"type": "object", "properties": {"file": file}, "required": ["file"]}
        return {"allOf": [self._schemas[repr(form)], with_file]}

    def _answer(self, call: Call, method: str) -> dict[str, Any]:
        answer: dict[str, Any] = {"description": _description(call)}
        if call.answer is not None:
            answer["content"] = {JSON: {"schema": self._schemas[repr(call.answer)]}}
        elif call.media == "text/event-stream" and method != "head":
            answer["content"] = {call.media: {}}  # its events: docs/asyncapi.json
        elif call.media != JSON and method != "head":
            answer["content"] = {call.media: {"schema": {"type": "string"}}}
        return answer


class OpenApiHandler(PulsoHandler):
    document: Document

    @call(200, is_open=True)
    def get(self) -> msgspec.Raw:
        """This document."""
        return msgspec.Raw(self.document.content)


def _description(call: Call) -> str:
    text = getattr(call.answer, "__doc__", None)
    return text.strip() if isinstance(text, str) and text.strip() else call.summary


def _refused(kind: type[Refusal]) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(name=Refused.__name__)}
    return {"description": (kind.__doc__ or "").strip(), "content": {JSON: {"schema": schema}}}


def _identifier(path: str) -> str:
    words = re.findall(r"[A-Za-z]+", path.removeprefix("/api"))
    return "".join(word[0].upper() + word[1:] for word in words)


def _in_path(names: Sequence[str]) -> Iterator[dict[str, Any]]:
    for name in names:
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": msgspec.json.schema(BotId if name == "botId" else str),
        }


def _in_query(kind: Any) -> Iterator[dict[str, Any]]:
    if kind is None:
        return
    _, components = msgspec.json.schema_components([kind])
    schema = components[kind.__name__]
    for name, one in schema["properties"].items():
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": one,
        }


def _in_headers(names: Sequence[str]) -> Iterator[dict[str, Any]]:
    for name in names:
        yield {"name": name, "in": "header", "required": False, "schema": HEADERS[name]}
