"""Out of file descriptors: who is connected stays, nobody spins, and accepting resumes."""

import http.client
import json
import resource
import time
from pathlib import Path

from tests.proc import cpu_seconds, open_files
from tests.raw_streams import RawStream, dial, stream_request
from tests.running import RunningPulso, eventually, message


def test_without_descriptors_it_waits_quietly_and_goes_on(pulso: RunningPulso) -> None:
    streams = [RawStream(dial(pulso), stream_request(pulso, "b1")) for _ in range(10)]
    for stream in streams:
        stream.read_until("connected")
    publisher = pulso.keep(http.client.HTTPConnection("127.0.0.1", pulso.port, timeout=10))

    def publish(text: str) -> int:
        head = {
            "Authorization": f"Bearer {pulso.token(publish=True)}",
            "Content-Type": "application/json",
        }
        publisher.request("POST", "/events", json.dumps(message("b1", text)), head)
        answer = publisher.getresponse()
        answer.read()
        return answer.status

    assert publish("before") == 202
    hard = resource.prlimit(pulso.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(pulso.pid, resource.RLIMIT_NOFILE, (open_files(pulso.pid) + 2, hard))
    logged = len(pulso.log.splitlines())
    waiting = [dial(pulso) for _ in range(50)]
    eventually(lambda: "No new connections for now" in pulso.log)
    cpu = cpu_seconds(pulso.pid)
    time.sleep(2)
    assert cpu_seconds(pulso.pid) - cpu < 0.4
    assert publish("meanwhile") == 202
    for stream in streams:
        while len(stream.of_type("message:received")) < 2:
            stream.read()
    new = pulso.log.splitlines()[logged:]
    assert len(new) < 6, new

    for sock in waiting:
        sock.close()
    late = RawStream(dial(pulso), stream_request(pulso, "b1"))
    late.read_until("connected")
    assert publish("after") == 202
    late.read_until("message:received")


def test_more_streams_than_descriptors_are_not_promised(tmp_path: Path) -> None:
    pulso = RunningPulso(tmp_path / "data")
    pulso.command = ["prlimit", "--nofile=210:210", *pulso.command]
    pulso.start()
    try:
        assert "PULSO_MAX_STREAMS is lowered from 20000 to 10" in pulso.log
        streams = [pulso.stream("b1") for _ in range(11)]
        types = [stream.next().json["type"] for stream in streams]
        assert types == ["connected"] * 10 + ["closing"]
        assert pulso.request("GET", "/readyz").status == 200
    finally:
        pulso.close_clients()
        pulso.kill()
