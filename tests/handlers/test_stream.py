"""GET /events/stream: who may open one, in which order it is refused, and how it begins."""

import http.client
import re
import socket
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.running import Answer, RunningPulso, eventually, message
from tests.sse_reader import SSEParser
from tests.stream_client import StreamClient


def ask(server: RunningPulso, query: Any, method: str = "GET", **headers: str) -> Answer:
    """A request to the stream that opens none; its answer."""
    text = query if isinstance(query, str) else urlencode(query, doseq=True)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, f"/events/stream?{text}", headers=headers)
        response = connection.getresponse()
        # Its body would never end.
        assert method == "HEAD" or response.status != 200, "a stream was opened"
        return Answer(response)
    finally:
        connection.close()


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]


def test_a_stream_begins_as_promised(server: RunningPulso) -> None:
    [newest] = server.publish(message("begin", "before"))
    stream = server.stream("begin", "other", "begin", "")
    assert stream.status == 200
    headers = stream.headers
    assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert headers["Cache-Control"] == "no-cache, no-transform"
    assert headers["X-Accel-Buffering"] == "no"
    first, second = stream.take(2)
    assert [first.json["botId"], second.json["botId"]] == ["begin", "other"]
    assert set(first.json) == {"type", "botId", "streamId", "resumed", "heartbeatSeconds"}
    assert first.json["heartbeatSeconds"] == 0.5
    assert first.json["streamId"] == second.json["streamId"]
    assert first.json["resumed"] is False
    assert first.id == second.id == newest
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", first.id)
    assert stream.parser.retry is not None
    assert 1500 <= stream.parser.retry <= 2500
    blocks = stream.parser.blocks
    assert [line.partition(":")[0] for line in blocks[0]] == ["retry", "id", "data"]
    assert not any(line.startswith("retry") for block in blocks[1:] for line in block)


def test_reconnects_are_spread_by_retry(server: RunningPulso) -> None:
    retries = set()
    for _ in range(12):
        stream = server.stream("b1")
        stream.next()
        retries.add(stream.parser.retry)
        stream.close()
    assert len(retries) > 1


def test_the_heartbeat_is_a_comment_and_a_named_event_with_the_cursor(
    server: RunningPulso,
) -> None:
    stream = server.stream("heartbeat")
    stream.next()
    [newest] = server.publish(message("another-bot", "x"))
    ping = stream.next(pings=True)
    while ping.id < newest:
        ping = stream.next(pings=True)
    assert ping.type == "ping"
    assert re.fullmatch(r'\{"time":[0-9]{13}\}', ping.data)
    block = next(block for block in stream.parser.blocks if "event: ping" in block)
    assert [line.partition(" ")[0] for line in block] == [":", "event:", "id:", "data:"]
    assert block[0] == ": ping"


def test_the_original_pages_onmessage_sees_json_of_its_union_only(server: RunningPulso) -> None:
    stream = server.stream("original")
    server.publish(message("original", "hola"))
    connected, received = stream.take(2)
    assert (connected.type, received.type) == ("message", "message")
    assert received.json["message"]["content"] == "hola"
    assert received.json["message"]["fromMe"] is False
    assert received.json["sessionId"] == "session-of-original"


def test_no_token_comes_before_everything(server: RunningPulso) -> None:
    assert refused(ask(server, "")) == (401, "Missing token")
    assert refused(ask(server, {"botId": "x" * 200})) == (401, "Missing token")
    assert refused(ask(server, "token=&botId=b1")) == (401, "Missing token")
    assert refused(ask(server, "botId=%ff")) == (401, "Missing token")
    assert refused(ask(server, "botId=b1", Authorization="Basic YTpi")) == (
        401,
        "Missing token",
    )
    assert refused(ask(server, "botId=b1", Authorization="Bearer ")) == (
        401,
        "Missing token",
    )
    assert refused(ask(server, "botId=b1", Cookie="pulso_session=")) == (
        401,
        "Missing token",
    )


@pytest.mark.parametrize("token", ["x", "a.b.c", "%ff", "%00", "é", "e30.e30.", "." * 5000])
def test_a_bad_token_comes_before_the_bots(server: RunningPulso, token: str) -> None:
    assert refused(ask(server, f"token={token if '%' in token else quote(token)}")) == (
        401,
        "Invalid token",
    )


def test_the_bots_are_judged_in_order(server: RunningPulso) -> None:
    narrow = server.token(bots=["mine"])
    many = [f"b{n}" for n in range(6)]
    assert refused(ask(server, {"token": narrow})) == (400, "Missing botId")
    assert refused(ask(server, {"token": narrow, "botId": ["", ""]})) == (
        400,
        "Missing botId",
    )
    assert ask(server, {"token": narrow, "botId": [*many, "x" * 129]}).json["field"] == "botId"
    too_many = ask(server, {"token": narrow, "botId": many})
    assert (too_many.status, too_many.json["error"]) == (400, "At most 5 bots a stream")
    assert ask(server, {"token": narrow, "botId": ["mine", "theirs"]}).status == 403
    assert server.stream("mine", token=narrow).next().json["botId"] == "mine"


@pytest.mark.parametrize("bot", ["x" * 129, "a\nb", "a\0", "a\x7f", "a\u2028", "a\x85", "\t"])
def test_a_bot_that_can_be_no_id_is_refused(server: RunningPulso, bot: str) -> None:
    answer = ask(server, {"token": server.token(), "botId": bot})
    assert (answer.status, answer.json["field"]) == (400, "botId")


def test_a_bot_that_is_not_utf_8_is_refused(server: RunningPulso) -> None:
    assert ask(server, f"token={server.token()}&botId=%ff").status == 400


