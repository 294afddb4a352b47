"""Strict YAML: repeated keys refused, no guessed types, and every value can be traced back to its line.

PyYAML's defaults read 0110 as 72, 12:30 as 750 and `no` as false, and let a repeated key win in silence.
Definitions carry codes and amounts, so only true, false, null and plain decimal integers are anything else
than text here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from blankettset.templates.errors import DefinitionError

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Base):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~)$"), list("n~"))
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^(?:0|[1-9][0-9]*)$"), list("0123456789"))


class Document:
    """A parsed file: `data` for the schema, `line(path)` for the message."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        try:
            loader = _StrictLoader(text)
            try:
                self._root = loader.get_single_node()
                self._refuse_repeated_keys(self._root)
                self.data: Any = None if self._root is None else loader.construct_document(self._root)
            finally:
                loader.dispose()
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f"rad {mark.line + 1}" if mark else "okänd rad"
            problem = getattr(error, "problem", None) or "ogiltig YAML"
            raise DefinitionError(f"{name}, {where}: filen går inte att läsa som YAML ({problem}).") from error

    def _refuse_repeated_keys(self, node: yaml.Node | None) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if key.value in seen:
                    raise DefinitionError(
                        f"{self.name}, rad {line}: nyckeln »{key.value}» finns redan på rad {seen[key.value]}. "
                        "Ta bort den ena."
                    )
                seen[key.value] = line
                self._refuse_repeated_keys(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                self._refuse_repeated_keys(value)

    def place(self, path: Sequence[str | int]) -> tuple[str, int]:
        """File and line of the value at `path`."""
        return self.name, self.line(path)

    def line(self, path: Sequence[str | int]) -> int:
        """Line (from 1) of the value at `path`, or of its nearest parent that exists."""
        node, line = self._root, 1
        for step in path:
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if key.value == str(step):
                        node, line = value, key.start_mark.line + 1
                        break
                else:
                    return line
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                return line
        return line
