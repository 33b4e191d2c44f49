"""GET /api/bots/{id}/figures, and who is writing an answer."""

import pytest

from tests.handlers.chat import CONTACT, Chat
from tests.running import RunningPulso


def test_figures_are_of_the_last_days(server: RunningPulso) -> None:
    chat = Chat(server)
    chat.stream.until("message:sent")
    chat.call("POST", f"{chat.path}/messages", {"content": "¿Sí?"})
    chat.phone("message", **{"from": CONTACT, "text": "soy yo", "fromMe": True})
    days = chat.call("GET", f"/api/bots/{chat.bot}/figures?days=3")["days"]
    assert len(days) == 3
    assert days[-1].keys() == {"date", "chats", "in", "out", "medianSeconds"}
    assert (days[-1]["chats"], days[-1]["in"]) == (1, 1)
    assert days[-1]["out"] == {"bot": 1, "operator": 1, "phone": 1}
    assert days[0]["in"] == 0
    assert len(chat.call("GET", f"/api/bots/{chat.bot}/figures?offset=-180")["days"]) == 14
    for query in ("days=0", "days=91", "days=a", "offset=900", "offset=-900"):
        field = query.partition("=")[0]
        assert chat.refused("GET", f"/api/bots/{chat.bot}/figures?{query}") == (400, field)
    assert chat.refused("GET", "/api/bots/no/figures")[0] == 404
    other = server.token(bots=["another"])
    assert server.request("GET", f"/api/bots/{chat.bot}/figures", token=other).status == 403


@pytest.mark.parametrize("state", ["composing", "paused"])
def test_who_writes_an_answer_is_known_to_the_others(server: RunningPulso, state: str) -> None:
    chat = Chat(server)
    chat.stream.until("message:sent")
    assert (
        server.request("POST", f"{chat.path}/typing", {"state": state}, token=chat.token).status
        == 204
    )
    while (event := chat.stream.until("chat:typing")[-1].json)["who"] != "operator":
        pass
    assert (event["sessionId"], event["state"]) == (chat.session, state)
    assert event["author"] == {"id": "tester", "name": "tester"}
    assert chat.refused("POST", f"{chat.path}/typing", {"state": "asleep"}) == (400, "state")
