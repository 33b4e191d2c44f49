"""After a clean restart streams resume as if nothing was; after a crash they hear of the gap."""

import shutil
from collections.abc import Callable

from services.bus.history_file import NAME
from tests.running import RunningPulso, message
from tests.stream_client import StreamClient


def read_to(pulso: RunningPulso, bot: str, count: int) -> tuple[StreamClient, list[str]]:
    """A stream that got ``count`` events; their ids."""
    stream = pulso.stream(bot)
    stream.next()
    ids = pulso.publish(*(message(bot, f"before {n}") for n in range(count)))
    assert [event.id for event in stream.take(count)] == ids
    return stream, ids


def test_a_clean_restart_costs_a_stream_nothing(pulso: RunningPulso) -> None:
    stream, ids = read_to(pulso, "b1", 3)
    stream.close()
    missed = pulso.publish(message("b2", "another's"), message("b1", "missed"))
    assert pulso.stop() == 0
    pulso.start()
    resumed = pulso.stream("b1", after=ids[-1])
    assert resumed.next().json["resumed"] is True
    assert resumed.next().id == missed[1]
    live = pulso.publish(message("b1", "live"))
    assert resumed.next().id == live[0]
    assert live[0] > missed[1]


def test_streams_outlive_one_deploy_after_another(pulso: RunningPulso) -> None:
    stream, ids = read_to(pulso, "b1", 1)
    for turn in range(3):
        pulso.terminate()
        assert stream.rest()[-1].json == {"type": "closing", "reason": "shutdown"}
        assert pulso.wait() == 0
        pulso.start()
        ids += pulso.publish(message("b1", f"after deploy {turn}"))
        stream = pulso.stream("b1", after=stream.parser.last_id)
        assert stream.next().json["resumed"] is True
        assert stream.next().id == ids[-1]
    assert ids == sorted(set(ids))


def test_after_a_crash_a_stream_is_told_and_goes_on_from_now(pulso: RunningPulso) -> None:
    _, ids = read_to(pulso, "b1", 3)
    pulso.kill()
    pulso.start()
    stream = pulso.stream("b1", after=ids[1])
    connected, gap = stream.take(2)
    assert connected.json["resumed"] is False
    assert gap.json == {"type": "gap", "botId": "b1", "reason": "restarted", "after": ids[1]}
    assert gap.id == connected.id != ids[1]
    live = pulso.publish(message("b1", "live"))
    assert stream.next().id == live[0]


def test_what_an_earlier_shutdown_saved_promises_nothing_after_a_crash(
    pulso: RunningPulso,
) -> None:
    _, ids = read_to(pulso, "b1", 1)
    assert pulso.stop() == 0
    assert (pulso.data_dir / NAME).exists()
    pulso.start()
    assert not (pulso.data_dir / NAME).exists()
    lost = pulso.publish(message("b1", "dies with the process"))
    pulso.kill()
    pulso.start()
    for after in (ids[0], lost[0]):
        gap = pulso.stream("b1", after=after).take(2)[1]
        assert gap.json["reason"] == "restarted"


def test_evicted_is_still_evicted_after_a_clean_restart(pulso: RunningPulso) -> None:
    stream, ids = read_to(pulso, "b1", 1)
    stream.close()
    for _ in range(2):
        pulso.publish(*(message("b1", "x") for _ in range(1000)))
    assert pulso.stop() == 0
    pulso.start()
    gap = pulso.stream("b1", after=ids[0]).take(2)[1]
    assert gap.json == {"type": "gap", "botId": "b1", "reason": "evicted", "after": ids[0]}


def test_a_key_of_idempotency_outlives_a_clean_restart(pulso: RunningPulso) -> None:
    event = message("b1", "once")
    key = {"Idempotency-Key": "k1"}
    first = pulso.publish(event, **key)
    assert pulso.stop() == 0
    pulso.start()
    assert pulso.publish(event, **key) == first
    stream = pulso.stream("b1", after=first[0])
    stream.next()
    later = pulso.publish(message("b1", "another"))
    assert stream.next().id == later[0]


