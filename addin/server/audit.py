"""The audit log: one line for every call, appended and never rewritten. When, role, nämnd, action, hash, result; no names.

    logg/2024-05_server1.jsonl    {"tid": "2024-05-22T14:30:05+02:00", "anrop": "…", "person": "…", "roll": "NAMND.SDN08", ...}

`person` is a hash of the login's id: the same person can be followed, and found by whoever knows the id.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import socket
from pathlib import Path
from typing import Any

from blankettset.addin.inbox.durable import make_folder


class Audit:
    """Appends to this machine's file of the month."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.machine = re.sub(r"[^a-z0-9-]", "", socket.gethostname().lower())[:40] or "server"

    def write(self, *, person: str = "", certain: bool = False, **facts: Any) -> None:
        """One line, whole: a single write at the end of the file. With `certain` it is on the disk when this returns."""
        now = datetime.datetime.now().astimezone()
        who = hashlib.sha256(person.encode()).hexdigest()[:16] if person else ""
        line = json.dumps({"tid": now.isoformat(timespec="seconds"), "person": who, **facts}, ensure_ascii=False)
        make_folder(self.folder)
        path = self.folder / f"{now:%Y-%m}_{self.machine}.jsonl"
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(handle, line.encode("utf-8", "replace") + b"\n")
            if certain:
                os.fsync(handle)
        finally:
            os.close(handle)
