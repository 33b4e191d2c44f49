"""What a file is by its first bytes, and what of that a browser may show without running anything.

A file comes from a stranger and goes to an operator's browser under our own origin. Its type is
believed where its bytes agree; HTML, SVG, PDF and all else that can act is never shown, only saved.
"""

import re

HEAD_BYTES = 64  # of a file, as much as ``extension`` looks at
OTHER = "bin"

_ISO_BRANDS = (b"iso", b"mp4", b"M4A", b"M4V", b"avc1", b"MSNV", b"dash")

# What may be shown, by the extension that its bytes give it.
_TYPES = {
    "jpg": {"image/jpeg"},
    "png": {"image/png"},
    "gif": {"image/gif"},
    "webp": {"image/webp"},
    "ogg": {"audio/ogg"},
    "mp3": {"audio/mpeg"},
    "aac": {"audio/aac"},
    "amr": {"audio/amr"},
    "wav": {"audio/wav"},
    "mp4": {"audio/mp4", "video/mp4"},
    "3gp": {"audio/3gpp", "video/3gpp"},
    "webm": {"audio/webm", "video/webm"},
}


def extension(head: bytes) -> str:
    """What a file that begins so is: ``jpg``, ``ogg``, …; ``bin`` for all that is not shown."""
    for start, found in (
        (b"\xff\xd8\xff", "jpg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"GIF87a", "gif"),
        (b"GIF89a", "gif"),
        (b"OggS", "ogg"),
        (b"ID3", "mp3"),
        (b"#!AMR", "amr"),
    ):
        if head.startswith(start):
            return found
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(head[8:12], OTHER)
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if head[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in head:
        return "webm"
    return _of_audio_frame(head)


def shown_as(found: str, declared: str) -> str | None:
    """The type to show a file of this extension with; None: it is for saving, as are all lies."""
    mimetype = declared.partition(";")[0].strip().lower()
    return mimetype if mimetype in _TYPES.get(found, ()) else None


def sent_as(found: str, declared: str) -> tuple[str, str]:
    """The kind of message for a file of this extension, and the type it is sent with.

    What its bytes don't bear out goes out as a document without a type.
    """
    shown = shown_as(found, declared)
    if shown is not None:
        kind = shown.partition("/")[0]
        is_picture = found in ("jpg", "png", "webp")
        return (kind, shown) if kind != "image" or is_picture else ("document", shown)
    mimetype = declared.partition(";")[0].strip().lower()
    is_lie = found != OTHER or any(mimetype in types for types in _TYPES.values())
    if is_lie or not re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,80}", mimetype, re.ASCII):
        mimetype = "application/octet-stream"
    return "document", mimetype


def _of_brand(brand: bytes) -> str:
    if brand.startswith((b"3gp", b"3g2")):
        return "3gp"
    return "mp4" if brand.startswith(_ISO_BRANDS) else OTHER


def _of_audio_frame(head: bytes) -> str:
    # ISO/IEC 11172-3 and 13818-7: twelve bits set, then version and layer.
    if len(head) < 2 or head[0] != 0xFF:
        return OTHER
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    return "mp3" if head[1] & 0xE6 == 0xE2 else OTHER