def test_a_history_that_can_not_be_saved_does_not_stop_a_shutdown(pulso: RunningPulso) -> None:
    stream, ids = read_to(pulso, "b1", 1)
    stream.close()
    # Whoever may write anywhere still can't write a file over a directory.
    (pulso.data_dir / f"{NAME}.new").mkdir()
    assert pulso.stop() == 0
    assert "The history could not be saved" in pulso.log
    pulso.start()
    gap = pulso.stream("b1", after=ids[0]).take(2)[1]
    assert gap.json["reason"] == "restarted"


def test_a_broken_history_is_ignored_with_one_line(pulso: RunningPulso) -> None:
    path = pulso.data_dir / NAME
    breaks: list[Callable[[bytes], bytes]] = [
        lambda saved: saved[:-10],
        lambda saved: saved[:100] + bytes([saved[100] ^ 1]) + saved[101:],
        lambda saved: b"",
        lambda saved: b"\xff" * 500,
    ]
    for turn, broken in enumerate(breaks, 1):
        stream, ids = read_to(pulso, "b1", 3)
        stream.close()
        assert pulso.stop() == 0
        assert path.stat().st_mode & 0o777 == 0o600
        path.write_bytes(broken(path.read_bytes()))
        pulso.start()
        assert pulso.log.count("The saved history is ignored") == turn
        gap = pulso.stream("b1", after=ids[0]).take(2)[1]
        assert gap.json["reason"] == "restarted"


def test_a_backup_put_back_gives_no_id_twice_and_passes_no_gap_in_silence(
    pulso: RunningPulso,
) -> None:
    """Before: an old reader got `resumed: true` and missed what the restored server published."""
    _, ids = read_to(pulso, "b1", 3)
    pulso.stop()
    backup = pulso.data_dir.with_name("backup")
    shutil.copytree(pulso.data_dir, backup)
    pulso.start()
    lost = pulso.publish(*(message("b1", f"after the backup {n}") for n in range(3)))
    pulso.stop()
    shutil.rmtree(pulso.data_dir)
    backup.rename(pulso.data_dir)
    pulso.start()
    again = pulso.publish(*(message("b1", f"after the restore {n}") for n in range(5)))
    assert not {*ids, *lost} & {*again}
    known = pulso.stream("b1", after=ids[1])
    assert known.next().json["resumed"] is True
    assert [event.id for event in known.take(6)] == [ids[2], *again]
    unknown = pulso.stream("b1", after=lost[1])
    connected, gap = unknown.take(2)
    assert connected.json["resumed"] is False
    assert gap.json == {"type": "gap", "botId": "b1", "reason": "restarted", "after": lost[1]}


def test_a_history_beside_another_store_promises_nothing(pulso: RunningPulso) -> None:
    _, ids = read_to(pulso, "b1", 3)
    pulso.stop()
    for file in pulso.data_dir.glob("pulso.db*"):
        file.unlink()
    pulso.start()
    gap = pulso.stream("b1", after=ids[1]).take(2)[1]
    assert (gap.json["type"], gap.json["reason"]) == ("gap", "restarted")
    assert "saved beside another state of the store" in pulso.log


def test_a_store_put_back_beside_a_newer_history_is_told_too(pulso: RunningPulso) -> None:
    pulso.stop()
    old = {file.name: file.read_bytes() for file in pulso.data_dir.glob("pulso.db*")}
    pulso.start()
    pulso.request("POST", "/api/bots", {"name": "new"}, token=pulso.token(admin=True))
    _, ids = read_to(pulso, "b1", 3)
    pulso.stop()
    for name, content in old.items():
        (pulso.data_dir / name).write_bytes(content)
    pulso.start()
    gap = pulso.stream("b1", after=ids[1]).take(2)[1]
    assert (gap.json["type"], gap.json["reason"]) == ("gap", "restarted")