@pytest.mark.parametrize("bot", ["x" * 128, "ñandú 😀", "a b&c=d", "../etc", "é" * 128, " b "])
def test_any_other_name_of_a_bot_works(server: RunningPulso, bot: str) -> None:
    stream = server.stream(bot)
    server.publish(message(bot, "hola"))
    assert [event.json["botId"] for event in stream.take(2)] == [bot, bot]


def test_repeated_bots_count_once(server: RunningPulso) -> None:
    stream = server.stream(*["b1", "b2"] * 40)
    assert [event.json["botId"] for event in stream.take(2)] == ["b1", "b2"]


def test_the_first_place_a_token_is_in_counts_right_or_wrong(server: RunningPulso) -> None:
    good, bad = server.token(), "bad"

    def status(query: list[tuple[str, str]], **headers: str) -> int:
        return int(ask(server, [*query, ("botId", "")], **headers).status)

    assert status([("token", bad)], Authorization=f"Bearer {good}") == 400
    assert status([("token", good)], Authorization=f"Bearer {bad}") == 401
    assert status([("token", good)], Authorization=f"bearer {good}") == 400
    assert status([("token", good)], Authorization="Basic YTpi") == 400
    assert status([("token", good)], Cookie=f"pulso_session={bad}") == 400
    assert status([("token", bad)], Cookie=f"pulso_session={good}") == 401
    assert status([("token", "")], Cookie=f"pulso_session={good}") == 400
    assert status([], Cookie=f"pulso_session={good}") == 400


def test_a_repeated_token_is_invalid(server: RunningPulso) -> None:
    good = server.token()
    twice = f"token={good}&token={good}&botId=b1"
    assert refused(ask(server, twice)) == (401, "Invalid token")
    assert refused(ask(server, f"token={good}&token=&botId=b1")) == (401, "Invalid token")
    # But only where the query is looked at.
    assert ask(server, f"token={good}&token={good}", Authorization=f"Bearer {good}").status == 400


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_open_no_stream(server: RunningPulso, method: str) -> None:
    opened = server.metric("pulso_streams_opened_total")
    answer = ask(server, {"token": server.token(), "botId": "b1"}, method)
    assert answer.status == (200 if method == "HEAD" else 204)
    assert answer.body == b""
    if method == "HEAD":
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert server.metric("pulso_streams_opened_total") == opened


def test_head_is_refused_as_get_is(server: RunningPulso) -> None:
    assert ask(server, {"botId": "b1"}, "HEAD").status == 401
    assert ask(server, {"token": server.token()}, "HEAD").status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_allowed(server: RunningPulso, method: str) -> None:
    assert ask(server, {"token": server.token(), "botId": "b1"}, method).status == 405


ELSEWHERE: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_a_page_of_another_site_cant_use_the_cookie(
    server: RunningPulso, headers: dict[str, str]
) -> None:
    cookie = {"Cookie": f"pulso_session={server.token()}"}
    assert ask(server, {"botId": "b1"}, **headers, **cookie).status == 403
    with_token = [("botId", "b1"), ("token", server.token())]
    assert server.keep(StreamClient(server.port, with_token, headers)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        # The browser's word counts where a proxy gives us another Host than the page's.
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://pulso.example.com"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://panel.example.com"},
    ],
)
def test_a_page_of_our_own_can_use_the_cookie(
    server: RunningPulso, headers: dict[str, str]
) -> None:
    cookie = {"Cookie": f"pulso_session={server.token()}"}
    stream = server.keep(StreamClient(server.port, [("botId", "b1")], {**headers, **cookie}))
    assert stream.next().json["type"] == "connected"


def test_an_allowed_origin_reads_the_stream_and_no_other(server: RunningPulso) -> None:
    allowed = server.stream("b1", Origin="https://panel.example.com")
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://panel.example.com"
    assert allowed.headers["Access-Control-Allow-Credentials"] == "true"
    assert allowed.headers["Vary"] == "Origin"
    other = server.stream("b1", Origin="https://panel.example.com.evil.example")
    assert other.headers["Access-Control-Allow-Origin"] is None


def test_a_client_of_http_1_0_gets_the_bytes_unframed(server: RunningPulso) -> None:
    query = urlencode({"botId": "old", "token": server.token()})
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(f"GET /events/stream?{query} HTTP/1.0\r\n\r\n".encode())
        received = b""
        while b"connected" not in received or not received.endswith(b"\n\n"):
            received += sock.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        assert b"chunked" not in head.lower()
        ids = server.publish(message("old", "one")) + server.publish(message("old", "two"))
        parser = SSEParser()
        seen = parser.feed(body)
        while [event.id for event in seen if event.id in ids] != ids:
            seen += parser.feed(sock.recv(65536))


def test_a_stream_gets_only_its_bots_events_in_the_order_of_their_ids(
    server: RunningPulso,
) -> None:
    one, both = server.stream("x1"), server.stream("x1", "x2")
    ids = server.publish(*(message(f"x{n % 3 + 1}", str(n)) for n in range(30)))
    assert [e.id for e in one.take(11)[1:]] == ids[::3]
    assert [e.id for e in both.take(22)[2:]] == [i for n, i in enumerate(ids) if n % 3 != 2]


def test_a_closed_connection_gives_its_place_back(server: RunningPulso) -> None:
    stream = server.stream("leaving", token=server.token("leaver"))
    stream_id = stream.next().json["streamId"]

    def is_listed() -> bool:
        return stream_id in [found["streamId"] for found in server.streams()]

    assert is_listed()
    stream.close()
    eventually(lambda: not is_listed())
