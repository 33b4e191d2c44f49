"""/api/streams: who is connected, and ending a connection."""

from tests.running import RunningPulso, eventually, message


def listed(server: RunningPulso) -> set[str]:
    return {stream["streamId"] for stream in server.streams()}


def test_a_stream_is_listed_with_what_it_has_reached(server: RunningPulso) -> None:
    stream = server.stream("l2", "l1", token=server.token("listed"))
    stream_id = stream.next().json["streamId"]
    [heard] = server.publish(message("l1", "x"))
    stream.take(2)
    found = next(s for s in server.streams() if s["streamId"] == stream_id)
    assert set(found) == {
        "streamId",
        "sub",
        "bots",
        "since",
        "lastId",
        "head",
        "queuedEvents",
        "queuedBytes",
        "lastWriteAge",
    }
    assert found["sub"] == "listed"
    assert found["bots"] == ["l1", "l2"]
    assert found["lastId"] >= heard
    assert found["head"] >= found["lastId"]
    assert (found["queuedEvents"], found["queuedBytes"]) == (0, 0)
    assert found["since"].endswith("Z")
    assert 0 <= found["lastWriteAge"] < 10


def test_others_see_their_own_streams_over_all_their_tokens(server: RunningPulso) -> None:
    mine = server.stream("b1", token=server.token("mia"))
    theirs = server.stream("b1", token=server.token("noa"))
    my_id, their_id = mine.next().json["streamId"], theirs.next().json["streamId"]
    answer = server.request("GET", "/api/streams", token=server.token("mia", bots=[]))
    assert [s["streamId"] for s in answer.json["streams"]] == [my_id]
    assert {my_id, their_id} <= listed(server)


def test_a_stream_is_ended_by_its_user_and_by_an_admin(server: RunningPulso) -> None:
    for token in (server.token("uma"), server.token("chief", admin=True)):
        stream = server.stream("b1", token=server.token("uma"))
        path = f"/api/streams/{stream.next().json['streamId']}"
        stranger = server.request("DELETE", path, token=server.token("stranger"))
        assert (stranger.status, stranger.json["error"]) == (404, "No such stream")
        answer = server.request("DELETE", path, token=token)
        assert (answer.status, answer.body) == (204, b"")
        [closing] = stream.rest()
        assert closing.json == {"type": "closing", "reason": "revoked"}
        eventually(lambda path=path: path.rpartition("/")[2] not in listed(server))
        assert server.request("DELETE", path, token=token).status == 404
