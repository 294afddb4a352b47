"""All definitions as one value: parameters, register, plans, and the forms of a set bound to its year and period."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec

from blankettset.templates.binding import Binding, check_references, source_of
from blankettset.templates.carries import rolling
from blankettset.templates.documents import ROOT, documents
from blankettset.templates.errors import DefinitionError, UnknownSet
from blankettset.templates.model import (
    Blankettset,
    KfPlan,
    Namnd,
    Nyckeltal,
    Parameter,
)


class Catalog:
    """All definitions under a folder. `documents` maps file name to checked content."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self.documents = documents

    @cached_property
    def sources(self) -> Mapping[str, Mapping[str, str]]:
        """The documents that `source.document` may name."""
        return dict(self.documents["kallor.yaml"]["kallor"])

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """Dated parameters by id."""
        found: dict[str, Parameter] = {}
        for name, document in self.documents.items():
            if name.startswith("parametrar/"):
                for raw in document["parametrar"]:
                    if raw["id"] in found:
                        raise DefinitionError(f"{name}: parametern »{raw['id']}» finns i två filer.")
                    values = sorted((v["from"], Decimal(v["value"]), source_of(v["source"])) for v in raw["values"])
                    until = {v["from"]: v["to"] for v in raw["values"] if "to" in v}
                    found[raw["id"]] = Parameter(raw["id"], raw["label"], raw["unit"], tuple(values), until)
        return found

    @cached_property
    def namnder(self) -> Mapping[str, Namnd]:
        """The register of nämnder by code."""
        register = msgspec.convert(self.documents["namnder.yaml"]["namnder"], list[Namnd])
        return {namnd.code: namnd for namnd in register}

    @cached_property
    def nyckeltal(self) -> Mapping[str, Nyckeltal]:
        """The definitions of the nyckeltal by the name of their Excel function."""
        defined = msgspec.convert(self.documents["nyckeltal.yaml"]["nyckeltal"], list[Nyckeltal])
        found = {each.id: each for each in defined}
        for each in found.values():
            unknown = [name for name in each.parametrar if name not in self.parameters]
            if unknown:
                raise DefinitionError(f"nyckeltal.yaml: {each.id} anger parametern »{unknown[0]}», som inte finns.")
        return found

    @cached_property
    def sets(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """What is known of each set, by (id, level)."""
        return {(raw["id"], raw["level"]): raw for raw in self.documents["blankettset.yaml"]["blankettset"]}

    def layouts(self, set_id: str, level: str) -> dict[str, str]:
        """Form id -> definition file: for each form the layout with the latest valid_from that covers the set."""
        info = self._info(set_id, level)
        period, date = set_id[5:], info["report_date"]
        chosen: dict[str, str] = {}
        for name, document in self.documents.items():
            if not name.startswith("blanketter/"):
                continue
            covers = period in document["periods"] and level in document["levels"]
            if not covers or not document["valid_from"] <= date <= document.get("valid_to", "9999-12-31"):
                continue
            form_id = document["id"]
            if form_id not in chosen or self.documents[chosen[form_id]]["valid_from"] < document["valid_from"]:
                chosen[form_id] = name
        return dict(sorted(chosen.items(), key=lambda item: self.documents[item[1]]["order"]))

    def _info(self, set_id: str, level: str) -> Mapping[str, Any]:
        info = self.sets.get((set_id, level))
        if info is None:
            known = ", ".join(sorted(id_ for id_, known_level in self.sets if known_level == level))
            raise UnknownSet(f"Blankettsetet »{set_id}» ({level}) finns inte. Det finns {known or 'inga set'}.")
        return info

    def blankettset(self, set_id: str, level: str = "namnd") -> Blankettset:
        """The set with its forms bound to year and period. UnknownSet when there is none."""
        key = (set_id, level)
        if key not in self._bound:
            self._bound[key] = self._bind(set_id, level)
        return self._bound[key]

    @cached_property
    def _bound(self) -> dict[tuple[str, str], Blankettset]:
        return {}

    def _bind(self, set_id: str, level: str) -> Blankettset:
        info = self._info(set_id, level)
        year = int(set_id[:4])
        files = self.layouts(set_id, level)
        titles = {id_: self.documents[name]["title"] for id_, name in files.items()}
        optional = [id_ for id_, name in files.items() if self.documents[name].get("optional")]
        words = {"{ar}": str(year), "{ar_foregaende}": str(year - 1), "{ar_nasta}": str(year + 1)}
        words["{ar_tva_ar_fore}"] = str(year - 2)
        names = {code: n.name for code, n in self.namnder.items()}
        lists = self.documents["listor.yaml"]["listor"]
        context = Binding(words, titles, optional, names, lists)
        forms = {id_: context.form(name, self.documents[name]) for id_, name in files.items()}
        content = json.dumps(
            [info, lists, {name: self.documents[name] for name in files.values()}],
            sort_keys=True,
            ensure_ascii=False,
        )
        bound = Blankettset(
            id=set_id,
            year=year,
            period=set_id[5:],
            level=level,
            report_date=info["report_date"],
            title=info["title"],
            source=source_of(info["source"]),
            blanketter=forms,
            parameters=self.parameters,
            namnder=self.namnder,
            definition_hash=hashlib.sha256(content.encode()).hexdigest()[:16],
            kf=self._kf(year),
            rolling=rolling(self.documents["rullning.yaml"], set_id[5:], level),
        )
        check_references(bound, files)
        return bound

    def _kf(self, year: int) -> KfPlan:
        """What kommunfullmäktige decided for the year; empty where no document says."""
        return msgspec.convert(self.documents.get(f"kf/{year}.yaml", {}), KfPlan)

    def namnd(self, code: str) -> Namnd:
        """The nämnd with this code (case does not matter). UnknownSet names the known ones."""
        found = self.namnder.get(code.upper())
        if found is None:
            known = ", ".join(f"{n.code} {n.name}" for n in self.namnder.values())
            raise UnknownSet(f"Nämnden »{code}» finns inte i registret. Det finns {known}.")
        return found


def load(root: Path = ROOT) -> Catalog:
    """The catalog of `root`. DefinitionError on a mistake in its files."""
    return Catalog(documents(root))


@cache
def catalog() -> Catalog:
    """The project's own definitions, loaded once per process."""
    return load()
