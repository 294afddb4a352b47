"""Earlier layouts of the forms, kept for ever: a workbook is read and judged by the layout it was built on.

`layouter/<form>.json` holds one line for each layout that the form has had: its hash and its whole definition with
shared lists written out. `layouter/stamplar.json` says which layouts the workbooks of stamp version 1 were built on,
whose stamp held a hash of the whole definition files, and which parameters held then. `layouter/funktioner.json` holds
every way that a function's Excel formula has been written. Files are only ever added to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from blankettset.templates.identity import resolved

FOLDER = "layouter"
STAMPS = "stamplar.json"
FUNCTIONS = "funktioner.json"
_SOURCE = {"place": "tidigare layout", "checked_on": "2026-11-25"}


class Layouts:
    """The kept layouts of one or several folders; a folder that does not exist holds none.

    `more` are others, by form and layout, as a city's folder has kept them.
    """

    def __init__(self, folders: Iterable[Path], more: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.folders = tuple(folders)
        self.more = more or {}
        self._of_form: dict[str, dict[str, Mapping[str, Any]]] = {}

    def find(self, form: str, layout: str) -> tuple[str, Mapping[str, Any]] | None:
        """The file name and definition of a form's layout by its hash; None when it was never kept."""
        kept = self._kept(form).get(layout)
        return (f"blanketter/{kept['fil']}.yaml", {**kept["blankett"], "source": _SOURCE}) if kept else None

    def of_form(self, form: str, name: str) -> Mapping[str, Mapping[str, Any]]:
        """The definitions by hash that a form's layout file of this name has held, as far as they were kept."""
        return {hash_: kept["blankett"] for hash_, kept in self._kept(form).items() if kept["fil"].endswith(f"/{name}")}

    def _kept(self, form: str) -> dict[str, Mapping[str, Any]]:
        if form not in self._of_form:
            found = self._of_form[form] = dict(self.more.get(form, {}))
            for folder in self.folders:
                found |= _read(folder / f"{form}.json") if form.replace("_", "").isalnum() else {}
        return self._of_form[form]

    def stamped(self, definition: str) -> Mapping[str, str] | None:
        """Form -> layout of a workbook with a stamp of version 1; None for a hash that no version of ours has written."""
        composed = self._stamps.get("stamplar", {}).get(definition)
        return self._stamps["uppsattningar"][composed] if composed else None

    @cached_property
    def _stamps(self) -> Mapping[str, Any]:
        return next((found for folder in self.folders if (found := _read(folder / STAMPS))), {})

    @cached_property
    def function_texts(self) -> Mapping[str, Sequence[str]]:
        """Function -> the texts that its Excel formula has had, today's among them."""
        return next((found for folder in self.folders if (found := _read(folder / FUNCTIONS))), {})

    def parameters_on(self, date: str) -> Mapping[str, str]:
        """Parameter -> value on a day, as decided when stamps did not hold them yet."""
        dated: Mapping[str, Mapping[str, str]] = self._stamps.get("parametrar", {})
        latest = {id_: max((day for day in values if day <= date), default=None) for id_, values in dated.items()}
        return {id_: dated[id_][day] for id_, day in latest.items() if day is not None}


def read_layouts(folder: Path) -> dict[str, dict[str, Any]]:
    """Every layout that a city's folder has kept, by form and layout."""
    return {path.stem: _read(path) for path in sorted(folder.glob("*.json"))}


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def kept(file: str, raw: Mapping[str, Any], lists: Mapping[str, Any]) -> dict[str, Any]:
    """A form's definition as it is kept: without its sources, with shared lists written out."""
    name = file.removeprefix("blanketter/").removesuffix(".yaml")
    return {"fil": name, "blankett": {key: value for key, value in resolved(raw, lists).items() if key != "source"}}


def keep(folder: Path, form: str, layout: str, content: Mapping[str, Any]) -> bool:
    """Add a layout to a folder unless it is there; True when it was added."""
    path = folder / f"{form}.json"
    found = _read(path)
    if layout in found:
        return False
    found[layout] = dict(content)
    folder.mkdir(parents=True, exist_ok=True)
    write(path, found)
    return True


def write(path: Path, content: Mapping[str, Any]) -> None:
    """One line for each key, so that a difference is read at once."""
    lines = [
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, sort_keys=True)}"
        for key, value in sorted(content.items())
    ]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")
