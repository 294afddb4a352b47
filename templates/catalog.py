"""All definitions as one value: parameters, register, plans, and the forms of a set bound to its year and period."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec

from blankettset.templates.binding import Binding, source_of
from blankettset.templates.carries import rolling
from blankettset.templates.documents import ROOT, keep_documents, kept_documents, read_documents
from blankettset.templates.errors import UnknownSet
from blankettset.templates.identity import judgement_of, layout_of_form, layout_of_set
from blankettset.templates.layouts import FOLDER, Layouts, read_layouts
from blankettset.templates.model import (
    Blankett,
    Blankettset,
    Bruk,
    KfPlan,
    Namnd,
    Nyckeltal,
    Parameter,
    Regelbruk,
)
from blankettset.templates.periods import LAST_YEAR, Periods, SetInfo
from blankettset.templates.words import word_lists

CITY = "stad"  # among the documents: what says that a city's folder lies over them


class Catalog:
    """All definitions. `documents` maps file name to checked content; `kept` are the layouts of earlier days."""

    def __init__(self, documents: Mapping[str, Any], kept: Layouts | None = None) -> None:
        self.documents = documents
        self.kept = kept or Layouts(())

    @property
    def stad(self) -> str:
        """The hash of the city's own folder, when it lies over the built-in definitions; it follows the documents everywhere."""
        found: str = self.documents.get(CITY, {}).get("hash", "")
        return found

    @cached_property
    def sources(self) -> Mapping[str, Mapping[str, str]]:
        """The documents that `source.document` may name."""
        return dict(self.documents["kallor.yaml"]["kallor"])

    @cached_property
    def regler(self) -> Mapping[str, Regelbruk]:
        """How rules are used, by code: those that regler.yaml names."""
        found = {}
        for raw in self.documents["regler.yaml"]["regler"]:
            values = [(each["from"], each) for each in sorted(raw["values"], key=lambda each: each["from"])]
            found[raw["kod"]] = Regelbruk(raw["kod"], tuple(
                (start, Bruk(each["bruk"] == "prov", each.get("allvar"), source_of(each["source"])))
                for start, each in values
            ))  # fmt: skip
        return found

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """Dated parameters by id."""
        found: dict[str, Parameter] = {}
        for name, document in self.documents.items():
            if name.startswith("parametrar/"):
                for raw in document["parametrar"]:
                    values = sorted((v["from"], Decimal(v["value"]), source_of(v["source"])) for v in raw["values"])
                    until = {v["from"]: v["to"] for v in raw["values"] if "to" in v}
                    found[raw["id"]] = Parameter(raw["id"], raw["label"], raw["unit"], tuple(values), until)
        return found

    @cached_property
    def words(self) -> Mapping[str, tuple[str, ...]]:
        """The words and phrases that texts are read with, by the id of their list."""
        return word_lists(self.documents)

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
        return found

    @cached_property
    def periods(self) -> Periods:
        """The sets that can be made."""
        return Periods(self.documents["blankettset.yaml"])

    @cached_property
    def sets(self) -> Mapping[tuple[str, str], SetInfo]:
        """Every set that can be made, by (id, level)."""
        return {(info.id, info.level): info for info in self.periods.every(LAST_YEAR)}

    @property
    def tried(self) -> Sequence[tuple[str, str]]:
        """The sets, (id, level), that tests and pages go through: what documents show, and one of each other kind."""
        return self.periods.tried

    def layouts(self, set_id: str, level: str) -> dict[str, str]:
        """Form id -> definition file: for each form the layout with the latest valid_from that covers the set.

        In a set that no document prints, a form without such a layout may stand by analogy (`analogy` in its definition).
        """
        return {form: name for form, (name, _) in self._chosen(set_id, level).items()}

    def _chosen(self, set_id: str, level: str) -> dict[str, tuple[str, bool]]:
        """Form id -> definition file, and whether it stands there by analogy."""
        info = self.periods.info(set_id, level)
        chosen: dict[str, tuple[str, str, str]] = {}
        for name, document in self.documents.items():
            if not name.startswith("blanketter/") or level not in document["levels"]:
                continue
            since, by_analogy = document["valid_from"], ""
            if info.period not in document["periods"] or info.report_date < since:
                analogy = document.get("analogy", {})
                if info.documented or info.period not in analogy.get("periods", document["periods"]):
                    continue
                since, by_analogy = analogy.get("from", "9999-12-31"), "analogi"
            if not since <= info.report_date <= document.get("valid_to", "9999-12-31"):
                continue
            rank = ("" if by_analogy else "belagd", since, name)
            if document["id"] not in chosen or chosen[document["id"]] < rank:
                chosen[document["id"]] = rank
        ordered = sorted(chosen.items(), key=lambda item: self.documents[item[1][2]]["order"])
        return {form: (name, not shown) for form, (shown, _, name) in ordered}

    def blankettset(self, set_id: str, level: str = "namnd") -> Blankettset:
        """The set in its newest layout, with its forms bound to year and period. UnknownSet when there is none."""
        key = (set_id, level, "")
        if key not in self._bound:
            files = self.layouts(set_id, level)
            chosen = {id_: (name, self.documents[name]) for id_, name in files.items()}
            layouts = {id_: layout_of_form(name, raw, self._lists) for id_, (name, raw) in chosen.items()}
            self._bound[key] = self._bind(set_id, level, chosen, layouts)
        return self._bound[key]

    def in_layouts(self, set_id: str, level: str, layouts: Mapping[str, str]) -> Blankettset | None:
        """The set with these layouts of its forms (form -> hash), the newest or earlier; None when one is not known."""
        newest = self.blankettset(set_id, level)
        if layouts == newest.layouts:
            return newest
        key = (set_id, level, layout_of_set(layouts))
        if key not in self._bound:
            found: dict[str, tuple[str, Mapping[str, Any]]] = {}
            for form, layout in layouts.items():
                known = self._by_layout.get((form, layout)) or self.kept.find(form, layout)
                if known is None:
                    return None
                found[form] = known
            ordered = sorted(found.items(), key=lambda item: item[1][1]["order"])
            self._bound[key] = self._bind(set_id, level, dict(ordered), layouts)
        return self._bound[key]

    def definition(self, form: str, layout: str) -> tuple[str, Mapping[str, Any]] | None:
        """File name and content of a form's definition of today with this layout."""
        return self._by_layout.get((form, layout))

    @cached_property
    def _bound(self) -> dict[tuple[str, str, str], Blankettset]:
        return {}

    @cached_property
    def _by_layout(self) -> Mapping[tuple[str, str], tuple[str, Mapping[str, Any]]]:
        """The definitions of today by form and layout."""
        return {
            (raw["id"], layout_of_form(name, raw, self._lists)): (name, raw)
            for name, raw in self.documents.items()
            if name.startswith("blanketter/")
        }

    @cached_property
    def _lists(self) -> Mapping[str, Any]:
        lists: Mapping[str, Any] = self.documents["listor.yaml"]["listor"]
        return lists

    def _bind(
        self,
        set_id: str,
        level: str,
        files: Mapping[str, tuple[str, Mapping[str, Any]]],
        layouts: Mapping[str, str],
    ) -> Blankettset:
        info = self.periods.info(set_id, level)
        year = info.year
        titles = {id_: raw["title"] for id_, (_, raw) in files.items()}
        words = {"{ar}": str(year), "{ar_foregaende}": str(year - 1), "{ar_nasta}": str(year + 1)}
        words["{ar_tva_ar_fore}"] = str(year - 2)
        names = {code: n.name for code, n in self.namnder.items()}
        context = Binding(words, titles, _row_forms(files), names, self._lists)
        plan = self.plan(year)
        forms = {id_: _marked(context.form(name, raw), plan, year) for id_, (name, raw) in files.items()}
        bound = Blankettset(
            id=set_id,
            year=year,
            period=info.period,
            level=level,
            report_date=info.report_date,
            title=info.title,
            source=info.source,
            blanketter=forms,
            parameters=self.parameters,
            namnder=self.namnder,
            layouts=layouts,
            layout_hash=layout_of_set(layouts),
            judgement=judgement_of(self.documents, info.report_date, plan.ar, files.values()),
            kf=plan,
            analogy=self._analogy(info, forms),
            stad=self.stad,
            ord=self.words,
            regler=self.regler,
            earlier_texts=self.kept.function_texts,
            rolling=rolling(self.documents["rullning.yaml"], info.period, level),
        )
        return bound

    def _analogy(self, info: SetInfo, forms: Mapping[str, Blankett]) -> str:
        """What Innehåll says of a set that no document prints; empty for one that a document does."""
        if info.documented:
            return ""
        later = [
            forms[id_].title
            for id_, (_, by_analogy) in self._chosen(info.id, info.level).items()
            if by_analogy and id_ in forms
        ]
        named = ", ".join(later[:3]) + (" m.fl." if len(later) > 3 else "")
        also = f"; {named} visar dokumenten bara för andra år eller perioder" if later else ""
        return f"Inget dokument visar det här setet: det är gjort efter {info.after}{also}."

    def plan(self, year: int) -> KfPlan:
        """What kommunfullmäktige decided for the year; the latest earlier plan, not decided, where nobody has said."""
        latest = max((y for y in self.planned_years if y <= year), default=None)
        if latest is None:
            return KfPlan()
        plan = msgspec.convert(self.documents[f"kf/{latest}.yaml"], KfPlan)
        if latest == year:
            return msgspec.structs.replace(plan, ar=year)
        undecided = tuple(msgspec.structs.replace(each, arsmal=None) for each in plan.indikatorer)
        return KfPlan(plan.mal, undecided, latest, faststalld=False)

    @property
    def planned_years(self) -> list[int]:
        """The years whose plan is known, in order."""
        return sorted(int(name[3:7]) for name in self.documents if name.startswith("kf/"))

    def namnd(self, said: str) -> Namnd:
        """The nämnd with this code or name, however it is written. UnknownSet names the nearest, or the known ones."""
        word = said.strip().casefold()
        for ending in (" stadsdelsnämnd", " stadsdelsförvaltning", " sdn"):
            word = word.removesuffix(ending)
        by_word = {
            **{n.name.casefold(): n for n in self.namnder.values()},
            **{c.casefold(): n for c, n in self.namnder.items()},
        }
        found = by_word.get(word) or by_word.get(word.removesuffix("s"))
        if found is not None:
            return found
        names = [each for each in by_word if not each.startswith("sdn")]  # a code that is near is another nämnd's
        near = difflib.get_close_matches(word, names, 1, 0.7)
        if near:
            meant = by_word[near[0]]
            raise UnknownSet(f"Nämnden »{said}» finns inte i registret; menade du {meant.name} ({meant.code})?")
        known = ", ".join(f"{n.code} {n.name}" for n in self.namnder.values())
        raise UnknownSet(f"Nämnden »{said}» finns inte i registret. Det finns {known}.")


