"""A network of its own, joined to this one by a cable that can go dead without anyone noticing.

Network namespaces and a veth pair; packets vanish by an iptables rule, as behind dead Wi-Fi: no
FIN, no RST, no unreachable. Needs root. Its addresses are of the process that runs the tests: two
of them have two.
"""

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningPulso

_CLONE_NEWNET = 0x40000000


class Elsewhere:
    """The other network ``there``. It reaches us ``here``."""

    def __init__(self) -> None:
        self._name = f"pulso-{os.getpid()}"
        self._cable = f"pulso{os.getpid() % 100_000}"
        network = f"10.213.{os.getpid() % 250 + 1}"
        self.here = f"{network}.1"
        self.there = f"{network}.2"

    def __enter__(self) -> "Elsewhere":
        _run("ip", "netns", "add", self._name)
        peer = f"{self._cable}p"
        _run("ip", "link", "add", self._cable, "type", "veth", "peer", "name", peer)
        _run("ip", "link", "set", peer, "netns", self._name)
        _run("ip", "addr", "add", f"{self.here}/30", "dev", self._cable)
        _run("ip", "link", "set", self._cable, "up")
        self.run("ip", "addr", "add", f"{self.there}/30", "dev", peer)
        self.run("ip", "link", "set", peer, "up")
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            _run("ip", "link", "del", self._cable)
        _run("ip", "netns", "del", self._name)

    @property
    def entering(self) -> list[str]:
        """What to put before a command so that it runs there."""
        return ["ip", "netns", "exec", self._name]

    def run(self, *command: str) -> None:
        _run(*self.entering, *command)

    def vanish(self) -> None:
        """From now on every packet is lost, both ways."""
        for chain in ("INPUT", "OUTPUT"):
            self.run("iptables", "-A", chain, "-j", "DROP")

    def come_back(self) -> None:
        """Packets pass again."""
        self.run("iptables", "-F")

    def dial(self, pulso: RunningPulso, *, small: bool = False) -> socket.socket:
        """A socket of the other network, connected to the server."""
        made: list[socket.socket] = []
        thread = threading.Thread(target=self._socket, args=(made,))
        thread.start()
        thread.join()
        sock = pulso.keep(made[0])
        if small:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(10)
        sock.connect((self.here, pulso.port))
        return sock

    def _socket(self, made: list[socket.socket]) -> None:
        # A socket belongs to the network its thread was in when it was made; this thread ends.
        libc = ctypes.CDLL(None, use_errno=True)
        with Path(f"/run/netns/{self._name}").open() as space:
            if libc.setns(space.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        made.append(socket.socket())


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextlib.contextmanager
def another_network() -> Iterator[Elsewhere]:
    """For the length of a block; the test is skipped where it can't be made."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    for tool in ("ip", "iptables"):
        if shutil.which(tool) is None:
            pytest.skip(f"network namespaces need {tool}")
    with Elsewhere() as made:
        yield made
