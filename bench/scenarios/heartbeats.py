"""Heartbeats to 10,000 streams: their CPU, and how long other traffic waits meanwhile."""

import socket
import threading
import time

from bench.crowd import crowd
from bench.messages import bot_names
from bench.peers import Peer
from bench.scale import FULL, Scale
from bench.scenarios.scenario import MILLI, Figures, Measure, Scenario
from bench.server import Server, running

BOTS = 100
PROBE_SECONDS = 0.005


class Probe:
    """A small request every 5 ms on a connection of its own, and the longest answer."""

    def __init__(self, server: Server) -> None:
        self.request = f"GET {server.peer.health} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.longest = 0.0

    def run(self, seconds: float) -> None:
        due = time.perf_counter()
        until = due + seconds
        while due < until:
            begin = time.perf_counter()
            self.socket.sendall(self.request)
            if not self.socket.recv(65_536):
                raise ConnectionError("The probe's connection was closed")
            self.longest = max(self.longest, time.perf_counter() - begin)
            due = max(due + PROBE_SECONDS, time.perf_counter())
            time.sleep(max(0.0, due - time.perf_counter()))
        self.socket.close()


def heartbeats(peer: Peer, scale: Scale) -> Figures:
    bots = bot_names(BOTS)
    period = scale.heartbeat_seconds
    shorter = {} if scale == FULL else {"PULSO_HEARTBEAT_SECONDS": str(period)}
    with running(peer, shorter) as server, crowd(server) as readers:
        readers.open(bots[number % BOTS] for number in range(scale.heartbeat_streams))
        readers.settle(1)
        # The probe costs more than the heartbeats: CPU is counted over a period without it.
        before = server.cpu()
        readers.settle(period)
        cpu = server.cpu() - before
        probe = Probe(server)
        probing = threading.Thread(target=probe.run, args=(period,))
        probing.start()
        readers.settle(period)
        probing.join()
        if readers.dropped:
            raise ConnectionError(f"{readers.dropped} streams were dropped")
        return {"core": cpu / period * 100, "stall": probe.longest * MILLI}


HEARTBEATS = Scenario(
    "heartbeats",
    "Heartbeats to 10,000 streams",
    ("pulso", "original"),
    {
        "core": Measure("Share of a core", "%"),
        "stall": Measure("Longest stall of other traffic", "ms"),
    },
    heartbeats,
)
