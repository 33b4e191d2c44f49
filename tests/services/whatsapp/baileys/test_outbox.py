"""The child's outbox by itself, in a Node of its own."""

import asyncio
import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from services.whatsapp.baileys.child import SCRIPT
from services.whatsapp.gateway import Connected, GatewayEvent, MessageArrived
from tests.running import eventually
from tests.services.whatsapp.heard import Heard

OUTBOX = SCRIPT.parent / "outbox.js"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node 20 or newer")


def run(script: str, path: Path, kilobytes: int | None = None) -> str:
    """What a script with an ``outbox`` on this path prints with ``print``.

    ``kilobytes``: what a file may have; a disk that is full answers much the same.
    """
    return node(
        f"""
        const write = process.stdout.write.bind(process.stdout) // the outbox's imports take it
        const print = (...values) => write(`${{values.join(' ')}}\\n`)
        const {{ Outbox }} = await import({json.dumps(OUTBOX.as_uri())})
        const outbox = new Outbox({json.dumps(str(path))})
        {script}
        """,
        kilobytes,
    )


def node(script: str, kilobytes: int | None = None) -> str:
    """What a module prints."""
    limit = f"ulimit -f {kilobytes * 2};" if kilobytes else ""  # in halves
    command = ["sh", "-c", f'{limit} exec node --input-type=module --eval "$0"', script]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def waiting(path: Path) -> list[dict[str, object]]:
    return json.loads(
        run("print(JSON.stringify(outbox.waiting().map(({ event }) => event)))", path)
    )


def message(message_id: str, **fields: object) -> dict[str, object]:
    return {"event": "message", "messageId": message_id, "live": False, "timestamp": 1, **fields}


def test_what_was_added_waits_for_the_next_life(tmp_path):
    path = tmp_path / "b1" / "outbox.ndjson"
    kept = message("3EB0", live=True, timestamp=time.time(), text="línea\n🙂")
    run(f"outbox.add({json.dumps(kept)})", path)
    assert waiting(path) == [kept]


def test_a_line_cut_short_costs_nothing_but_itself(tmp_path):
    path = tmp_path / "outbox.ndjson"
    run(f"outbox.add({json.dumps(message('3EB0A'))})", path)
    with path.open("a") as file:
        file.write('{"id":"x","event":{"event":"mess')
    run(f"outbox.add({json.dumps(message('3EB0B'))})", path)
    assert [kept["messageId"] for kept in waiting(path)] == ["3EB0A", "3EB0B"]


def test_an_old_message_that_is_told_again_is_not_live(tmp_path):
    path = tmp_path / "outbox.ndjson"
    run(f"outbox.add({json.dumps(message('3EB0', live=True))})", path)
    assert waiting(path)[0]["live"] is False


def test_what_the_first_version_wrote_is_read(tmp_path):
    path = tmp_path / "outbox.ndjson"
    path.write_text('{"messageId":"3EB0","timestamp":1,"live":true}\n')
    assert waiting(path) == [message("3EB0")]


def test_what_is_not_stored_stays_however_long_it_takes(tmp_path):
    path = tmp_path / "outbox.ndjson"
    node(f"""
        import {{ mock }} from 'node:test'
        mock.timers.enable({{ apis: ['Date', 'setInterval'], now: 0 }})
        const {{ Outbox }} = await import({json.dumps(OUTBOX.as_uri())})
        const outbox = new Outbox({json.dumps(str(path))})
        outbox.add({json.dumps(message("old"))})
        const stored = outbox.add({json.dumps(message("stored"))})
        mock.timers.tick(60 * 60_000)
        outbox.add({json.dumps(message("new"))})
        outbox.stored([stored, 'of nobody'])
    """)
    assert [kept["messageId"] for kept in waiting(path)] == ["old", "new"]


