"""The city's own folder over the built-in definitions: changed or new forms, parameters, register, plans, words, rules.

    MAPP/blanketter/<form>/<layout>.yaml   a form instead of the built-in file of that name, or a new one
    MAPP/parametrar/*.yaml                 dated values beside the built-in ones; the same day replaces
    MAPP/namnder.yaml, listor.yaml, regler.yaml, nyckeltal.yaml, kallor.yaml   records instead of, or beside, the built-in
    MAPP/kf/<year>.yaml                    kommunfullmäktige's plan of the year
    MAPP/ord/*.yaml                        words beside the built-in ones; a file of the same name replaces
    MAPP/layouter/                         layouts that workbooks were made in, kept by the program

The files have the same form as the built-in ones, and a mistake is told with the city's file and line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blankettset.templates.errors import DefinitionError, Refusal
from blankettset.templates.schema import nearest
from blankettset.templates.strict_yaml import Document

FOLDERS = ("blanketter", "parametrar", "kf", "ord")
RECORDS: Mapping[str, tuple[str, str]] = {  # file -> where its records stand, and the key that says which is which
    "namnder.yaml": ("namnder", "code"),
    "listor.yaml": ("listor", ""),
    "regler.yaml": ("regler", "kod"),
    "nyckeltal.yaml": ("nyckeltal", "id"),
    "kallor.yaml": ("kallor", ""),
}


class NoCity(Refusal):
    """The city's folder is no folder."""


def require(folder: Path) -> Path:
    """The folder, when it is one."""
    if not folder.is_dir():
        raise NoCity(f"Stadens mapp {folder} finns inte. »blankett stad ny {folder}» skapar en.")
    return folder


def files(folder: Path) -> dict[str, Path]:
    """The definition files of a city's folder by their name in it. DefinitionError for one that belongs nowhere."""
    found: dict[str, Path] = {}
    wrong = []
    for path in sorted(folder.rglob("*.y*ml")):
        name = path.relative_to(folder).as_posix()
        first, _, rest = name.partition("/")
        if (rest and first in FOLDERS and path.suffix == ".yaml") or name in RECORDS:
            found[name] = path
            continue
        known = [f"{each}/{rest}" for each in FOLDERS] if rest else [*RECORDS, *(f"{each}/{name}" for each in FOLDERS)]
        wrong.append(f"{name}, rad 1: filen hör inte till stadens mapp{nearest(name, known) or '.'}")
    if wrong:
        raise DefinitionError("\n".join(wrong), tuple(wrong))
    return found


def digest(folder: Path) -> str:
    """A hash of the folder's definition files, for the receipt."""
    content = hashlib.sha256()
    for name, path in files(folder).items():
        content.update(f"{name}\0".encode() + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return content.hexdigest()[:16]


class Overlaid(Document):
    """A built-in file with some of its records from the city's. Knows which file and line each record is from."""

    def __init__(self, base: Document, top: str) -> None:
        self.name, self._root, self._base, self._top = base.name, base._root, base, top
        self.data = {**base.data, top: _copy(base.data[top])}
        self._own: dict[int | str, tuple[Document, int | str]] = {}

    def put(self, at: int | str, record: Any, source: Document, there: int | str) -> None:
        """Set the record at a place (one after the last is new)."""
        if isinstance(at, int) and at == len(self.data[self._top]):
            self.data[self._top].append(record)
        else:
            self.data[self._top][at] = record
        self._own[at] = (source, there)

    def place(self, path: Any) -> tuple[str, int]:
        """File and line of what stands at `path`."""
        source = self._own.get(path[1]) if len(path) > 1 and path[0] == self._top else None
        if source is None:
            return self._base.place(path)
        return source[0].place((self._top, source[1], *path[2:]))


def _copy(records: Any) -> Any:
    return dict(records) if isinstance(records, dict) else list(records)


def over(built_in: Mapping[str, Document], city: Mapping[str, Document]) -> dict[str, Document]:
    """The built-in documents with the city's over them. Both are checked against their schemas before."""
    found = dict(built_in)
    for name, document in city.items():
        if name in RECORDS:
            top, key = RECORDS[name]
            _over(found, name, document, top, key)
        elif name.startswith("parametrar/"):
            _parameters(found, name, document)
        else:
            found[name] = document
    return found


def _over(found: dict[str, Document], name: str, document: Document, top: str, key: str) -> None:
    target = _overlaid(found, name, top)
    own = document.data[top]
    if isinstance(own, dict):
        for id_, record in own.items():
            target.put(id_, record, document, id_)
        return
    places = {record[key]: i for i, record in enumerate(target.data[top])}
    for i, record in enumerate(own):
        target.put(places.setdefault(record[key], len(target.data[top])), record, document, i)


def _parameters(found: dict[str, Document], name: str, document: Document) -> None:
    """Values join those of the built-in parameter; a value from the same day takes its place."""
    known = {
        each["id"]: (file, i)
        for file, other in found.items()
        if file.startswith("parametrar/")
        for i, each in enumerate(other.data["parametrar"])
    }
    new = Overlaid(document, "parametrar")
    new.data["parametrar"] = []
    for i, record in enumerate(document.data["parametrar"]):
        if record["id"] not in known:
            new.put(len(new.data["parametrar"]), record, document, i)
            continue
        file, at = known[record["id"]]
        target = _overlaid(found, file, "parametrar")
        days = {value["from"] for value in record["values"]}
        earlier = [value for value in target.data["parametrar"][at]["values"] if value["from"] not in days]
        target.put(at, {**record, "values": [*record["values"], *earlier]}, document, i)
    if new.data["parametrar"]:
        found[f"parametrar/stad/{name.removeprefix('parametrar/')}"] = new


def _overlaid(found: dict[str, Document], name: str, top: str) -> Overlaid:
    document = found[name]
    if not isinstance(document, Overlaid):
        document = found[name] = Overlaid(document, top)
    return document
