"""docs/migrating.md, as its reader would follow it."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from services.whatsapp.gateway import Connected, Disconnected, MessageArrived, QrShown
from tests.running import ROOT, RunningPulso

EXAMPLE = ROOT / "docs" / "examples" / "emit.mjs"
PAIR = Path(__file__).parents[1] / "double" / "pair.js"

# A socket of Baileys as far as the example looks at one.
SERVICE = """
import { EventEmitter } from 'node:events'
import { emit, follow } from '%s'
const ev = new EventEmitter()
follow('b1', { ev, user: { id: '521@s.whatsapp.net' } }, async qr => `data:image/png;base64,${qr}`)
ev.emit('connection.update', { qr: 'AAAA' })
await new Promise(setImmediate)
ev.emit('connection.update', { connection: 'open' })
const key = { id: '3EB0', remoteJid: '522@s.whatsapp.net', fromMe: false }
const upsert = (type, ...messages) => ev.emit('messages.upsert', { type, messages })
upsert('notify', { key, pushName: 'Ana', message: { conversation: 'hola' } })
upsert('append', { key, message: { conversation: 'vieja' } })
const ours = { ...key, fromMe: true }
upsert('notify', { key: ours, message: { extendedTextMessage: { text: 'voy' } } })
const error = { output: { statusCode: 428 } }
ev.emit('connection.update', { connection: 'close', lastDisconnect: { error } })
for (let number = 0; number < 150; number++) {
  emit({ type: 'session:created', botId: 'b1', session: { id: `s${number}` } })
}
await emit({ type: 'bot:qr', botId: 'b1', qr: 'data:image/png;base64,last' })
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node 20 or newer")
def test_the_example_brings_a_baileys_service_onto_the_stream(pulso: RunningPulso):
    stream = pulso.stream("b1")
    stream.next()
    token = pulso.token("baileys", publish=True, bots=["b1"])
    ran = subprocess.run(
        ["node", "--input-type=module", "--eval", SERVICE % EXAMPLE.as_uri()],
        env={**os.environ, "PULSO_URL": pulso.url, "PULSO_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    events = [event.json for event in stream.take(156)]
    assert [event["type"] for event in events[:5]] == [
        "bot:qr",
        "bot:connected",
        "message:received",
        "message:sent",
        "bot:disconnected",
    ]
    assert events[0]["code"] == "AAAA"
    assert events[2]["message"]["pushName"] == "Ana"
    assert events[3]["origin"] == "phone"
    assert events[4]["statusCode"] == 428
    assert [event["session"]["id"] for event in events[5:155]] == [f"s{n}" for n in range(150)]


@pytest.mark.gen_test(timeout=60)
async def test_an_existing_auth_folder_needs_no_new_pairing(baileys, tmp_path):
    old = tmp_path / "old-service"
    pairing = await asyncio.create_subprocess_exec(
        "node", str(PAIR), str(old), baileys.double.url, stdout=subprocess.PIPE
    )
    assert pairing.stdout is not None
    qr = (await pairing.stdout.readline()).decode().strip()
    await baileys.double.act("scan", qr=qr, user=baileys.user, name="Bot")
    assert await pairing.wait() == 0
    shutil.copytree(old, tmp_path / "whatsapp" / "b1")
    await baileys.gateway.start("b1")
    await baileys.heard.until(Connected)
    await baileys.message("hola", message_id="3EB0OLD")
    await baileys.heard.until(MessageArrived)
    assert baileys.heard.of(QrShown) == baileys.heard.of(Disconnected) == []
