"""Loads every definition file once, checks it, and binds the forms of one set.

Parsing and Cerberus take tenths of a second for all files, so the checked documents are kept as JSON in the
user's cache folder under a key made of the files' content and of this code. The cache can be thrown away at any
time; it is never needed, only quicker.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Mapping
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec

from blankettset.templates.errors import DefinitionError, UnknownSet
from blankettset.templates.formula import Formula, FormulaError, Ref, parse_formula, parse_reference
from blankettset.templates.functions import FUNCTIONS
from blankettset.templates.model import (
    ITEM,
    Blankett,
    Blankettset,
    Choice,
    Column,
    Function,
    Indata,
    KfIndikator,
    KfMal,
    KfPlan,
    Kind,
    Namnd,
    Nyckeltal,
    Parameter,
    Relation,
    Row,
    Source,
    Type,
)

ROOT = Path(__file__).parent
_CODE = ("schema.py", "strict_yaml.py", "catalog.py")


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
                    values = sorted((v["from"], Decimal(v["value"]), _source(v["source"])) for v in raw["values"])
                    until = {v["from"]: v["to"] for v in raw["values"] if "to" in v}
                    found[raw["id"]] = Parameter(raw["id"], raw["label"], raw["unit"], tuple(values), until)
        return found

    @cached_property
    def words(self) -> Mapping[str, tuple[str, ...]]:
        """The words and phrases that texts are read with, by the id of their list; lists of one id in several files are joined."""
        found: dict[str, tuple[str, ...]] = {}
        for name, document in self.documents.items():
            if name.startswith("ord/"):
                for raw in document["ord"]:
                    found[raw["id"]] = (*found.get(raw["id"], ()), *raw["ord"])
        return found

    @cached_property
    def namnder(self) -> Mapping[str, Namnd]:
        """The register of nämnder by code."""
        return {
            raw["code"]: Namnd(
                raw["code"],
                raw["name"],
                raw["valid_from"],
                raw.get("valid_to"),
                raw.get("successor"),
                raw["confirmed"],
                _source(raw["source"]),
            )
            for raw in self.documents["namnder.yaml"]["namnder"]
        }

    @cached_property
    def nyckeltal(self) -> Mapping[str, Nyckeltal]:
        """The definitions of the nyckeltal by the name of their Excel function."""
        found = {
            raw["id"]: Nyckeltal(
                raw["id"],
                raw["title"],
                tuple(Indata(each["id"], each["label"], each["note"]) for each in raw["indata"]),
                raw["formel"],
                tuple(raw.get("parametrar", ())),
                raw["valid_from"],
                _source(raw["source"]),
            )
            for raw in self.documents["nyckeltal.yaml"]["nyckeltal"]
        }
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
        context = _Binding(words, titles, optional, names, lists)
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
            source=_source(info["source"]),
            blanketter=forms,
            parameters=self.parameters,
            namnder=self.namnder,
            definition_hash=hashlib.sha256(content.encode()).hexdigest()[:16],
            kf=self._kf(year),
            ord=self.words,
        )
        _check_references(bound, files)
        return bound

    def _kf(self, year: int) -> KfPlan:
        """What kommunfullmäktige decided for the year; empty where no document says."""
        raw = self.documents.get(f"kf/{year}.yaml")
        if raw is None:
            return KfPlan()
        return KfPlan(
            tuple(KfMal(each["nummer"], each["niva"], each["titel"], _source(each["source"])) for each in raw["mal"]),
            tuple(
                KfIndikator(
                    each["mal"],
                    each["namn"],
                    each.get("arsmal"),
                    each.get("enhet"),
                    each["riktning"],
                    each["period"],
                    each["kon"],
                    _source(each["source"]),
                )
                for each in raw["indikatorer"]
            ),
        )

    def namnd(self, code: str) -> Namnd:
        """The nämnd with this code (case does not matter). UnknownSet names the known ones."""
        found = self.namnder.get(code.upper())
        if found is None:
            known = ", ".join(f"{n.code} {n.name}" for n in self.namnder.values())
            raise UnknownSet(f"Nämnden »{code}» finns inte i registret. Det finns {known}.")
        return found


class _Binding:
    """Turns raw definitions into objects for one set: fills in years and expands `each`."""

    def __init__(
        self,
        words: Mapping[str, str],
        titles: Mapping[str, str],
        optional: list[str],
        namnder: Mapping[str, str],
        lists: Mapping[str, Any],
    ) -> None:
        self.words, self.titles, self.optional, self.namnder, self.lists = words, titles, optional, namnder, lists
        self.file = ""

    def text(self, value: str) -> str:
        for word, replacement in self.words.items():
            value = value.replace(word, replacement)
        return value

    def form(self, file: str, raw: Mapping[str, Any]) -> Blankett:
        self.file = file
        columns = tuple(self.column(column) for column in raw["columns"])
        rows = tuple(row for each in raw.get("rows", ()) for row in self.rows(each, columns))
        _refuse_doubles(file, "kolumn", [column.id for column in columns])
        _refuse_doubles(file, "rad", [row.id for row in rows])
        overrides: dict[tuple[str, str], Mapping[str, Any]] = {}
        for cell in raw.get("cells", ()):
            own: dict[str, Any] = {}
            if "formula" in cell:
                own["formula"] = self.formula(cell["formula"], "cell")
            if "function" in cell:
                own["function"] = self.function(cell["function"])
            for word in ("state", "prefill_parameter"):
                if word in cell:
                    own[word] = cell[word]
            overrides[cell["row"], cell["column"]] = own
        total = raw.get("total", {})
        amounts = raw["amounts"]
        return Blankett(
            id=raw["id"],
            layout=Path(file).stem,
            title=self.text(raw["title"]),
            sheet=self.text(raw["sheet"]),
            purpose=self.text(raw["purpose"]),
            group=raw["group"],
            order=raw["order"],
            is_list=raw["kind"] == "lista",
            source=_source(raw["source"]),
            unit=amounts["unit"],
            decimals=amounts["decimals"],
            tolerance=Decimal(amounts["tolerance"]),
            sign_text=self.text(raw["sign_text"]),
            columns=columns,
            rows=rows,
            optional=raw.get("optional", False),
            spare_rows=raw.get("spare_rows", 15) if raw["kind"] == "lista" else 0,
            key=raw.get("key"),
            kf_rows=raw.get("kf_rows"),
            total_columns=tuple(total.get("columns", ())),
            total_label=total.get("label", "Summa"),
            overrides=overrides,
            relations=tuple(r for each in raw.get("relations", ()) for r in self.relations(each)),
            notes=tuple(self.text(note) for note in raw.get("notes", ())),
        )

    def column(self, raw: Mapping[str, Any]) -> Column:
        return Column(
            id=raw["id"],
            label=self.text(raw["label"]),
            type=Type(raw.get("type", "belopp")),
            filled_by=raw.get("filled_by", "namnd"),
            required=raw.get("required", False),
            blank_means=raw.get("blank_means", "saknas"),
            unit=raw.get("unit"),
            decimals=raw.get("decimals"),
            formula=self.formula(raw["formula"], "column") if "formula" in raw else None,
            function=self.function(raw["function"]) if "function" in raw else None,
            sign=raw.get("sign"),
            positive_means=raw.get("positive_means"),
            choices=self.choices(raw),
            width=raw.get("width"),
            iu=raw.get("iu", False),
            note=self.text(raw["note"]) if "note" in raw else None,
            summed=raw.get("summed", True),
            printed=raw.get("printed", True),
        )

    def function(self, raw: Mapping[str, Any]) -> Function:
        name, args = raw["name"], raw["args"]
        if name not in FUNCTIONS or FUNCTIONS[name][0] not in (None, len(args)):
            raise DefinitionError(f"{self.file}: funktionen »{name}» med {len(args)} argument finns inte.")
        return Function(name, tuple(self.formula(arg, "column")[0].ref for arg in args))

    def choices(self, raw: Mapping[str, Any]) -> tuple[Choice, ...]:
        if raw.get("choices_from") == "blanketter":
            return tuple(Choice(id_, self.text(title)) for id_, title in self.titles.items())
        if raw.get("choices_from") == "namnder":
            return tuple(Choice(code, name) for code, name in self.namnder.items())
        if "choices_from" in raw and raw["choices_from"] not in self.lists:
            known = ", ".join(["blanketter", "namnder", *self.lists])
            raise DefinitionError(f"{self.file}: listan »{raw['choices_from']}» finns inte. Det finns {known}.")
        given = self.lists[raw["choices_from"]] if "choices_from" in raw else raw.get("choices", ())
        return tuple(Choice(choice["id"], self.text(choice["label"]), choice.get("tone")) for choice in given)

    def rows(self, raw: Mapping[str, Any], columns: tuple[Column, ...]) -> list[Row]:
        only = frozenset(raw["only_columns"]) if "only_columns" in raw else None
        if "except_columns" in raw:
            only = frozenset(c.id for c in columns) - frozenset(raw["except_columns"])
        row = Row(
            id=raw["id"],
            label=self.text(raw["label"]),
            formula=self.formula(raw["sum"], "row") if "sum" in raw else None,
            varav_of=raw.get("varav_of"),
            varav_full=raw.get("varav") == "full",
            heading=raw.get("heading", False),
            italic=raw.get("italic", False),
            total=raw.get("total", False),
            summed=raw.get("summed", True),
            only_columns=only,
            type=Type(raw["type"]) if "type" in raw else None,
            unit=raw.get("unit"),
            decimals=raw.get("decimals"),
            filled_by=raw.get("filled_by"),
            required=raw.get("required"),
            sign=raw.get("sign"),
            choices=self.choices(raw),
            prefill=raw.get("prefill"),
            indikator=raw.get("indikator"),
            note=self.text(raw["note"]) if "note" in raw else None,
        )
        if raw.get("each") != "blankett":
            return [row]
        return [msgspec.structs.replace(row, id=id_, label=self.text(self.titles[id_])) for id_ in self.optional]

    def relations(self, raw: Mapping[str, Any]) -> list[Relation]:
        names = list(raw.get("each", {}))
        found = []
        for values in itertools.product(*(raw["each"][name] for name in names)):
            text = {key: raw[key] for key in ("left", "right", "text", "advice")}
            text |= {f"needs {i}": need for i, need in enumerate(raw.get("needs", ()))}
            for name, value in zip(names, values, strict=True):
                text = {key: each.replace("{" + name + "}", value) for key, each in text.items()}
            found.append(
                Relation(
                    raw["code"],
                    self.formula(text["left"], "cell"),
                    self.formula(text["right"], "cell"),
                    Decimal(raw["tolerance"]) if "tolerance" in raw else None,
                    self.text(text["text"]),
                    self.text(text["advice"]),
                    raw.get("not_current_is_zero", False),
                    tuple(self.formula(each, "cell")[0].ref for key, each in text.items() if key.startswith("needs")),
                )
            )
        return found

    def formula(self, text: str, context: Any) -> Formula:
        try:
            return parse_formula(text, context)
        except FormulaError as error:
            raise DefinitionError(f"{self.file}: {error}.") from None


def _refuse_doubles(file: str, what: str, ids: list[str]) -> None:
    for id_ in ids:
        if ids.count(id_) > 1:
            raise DefinitionError(f"{file}: {what} »{id_}» finns två gånger.")


def _source(raw: Mapping[str, str]) -> Source:
    return Source(raw.get("document"), raw["place"], raw["checked_on"], raw.get("note"))


def _check_references(bound: Blankettset, files: Mapping[str, str]) -> None:
    """Every id in a formula must exist, and every parameter be in force on the report date."""
    for form in bound.blanketter.values():
        for own in form.overrides.values():
            named = own.get("prefill_parameter")
            if named is not None and named not in bound.parameters:
                raise DefinitionError(f"{files[form.id]}: parametern »{named}» finns inte.")
        row_ids = [ITEM] if form.is_list else [row.id for row in form.rows]
        for row_id, column_id in itertools.product(row_ids, form.column_by_id):
            cell = form.cell(row_id, column_id)
            if cell.kind is not Kind.COMPUTED:
                continue
            refs = cell.reads
            for ref in refs:
                if not bound.knows(ref):
                    raise DefinitionError(
                        f"{files[form.id]}: formeln för {row_id}.{column_id} pekar på {ref}, som inte finns i "
                        f"{bound.id}."
                    )
            for term in cell.formula or ():
                if term.parameter:
                    _require_parameter(bound, files[form.id], term.parameter)


def _require_parameter(bound: Blankettset, file: str, parameter_id: str) -> None:
    parameter = bound.parameters.get(parameter_id)
    if parameter is None or parameter.on(bound.report_date) is None:
        raise DefinitionError(f"{file}: parametern »{parameter_id}» saknar värde den {bound.report_date}.")


def read_documents(root: Path) -> dict[str, Any]:
    """Parse and check every definition file under `root`; DefinitionError on the first file with a mistake."""
    from blankettset.templates import schema
    from blankettset.templates.strict_yaml import Document

    documents: dict[str, Any] = {}
    for name, path in _files(root).items():
        document = Document(name, path.read_text(encoding="utf-8"))
        schema.check(document, _schema_for(name))
        documents[name] = document.data
    return documents


def _schema_for(name: str) -> dict[str, Any]:
    from blankettset.templates import schema

    if name.startswith("blanketter/"):
        return schema.BLANKETT
    if name.startswith("parametrar/"):
        return schema.PARAMETERS
    if name.startswith("kf/"):
        return schema.KF
    if name.startswith("ord/"):
        return schema.WORDS
    return {
        "namnder.yaml": schema.NAMNDER,
        "blankettset.yaml": schema.SETS,
        "kallor.yaml": schema.SOURCES,
        "listor.yaml": schema.LISTS,
        "nyckeltal.yaml": schema.NYCKELTAL,
    }[name]


def _files(root: Path) -> dict[str, Path]:
    names = ["namnder.yaml", "blankettset.yaml", "kallor.yaml", "listor.yaml", "nyckeltal.yaml"]
    found = {name: root / name for name in names}
    for folder in ("parametrar", "blanketter", "kf", "ord"):
        found.update({p.relative_to(root).as_posix(): p for p in sorted((root / folder).rglob("*.yaml"))})
    return found


def _cache_file(root: Path) -> Path:
    digest = hashlib.sha256()
    for name, path in _files(root).items():
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    for name in _CODE:
        digest.update((ROOT / name).read_bytes())
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    return Path(home).expanduser() / "blankettset" / f"definitioner-{digest.hexdigest()[:32]}.json"


def load(root: Path = ROOT) -> Catalog:
    """The catalog of `root`, from the cache when its files are unchanged. DefinitionError on a mistake."""
    path = _cache_file(root)
    try:
        return Catalog(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        pass
    documents = read_documents(root)
    _write_cache(path, documents)
    return Catalog(documents)


def _write_cache(path: Path, documents: Mapping[str, Any]) -> None:
    import tempfile

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob("definitioner-*.json"):
            old.unlink(missing_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            json.dump(documents, file, ensure_ascii=False)
        os.replace(file.name, path)
    except OSError:
        pass  # a read-only home folder only costs time


@cache
def catalog() -> Catalog:
    """The project's own definitions, loaded once per process."""
    return load()


def reference(text: str) -> Ref:
    """A place written rad.kolumn or blankett.rad.kolumn; DefinitionError when it is not one."""
    try:
        return parse_reference(text)
    except FormulaError as error:
        raise DefinitionError(str(error)) from None