def _row_forms(files: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, list[str]]:
    """The forms that a cover sheet has rows for: those that may be ej aktuella, and the others that somebody fills in.

    Only what the layouts say decides, so that a cover of long ago has the rows that it had.
    """
    optional = [id_ for id_, (_, raw) in files.items() if raw.get("optional")]
    typed = [
        id_
        for id_, (_, raw) in files.items()
        if id_ not in ("forsattsblad", "forklaringar", "nyckeltal")
        and any(
            {"formula", "function"}.isdisjoint(column) and column.get("filled_by") != "system"
            for column in raw["columns"]
        )
    ]
    return {"blankett": optional, "medford": [id_ for id_ in typed if id_ not in optional]}


def _marked(form: Blankett, plan: KfPlan, year: int) -> Blankett:
    """The form, saying so when it begins with goals that kommunfullmäktige has not decided for the year."""
    if plan.faststalld or form.kf_rows is None:
        return form
    said = f"KF:s mål för {year} är ej fastställda här: raderna är {plan.ar} års, utan årsmål."
    return msgspec.structs.replace(form, purpose=f"{form.purpose} {said}")


def load(root: Path = ROOT, stad: Path | None = None) -> Catalog:
    """The catalog of `root` with the city's folder over it. DefinitionError on a mistake in the files, which are checked
    when one of them has changed."""
    own = _of_city(stad) if stad else {}
    kept = kept_documents(root, stad)
    if kept is not None:
        return _with_layouts({**kept, **own}, root)
    from blankettset.templates import check, check_sets  # only who has changed a definition pays for loading them

    read = read_documents(root, stad)
    check.definitions(read)
    content = {name: document.data for name, document in read.items()}
    found = _with_layouts({**content, **own}, root)
    plans = [(f"{name[3:7]}-{period}", "namnd") for name in read if name.startswith("kf/") for period in ("VP", "VB")]
    tried = dict.fromkeys([*found.tried, *(key for key in plans if key in found.sets)])
    check_sets.sets(read, ((found.blankettset(*key), found.layouts(*key)) for key in tried))
    keep_documents(root, content, stad)
    return found


def _of_city(stad: Path) -> dict[str, Any]:
    """What a city's folder adds beside its files: its hash, for receipts, and the layouts that are kept in it."""
    from blankettset.templates.city import digest, require

    return {CITY: {"hash": digest(require(stad)), "layouter": read_layouts(stad / FOLDER)}}


def _with_layouts(content: Mapping[str, Any], root: Path) -> Catalog:
    return Catalog(content, Layouts([root / FOLDER], content.get(CITY, {}).get("layouter", {})))


STAD = "BLANKETT_STAD"


def city_folder() -> Path | None:
    """The city's folder that this process judges by: BLANKETT_STAD, else what the user's setting file says, if anything."""
    said = os.environ.get(STAD, "").strip()
    if not said:
        home = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA") or "~/.config"
        try:
            said = (Path(home).expanduser() / "blankettset" / "stad.txt").read_text(encoding="utf-8").strip()
        except OSError:
            return None
    return Path(said).expanduser() if said else None


def catalog() -> Catalog:
    """The definitions that this process judges by, loaded once for each city's folder."""
    return _loaded(city_folder())


@cache
def _loaded(stad: Path | None) -> Catalog:
    return load(stad=stad)
