"""How the process lives: what ends it, and when its garbage is collected."""

import asyncio
import gc
import os
import signal

# A stream is some hundred objects that live for an hour and are freed by reference counts. At
# Python's 700 new objects a collection, a crowd of 5,000 that connects spends a quarter of its CPU
# on walking them again. The new are walked once, 50,000 at a time, which takes 5 ms; a walk of all
# holds up 10,000 streams for 0.4 s, so that is left for what tens of millions of objects leave.
GC_THRESHOLDS = (50_000, 1_000, 10)


def cancel_on_signals() -> None:
    """SIGTERM and SIGINT cancel the task that calls this; a second one ends the process at once.

    Whatever the task holds by ``with`` is let go, be it half started or serving.
    """
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, task)


def is_stopping() -> bool:
    """Whether a signal has come."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def settle_garbage() -> None:
    """What there is now lives as long as the process: no collection need walk it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _stop(task: asyncio.Task[object]) -> None:
    if task.cancelling():
        os._exit(130)
    task.cancel()
