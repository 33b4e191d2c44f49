"""Whatever stands in a body: the contract's answer, no traceback, nothing changed."""

import json
from typing import Any

import pytest

from tests.running import RunningPulso, message

PUBLISHED = message("b", "x")


BODIES = {
    "/events": ("POST", PUBLISHED),
    "/events/renew": ("POST", {"streamId": "x"}),
    "/api/auth/login": ("POST", {"username": "eva", "password": "wrong password"}),
    "/api/operators": ("POST", {"username": "new", "password": "a long password"}),
    "/api/operators/{operator}": ("PATCH", {"bots": ["b1"]}),
    "/api/bots": ("POST", {"name": "New"}),
    "/api/bots/{bot}": ("PATCH", {"name": "New"}),
    "/api/sessions/{session}": ("PATCH", {"mode": "human"}),
    "/api/sessions/{session}/messages": ("POST", {"content": "hola"}),
    "/api/simulator/bots/{bot}/scan": ("POST", {"name": "Ana"}),
    "/api/simulator/bots/{bot}/message": ("POST", {"from": "57300", "text": "hola"}),
    "/api/simulator/bots/{bot}/typing": ("POST", {"from": "57300"}),
}


DEEP = 100_000


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n ",
    "null": b"null",
    "number": b"5",
    "string": b'"x"',
    "empty array": b"[]",
    "array of null": b"[null]",
    "no object end": b'{"a":1',
    "trailing comma": b'{"a":1,}',
    "trailing text": b"{} {}",
    "single quotes": b"{'a':1}",
    "comment": b"/* */{}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "bad UTF-8": b'{"a":"\xff"}',
    "overlong UTF-8": b'{"a":"\xc0\xaf"}',
    "surrogate as UTF-8": b'{"a":"\xed\xa0\x80"}',
    "truncated UTF-8": b'{"a":"\xe2\x82',
    "NUL": b"\0",
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "unclosed deep arrays": b"[" * DEEP,
    "NaN": b"NaN",
    "Infinity": b'{"a":-Infinity}',
    "a megabyte of digits": b"9" * 1_000_000,
}


@pytest.mark.parametrize("path", BODIES)
def test_no_body_that_is_not_its_json_gets_through(
    server: RunningPulso, admin: str, state: dict[str, str], path: str
) -> None:
    method = BODIES[path][0]
    token = server.token("publisher", publish=True) if path == "/events" else admin
    for name, body in HOSTILE.items():
        answer = server.request(method, path.format(**state), body, token=token)
        allowed = {400, 413} if path == "/events" else {400}
        assert answer.status in allowed, (name, answer.status, answer.body[:200])
        assert answer.json["error"], name


IN_UNKNOWN_FIELDS: dict[str, bytes] = {
    "lone surrogate": rb'"\ud800"',
    "lone low surrogate": rb'"\udc00"',
    "reversed surrogates": rb'"\udc00\ud800"',
    "surrogate in a name": rb'{"\udfff":1}',
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "deep": b"[" * 50_000 + b"]" * 50_000,
    "bad UTF-8": b'"\xff"',
    "raw control": b'"\x01"',
    "raw newline": b'"\n"',
    "bad escape": rb'"\x41"',
    "half an escape": rb'"\u12"',
    "leading zero": b"01",
    "bare word": b"undefined",
}


@pytest.mark.parametrize("path", BODIES)
def test_hostile_json_in_a_field_nobody_reads_is_refused_too(
    server: RunningPulso, admin: str, state: dict[str, str], path: str
) -> None:
    method, good = BODIES[path]
    token = server.token("publisher", publish=True) if path == "/events" else admin
    for name, value in IN_UNKNOWN_FIELDS.items():
        body = b'{"unknown":' + value + b"," + json.dumps(good).encode()[1:]
        answer = server.request(method, path.format(**state), body, token=token)
        assert answer.status in ({400, 413} if name == "deep" else {400}), (name, answer.body[:200])


WRONG_VALUES: list[Any] = [
    None,
    5,
    1.5,
    True,
    [],
    {},
    ["x"],
    {"a": 1},
    "",
    "\0",
    "a\x1bb",
    "x" * 1_000_000,
]


# What these fields may be, among the above.
FINE: dict[str, list[Any]] = {
    "bots": [None, [], ["x"]],
}


# Any text may be a password, or the id of a stream.
@pytest.mark.parametrize("path", sorted(BODIES.keys() - {"/api/auth/login", "/events/renew"}))
def test_a_wrong_value_is_named_by_its_field(
    server: RunningPulso, admin: str, state: dict[str, str], path: str
) -> None:
    method, good = BODIES[path]
    token = server.token("publisher", publish=True) if path == "/events" else admin
    for field in good:
        for value in WRONG_VALUES:
            if value in FINE.get(field, []):
                continue
            body = {**good, field: value}
            answer = server.request(method, path.format(**state), body, token=token)
            what = (field, str(value)[:40], answer.status, answer.body[:200])
            assert answer.status in (400, 413), what
            if answer.status == 400:
                assert answer.json["field"].split(".")[0] == field, what
