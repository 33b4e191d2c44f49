"""The side panel: a contact's chats, notes on it; and the canned replies."""

from typing import Any

from tests.handlers.chat import Chat
from tests.running import RunningPulso


def operator(chat: Chat, name: str, bots: Any) -> str:
    """A new operator's token."""
    who = {"username": name, "password": "long enough"}
    chat.call("POST", "/api/operators", {**who, "bots": bots})
    return str(chat.pulso.request("POST", "/api/auth/login", who).json["token"])


def test_a_contact_has_its_chats_with_every_bot_that_one_may_see(server: RunningPulso) -> None:
    chat, other = Chat(server), Chat(server)
    contact = chat.call("GET", f"{chat.path}/contact")
    ids = [session["id"] for session in contact["sessions"]]
    # The contact writes to other tests' bots, too.
    assert ids[:2] == [other.session, chat.session]
    assert contact["name"] == "Luz" and contact["altContact"] is None
    assert contact["firstSeen"] <= contact["lastSeen"]
    mine = operator(chat, "contacts-ana", [chat.bot])
    seen = chat.call("GET", f"{chat.path}/contact", token=mine)
    assert [session["id"] for session in seen["sessions"]] == [chat.session]
    assert server.request("GET", f"{other.path}/contact", token=mine).status == 404


def test_notes_are_on_the_contact_and_their_authors(server: RunningPulso) -> None:
    chat, other = Chat(server), Chat(server)
    ana = operator(chat, "notes-ana", [chat.bot, other.bot])
    eva = operator(chat, "notes-eva", [other.bot])
    note = chat.call("POST", f"{chat.path}/notes", {"text": "Prefiere\nlas mañanas"}, ana)
    assert note["author"]["name"] == "notes-ana" and note["editedAt"] is None
    path = f"{chat.path}/notes/{note['id']}"
    assert chat.call("GET", f"{chat.path}/notes", token=ana)["notes"] == [note]
    # Seen in the contact's other chat, by whoever may see the one it was written in.
    assert chat.call("GET", f"{other.path}/notes", token=ana)["notes"] == [note]
    assert chat.call("GET", f"{other.path}/notes", token=eva)["notes"] == []
    theirs = chat.call("POST", f"{other.path}/notes", {"text": "de Eva"}, eva)
    edited = chat.call("PATCH", path, {"text": "Prefiere las tardes"}, ana)
    assert (edited["text"], edited["editedAt"] is not None) == ("Prefiere las tardes", True)
    refused = server.request("DELETE", f"{other.path}/notes/{theirs['id']}", token=ana)
    assert refused.status == 403
    for method in ("PATCH", "DELETE"):
        gone = server.request(method, f"{chat.path}/notes/no", {"text": "a"}, token=ana)
        assert gone.status == 404
    for text in ("", " \n ", "a\x00", "x" * 5_001, None):
        assert chat.refused("POST", f"{chat.path}/notes", {"text": text}) == (400, "text")
    # An admin tidies up.
    assert server.request("DELETE", path, token=chat.token).status == 204
    assert chat.call("GET", f"{other.path}/notes", token=ana)["notes"] == [theirs]


def test_canned_replies_are_everybodys(server: RunningPulso) -> None:
    token = server.token(admin=True)

    def call(method: str, path: str = "", body: Any = None) -> Any:
        return server.request(method, f"/api/replies{path}", body, token=token)

    hello = call("POST", body={"shortcut": "hola", "text": "Hola {name}, ¿qué tal?"})
    assert hello.status == 201
    bye = call("POST", body={"shortcut": "adiós", "text": "¡Hasta pronto!"}).json
    replies = [bye, hello.json]
    assert call("GET").json == {"replies": replies}
    taken = call("PATCH", f"/{bye['id']}", {"shortcut": "hola"})
    assert (taken.status, taken.json["field"]) == (409, "shortcut")
    assert call("POST", body={"shortcut": "hola", "text": "a"}).status == 409
    changed = call("PATCH", f"/{bye['id']}", {"shortcut": "chau", "text": None})
    assert changed.json == {**bye, "shortcut": "chau"}
    for field, body in (
        ("shortcut", {"shortcut": "a b", "text": "a"}),
        ("shortcut", {"shortcut": "x" * 33, "text": "a"}),
        ("text", {"shortcut": "a", "text": " "}),
        ("text", {"shortcut": "a"}),
    ):
        answer = call("POST", body=body)
        assert (answer.status, answer.json["field"]) == (400, field)
    assert call("DELETE", f"/{bye['id']}").status == 204
    assert call("DELETE", f"/{bye['id']}").status == 404
    assert call("PATCH", f"/{bye['id']}", {}).status == 404
    assert server.request("GET", "/api/replies").status == 401