def test_an_entry_is_known_by_its_id_in_the_next_life_too(tmp_path):
    path = tmp_path / "outbox.ndjson"
    run(f"outbox.add({json.dumps(message('3EB0A'))})", path)
    run(f"outbox.add({json.dumps(message('3EB0B'))})", path)
    run("outbox.stored([outbox.waiting()[0].id])", path)
    assert [kept["messageId"] for kept in waiting(path)] == ["3EB0B"]
    run("outbox.stored([outbox.waiting()[0].id])", path)
    assert path.read_text() == ""


def test_it_is_full_at_500_events_and_not_once_they_are_stored(tmp_path):
    printed = run(
        f"""
        const ids = []
        for (let n = 0; n < 499; n += 1) ids.push(outbox.add({json.dumps(message("m"))}))
        const before = outbox.full
        ids.push(outbox.add({json.dumps(message("m"))}))
        const at = outbox.full
        outbox.stored(ids.slice(0, 1))
        print(before, at, outbox.full)
        """,
        tmp_path / "outbox.ndjson",
    )
    assert printed == "false true false\n"


def test_it_is_full_at_eight_megabytes(tmp_path):
    printed = run(
        f"""
        const event = {{ ...{json.dumps(message("m"))}, text: 'x'.repeat(1024 * 1024) }}
        for (let n = 0; n < 8; n += 1) outbox.add(event)
        print(outbox.full)
        """,
        tmp_path / "outbox.ndjson",
    )
    assert printed == "true\n"


def test_the_file_holds_little_that_is_stored(tmp_path):
    path = tmp_path / "outbox.ndjson"
    run(
        f"""
        const event = {{ ...{json.dumps(message("m"))}, text: 'x'.repeat(1000) }}
        outbox.add({json.dumps(message("slow"))})
        for (let n = 0; n < 3000; n += 1) outbox.stored([outbox.add(event)])
        """,
        path,
    )
    assert path.stat().st_size < 1.2 * 1024 * 1024
    assert [kept["messageId"] for kept in waiting(path)] == ["slow"]


def test_a_full_disk_stops_nobody_and_spoils_no_line(tmp_path):
    path = tmp_path / "outbox.ndjson"
    printed = run(
        f"""
        const event = {{ ...{json.dumps(message("m"))}, text: 'x'.repeat(1000) }}
        outbox.add({json.dumps(message("slow"))})
        for (let n = 0; n < 40; n += 1) outbox.stored([outbox.add(event)])
        const last = outbox.add({json.dumps(message("last"))})
        print(outbox.waiting().map(({{ event }}) => event.messageId).join())
        outbox.stored([last])
        """,
        path,
        kilobytes=16,
    )
    assert printed == "slow,last\n"
    assert waiting(path)[0]["messageId"] == "slow"


class Withheld(Heard):
    """A sink whose events are never stored."""

    def __call__(self, event: GatewayEvent) -> "asyncio.Future[bool]":
        super().__call__(event)
        return asyncio.get_running_loop().create_future()


@pytest.mark.gen_test(timeout=60)
async def test_what_a_dead_parent_may_not_have_stored_is_told_to_the_next(baileys, linked):
    baileys.heard = Withheld()
    await baileys.gateway.open(baileys.heard)
    await linked(baileys)
    await baileys.message("hola", message_id="3EB0ONCE")
    await baileys.heard.until(MessageArrived, message_id="3EB0ONCE")
    await baileys.restart()
    await baileys.gateway.start("b1")
    again = await baileys.heard.until(MessageArrived, message_id="3EB0ONCE")
    assert again.text == "hola"
    await baileys.heard.until(Connected)


@pytest.mark.gen_test(timeout=60)
async def test_what_is_stored_is_not_told_again(baileys, linked):
    await linked(baileys)
    await baileys.message("hola", message_id="3EB0ONCE")
    await baileys.heard.until(MessageArrived, message_id="3EB0ONCE")
    outbox = baileys.folder / "outbox.ndjson"
    await asyncio.to_thread(eventually, lambda: outbox.read_text() == "")
    await baileys.received()
    await baileys.restart()
    await baileys.gateway.start("b1")
    await baileys.heard.until(Connected)
    assert len(baileys.heard.of(MessageArrived)) == 1
