"""Notes and comments that people have written beside cells; not the help texts that the builder itself has put there."""

from __future__ import annotations

from blankettset.workbook.xlsx.raw import MAX_ANOMALIES, MAX_DEPTH, TOO_DEEP, Refused

OWN_AUTHOR = "Blankettset"


class CommentsHandler:
    """Collects into `found` the cells with a note (False) or a thread (True) from one part of either kind."""

    def __init__(self, found: dict[str, bool]) -> None:
        self.found = found
        self._authors: list[str] = []
        self._pieces: list[str] | None = None
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
            if not own:
                cell = attributes.get("ref", "")[:20]
                self.found[cell] = self.found.get(cell, False) or tag == "threadedComment"

    def text(self, data: str) -> None:
        """Characters."""
        if self._pieces is not None:
            self._pieces.append(data)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._depth -= 1
        if tag.rpartition(":")[2] == "author" and self._pieces is not None:
            self._authors.append("".join(self._pieces))
            self._pieces = None
