"""Work spread over processes that may die: an item whose process is killed is told of, and the others are done all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def spread(
    work: Callable[[T], R],
    items: Sequence[T],
    lost: Callable[[T], R],
    *,
    workers: int,
    context: BaseContext,
    initializer: Callable[[], None],
    chunk: int = 1,
) -> Iterator[R]:
    """`work` for each item, in order, `chunk` items at a time to a process.

    When a process dies (killed for want of memory, say) the items that it may have had are tried one by one, each in a
    process of its own; what kills that one too is given to `lost`.
    """
    chunks = [items[start : start + chunk] for start in range(0, len(items), chunk)]
    done = 0
    while (first := done) < len(chunks):
        with ProcessPoolExecutor(workers, context, initializer=initializer) as pool:
            futures: list[Future[list[R]]] = [pool.submit(_each, work, part) for part in chunks[first:]]
            try:
                for future in futures:
                    yield from future.result()
                    done += 1
                continue
            except BrokenProcessPool:
                finished = {first + n: future.result() for n, future in enumerate(futures) if _is_whole(future)}
        for number in range(done, min(done + workers + 1, len(chunks))):  # more than these no process had begun with
            for item in chunks[number] if number not in finished else ():
                yield _alone(work, item, lost, context, initializer)
            yield from finished.get(number, ())
            done += 1


def _is_whole(future: Future[list[R]]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _each(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [work(item) for item in items]


def _alone(
    work: Callable[[T], R], item: T, lost: Callable[[T], R], context: BaseContext, initializer: Callable[[], None]
) -> R:
    with ProcessPoolExecutor(1, context, initializer=initializer) as pool:
        try:
            return pool.submit(work, item).result()
        except BrokenProcessPool:
            return lost(item)
