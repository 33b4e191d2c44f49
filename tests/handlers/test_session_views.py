"""GET /api/sessions by view, state, label and waiting; the labels; what comes back by itself."""

from collections.abc import Iterator

import pytest

from tests.handlers.chat import Chat
from tests.running import RunningPulso, running


@pytest.fixture(scope="module")
def pulso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    """One server for this module, whose bots take chats back after 1.2 s."""
    folder = tmp_path_factory.mktemp("pulso") / "data"
    with running(folder, PULSO_HUMAN_MINUTES="0.02", PULSO_BURST_SECONDS="0") as server:
        yield server
        assert "Traceback" not in server.log, server.log


def test_a_list_is_of_a_view_and_counts_each(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    for number in range(3):
        contact, text = f"+54 9 11 {number}", "quiero un humano"
        chat.phone("message", **{"from": contact, "name": f"N{number}", "text": text})
        chat.updated(waitingSince=True)
    ask = f"/api/sessions?botId={chat.bot}"
    page = chat.call("GET", f"{ask}&view=unassigned&sort=waiting&limit=2")
    assert [one["name"] for one in page["sessions"]] == ["N0", "N1"]
    assert all(one["assignee"] is None and one["mode"] == "human" for one in page["sessions"])
    rest = chat.call("GET", f"{ask}&sort=waiting&limit=2&before={page['before']}")
    assert [one["name"] for one in rest["sessions"]] == ["N2"] and rest["before"] is None
    counts = page["counts"]
    assert (counts["mine"], counts["unassigned"], counts["bot"], counts["all"]) == (0, 3, 1, 4)
    newest = chat.call("GET", f"{ask}&view=unassigned")["sessions"]
    assert [one["name"] for one in newest] == ["N2", "N1", "N0"]
    wanted = {"assignee": "tester", "labels": ["vip"]}
    chat.call("PATCH", f"/api/sessions/{newest[0]['id']}", wanted)
    for query in ("view=mine", "label=vip", "view=mine&unread=1&state=open", "q=n2&view=mine"):
        found = chat.call("GET", f"{ask}&{query}")
        assert [one["name"] for one in found["sessions"]] == ["N2"], query
        assert found["counts"]["all"] == 4
    assert chat.call("GET", f"{ask}&q=n2&view=bot")["sessions"] == []
    assert chat.call("GET", f"/api/labels?botId={chat.bot}") == {
        "labels": [{"label": "vip", "sessions": 1}]
    }
    # Left alone, it goes back to the bot; those the bot asked a person for wait on.
    assert chat.updated(assignee=True)["id"] == newest[0]["id"]
    assert chat.updated(assignee=False)["id"] == newest[0]["id"]
    counts = chat.call("GET", ask)["counts"]
    assert (counts["mine"], counts["unassigned"], counts["bot"]) == (0, 2, 2)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("view=none", "view"),
        ("unread=2", "unread"),
        ("unread=yes", "unread"),
        ("state=done", "state"),
        ("sort=oldest", "sort"),
        ("label=" + "x" * 51, "label"),
        ("label=a%0Ab", "label"),
        ("sort=waiting&before=12", "before"),
        ("before=12-ses-1", "before"),
    ],
)
def test_a_wrong_query_is_named(pulso: RunningPulso, query: str, field: str) -> None:
    token = pulso.token(admin=True)
    bot = pulso.request("POST", "/api/bots", {"name": "B"}, token=token).json["id"]
    answer = pulso.request("GET", f"/api/sessions?botId={bot}&{query}", token=token)
    assert (answer.status, answer.json.get("field")) == (400, field)
    assert pulso.request("GET", "/api/labels", token=token).status == 400
    stranger = pulso.token(bots=["another"])
    assert pulso.request("GET", f"/api/labels?botId={bot}", token=stranger).status == 403
