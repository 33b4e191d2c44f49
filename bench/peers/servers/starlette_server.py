"""sse-starlette on uvicorn with uvloop and httptools: a queue a stream, read by a generator."""

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator

import jwt
import uvicorn
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

SECRET = os.environ["JWT_SECRET"]
queues: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)


async def events(bot: str) -> AsyncIterator[dict[str, str]]:
    queue: asyncio.Queue[str] = asyncio.Queue()
    queues[bot].add(queue)
    try:
        while True:
            yield {"data": await queue.get()}
    finally:
        queues[bot].discard(queue)


async def stream(request: Request) -> EventSourceResponse:
    jwt.decode(request.query_params["token"], SECRET, algorithms=["HS256"])
    return EventSourceResponse(events(request.query_params["botId"]))


async def emit(request: Request) -> JSONResponse:
    event = (await request.body()).decode()
    for queue in queues[request.query_params["botId"]]:
        queue.put_nowait(event)
    return JSONResponse({"ok": True})


def main() -> None:
    app = Starlette(
        routes=[Route("/events/stream", stream), Route("/emit", emit, methods=["POST"])]
    )
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="error",
        access_log=False,
        backlog=4096,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
