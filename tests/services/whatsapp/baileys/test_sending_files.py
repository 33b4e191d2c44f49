"""Files, as a contact's phone gets them from a real Baileys."""

import asyncio
import os
from typing import Any

import pytest

from services.bus.events import Quoted
from services.whatsapp.gateway import Acked, OutgoingFile
from services.whatsapp.simulated.gateway import address

CONTACT = "5215551234567"


async def received(double: Any, message_id: str) -> dict[str, Any]:
    """What the contact's phone has under this id."""
    while True:
        inboxes = (await double.act("state"))["inboxes"]
        for inbox in inboxes.values() if isinstance(inboxes, dict) else inboxes:
            for one in inbox:
                if one["id"] == message_id:
                    return dict(one["message"])
        await asyncio.sleep(0.05)


@pytest.mark.gen_test(timeout=120)
async def test_a_picture_a_voice_note_and_a_large_document_reach_the_contact(
    baileys, online, double, tmp_path
):
    await online(baileys)
    await baileys.message("hola", message_id="3EB0HELLO")
    chat = address(baileys.customer)
    quoted = Quoted(id="3EB0HELLO", content="hola", from_me=False)
    for kind, mimetype, size, field in (
        ("image", "image/png", 3_000, "imageMessage"),
        ("audio", "audio/ogg", 5_000, "audioMessage"),
        ("document", "application/pdf", 24 * 1024 * 1024, "documentMessage"),
    ):
        path = tmp_path / kind
        path.write_bytes(os.urandom(size))
        message_id = f"3EB0{kind.upper()}"
        file = OutgoingFile(str(path), kind, mimetype, f"{kind}.bin", kind == "audio")
        await baileys.gateway.send("b1", chat, message_id, "mira", quoted, file)
        await baileys.heard.until(Acked, message_id=message_id, ack="server")
        part = (await received(double, message_id))[field]
        assert int(part["fileLength"]) == size
        assert part["contextInfo"]["stanzaId"] == "3EB0HELLO"
        assert part["mimetype"].startswith(mimetype)
        if kind == "audio":
            assert part["ptt"] is True
        else:
            assert part["caption"] == "mira"
        media = {"download": {"kind": kind, **{k: part[k] for k in ("directPath", "mediaKey")}}}
        fetched = tmp_path / f"{kind} fetched"
        await baileys.gateway.download("b1", media, fetched, 30_000_000)
        assert fetched.read_bytes() == path.read_bytes()
