"""The Node process that talks to WhatsApp: started, listened to, restarted, ended.

It is asked through lines of JSON on its stdin and answers on its stdout; when stdin closes, it
ends. A process that dies takes no one with it: requests under way fail with ``ChildGone``, and
after a pause there is a new one.
"""

import asyncio
import itertools
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from services.whatsapp.baileys import wire
from services.whatsapp.baileys.status_codes import wait

log = logging.getLogger(__name__)

SCRIPT = Path(__file__).parent / "node" / "main.js"
LINE_LIMIT = 4 * 1024 * 1024  # bytes; WhatsApp's longest texts stay far below
STEADY = 60.0  # seconds a process must have lived for its death to count as a first one
MOST_UNSETTLED = 1000  # events read and not dealt with yet
WARNING = "WARNING "  # a line of its stderr that an administrator should see begins so
GOODBYE = 4.0  # seconds it may take to end by itself; it gives up on its sockets after 2


class ChildGone(Exception):
    """The process ended before it answered."""


class Child:
    """One process at a time.

    ``heard`` takes its lines in order, and gives back what is done once one is dealt with: with
    ``MOST_UNSETTLED`` of these open nothing more is read. ``down`` is called when it has ended,
    with the seconds until the next one is started, or with the reason why there will be none.
    """

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        heard: Callable[[wire.Line], "asyncio.Future[bool] | None"],
        down: Callable[[float | str], None],
    ) -> None:
        self._folder = folder
        self._environ = environ
        self._heard = heard
        self._down = down
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._closing = False
        self._unusable: str | None = None
        self._task: asyncio.Task[None] | None = None
        self._requests: dict[int, asyncio.Future[None]] = {}
        self._numbers = itertools.count(1)
        self._unsettled = 0
        self._room = asyncio.Event()
        self._room.set()
        self.unreadable = 0  # lines dropped

    @property
    def ready(self) -> bool:
        """Whether commands are taken right now."""
        return self._ready.is_set()

    async def up(self) -> None:
        """Return when commands are taken."""
        await self._ready.wait()

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        return self._process.pid if self._process else None

    def start(self) -> str | None:
        """Have a process from now on. The answer is None, or why there can be none."""
        if self._task is not None and not self._task.done():
            return None
        node = shutil.which("node", path=self._environ.get("PATH"))
        if node is None:
            return "Node is not installed: install Node 20 or newer, then connect again"
        if not (SCRIPT.parent / "node_modules" / "baileys").is_dir():
            return (
                "The packages of the WhatsApp process are not installed: "
                "run npm ci --prefix services/whatsapp/baileys/node, then connect again"
            )
        self._closing = False
        self._task = asyncio.get_running_loop().create_task(self._supervise(node))
        return None

    def ask(self, cmd: str, **fields: Any) -> asyncio.Future[None]:
        """Written at once, so commands keep their order; done once it is carried out.

        Fails with ChildGone, or with RuntimeError and the process's reason.
        """
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not self.ready or self._process is None or self._process.stdin is None:
            answered.set_exception(ChildGone())
            return answered
        number = next(self._numbers)
        self._requests[number] = answered
        answered.add_done_callback(lambda _: self._requests.pop(number, None))
        line = msgspec.json.encode({"cmd": cmd, "reqId": number, **fields})
        self._process.stdin.write(line + b"\n")
        return answered

    def tell(self, cmd: str, **fields: Any) -> None:
        """Written at once, where there is a process; no answer comes."""
        if self.ready and self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(msgspec.json.encode({"cmd": cmd, **fields}) + b"\n")

    async def close(self) -> None:
        """End the process; after ``GOODBYE`` seconds by force."""
        self._closing = True
        if self._task is None:
            return
        if self._process is None:
            self._task.cancel()
        elif self._process.stdin is not None:
            self._process.stdin.close()
        _, late = await asyncio.wait([self._task], timeout=GOODBYE)
        if late:
            if self._process is not None:
                self._process.kill()
            await asyncio.wait([self._task])

    async def _supervise(self, node: str) -> None:
        deaths = 0
        while not self._closing:
            began = time.monotonic()
            try:
                await self._live(node)
            except Exception:
                log.exception("The WhatsApp process could not be listened to")
            if self._closing:
                return
            if self._unusable is not None:
                reason, self._unusable = self._unusable, None
                self._down(reason)
                return
            deaths = 1 if time.monotonic() - began > STEADY else deaths + 1
            pause = wait(deaths)
            log.warning("The WhatsApp process has ended; the next one starts in %.1f s", pause)
            self._down(pause)
            await asyncio.sleep(pause)

    async def _live(self, node: str) -> None:
        """One process, from its start to its end."""
        try:
            process = await asyncio.create_subprocess_exec(
                node,
                str(SCRIPT),
                str(self._folder),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LINE_LIMIT,
                env=self._environ,
            )
        except OSError as error:
            log.error("The WhatsApp process did not start: %s", error)
            return
        self._process = process
        if self._closing and process.stdin is not None:
            process.stdin.close()
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            async with asyncio.TaskGroup() as readers:
                readers.create_task(self._listen(process.stdout))
                readers.create_task(_log(process.stderr))
            await process.wait()
        finally:
            # Whatever ended the listening: two processes must never hold the same bots.
            if process.returncode is None:
                process.kill()
                await process.wait()
            self._process = None
            self._ready.clear()
            for answered in list(self._requests.values()):
                if not answered.done():
                    answered.set_exception(ChildGone())

    async def _listen(self, lines: asyncio.StreamReader) -> None:
        while True:
            # A pipe that is not read holds the process back, which keeps what it has.
            await self._room.wait()
            try:
                line = await lines.readline()
            except ValueError:  # over LINE_LIMIT
                self.unreadable += 1
                continue
            if not line:
                return
            try:
                read = wire.read(line)
            except wire.Unreadable as error:
                self.unreadable += 1
                log.warning("The WhatsApp process wrote what can't be read: %s", error)
                continue
            try:
                self._take(read)
            except Exception:
                # It stays in the outbox, and comes again with the next process.
                log.exception("What the WhatsApp process wrote could not be dealt with")

    def _take(self, line: wire.Line) -> None:
        match line:
            case wire.Result(req_id=number, ok=ok, error=error):
                answered = self._requests.get(number)
                if answered is None or answered.done():
                    return
                if ok:
                    answered.set_result(None)
                else:
                    answered.set_exception(RuntimeError(error or "it failed"))
            case wire.Unusable(reason=reason):
                self._unusable = reason
            case _:
                if isinstance(line, wire.Ready):
                    self._ready.set()
                done = self._heard(line)
                if done is not None and not done.done():
                    self._unsettled += 1
                    if self._unsettled >= MOST_UNSETTLED:
                        self._room.clear()
                    done.add_done_callback(self._settle)

    def _settle(self, _: object) -> None:
        self._unsettled -= 1
        self._room.set()


async def _log(lines: asyncio.StreamReader) -> None:
    while True:
        try:
            line = await lines.readline()
        except ValueError:  # over LINE_LIMIT
            continue
        if not line:
            return
        text = line.decode(errors="replace").rstrip()
        level = logging.WARNING if text.startswith(WARNING) else logging.DEBUG
        log.log(level, "WhatsApp process: %s", text.removeprefix(WARNING))
