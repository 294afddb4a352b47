"""The lists of words and phrases that texts are read with: joined by id, and checked so far as a phrase can be without its reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from blankettset.templates.errors import DefinitionError

_NAMED = re.compile(r"\{([^}]*)\}")
_SPECIAL = re.compile(r"^(?:tal(?::[a-z]+)?|ar[+-]\d|parentes|annan_period)$")


def word_lists(documents: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """List id -> its phrases; those of one id in several files are joined. DefinitionError names file and phrase."""
    found: dict[str, tuple[str, ...]] = {}
    for name, document in documents.items():
        if name.startswith("ord/"):
            for raw in document["ord"]:
                found[raw["id"]] = (*found.get(raw["id"], ()), *raw["ord"])
    for name, document in documents.items():
        if name.startswith("ord/"):
            for raw in document["ord"]:
                for phrase in raw["ord"]:
                    _check(name, phrase, found)
    return found


def _check(file: str, phrase: str, lists: Mapping[str, Any]) -> None:
    for named in _NAMED.findall(phrase):
        if not _SPECIAL.match(named) and named not in lists:
            raise DefinitionError(f"{file}: frasen »{phrase}» nämner listan »{named}», som inte finns.")
    for opening, closing in ("()", "[]", "{}"):
        if phrase.count(opening) != phrase.count(closing):
            raise DefinitionError(f"{file}: frasen »{phrase}» har inte lika många {opening} som {closing}.")
