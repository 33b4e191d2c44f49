"""What a model's server answers to a chat completion: pieces of text, or why there are none."""

import re
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec
from httpx_sse import EventSource, SSEError

from services.assistant.engine import EngineFailed
from services.text import NOT_IN_TEXT

LONGEST_EVENT = 1_048_576  # bytes; also of an answer that does not stream


class Again(Exception):
    """Another attempt may help, after ``seconds`` where the server named them."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class _Piece(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Piece | None = None
    message: _Piece | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    error: Any = None


class _Bounded(httpx.AsyncByteStream):
    """A body of which ``left`` more bytes are taken, for httpx-sse keeps a line of any length."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream
        self.left = LONGEST_EVENT

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self.left -= len(chunk)
            if self.left < 0:
                raise EngineFailed("The model's server sends too much at once")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def pieces(response: httpx.Response) -> AsyncGenerator[str, None]:
    """The answer's text as it comes. Again or EngineFailed where there is none.

    ``response`` is open and unread; who calls closes it.
    """
    assert isinstance(response.stream, httpx.AsyncByteStream)
    response.stream = bounded = _Bounded(response.stream)
    if response.status_code == 429 or response.status_code >= 500:
        raise Again(f"status {response.status_code}", _retry_after(response))
    if response.status_code != 200:
        reason = _reason(await response.aread())
        raise EngineFailed(f"The model's server answered {response.status_code}: {reason}")
    if "json" in response.headers.get("Content-Type", ""):
        yield _whole(await response.aread())
        return
    async with aclosing(_streamed(response, bounded)) as streamed:
        async for piece in streamed:
            yield piece


async def _streamed(response: httpx.Response, bounded: _Bounded) -> AsyncGenerator[str, None]:
    finished = False
    async with aclosing(EventSource(response).aiter_sse()) as events:
        try:
            async for event in events:
                bounded.left = LONGEST_EVENT
                if event.data == "[DONE]":
                    return
                # An event without data is a heartbeat or the id of a proxy.
                chunk = _decoded(event.data) if event.data.strip() else _Chunk()
                for choice in chunk.choices[:1]:
                    finished = finished or choice.finish_reason is not None
                    if choice.delta is not None and choice.delta.content:
                        yield choice.delta.content
        except SSEError:
            sent = response.headers.get("Content-Type", "no content type")[:100]
            raise EngineFailed(f"The model's server sent {sent}, no event stream") from None
    if not finished:
        raise EngineFailed("The model's answer was cut short")


def _whole(body: bytes) -> str:
    """The answer of a server that does not stream."""
    for choice in _decoded(body).choices[:1]:
        if choice.message is not None:
            return choice.message.content or ""
    raise EngineFailed("The model's server sent no answer")


def _decoded(text: bytes | str) -> _Chunk:
    try:
        chunk = msgspec.json.decode(text, type=_Chunk)
    except msgspec.DecodeError:
        raise EngineFailed("The model's server sent what is no answer") from None
    if chunk.error:
        raise EngineFailed(f"The model's server: {_reason(msgspec.json.encode(chunk.error))}")
    return chunk


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds or a date (RFC 9110 §10.2.3); None where neither can be read."""
    text = response.headers.get("Retry-After", "")
    if re.fullmatch(r"\d{1,6}(\.\d+)?", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _reason(body: bytes) -> str:
    """``error.message`` where the body has one, else its beginning."""
    text = body.decode("utf-8", "replace")
    try:
        found = msgspec.json.decode(body)
        while isinstance(found, dict):
            found = found.get("error") or found.get("message")
        if isinstance(found, str):
            text = found
    except msgspec.DecodeError:
        pass
    return NOT_IN_TEXT.sub(" ", text)[:200]
