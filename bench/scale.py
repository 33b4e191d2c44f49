"""How much is done: the full run, and a quick one for the work in between."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Numbers of streams, messages and repetitions; times in seconds."""

    repetitions: int = 3
    fan_streams: int = 500
    paced_messages: int = 200
    burst_messages: int = 640
    warm_up_messages: int = 60
    idle_streams: int = 10_000
    many_bots: int = 5_000
    few_bots: int = 50
    batches: int = 200
    latency_streams: int = 1_000
    latency_messages: int = 100
    storm_clients: int = 5_000
    storm_behind: int = 100
    heartbeat_streams: int = 10_000
    heartbeat_seconds: int = 30
    ingest_messages: int = 3_000
    snapshot_chats: int = 10_000
    snapshot_messages: int = 200_000
    snapshot_pages: int = 100
    snapshot_seconds: float = 20


FULL = Scale()
QUICK = Scale(
    repetitions=1,
    paced_messages=60,
    burst_messages=200,
    warm_up_messages=20,
    idle_streams=1_500,
    many_bots=1_000,
    batches=40,
    latency_messages=20,
    storm_clients=1_000,
    heartbeat_streams=1_500,
    heartbeat_seconds=3,
    ingest_messages=800,
    snapshot_chats=1_000,
    snapshot_messages=20_000,
    snapshot_pages=24,
    snapshot_seconds=3,
)
