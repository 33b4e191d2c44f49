"""The servers that are compared, Pulso first."""

from bench.peers.nchan import Nchan
from bench.peers.original import Original
from bench.peers.peer import ROOT, Peer
from bench.peers.pulso import Pulso
from bench.peers.python_peer import AiohttpSse, Raw, SseStarlette

PEERS: tuple[Peer, ...] = (
    Pulso(),
    Original(),
    Nchan(),
    AiohttpSse(),
    SseStarlette(),
    Raw(),
)

__all__ = ["PEERS", "ROOT", "Peer"]
