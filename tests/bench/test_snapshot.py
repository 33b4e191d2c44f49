"""A store that was filled answers like one that filled by itself."""

from collections.abc import Iterator
from itertools import count

import pytest

from bench.filling import fill
from bench.phone import Phone, call, linked_bots, written
from bench.readers import read_beside
from bench.scale import Scale
from bench.scenarios.snapshot import costs
from bench.server import Server, running


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, list[str]]]:
    folder = tmp_path_factory.mktemp("filled")
    with running(Phone(), folder=folder) as server:
        bots = linked_bots(server, 2)
    fill(folder / "data" / "pulso.db", bots, chats=20, messages=100)
    with running(Phone(), folder=folder) as server:
        yield server, bots


def test_a_filled_store_shows_its_chats_newest_first(filled: tuple[Server, list[str]]) -> None:
    server, bots = filled
    pages = [call(server, "GET", f"/api/sessions?botId={bot}")["sessions"] for bot in bots]
    assert [session["name"] for session in pages[1]] == [f"cliente {n}" for n in range(19, 0, -2)]
    newest = pages[1][0]
    messages = call(server, "GET", f"/api/sessions/{newest['id']}/messages")["messages"]
    assert len(messages) == 5
    assert messages[-1]["content"] == newest["lastMessage"]["content"]
    assert messages[-1]["content"].endswith("folio 000099")


@pytest.mark.parametrize("search", ["Cliente 7", "5215500000007", "folio 000027"])
def test_a_filled_store_is_searched(filled: tuple[Server, list[str]], search: str) -> None:
    server, bots = filled
    query = "&".join(f"botId={bot}" for bot in bots)
    found = call(server, "GET", f"/api/sessions?{query}&q={search.replace(' ', '+')}")["sessions"]
    assert "cliente 7" in [session["name"] for session in found]


def test_readers_and_messages_are_timed_beside_each_other(
    filled: tuple[Server, list[str]],
) -> None:
    server, bots = filled
    posts = (written(bots[0], number) for number in count())
    target = f"/api/sessions?botId={bots[1]}"
    times = read_beside(server, lambda: target, posts, readers=2, rate=50, seconds=0.5)
    assert len(times.answers) > 2 and len(times.messages) > 5
    assert min(times.answers) > 0 and min(times.messages) > 0


def test_a_refusal_under_load_is_no_figure(filled: tuple[Server, list[str]]) -> None:
    server, bots = filled
    posts = (written(bots[0], number) for number in count())
    with pytest.raises(ConnectionError, match="404"):
        read_beside(server, lambda: "/api/nothing", posts, readers=1, rate=50, seconds=2)


def test_a_page_has_its_price() -> None:
    figures = costs(chats=20, messages=100, scale=Scale(snapshot_pages=8), seconds=0)
    assert figures.keys() == {"chats", "messages", "search"}
    assert min(figures.values()) > 0
