"""Files are whole or not there, bot by bot, in a folder as on S3."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.errors import CannotStart, NotFound, TooLarge, Unavailable
from services.media import store as module
from services.media.store import MediaStore, Part
from tests.s3 import BUCKET

LIMIT = 1_000_000
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


def store(url: str, tmp_path: Path, limit: int = LIMIT) -> MediaStore:
    return MediaStore(url, tmp_path / "spool", limit)


async def content(media: MediaStore, key: str, part: Part | None = None) -> bytes:
    found = await media.file(key, part)
    read = b"".join([chunk async for chunk in found.chunks])
    assert len(read) == found.end - found.first <= found.size
    return read


async def in_chunks(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.gen_test(timeout=60)
async def test_a_file_is_kept_by_what_it_holds(media_url, tmp_path):
    media = store(media_url, tmp_path)
    await media.open()
    kept = await media.keep("bot-1", PNG)
    assert kept.key == f"bot-1/{hashlib.sha256(PNG).hexdigest()}.png" and kept.size == len(PNG)
    large = os.urandom(LIMIT)
    for given in (in_chunks(large), in_chunks(large, 7_000), large):
        kept = await media.keep("bot-1", given)
        assert await content(media, kept.key) == large
    with media.spooled() as path:
        path.write_bytes(PNG)
        assert (await media.keep("bot-2", path)).key.startswith("bot-2/")
    assert list((tmp_path / "spool").iterdir()) == []
    # Another process, or this one after a restart.
    again = store(media_url, tmp_path)
    await again.open()
    assert await content(again, kept.key) == large


@pytest.mark.gen_test(timeout=60)
async def test_a_part_of_a_file_is_read_alone(media_url, tmp_path):
    media = store(media_url, tmp_path)
    await media.open()
    key = (await media.keep("bot-1", b"0123456789")).key
    for part, read in (
        (Part(0), b"0123456789"),
        (Part(7), b"789"),
        (Part(2, 4), b"23"),
        (Part(8, 99), b"89"),
        (Part(None, 3), b"789"),
        (Part(None, 99), b"0123456789"),
        (Part(10), b""),
        (Part(50, 60), b""),
        (Part(None, 0), b""),
    ):
        assert await content(media, key, part) == read, part
    empty = await media.keep("bot-1", b"")
    assert await content(media, empty.key) == await content(media, empty.key, Part(0)) == b""


@pytest.mark.gen_test(timeout=60)
async def test_what_is_too_large_is_refused_while_it_comes(media_url, tmp_path):
    media = store(media_url, tmp_path)
    await media.open()
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        while True:
            asked += 100_000
            yield bytes(100_000)

    with pytest.raises(TooLarge, match="MiB"):
        await media.keep("bot-1", endless())
    assert asked < 2 * LIMIT
    with media.spooled() as path, pytest.raises(TooLarge):
        path.write_bytes(bytes(LIMIT + 1))
        await media.keep("bot-1", path)
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.gen_test(timeout=60)
async def test_a_file_goes_alone_or_with_its_bot(media_url, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
    media = store(media_url, tmp_path)
    await media.open()
    one, two, of_another = [
        (await media.keep(bot_id, data)).key
        for bot_id, data in (("bot-1", b"one"), ("bot-1", b"two"), ("bot-11", b"one"))
    ]
    for _ in range(2):  # a removal may be done again
        await media.remove(one)
    with pytest.raises(NotFound):
        await media.file(one)
    with pytest.raises(NotFound):
        await media.file(one, Part(3))
    for _ in range(2):
        await media.remove("bot-1/")
    with pytest.raises(NotFound):
        await media.file(two)
    assert await content(media, of_another) == b"one"


@pytest.mark.gen_test(timeout=60)
async def test_a_place_that_can_never_be_used_ends_the_start(s3, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match="PULSO_MEDIA_URL"):
        await store((tmp_path / "file").as_uri(), tmp_path).open()
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CannotStart, match="PULSO_MEDIA_URL"):
        await store("s3://not-there", tmp_path).open()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://s3.example")
    with pytest.raises(CannotStart, match="AWS_ENDPOINT_URL"):
        await store(f"s3://{BUCKET}", tmp_path).open()


@pytest.mark.gen_test(timeout=60)
async def test_s3_that_is_away_is_waited_for(s3, monkeypatch, tmp_path):
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    media = store(f"s3://{BUCKET}", tmp_path)
    await media.open()
    with pytest.raises(Unavailable):
        await media.keep("bot-1", PNG)
    with pytest.raises(Unavailable):
        await media.file("bot-1/x.png")


@pytest.mark.gen_test(timeout=60)
async def test_what_a_killed_process_left_on_its_way_is_gone(tmp_path):
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "half").write_bytes(b"half")
    await store((tmp_path / "media").as_uri(), tmp_path).open()
    assert list(spool.iterdir()) == []
    assert (tmp_path / "media").stat().st_mode & 0o777 == 0o700


@pytest.mark.gen_test(timeout=60)
async def test_the_same_file_may_come_from_many_at_once(tmp_path):
    # In a folder: the S3 server of the tests now and then fails one of several writes of a key.
    media = store((tmp_path / "media").as_uri(), tmp_path)
    await media.open()
    kept = await asyncio.gather(*(media.keep("bot-1", in_chunks(PNG * 5_000)) for _ in range(8)))
    assert len(set(kept)) == 1
    assert await content(media, kept[0].key) == PNG * 5_000
