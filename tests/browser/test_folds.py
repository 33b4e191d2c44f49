"""Snapshot + events = the snapshot read later: the folds, as plain modules in a browser."""

from typing import Any

import pytest
from playwright.sync_api import Page

FOLD_CHATS = """async ([sessions, messages, events]) => {
    const { ConversationState } = await import('/static/js/chat/conversation-state.js');
    const state = new ConversationState();
    state.loadSessions(sessions);
    state.open('s1', messages);
    const unknown = events.map((event) => state.apply(event));
    return { list: state.list(), messages: state.messages, unread: state.unread, unknown };
}"""

SESSION = {
    "id": "s1",
    "botId": "b1",
    "contact": "1@s.whatsapp.net",
    "name": "Ana",
    "mode": "bot",
    "unread": 0,
    "createdAt": "2026-01-01T00:00:00.000Z",
    "lastMessage": None,
}


@pytest.fixture
def fold(page: Page) -> Any:
    page.goto("/login")

    def fold(*events: dict[str, Any], sessions: Any = (SESSION,), messages: Any = ()) -> Any:
        given = [{"botId": "b1", "sessionId": "s1", **event} for event in events]
        return page.evaluate(FOLD_CHATS, [list(sessions), list(messages), given])

    return fold


def received(message_id: str, content: str = "hola", second: int = 1) -> dict[str, Any]:
    message = {
        "id": message_id,
        "sessionId": "s1",
        "content": content,
        "fromMe": False,
        "timestamp": f"2026-01-01T00:00:{second:02}.000Z",
        "type": "text",
        "pushName": "Ana",
        "ack": None,
    }
    return {"type": "message:received", "message": message}


def sent(message_id: str, second: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "type": "message:sent",
        "content": "respuesta",
        "messageId": message_id,
        "origin": "bot",
        "timestamp": f"2026-01-01T00:00:{second:02}.000Z",
        **more,
    }


def ack(message_id: str, value: str) -> dict[str, Any]:
    return {"type": "message:ack", "messageId": message_id, "ack": value}


def test_a_message_is_pushed_counted_and_the_last(fold: Any) -> None:
    state = fold(received("m1"))
    assert [one["id"] for one in state["messages"]] == ["m1"]
    assert state["list"][0]["lastMessage"]["id"] == "m1"
    assert state["unread"] == 1


def test_the_same_message_twice_changes_nothing(fold: Any) -> None:
    assert fold(received("m1"), received("m1")) | {"unknown": []} == fold(received("m1")) | {
        "unknown": []
    }


def test_what_the_snapshot_holds_is_not_counted_again(fold: Any) -> None:
    last = {**received("m1")["message"]}
    session = {**SESSION, "unread": 1, "lastMessage": last}
    assert fold(received("m1"), sessions=[session], messages=[last])["unread"] == 1


def test_an_answer_is_ours_and_not_unread(fold: Any) -> None:
    state = fold(received("m1"), sent("m2"))
    assert [one["fromMe"] for one in state["messages"]] == [False, True]
    assert state["unread"] == 1


def test_acks_never_go_back_and_may_come_first(fold: Any) -> None:
    state = fold(ack("m2", "server"), sent("m2"), ack("m2", "read"), ack("m2", "delivered"))
    assert state["messages"][0]["ack"] == "read"
    assert state["list"][0]["lastMessage"]["ack"] == "read"
    assert fold(ack("m2", "server"), sent("m2"))["messages"][0]["ack"] == "server"


def test_a_failure_is_kept_with_its_reason(fold: Any) -> None:
    failed = {"type": "message:failed", "messageId": "m2", "reason": "not connected"}
    assert fold(sent("m2"), failed)["messages"][0]["failed"] == "not connected"


def test_a_session_of_another_page_of_the_list_is_asked_for(fold: Any) -> None:
    state = fold(received("m1") | {"sessionId": "s9"}, sent("m2") | {"sessionId": "s9"})
    assert state["unknown"] == ["s9", "s9"]


def test_the_newest_activity_comes_first(fold: Any) -> None:
    other = {**SESSION, "id": "s2", "createdAt": "2026-01-01T00:00:05.000Z"}
    assert [one["id"] for one in fold(sessions=[SESSION, other])["list"]] == ["s2", "s1"]
    later = fold(received("m1", second=9), sessions=[SESSION, other])
    assert [one["id"] for one in later["list"]] == ["s1", "s2"]


def test_an_update_changes_only_what_it_names(fold: Any) -> None:
    update = {**SESSION, "mode": "human", "unread": 0, "name": None}
    state = fold(received("m1"), {"type": "session:updated", "session": update})
    (session,) = state["list"]
    assert (session["mode"], session["unread"], session["name"]) == ("human", 0, "Ana")
    assert session["lastMessage"]["id"] == "m1"


def test_a_ring_gives_what_came_after_an_id_and_knows_what_it_forgot(page: Page) -> None:
    page.goto("/login")
    told = page.evaluate(
        """async () => {
            const { FeedRing } = await import('/static/js/stream/feed-ring.js');
            const ring = new FeedRing('c0', 3);
            const after = (id) => {
                const seq = ring.seqOf(id);
                return seq === undefined ? null : ring.after(seq).map(({ id }) => id);
            };
            const seen = [after('c0')];
            for (const id of ['e1', 'e2', 'e3']) ring.add(id, {});
            ring.mark('p3');
            seen.push(after('c0'), after('e2'), after('p3'));
            ring.add('e4', {});
            seen.push(after('c0'), after('e1'), after('p3'), after('other'));
            return seen;
        }"""
    )
    assert told == [[], ["e1", "e2", "e3"], ["e3"], [], None, ["e2", "e3", "e4"], ["e4"], None]


def test_the_sign_in_leads_only_to_this_site(page: Page) -> None:
    page.goto("/login")
    told = page.evaluate(
        """async () => {
            const { destination } = await import('/static/js/pages/login.js');
            const to = (next) => destination('?next=' + encodeURIComponent(next), 'http://here');
            return ['/monitor?botId=a#s', '//evil.example', '/\\\\evil.example', 'javascript:x',
                    'http://evil.example/bots', ''].map(to);
        }"""
    )
    assert told == ["/monitor?botId=a#s", *["/bots"] * 5]


def test_a_bot_goes_from_code_to_code_to_connected_and_away(page: Page) -> None:
    page.goto("/login")
    told = page.evaluate(
        """async () => {
            const { fold, fromStatus } = await import('/static/js/pages/bot-state.js');
            let state = fromStatus({ status: 'disconnected' });
            const seen = [];
            for (const event of [
                { type: 'bot:connecting', attempt: 1 },
                { type: 'bot:qr', qr: 'data:1', seq: 1, expiresAt: 'x' },
                { type: 'bot:connected', user: { id: 'u', name: 'Ana' } },
                { type: 'bot:disconnected', statusCode: 428, willReconnect: true, retryInMs: 500 },
                { type: 'bot:disconnected', statusCode: 401, willReconnect: false },
                { type: 'bot:qr-expired' },
            ]) {
                state = fold(state, event, 1000);
                const { status, qr, user, retryAt, qrExpired } = state;
                seen.push([status, qr, user?.name ?? null, retryAt, qrExpired]);
            }
            return seen;
        }"""
    )
    assert told == [
        ["connecting", None, None, None, False],
        ["qr", "data:1", None, None, False],
        ["connected", None, "Ana", None, False],
        ["disconnected", None, "Ana", 1500, False],
        ["disconnected", None, None, None, False],
        ["disconnected", None, None, None, True],
    ]
