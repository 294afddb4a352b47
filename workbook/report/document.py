"""A report as read: blocks in order, each with the place where a reader finds it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from blankettset.templates.errors import Refusal

MAX_FILE = 256 * 1024 * 1024
MAX_TEXT = 12_000_000  # characters of text in all: some 4 000 pages
MAX_PAGES = 1_000
MAX_CELLS = 400_000
_SHORT = 110


class UnreadableReport(Refusal):
    """The report cannot be read; str() is one Swedish sentence."""


class Slag(StrEnum):
    """What a block is."""

    RUBRIK = "rubrik"
    STYCKE = "stycke"
    TABELL = "tabell"


class Block(msgspec.Struct, frozen=True):
    """A heading, a paragraph or a table. `plats` says where: "sidan 12", "rad 340"; `rubrik` is the heading it stands under."""

    slag: Slag
    text: str
    plats: str
    rubrik: str = ""
    rader: tuple[tuple[str, ...], ...] = ()
    platser: tuple[str, ...] = ()  # of each row of a table, where they differ

    def place_of(self, row: int) -> str:
        """Where a row of the table stands."""
        return self.platser[row] if row < len(self.platser) else self.plats


class Rapport(msgspec.Struct, frozen=True):
    """A whole report. `noter` are sentences on how it was read."""

    namn: str
    sha256: str
    block: tuple[Block, ...]
    noter: tuple[str, ...] = ()

    def paragraphs(self) -> Iterator[Block]:
        """The paragraphs of running text, in order."""
        return (block for block in self.block if block.slag is Slag.STYCKE)

    def tables(self) -> Iterator[Block]:
        """The tables, in order."""
        return (block for block in self.block if block.slag is Slag.TABELL)

    def beginning(self, characters: int = 4_000) -> str:
        """The first so many characters of text."""
        found = ""
        for block in self.block:
            found += block.text + "\n"
            if len(found) > characters:
                break
        return found[:characters]


def is_heading(text: str) -> bool:
    """True for a line that reads as a heading: short, without an end of sentence, a figure or a list's mark."""
    plain = text.strip()
    if not plain or len(plain) > _SHORT or plain[-1] in ".!?,;:…" or plain[0] in "-•·(–":
        return False
    return plain[0].isupper() or plain[0].isdigit()


class Builder:
    """Collects blocks and keeps the bounds."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.heading = ""
        self.size = 0
        self.cells = 0

    def _grown(self, text: str) -> None:
        self.size += len(text)
        if self.size > MAX_TEXT:
            raise UnreadableReport(
                "har mer text än vad som läses (12 miljoner tecken). Lämna den del som hör till blankettsetet."
            )

    def title(self, text: str, place: str) -> None:
        """A heading."""
        self._grown(text)
        self.heading = text
        self.blocks.append(Block(Slag.RUBRIK, text, place, text))

    def text(self, text: str, place: str) -> None:
        """A paragraph. One that begins in the middle of a sentence goes on where a page broke it."""
        self._grown(text)
        last = self.blocks[-1] if self.blocks else None
        if text[:1].islower() and last is not None and last.slag is not Slag.TABELL and last.text[-1:] not in ".!?:":
            self.blocks.pop()
            if last.slag is Slag.RUBRIK:
                self.heading = next((each.text for each in reversed(self.blocks) if each.slag is Slag.RUBRIK), "")
            text, place = f"{last.text} {text}", last.plats
        self.blocks.append(Block(Slag.STYCKE, text, place, self.heading))

    def table(self, rows: list[tuple[str, ...]], places: list[str]) -> None:
        """A table, or more rows of the one just before."""
        if not rows:
            return
        self.cells += sum(len(row) for row in rows)
        if self.cells > MAX_CELLS:
            raise UnreadableReport("har fler tabellceller än vad som läses (400 000).")
        for row in rows:
            self._grown("".join(row))
        self.blocks.append(Block(Slag.TABELL, " ".join(rows[0]), places[0], self.heading, tuple(rows), tuple(places)))
