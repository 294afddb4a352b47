"""A set's ledger in the inbox: one file for every decision, each with the hash of the one before. Nothing is rewritten.

    inkorg/2024-T1/00_liggare/00001.json    {"handelse": {...}, "sha256": "...", "signatur": "..."}

An entry's hash is taken over `handelse` as JSON with sorted keys and no spaces. Its number is its file name, so that only one
writer can have it, also where a share passes no locks on. The folder's name sorts first, so that a copy made while the
inbox is in use holds no receipt whose workbook is not copied too.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from blankettset.addin.inbox.durable import make_folder, write_new
from blankettset.workbook.write.files import WriteError

FOLDER = "00_liggare"
FIRST = "0" * 64
ATTEMPTS = 50
_NAME = re.compile(r"(\d{5,})\.json")


class Entry(msgspec.Struct, frozen=True):
    """One decision: a delivery, a last day, a delivery sent back, ... `uppgifter` is what it was about."""

    nr: int
    slag: str
    tid: str
    av: str
    roll: str
    foregaende: str
    uppgifter: dict[str, Any]

    def text(self, name: str) -> str:
        """One of the facts as text; empty when it is not there."""
        found = self.uppgifter.get(name)
        return found if isinstance(found, str) else ""


class _Stored(msgspec.Struct):
    handelse: Entry
    sha256: str
    signatur: str = ""


class Ledger(msgspec.Struct, frozen=True):
    """What a ledger holds: its entries that hold together, by number, and what is broken (number -> Swedish sentence)."""

    entries: tuple[Entry, ...]
    breaks: Mapping[int, str]
    last: int
    head: str


class Signer(Protocol):
    """Signs and checks with a key kept outside the inbox."""

    def sign(self, message: bytes) -> bytes:
        """The signature."""

    def is_valid(self, message: bytes, signature: bytes) -> bool:
        """True when this key made it."""


def digest(entry: Entry) -> str:
    """The entry's hash, as the next one states it."""
    return hashlib.sha256(_plain(entry)).hexdigest()


def _plain(entry: Entry) -> bytes:
    return json.dumps(msgspec.to_builtins(entry), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read_ledger(folder: Path, signer: Signer | None = None) -> Ledger:
    """Every entry checked against itself, the one before it and, with a key, its signature."""
    places = {}
    for path in (folder / FOLDER).iterdir() if (folder / FOLDER).is_dir() else ():
        name = _NAME.fullmatch(path.name)
        if name:
            places[int(name[1])] = path
    entries: list[Entry] = []
    breaks: dict[int, str] = {}
    last, before = max(places, default=0), FIRST
    for number in range(1, last + 1):
        if number not in places:
            breaks[number] = f"Kvitto {number} i liggaren saknas."
            before = ""
            continue
        content = places[number].read_bytes()
        stored = _parsed(content)
        if stored is None or stored.handelse.nr != number:
            breaks[number] = f"Kvitto {number} i liggaren går inte att läsa."
            before = hashlib.sha256(content).hexdigest()
            continue
        entry, found = stored.handelse, digest(stored.handelse)
        if found != stored.sha256:
            breaks[number] = f"Kvitto {number} i liggaren har ändrats efter att det skrevs."
        elif before and entry.foregaende != before:
            breaks.setdefault(number - 1, f"Kvitto {number - 1} i liggaren är inte det som skrevs.")
        elif signer is not None and not signer.is_valid(_plain(entry), _bytes(stored.signatur)):
            breaks[number] = f"Kvitto {number} i liggaren saknar giltig signatur."
        entries.append(entry)
        before = found
    return Ledger(tuple(entries), breaks, last, before or FIRST)


def _parsed(content: bytes) -> _Stored | None:
    try:
        return msgspec.json.decode(content, type=_Stored)
    except ValueError:  # also msgspec's own
        return None


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def append(folder: Path, make: Callable[[Ledger], Entry], signer: Signer | None = None) -> Entry:
    """Write what `make` answers to the ledger as it stands, with `nr` and `foregaende` set; on the disk when this returns.

    `make` is asked again when another writer took the number meanwhile.
    """
    make_folder(folder / FOLDER)
    for _ in range(ATTEMPTS):
        ledger = read_ledger(folder, signer)
        entry = msgspec.structs.replace(make(ledger), nr=ledger.last + 1, foregaende=ledger.head)
        stored = {"handelse": msgspec.to_builtins(entry), "sha256": digest(entry)}
        if signer is not None:
            stored["signatur"] = base64.b64encode(signer.sign(_plain(entry))).decode()
        path = folder / FOLDER / f"{entry.nr:05d}.json"
        try:
            write_new(path, json.dumps(stored, ensure_ascii=False, indent=1).encode())
        except WriteError:
            if path.exists():
                continue
            raise
        return entry
    raise WriteError(f"{folder.name}: många skriver i liggaren samtidigt. Försök igen.")
