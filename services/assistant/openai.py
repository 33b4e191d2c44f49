"""Answers from any OpenAI-compatible server: one POST, an SSE answer, one message at the end.

``POST {base}/chat/completions`` with ``stream: true``; the events' data up to ``[DONE]``. Too
many requests (429) and a server's trouble (5xx, no connection) are tried again before the first
token; anything else is EngineFailed, whose text never has the key.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import httpx
from stamina import retry_context
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from services.assistant.completion import Again, pieces
from services.assistant.context import newest
from services.assistant.engine import Answer, EngineFailed, Turn
from services.text import NOT_IN_TEXT

PROMPT = (
    "You answer customers of a business on WhatsApp. Answer in the customer's language, in a few"
    " friendly sentences of plain text. If you don't know, say that a person will answer."
)
ATTEMPTS = 4
# Where the server names no time: about 1, 3 and 8 s, and up to 1 s more, by chance, so that
# the bots that were refused together don't come back together.
FIRST_PAUSE, LONGEST_PAUSE, JITTER = 1.0, 8.0, 1.0
LONGEST_RETRY_AFTER = 30.0
READ_SECONDS = 60.0  # a model on a small machine may think this long before a token
LONGEST_ANSWER = 65_536  # characters, as WhatsApp takes them

log = logging.getLogger("pulso.assistant")


class OpenAIEngine:
    """``base_url`` ends where ``/chat/completions`` begins, such as ``http://127.0.0.1:8000/v1``.

    ``timeout``: seconds for one answer with all its attempts; a customer who waited longer has
    gone. ``context_tokens``: how much of the chat the model gets, its newest part. ``speed``
    divides the pauses between attempts; 1 is real time.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str = "",
        *,
        timeout: float = 60.0,
        context_tokens: int = 3000,
        speed: float = 1.0,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._model = model
        self._api_key = api_key
        # A compressed stream would hold tokens back, and a small one may be huge inside.
        self._headers = {"Accept-Encoding": "identity"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._timeout = timeout
        self._context_tokens = context_tokens
        self._speed = speed
        self._client: httpx.AsyncClient | None = None

    async def answer(self, history: Sequence[Turn]) -> Answer | None:
        if not history or history[-1].from_me:
            return None
        try:
            async with asyncio.timeout(self._timeout):
                text = await self._attempts(history)
        except TimeoutError:
            raise EngineFailed(f"The model had no answer in {self._timeout:g} s") from None
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
        try:
            async for attempt in retry_context(
                on=self._pause_after,
                attempts=ATTEMPTS,
                timeout=None,
                wait_initial=FIRST_PAUSE / self._speed,
                wait_exp_base=3,
                wait_max=LONGEST_PAUSE / self._speed,
                wait_jitter=JITTER / self._speed,
            ):
                with attempt:
                    return "".join([piece async for piece in self._pieces(history)])
        except Again as again:
            raise EngineFailed(f"The model's server: {again}") from None
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise EngineFailed(f"The model's answer broke off: {reason}") from None
        raise AssertionError("unreachable")

    def _pause_after(self, error: Exception) -> bool | float:
        """Whether another attempt may help, and after how long where the server named that."""
        if not isinstance(error, Again) or error.seconds is None:
            return isinstance(error, Again)
        return min(error.seconds, LONGEST_RETRY_AFTER) / self._speed

    async def _pieces(self, history: Sequence[Turn]) -> AsyncIterator[str]:
        turns = [
            {"role": "assistant" if turn.from_me else "user", "content": turn.text}
            for turn in newest(history, self._context_tokens)
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
            raise Again("it can't be reached") from None
        async with aclosing(response), aclosing(pieces(response)) as answer:
            length = 0
            async for piece in answer:
                length += len(piece)
                yield piece
                if length >= LONGEST_ANSWER:
                    return

    def _without_key(self, text: str) -> str:
        return text.replace(self._api_key, "***") if self._api_key else text

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(10.0, read=READ_SECONDS), follow_redirects=False
            )
        return self._client


def _report_retry(details: RetryDetails) -> None:
    log.info("The model's server: %s; asked again in %.1f s", details.caused_by, details.wait_for)


# stamina's own line has the reason where only a JSON log shows it.
set_on_retry_hooks([_report_retry])
