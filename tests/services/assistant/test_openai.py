"""A model's server as they come: streaming, busy, broken, slow. Each on a real socket."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tornado.web import Application, RequestHandler

from services.assistant.engine import EngineFailed, Turn
from services.assistant.openai import OpenAIEngine

KEY = "sk-a-secret-key"
HISTORY = [Turn("hola", False), Turn("¡Hola!", True), Turn("¿abren hoy?", False)]
Behaviour = Callable[[RequestHandler], Awaitable[None]]

soon = pytest.mark.gen_test(timeout=20)


def chunk(content: str | None, finish: str | None = None) -> str:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return f"data: {json.dumps({'id': 'x', 'choices': [choice]}, ensure_ascii=False)}\n\n"


def streaming(*parts: str) -> Behaviour:
    async def behave(handler: RequestHandler) -> None:
        handler.set_header("Content-Type", "text/event-stream")
        for part in parts:
            handler.write(part)
            await handler.flush()

    return behave


def answering(status: int, body: str = "", **headers: str) -> Behaviour:
    async def behave(handler: RequestHandler) -> None:
        handler.set_status(status)
        for name, value in headers.items():
            handler.set_header(name.replace("_", "-"), value)
        handler.finish(body)

    return behave


class ModelHandler(RequestHandler):
    """Behaves once as each of ``behaviours``, and keeps what it was asked."""

    async def post(self) -> None:
        self.settings["asked"].append((json.loads(self.request.body), self.request.headers))
        await self.settings["behaviours"].pop(0)(self)


@pytest.fixture
def behaviours() -> list[Behaviour]:
    return []


@pytest.fixture
def asked() -> list[Any]:
    return []


@pytest.fixture
def app(behaviours: list[Behaviour], asked: list[Any]) -> Application:
    return Application([("/v1/chat/completions", ModelHandler)], behaviours=behaviours, asked=asked)


@pytest.fixture
def ask(base_url: str, http_server: Any) -> Callable[[], Awaitable[str]]:
    """Ask a fast engine about ``HISTORY``; the text it answers."""

    async def ask() -> str:
        engine = OpenAIEngine(f"{base_url}/v1/", "a-model", KEY, speed=1000)
        try:
            answer = await engine.answer(HISTORY)
        finally:
            await engine.close()
        assert answer is not None
        return answer.text

    return ask


@soon
async def test_the_tokens_of_a_stream_make_one_answer(ask, behaviours, asked) -> None:
    behaviours.append(
        streaming(
            ": a comment\n\n",
            chunk(None),
            chunk("Sí"),
            chunk(",\u2028abrimos "),
            chunk("hoy.\n", "stop"),
            "data: [DONE]\n\n",
        )
    )
    assert await ask() == "Sí,\u2028abrimos hoy."
    [(body, headers)] = asked
    assert (body["model"], body["stream"]) == ("a-model", True)
    assert [turn["role"] for turn in body["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert body["messages"][-1]["content"] == "¿abren hoy?"
    assert headers["Authorization"] == f"Bearer {KEY}"


@soon
async def test_a_stream_cut_into_single_bytes_is_the_same_stream(ask, behaviours) -> None:
    text = (chunk("Sí ") + chunk("ñandú", "stop")).replace("\n", "\r\n").encode()

    async def behave(handler: RequestHandler) -> None:
        handler.set_header("Content-Type", "text/event-stream")
        for n in range(len(text)):
            handler.write(text[n : n + 1])
            await handler.flush()

    behaviours.append(behave)
    assert await ask() == "Sí ñandú"


@soon
async def test_a_server_that_does_not_stream_is_understood(ask, behaviours) -> None:
    body = json.dumps({"choices": [{"message": {"content": " Sí. "}}], "error": None})
    behaviours.append(answering(200, body, Content_Type="application/json"))
    assert await ask() == "Sí."


@pytest.mark.parametrize("retry_after", ["0", "5", "Wed, 21 Oct 2015 07:28:00 GMT", "soon"])
@soon
async def test_a_busy_server_is_asked_again(ask, behaviours, asked, retry_after: str) -> None:
    behaviours += [
        answering(429, Retry_After=retry_after),
        answering(503),
        streaming(chunk("Sí", "stop")),
    ]
    assert await ask() == "Sí"
    assert len(asked) == 3


@soon
async def test_a_server_is_left_alone_for_as_long_as_it_says(ask, behaviours, caplog) -> None:
    behaviours += [
        answering(429, Retry_After="20"),
        answering(429, Retry_After="4000"),
        answering(503),
        streaming(chunk("Sí", "stop")),
    ]
    with caplog.at_level("INFO", "pulso.assistant"):
        assert await ask() == "Sí"
    # The engine of these tests is a thousand times as fast as the clock.
    waits = [line.args[1] * 1000 for line in caplog.records if line.name == "pulso.assistant"]
    assert waits[:2] == pytest.approx([20, 30])
    assert 8 <= waits[2] <= 9
    assert "429" in caplog.text and KEY not in caplog.text


@pytest.mark.parametrize(("text", "answer"), [("a\u2028b\u2029c", None), ("a\x85b", "ab")])
@soon
async def test_what_ends_a_line_elsewhere_ends_none_in_a_stream(
    ask, behaviours, text: str, answer: str | None
) -> None:
    # They may stand raw in a JSON string, and httpx's own lines end there: httpx-sse's don't.
    assert len(chunk(text).splitlines()) > 2
    behaviours.append(streaming(chunk(text), chunk(None, "stop")))
    assert await ask() == (answer or text)


@soon
async def test_a_server_that_stays_busy_is_given_up(ask, behaviours, asked) -> None:
    behaviours += [answering(500)] * 4
    with pytest.raises(EngineFailed, match="status 500"):
        await ask()
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (answering(401, '{"error": {"message": "Wrong key"}}'), "401: Wrong key"),
        (answering(401, f'{{"error": "{KEY} is no key"}}'), r"401: \*\*\* is no key"),
        (answering(404, "not here"), "404: not here"),
        (answering(302, Location="/elsewhere"), "302"),
        (streaming('data: {"error": {"message": "Out of memory"}}\n\n'), "Out of memory"),
        (streaming(chunk("Sí")), "cut short"),
        (streaming("data: [DONE]\n\n"), "empty"),
        (streaming("data: {nonsense\n\n"), "no answer"),
        (answering(200, "{}", Content_Type="application/json"), "no answer"),
        (answering(200, "<p>Sign in</p>", Content_Type="text/html"), "text/html, no event stream"),
        (streaming("data: ", *["x" * 65_536] * 17), "too much at once"),
        (answering(200, "[" * 1_048_577, Content_Type="application/json"), "too much at once"),
    ],
)
@soon
async def test_what_is_no_answer_is_a_failure_with_its_reason(
    ask, behaviours, asked, behaviour: Behaviour, reason: str
) -> None:
    behaviours.append(behaviour)
    with pytest.raises(EngineFailed, match=reason) as failed:
        await ask()
    assert KEY not in str(failed.value)
    assert len(asked) == 1


@soon
async def test_a_server_that_is_not_there_is_a_failure() -> None:
    with socket.socket() as taken:
        # Bound and not listening: nobody answers here, and nobody else gets the port.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        engine = OpenAIEngine(url, "m", speed=1000)
        with pytest.raises(EngineFailed, match="reached"):
            await engine.answer(HISTORY)
        await engine.close()


@soon
async def test_who_is_cancelled_hangs_up(ask, behaviours) -> None:
    begun, gone = asyncio.Event(), asyncio.Event()

    async def behave(handler: RequestHandler) -> None:
        handler.request.connection.set_close_callback(gone.set)
        handler.write(chunk("S"))
        await handler.flush()
        begun.set()
        await gone.wait()

    behaviours.append(behave)
    task = asyncio.ensure_future(ask())
    await begun.wait()
    task.cancel()
    await gone.wait()
    with pytest.raises(asyncio.CancelledError):
        await task


@soon
async def test_control_characters_of_a_model_reach_nobody(ask, behaviours) -> None:
    behaviours.append(streaming(chunk("a\x1b[31mb\r\nc\x00\td", "stop")))
    assert await ask() == "a[31mb\nc\td"


@soon
async def test_nothing_is_asked_where_nothing_is_to_be_answered(asked) -> None:
    engine = OpenAIEngine("http://127.0.0.1:9/v1", "m")
    assert await engine.answer([]) is None
    assert await engine.answer([Turn("hola", True)]) is None
    assert asked == []


@soon
async def test_an_answer_has_so_many_seconds_in_all(base_url, http_server, behaviours) -> None:
    free = asyncio.Event()

    async def behave(handler: RequestHandler) -> None:
        await free.wait()

    behaviours.append(behave)
    engine = OpenAIEngine(f"{base_url}/v1", "a-model", timeout=0.1)
    with pytest.raises(EngineFailed, match=r"no answer in 0\.1 s"):
        await engine.answer(HISTORY)
    free.set()
    await engine.close()


@soon
async def test_of_a_long_chat_the_model_gets_the_newest_part(
    base_url, http_server, behaviours, asked
) -> None:
    behaviours.append(streaming(chunk("Sí", "stop")))
    engine = OpenAIEngine(f"{base_url}/v1", "a-model", context_tokens=100)
    await engine.answer([Turn("antes " * 500, False), *HISTORY])
    await engine.close()
    turns = [turn["content"] for turn in asked[0][0]["messages"][1:]]
    assert turns == [turn.text for turn in HISTORY]
