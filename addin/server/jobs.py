"""Heavy work in processes of its own, so that the event loop never waits and a job that hangs can be ended alone."""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from blankettset.addin.check.processes import end_with_parent
from blankettset.addin.check.unexpected import report
from blankettset.templates.errors import Refusal

_SPAWN = multiprocessing.get_context("spawn")


class Failed(Exception):
    """The job did not come to an end: it took too long, or its process died or met an error of ours."""


class Worker:
    """A process that does one job after another; ended and replaced when one takes too long."""

    def __init__(self) -> None:
        self._process: Any = None
        self._pipe: Connection | None = None

    def start(self) -> None:
        """Begin, so that the first job need not wait for it."""
        ours, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_work, args=(theirs,), name="blankett-arbetare")
        self._process.start()
        theirs.close()
        self._pipe = ours

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...], seconds: float) -> Any:
        """What the function answers, or the Refusal it raises. Failed after `seconds`."""
        if self._pipe is None or not self._process.is_alive():
            self.stop()
            self.start()
        assert self._pipe is not None
        try:
            self._pipe.send((function, arguments))
            if not self._pipe.poll(seconds):
                raise Failed(f"took more than {seconds} s")
            answer, refusal, trouble = self._pipe.recv()
        except (EOFError, OSError) as error:
            self.stop()
            raise Failed(f"process died ({type(error).__name__})") from None
        except Failed:
            self.stop()
            raise
        if trouble:
            raise Failed(trouble)
        if refusal is not None:
            raise refusal
        return answer

    def stop(self) -> None:
        """End the process, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def _work(pipe: Connection) -> None:
    """Do what comes through the pipe until it closes."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends us
    gc.set_threshold(100_000)
    from blankettset.templates.catalog import catalog

    catalog()
    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        answer, refusal, trouble = None, None, ""
        try:
            answer = function(*arguments)
        except Refusal as expected:
            refusal = expected
        except Exception as error:
            trouble = report(error, door="inkorgen", command=function.__name__).text  # nothing of the nämnd's in it
        pipe.send((answer, refusal, trouble))


class Jobs:
    """As many workers as were asked for; a job waits for a free one, and its time is counted from then."""

    def __init__(self, workers: int, seconds: float) -> None:
        self.seconds = seconds
        self._all = [Worker() for _ in range(workers)]
        self._free: asyncio.Queue[Worker] = asyncio.Queue()
        self._large = asyncio.Semaphore(1)

    async def start(self) -> None:
        """Start every worker."""
        for worker in self._all:
            await asyncio.to_thread(worker.start)
            self._free.put_nowait(worker)

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The answer of a job. Refusal as it raises; Failed when it came to no end, which is logged."""
        worker = await self._free.get()
        return await self._called(worker, function, arguments, self._free.put_nowait)

    async def run_alone(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The same in a process for this job only, one such job at a time."""
        async with self._large:
            return await self._called(Worker(), function, arguments, Worker.stop)

    async def _called(
        self, worker: Worker, function: Callable[..., Any], arguments: tuple[Any, ...], done: Callable[[Worker], Any]
    ) -> Any:
        call = asyncio.ensure_future(asyncio.to_thread(worker.call, function, arguments, self.seconds))
        call.add_done_callback(lambda _: done(worker))  # also when the client has gone away meanwhile
        try:
            return await asyncio.shield(call)
        except Failed as trouble:
            logging.getLogger(__name__).error("%s: %s", function.__name__, trouble)
            raise

    def stop(self) -> None:
        """End every worker."""
        for worker in self._all:
            worker.stop()
