"""Whether deliveries can be taken just now: the inbox is written to, flushed and locked as a delivery would."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time

from blankettset.addin.inbox.durable import alone_in, write_new
from blankettset.addin.server.settings import Settings
from blankettset.addin.server.tokens import Keys
from blankettset.templates.errors import Refusal

OFTEN, ROOM = 10.0, 500 * 1024 * 1024  # seconds that an answer is kept; bytes that must be free


class Health:
    """Tries the inbox, at most every ten seconds however often it is asked."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self.settings, self.keys = settings, keys
        self._known, self._when = "", float("-inf")

    def trouble(self) -> str:
        """What stops deliveries, in Swedish; empty when nothing does."""
        if time.monotonic() - self._when > OFTEN:
            self._when, self._known = time.monotonic(), self._tried()
        return self._known

    def _tried(self) -> str:
        folder = self.settings.mapp
        probe = folder / f".prov-{secrets.token_hex(4)}"
        try:
            with alone_in(folder, patience=5.0):
                write_new(probe, b"prov")
            self.settings.logg.mkdir(parents=True, exist_ok=True)
            write_new(self.settings.logg / probe.name, b"prov")
        except (OSError, Refusal):
            return "Inkorgen går inte att skriva i."
        finally:
            with contextlib.suppress(OSError):
                probe.unlink(missing_ok=True)
                (self.settings.logg / probe.name).unlink(missing_ok=True)
        if shutil.disk_usage(folder).free < ROOM:
            return "Disken är nästan full."
        if self.settings.sort == "entra" and not self.keys.are_there():
            return "Entra ID:s nycklar kan inte läsas, så ingen kan logga in."
        return ""
