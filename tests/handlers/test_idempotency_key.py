"""Idempotency-Key on POST /events."""

import json
import threading
from typing import Any

import pytest

from tests.handlers.test_events import head, post
from tests.running import RunningPulso, message


def test_a_retry_answers_as_the_first_time_and_publishes_nothing(server: RunningPulso) -> None:
    first = post(server, message("b", "once"), Idempotency_Key="k1")
    after = head(server)
    again = post(server, message("b", "once"), Idempotency_Key="k1")
    assert (again.status, again.json) == (202, first.json)
    several = post(server, [message("b", "x"), message("b", "y")], Idempotency_Key="k2")
    assert post(server, [message("b", "x"), message("b", "y")], Idempotency_Key="k2").json == (
        several.json
    )
    assert after == first.json["id"]
    assert head(server) == several.json["ids"][-1]


def test_a_key_belongs_to_its_sub_and_its_body_byte_for_byte(server: RunningPulso) -> None:
    body = json.dumps(message("b", "x")).encode()
    first = post(server, body, Idempotency_Key="mine")
    assert post(server, body + b" ", Idempotency_Key="mine").status == 409
    other = post(server, body, server.token("other", publish=True), Idempotency_Key="mine")
    assert other.status == 202
    assert other.json != first.json
    assert post(server, body, Idempotency_Key="mine").json == first.json


def test_refused_requests_are_not_remembered(server: RunningPulso) -> None:
    assert post(server, {}, Idempotency_Key="refused").status == 400
    narrow = server.token("publisher", publish=True, bots=["mine"])
    assert post(server, message("b", "x"), narrow, Idempotency_Key="refused").status == 403
    assert post(server, message("b", "x"), Idempotency_Key="refused").status == 202


@pytest.mark.parametrize("key", ["", "x" * 129, "a\x85"])
def test_a_key_that_is_none_is_refused(server: RunningPulso, key: str) -> None:
    answer = post(server, message("b", "x"), Idempotency_Key=key)
    assert (answer.status, answer.json["field"]) == (400, "Idempotency-Key")


def test_the_longest_key_counts(server: RunningPulso) -> None:
    first = post(server, message("b", "x"), Idempotency_Key="x" * 128)
    assert post(server, message("b", "x"), Idempotency_Key="x" * 128).json == first.json


def test_retries_side_by_side_publish_once(server: RunningPulso) -> None:
    stream = server.stream("beside")
    stream.next()
    answers: list[Any] = []

    def retry() -> None:
        body = [message("beside", f"{n}") for n in range(50)]
        answers.append(post(server, body, Idempotency_Key="beside").json["ids"])

    threads = [threading.Thread(target=retry) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(ids == answers[0] for ids in answers)
    [last] = server.publish(message("beside", "last"))
    assert [event.id for event in stream.take(51)] == [*answers[0], last]
