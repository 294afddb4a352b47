"""Notes and comments that people have written beside cells; not the help texts that the builder itself has put there."""

from __future__ import annotations

from blankettset.workbook.calc.values import MAX_TEXT
from blankettset.workbook.xlsx.raw import MAX_ANOMALIES, MAX_DEPTH, TOO_DEEP, Refused

OWN_AUTHOR = "Blankettset"


Said = tuple[bool, str]  # a thread (True) or a note, and what it says


class CommentsHandler:
    """Collects into `found` what is said beside cells in one part of either kind; a thread is put before its own note."""

    def __init__(self, found: dict[str, Said]) -> None:
        self.found = found
        self._authors: list[str] = []
        self._pieces: list[str] | None = None
        self._cell, self._threaded = "", False
        self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Refused(TOO_DEEP)
        tag = tag.rpartition(":")[2]
        if tag == "author":
            self._pieces = []
        elif tag in ("comment", "threadedComment") and len(self.found) < MAX_ANOMALIES:
            author = attributes.get("authorId", "")
            own = author.isdecimal() and self._authors[int(author) : int(author) + 1] == [OWN_AUTHOR]
            self._cell, self._threaded = "" if own else attributes.get("ref", "")[:20], tag == "threadedComment"
            self._pieces = [] if self._cell else None

    def text(self, data: str) -> None:
        """Characters."""
        if self._pieces is not None and len(self._pieces) < MAX_TEXT:
            self._pieces.append(data)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._depth -= 1
        tag = tag.rpartition(":")[2]
        if self._pieces is None:
            return
        if tag == "author":
            self._authors.append("".join(self._pieces))
            self._pieces = None
        elif tag in ("comment", "threadedComment") and self._cell:
            text = "".join(self._pieces).strip()[:MAX_TEXT]
            threaded, said = self.found.get(self._cell, (False, ""))
            if self._threaded and threaded:
                text = f"{said}\n{text}"
            if self._threaded or not threaded:
                self.found[self._cell] = (self._threaded or threaded, text)
            self._cell, self._pieces = "", None
