"""From a definition file's raw content to a form bound to one set: years filled in, `each` expanded, formulas parsed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from blankettset.templates import carries
from blankettset.templates.formula import Context, parse_formula
from blankettset.templates.model import Blankett, Source, WrittenFunction


class Binding:
    """Turns raw definitions into objects for one set: fills in years and expands `each`."""

    def __init__(
        self,
        words: Mapping[str, str],
        titles: Mapping[str, str],
        each: Mapping[str, list[str]],
        namnder: Mapping[str, str],
        lists: Mapping[str, Any],
    ) -> None:
        self.words, self.titles, self.each, self.namnder, self.lists = words, titles, each, namnder, lists

    def form(self, file: str, raw: Mapping[str, Any]) -> Blankett:
        """The form of a definition file that has been checked (templates.check)."""
        raw = self._with_years(raw)
        columns = [self._column(column) for column in raw["columns"]]
        rows = [row for each in raw.get("rows", ()) for row in self._rows(each, columns)]
        is_list = raw["kind"] == "lista"
        total = {f"total_{key}": value for key, value in raw.get("total", {}).items()}
        own = {
            "layout": Path(file).stem,
            "is_list": is_list,
            "spare_rows": raw.get("spare_rows", 15) if is_list else 0,
            "columns": columns,
            "rows": rows,
            "overrides": {(cell["row"], cell["column"]): self._computed(cell, "cell") for cell in raw.get("cells", ())},
            "match": carries.match_keys(raw.get("match", [])),
            "carries": carries.rules(raw.get("carries", {})),
            "relations": [relation for each in raw.get("relations", ()) for relation in self._relations(raw, each)],
        }
        return msgspec.convert({**raw, **raw["amounts"], **total, **own}, Blankett)

    def _with_years(self, raw: Any) -> Any:
        """The same with {ar} and its like filled in, wherever a text stands."""
        if isinstance(raw, str):
            for word, year in self.words.items() if "{" in raw else ():
                raw = raw.replace(word, year)
            return raw
        if isinstance(raw, dict):
            return {key: self._with_years(value) for key, value in raw.items()}
        return [self._with_years(each) for each in raw] if isinstance(raw, list) else raw

    def _computed(self, raw: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """The same with its formulas parsed."""
        found = dict(raw)
        for key in ("formula", "sum"):
            if key in raw:
                found[key] = parse_formula(raw[key], context)
        if "function" in raw:
            args = tuple(parse_formula(arg, "column")[0].ref for arg in raw["function"]["args"])
            found["function"] = WrittenFunction(raw["function"]["name"], args)
        return found

    def _column(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return {"type": "belopp", **self._computed(raw, "column"), "choices": self._choices(raw)}

    def _choices(self, raw: Mapping[str, Any]) -> Any:
        name = raw.get("choices_from")
        known = {"blanketter": self.titles, "namnder": self.namnder}
        if name in known:
            return [{"id": id_, "label": label} for id_, label in self._with_years(known[name]).items()]
        return self._with_years(self.lists[name]) if name is not None else raw.get("choices", ())

    def _rows(self, raw: Mapping[str, Any], columns: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        row = {**self._computed(raw, "row"), "choices": self._choices(raw), "varav_full": raw.get("varav") == "full"}
        if "except_columns" in raw:
            row["only_columns"] = [column["id"] for column in columns if column["id"] not in raw["except_columns"]]
        if "each" in raw:
            titles = self._with_years(self.titles)
            yield from ({**row, "id": id_, "label": titles[id_]} for id_ in self.each.get(raw["each"], ()))
        else:
            yield row

    def _relations(self, form: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """A relation for each combination of what `each` lists, with its places absolute."""
        names = raw.get("each", {})
        for values in itertools.product(*names.values()):
            found = {key: value for key, value in raw.items() if key != "each"}
            for name, value in zip(names, values, strict=True):
                found = {key: _replaced(each, "{" + name + "}", value) for key, each in found.items()}
            for side in ("left", "right"):
                terms = parse_formula(found[side], "cell")
                found[side] = tuple(term.at(form["id"], "", "") for term in terms)
            needed = [parse_formula(each, "cell")[0].ref for each in found.get("needs", ())]
            yield {**found, "needs": [ref.at(form["id"], "", "") for ref in needed]}


def _replaced(value: Any, word: str, by: str) -> Any:
    if isinstance(value, list):
        return [_replaced(each, word, by) for each in value]
    return value.replace(word, by) if isinstance(value, str) else value


def source_of(raw: Mapping[str, str]) -> Source:
    """The source that a document states."""
    return msgspec.convert(raw, Source)
