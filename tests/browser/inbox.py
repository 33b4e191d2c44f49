"""What the tests of the inbox do with chats."""

from playwright.sync_api import Page

from tests.browser.server import Server


def chat_with(server: Server, bot_id: str, number: str, name: str, text: str = "hola") -> str:
    """A chat that the bot has; its id."""
    server.customer_writes(bot_id, text, number=number, name=name)
    found: list[str] = []

    def is_there() -> bool:
        sessions = server.get("/api/sessions", botId=bot_id)["sessions"]
        found[:] = [one["id"] for one in sessions if one["contact"].startswith(number)]
        return bool(found)

    server.until(is_there)
    return found[0]


def needs_a_person(server: Server, session_id: str) -> None:
    changed = server.api.patch(f"/api/sessions/{session_id}", json={"mode": "human"})
    changed.raise_for_status()


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
