"""aiohttp-sse on uvloop: a queue a stream, one ``send`` an event."""

import asyncio
import os
import sys
from collections import defaultdict

import jwt
import uvloop
from aiohttp import web
from aiohttp_sse import sse_response

Queues = dict[str, set[asyncio.Queue[str]]]
QUEUES: web.AppKey[Queues] = web.AppKey("queues")
SECRET = os.environ["JWT_SECRET"]


async def stream(request: web.Request) -> web.StreamResponse:
    jwt.decode(request.query["token"], SECRET, algorithms=["HS256"])
    queue: asyncio.Queue[str] = asyncio.Queue()
    listening = request.app[QUEUES][request.query["botId"]]
    listening.add(queue)
    try:
        async with sse_response(request) as response:
            while True:
                await response.send(await queue.get())
    finally:
        listening.discard(queue)


async def emit(request: web.Request) -> web.Response:
    event = await request.text()
    for queue in request.app[QUEUES][request.query["botId"]]:
        queue.put_nowait(event)
    return web.json_response({"ok": True})


def main() -> None:
    uvloop.install()
    app = web.Application()
    queues: Queues = defaultdict(set)
    app[QUEUES] = queues
    app.add_routes([web.get("/events/stream", stream), web.post("/emit", emit)])
    port = int(sys.argv[1])
    web.run_app(
        app,
        host="127.0.0.1",
        port=port,
        access_log=None,
        backlog=4096,
        print=None,
        # A stream whose reader left ends, and the server's own end waits for none.
        handler_cancellation=True,
        shutdown_timeout=1,
    )


if __name__ == "__main__":
    main()
