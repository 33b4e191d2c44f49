"""What a file is by its bytes, and what of it may be shown."""

import pytest

from services.media.kinds import extension, shown_as

HEADS = {
    "jpg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "gif": b"GIF89a\1\0\1\0",
    "webp": b"RIFF\x24\0\0\0WEBPVP8 ",
    "wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "ogg": b"OggS\0\2",
    "mp3": b"ID3\4\0\0",
    "amr": b"#!AMR\n",
    "aac": b"\xff\xf1\x50\x80",
    "mp4": b"\0\0\0\x20ftypisom\0\0\2\0",
    "3gp": b"\0\0\0\x18ftyp3gp4\0\0\2\0",
    "webm": b"\x1a\x45\xdf\xa3\x9fB\x86\x81\1B\xf7\x81\1B\xf2\x81\4B\xf3\x81\x08B\x82\x84webm",
}


@pytest.mark.parametrize(("kind", "head"), HEADS.items())
def test_a_file_is_what_it_begins_with(kind: str, head: bytes) -> None:
    assert extension(head) == kind
    # Cut short it is nothing, whatever the length.
    assert {extension(head[:length]) for length in range(2)} == {"bin"}


def test_an_mp3_needs_no_tag() -> None:
    assert extension(b"\xff\xfb\x90\x64") == extension(b"\xff\xf3\x48\xc4") == "mp3"


@pytest.mark.parametrize(
    "head",
    [
        b"<!doctype html><script>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>",
        b"%PDF-1.7",
        b"MZ\x90\0",
        b"\0\0\0\x1cftypheic",
        b"RIFF\x24\0\0\0AVI LIST",
        b"\x1a\x45\xdf\xa3\x9fB\x86\x81\1matroska",
        b"\xff\xfe<\0h\0t\0m\0l\0",
        b"\xff",
        b"",
    ],
)
def test_what_could_act_is_for_saving_whatever_it_is_called(head: bytes) -> None:
    kind = extension(head)
    assert kind == "bin"
    for declared in ("image/png", "text/html", "image/svg+xml", "application/pdf", ""):
        assert shown_as(kind, declared) is None


def test_a_type_counts_where_the_bytes_agree() -> None:
    assert shown_as("ogg", "audio/ogg; codecs=opus") == "audio/ogg"
    assert shown_as("mp4", "Audio/MP4") == "audio/mp4"
    assert shown_as("mp4", "video/mp4") == "video/mp4"
    for kind, lie in (("png", "image/jpeg"), ("jpg", "text/html"), ("ogg", ""), ("x", "x/x")):
        assert shown_as(kind, lie) is None
