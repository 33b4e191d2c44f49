"""Answers from any OpenAI-compatible server: one POST, an SSE answer, one message at the end.

``POST {base}/chat/completions`` with ``stream: true``; the answer's ``data:`` lines up to
``[DONE]``. Too many requests (429) and a server's trouble (5xx, no connection) are tried again
before the first token; anything else is EngineFailed, whose text never has the key.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from services.assistant.engine import Answer, EngineFailed, Turn
from services.text import NOT_IN_TEXT

PROMPT = (
    "You answer customers of a business on WhatsApp. Answer in the customer's language, in a few"
    " friendly sentences of plain text. If you don't know, say that a person will answer."
)
WAITS = (1.0, 3.0, 8.0)  # seconds before another attempt, where the server names no time
LONGEST_WAIT = 30.0
ALL_SECONDS = 120.0  # for all attempts; a customer who waited longer has gone
READ_SECONDS = 60.0  # a model on a small machine may think this long before a token
LONGEST_ANSWER = 65_536  # characters, as WhatsApp takes them
LONGEST_LINE = 1_048_576


class _Piece(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Piece | None = None
    message: _Piece | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    error: Any = None


class _Again(Exception):
    """Another attempt may help, after ``seconds`` where the server named them."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class OpenAIEngine:
    """``base_url`` ends where ``/chat/completions`` begins, such as ``http://127.0.0.1:8000/v1``.

    ``speed`` divides the pauses between attempts; 1 is real time.
    """

    def __init__(self, base_url: str, model: str, api_key: str = "", speed: float = 1.0) -> None:
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._model = model
        self._api_key = api_key
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._speed = speed
        self._client: httpx.AsyncClient | None = None

    async def answer(self, history: Sequence[Turn]) -> Answer | None:
        if not history or history[-1].from_me:
            return None
        try:
            async with asyncio.timeout(ALL_SECONDS):
                text = await self._attempts(history)
        except TimeoutError:
            raise EngineFailed(f"The model had no answer in {ALL_SECONDS:.0f} s") from None
        except EngineFailed as error:
            # Servers repeat the key that they refuse.
            raise EngineFailed(self._without_key(str(error))) from None
        text = NOT_IN_TEXT.sub("", text.replace("\r\n", "\n")).strip()[:LONGEST_ANSWER]
        if not text:
            raise EngineFailed("The model's answer is empty")
        return Answer(text)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _attempts(self, history: Sequence[Turn]) -> str:
        for pause in (*WAITS, None):
            try:
                return "".join([piece async for piece in self._pieces(history)])
            except _Again as again:
                if pause is None:
                    raise EngineFailed(f"The model's server: {again}") from None
                wait = pause if again.seconds is None else min(again.seconds, LONGEST_WAIT)
                await asyncio.sleep(wait / self._speed)
            except httpx.HTTPError as error:
                reason = str(error) or type(error).__name__
                raise EngineFailed(f"The model's answer broke off: {reason}") from None
        raise AssertionError("unreachable")

    async def _pieces(self, history: Sequence[Turn]) -> AsyncIterator[str]:
        turns = [
            {"role": "assistant" if turn.from_me else "user", "content": turn.text}
            for turn in history
        ]
        body = {
            "model": self._model,
            "stream": True,
            "messages": [{"role": "system", "content": PROMPT}, *turns],
        }
        request = self._opened().build_request("POST", self._url, json=body, headers=self._headers)
        try:
            response = await self._opened().send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError):
            raise _Again("it can't be reached") from None
        try:
            if response.status_code != 200:
                await _refused(response)
            if "json" in response.headers.get("Content-Type", ""):
                yield _whole(await response.aread())
                return
            length = 0
            async for piece in _streamed(response):
                length += len(piece)
                yield piece
                if length >= LONGEST_ANSWER:
                    return
        finally:
            await response.aclose()

    def _without_key(self, text: str) -> str:
        return text.replace(self._api_key, "***") if self._api_key else text

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(10.0, read=READ_SECONDS), follow_redirects=False
            )
        return self._client


async def _refused(response: httpx.Response) -> None:
    if response.status_code == 429 or response.status_code >= 500:
        raise _Again(f"status {response.status_code}", _retry_after(response))
    await response.aread()
    raise EngineFailed(
        f"The model's server answered {response.status_code}: {_reason(response.content)}"
    )


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds or a date (RFC 9110 §10.2.3); None where neither can be read."""
    text = response.headers.get("Retry-After", "")
    if re.fullmatch(r"\d{1,6}(\.\d+)?", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


async def _streamed(response: httpx.Response) -> AsyncIterator[str]:
    finished = False
    async for line in _lines(response):
        field, _, value = line.partition(b":")
        value = value.strip()
        if field != b"data" or not value:
            continue
        if value == b"[DONE]":
            return
        chunk = _decoded(value)
        for choice in chunk.choices[:1]:
            finished = finished or choice.finish_reason is not None
            if choice.delta is not None and choice.delta.content:
                yield choice.delta.content
    if not finished:
        raise EngineFailed("The model's answer was cut short")


async def _lines(response: httpx.Response) -> AsyncIterator[bytes]:
    # Not httpx's own lines: those also end at U+2028, which may stand in a JSON string.
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise EngineFailed("The model's server sends no lines")
        for line in lines:
            yield line.rstrip(b"\r")
    if rest:
        yield rest


def _whole(body: bytes) -> str:
    """The answer of a server that does not stream."""
    chunk = _decoded(body)
    for choice in chunk.choices[:1]:
        if choice.message is not None:
            return choice.message.content or ""
    raise EngineFailed("The model's server sent no answer")


def _decoded(text: bytes) -> _Chunk:
    try:
        chunk = msgspec.json.decode(text, type=_Chunk)
    except msgspec.DecodeError:
        raise EngineFailed("The model's server sent what is no answer") from None
    if chunk.error:
        raise EngineFailed(f"The model's server: {_reason(msgspec.json.encode(chunk.error))}")
    return chunk


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
