"""What is not text: how it arrives, and how its file is opened."""

import base64
import os

import pytest

from services.whatsapp.baileys.gateway import BaileysGateway
from services.whatsapp.gateway import MediaGone, MessageArrived

LIMIT = 1_000_000
VCARD = "BEGIN:VCARD\nFN:Eva\nTEL;type=CELL;waid=5215550000009:+52 1 555 000 0009\nEND:VCARD"

KINDS = [
    (
        {"imageMessage": {"caption": "mira", "mimetype": "image/jpeg", "width": 4, "height": 3}},
        ("image", "mira", {"mimetype": "image/jpeg", "size": 0, "width": 4, "height": 3}),
    ),
    (
        {"videoMessage": {"mimetype": "video/mp4", "fileLength": "9000", "seconds": 7}},
        ("video", "", {"mimetype": "video/mp4", "size": 9000, "seconds": 7}),
    ),
    (
        {"audioMessage": {"mimetype": "audio/ogg; codecs=opus", "seconds": 3, "ptt": True}},
        (
            "audio",
            "",
            {"mimetype": "audio/ogg; codecs=opus", "size": 0, "seconds": 3, "voice": True},
        ),
    ),
    (
        {"documentMessage": {"fileName": "a.pdf", "mimetype": "application/pdf", "pageCount": 2}},
        ("document", "", {"mimetype": "application/pdf", "size": 0, "name": "a.pdf", "pages": 2}),
    ),
    (
        {"stickerMessage": {"mimetype": "image/webp"}},
        ("sticker", "", {"mimetype": "image/webp", "size": 0}),
    ),
    (
        {"locationMessage": {"degreesLatitude": 19.5, "degreesLongitude": -99.25, "name": "Casa"}},
        ("location", "Casa", {"latitude": 19.5, "longitude": -99.25, "name": "Casa"}),
    ),
    (
        {"contactMessage": {"displayName": "Eva", "vcard": VCARD}},
        ("contact", "Eva", {"contacts": [{"name": "Eva", "phones": ["+52 1 555 000 0009"]}]}),
    ),
    (
        {"pollCreationMessageV3": {"name": "¿Qué día?", "options": [{"optionName": "lunes"}]}},
        ("unsupported", "Poll: ¿Qué día? (lunes)", {"name": "poll"}),
    ),
    (
        {"orderMessage": {"orderTitle": "Flores", "itemCount": 2}},
        ("unsupported", "Order: Flores (2 items)", {"name": "order"}),
    ),
    (
        {"buttonsMessage": {"contentText": "¿Confirmas?", "buttons": []}},
        ("unsupported", "Buttons: ¿Confirmas?", {"name": "buttons"}),
    ),
    (
        {"buttonsResponseMessage": {"selectedDisplayText": "Sí"}},
        ("text", "Sí", None),
    ),
    (
        {"stickerPackMessage": {"name": "Gatos"}},
        ("unsupported", "Sticker pack", {"name": "sticker pack"}),
    ),
    (
        {"messageContextInfo": {"messageSecret": "c2VjcmV0"}},
        ("unsupported", "Message of a newer kind", {"name": "message of a newer kind"}),
    ),
    (
        {"ephemeralMessage": {"message": {"extendedTextMessage": {"text": "breve"}}}},
        ("text", "breve", None),
    ),
]


@pytest.mark.gen_test(timeout=60)
async def test_every_kind_arrives_with_what_describes_it(baileys, linked):
    await linked(baileys)
    for number, (message, _) in enumerate(KINDS):
        await baileys.message("", message_id=f"3EB0{number}", message=message)
    await baileys.heard.until(MessageArrived, message_id=f"3EB0{len(KINDS) - 1}")
    arrived = [(event.kind, event.text, event.media) for event in baileys.heard.of(MessageArrived)]
    assert arrived == [expected for _, expected in KINDS]


@pytest.mark.gen_test(timeout=60)
async def test_what_is_not_for_people_to_read_does_not_arrive(baileys, linked):
    await linked(baileys)
    revoked = {"protocolMessage": {"type": "REVOKE", "key": {"id": "3EB0GONE"}}}
    await baileys.message("", message_id="3EB0REVOKE", message=revoked)
    taken_back = {"reactionMessage": {"key": {"id": "3EB0LIKED"}, "text": ""}}
    await baileys.message("", message_id="3EB0UNLIKE", message=taken_back)
    await baileys.message("fin", message_id="3EB0LAST")
    await baileys.heard.until(MessageArrived, message_id="3EB0LAST")
    assert len(baileys.heard.of(MessageArrived)) == 1


async def image(baileys, content: bytes, **how):
    file = await baileys.double.act(
        "upload", kind="image", base64=base64.b64encode(content).decode(), **how
    )
    message = {"imageMessage": {"mimetype": "image/png", **file}}
    await baileys.message("", message_id=file["directPath"], message=message)
    return (await baileys.heard.until(MessageArrived, message_id=file["directPath"])).media


@pytest.mark.gen_test(timeout=60)
async def test_a_file_is_fetched_when_it_is_asked_for(baileys, linked, tmp_path):
    await linked(baileys)
    content = os.urandom(200_000)
    media = await image(baileys, content)
    assert media["size"] == len(content)
    await baileys.gateway.download("b1", media, tmp_path / "file", LIMIT)
    assert (tmp_path / "file").read_bytes() == content


@pytest.mark.gen_test(timeout=60)
async def test_a_file_that_is_too_large_damaged_or_gone_is_refused(baileys, linked, tmp_path):
    await linked(baileys)
    path = tmp_path / "file"
    large = await image(baileys, bytes(5000))
    with pytest.raises(MediaGone, match="too large"):
        await baileys.gateway.download("b1", large, path, 4000)
    damaged = await image(baileys, b"hola", damaged=True)
    with pytest.raises(MediaGone, match="damaged"):
        await baileys.gateway.download("b1", damaged, path, LIMIT)
    gone = {"download": {**large["download"], "directPath": "/v/gone"}}
    with pytest.raises(MediaGone, match="no longer has"):
        await baileys.gateway.download("b1", gone, path, LIMIT)
    with pytest.raises(MediaGone):
        await baileys.gateway.download("b1", {"mimetype": "image/png"}, path, LIMIT)
    assert not path.exists()


@pytest.mark.gen_test(timeout=60)
@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/v/x",
        "https://mmg.whatsapp.net.example.com/v/x",
        "http://mmg.whatsapp.net/v/x",
        "https://mmg.whatsapp.net:8443/v/x",
        "http://127.0.0.1:8080/metrics",
        "file:///etc/passwd",
    ],
)
async def test_a_sender_can_not_name_a_host_for_us_to_call(tmp_path, double, url):
    gateway = BaileysGateway(tmp_path)
    await gateway.open(lambda event: None)
    for path in (None, url):
        download = {"kind": "image", "url": url, "directPath": path, "mediaKey": "AAAA"}
        with pytest.raises(MediaGone):
            await gateway.download("b1", {"download": download}, tmp_path / "file", LIMIT)
    await gateway.close()
