"""The child's outbox by itself, in a Node of its own."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from services.whatsapp.baileys.child import SCRIPT
from services.whatsapp.gateway import Connected, MessageArrived

OUTBOX = SCRIPT.parent / "outbox.js"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node 20 or newer")


def node(script: str) -> str:
    """What a module prints."""
    command = ["node", "--input-type=module", "--eval", script]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


def run(script: str, path: Path) -> str:
    """What a script with an ``outbox`` on this path prints."""
    return node(f"""
        import {{ Outbox }} from {json.dumps(OUTBOX.as_uri())}
        const outbox = new Outbox({json.dumps(str(path))})
        {script}
    """)


def waiting(path: Path) -> list[dict[str, object]]:
    return json.loads(run("console.log(JSON.stringify(outbox.waiting()))", path))


def test_what_was_added_waits_for_the_next_life(tmp_path):
    path = tmp_path / "b1" / "outbox.ndjson"
    told = {"messageId": "3EB0", "live": True, "timestamp": time.time(), "text": "línea\n🙂"}
    run(f"outbox.add({json.dumps(told)})", path)
    assert waiting(path) == [told]


def test_a_line_cut_short_costs_nothing_but_itself(tmp_path):
    path = tmp_path / "outbox.ndjson"
    path.write_text('{"messageId":"3EB0A","timestamp":1,"live":false}\n{"messageId":"3EB')
    run('outbox.add({ messageId: "3EB0B", timestamp: 1, live: false })', path)
    assert [told["messageId"] for told in waiting(path)] == ["3EB0A", "3EB0B"]


def test_an_old_message_that_is_told_again_is_not_live(tmp_path):
    path = tmp_path / "outbox.ndjson"
    path.write_text('{"messageId":"3EB0","timestamp":1,"live":true}\n')
    assert waiting(path)[0]["live"] is False


def test_what_has_been_told_for_ten_minutes_is_let_go(tmp_path):
    path = tmp_path / "outbox.ndjson"
    printed = node(f"""
        import {{ mock }} from 'node:test'
        mock.timers.enable({{ apis: ['Date', 'setInterval'], now: 0 }})
        const {{ Outbox }} = await import({json.dumps(OUTBOX.as_uri())})
        const outbox = new Outbox({json.dumps(str(path))})
        outbox.add({{ messageId: 'old', timestamp: 0 }})
        mock.timers.tick(9 * 60_000)
        outbox.add({{ messageId: 'new', timestamp: 0 }})
        mock.timers.tick(2 * 60_000)
        console.log(outbox.waiting().map(told => told.messageId).join())
    """)
    assert printed == "new\n"
    assert [told["messageId"] for told in waiting(path)] == ["new"]


@pytest.mark.gen_test(timeout=60)
async def test_what_a_dead_parent_may_not_have_stored_is_told_to_the_next(baileys, linked):
    await linked(baileys)
    await baileys.message("hola", message_id="3EB0ONCE")
    await baileys.heard.until(MessageArrived, message_id="3EB0ONCE")
    await baileys.restart()
    await baileys.gateway.start("b1")
    again = await baileys.heard.until(MessageArrived, message_id="3EB0ONCE")
    assert again.text == "hola"
    await baileys.heard.until(Connected)
