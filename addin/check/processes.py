"""Processes that work for another one."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def end_with_parent() -> None:
    """Let this process end at once when the one that started it does, however that came to its end."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end, args=(parent.sentinel,), daemon=True, name="follows parent").start()


def _end(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
