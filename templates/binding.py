"""From a definition file's raw content to a form bound to one set: years filled in, `each` expanded, formulas parsed."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from blankettset.templates.errors import DefinitionError
from blankettset.templates.formula import Formula, FormulaError, parse_formula
from blankettset.templates.functions import FUNCTIONS
from blankettset.templates.model import (
    ITEM,
    Blankett,
    Blankettset,
    Choice,
    Column,
    Function,
    Kind,
    Relation,
    Row,
    Source,
    Type,
)


class Binding:
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

    def _text(self, value: str) -> str:
        for word, replacement in self.words.items():
            value = value.replace(word, replacement)
        return value

    def form(self, file: str, raw: Mapping[str, Any]) -> Blankett:
        """The form of a checked definition file. DefinitionError for what only the whole shows."""
        self.file = file
        columns = tuple(self._column(column) for column in raw["columns"])
        rows = tuple(row for each in raw.get("rows", ()) for row in self._rows(each, columns))
        _refuse_doubles(file, "kolumn", [column.id for column in columns])
        _refuse_doubles(file, "rad", [row.id for row in rows])
        overrides: dict[tuple[str, str], Mapping[str, Any]] = {}
        for cell in raw.get("cells", ()):
            own: dict[str, Any] = {}
            if "formula" in cell:
                own["formula"] = self._formula(cell["formula"], "cell")
            if "function" in cell:
                own["function"] = self._function(cell["function"])
            for word in ("state", "prefill_parameter"):
                if word in cell:
                    own[word] = cell[word]
            overrides[cell["row"], cell["column"]] = own
        total = raw.get("total", {})
        amounts = raw["amounts"]
        return Blankett(
            id=raw["id"],
            layout=Path(file).stem,
            title=self._text(raw["title"]),
            sheet=self._text(raw["sheet"]),
            purpose=self._text(raw["purpose"]),
            group=raw["group"],
            order=raw["order"],
            is_list=raw["kind"] == "lista",
            source=source_of(raw["source"]),
            unit=amounts["unit"],
            decimals=amounts["decimals"],
            tolerance=Decimal(amounts["tolerance"]),
            sign_text=self._text(raw["sign_text"]),
            columns=columns,
            rows=rows,
            optional=raw.get("optional", False),
            spare_rows=raw.get("spare_rows", 15) if raw["kind"] == "lista" else 0,
            key=raw.get("key"),
            kf_rows=raw.get("kf_rows"),
            total_columns=tuple(total.get("columns", ())),
            total_label=total.get("label", "Summa"),
            overrides=overrides,
            relations=tuple(r for each in raw.get("relations", ()) for r in self._relations(each)),
            notes=tuple(self._text(note) for note in raw.get("notes", ())),
        )

    def _column(self, raw: Mapping[str, Any]) -> Column:
        return Column(
            id=raw["id"],
            label=self._text(raw["label"]),
            type=Type(raw.get("type", "belopp")),
            filled_by=raw.get("filled_by", "namnd"),
            required=raw.get("required", False),
            blank_means=raw.get("blank_means", "saknas"),
            unit=raw.get("unit"),
            decimals=raw.get("decimals"),
            formula=self._formula(raw["formula"], "column") if "formula" in raw else None,
            function=self._function(raw["function"]) if "function" in raw else None,
            sign=raw.get("sign"),
            positive_means=raw.get("positive_means"),
            choices=self._choices(raw),
            width=raw.get("width"),
            iu=raw.get("iu", False),
            note=self._text(raw["note"]) if "note" in raw else None,
            summed=raw.get("summed", True),
            printed=raw.get("printed", True),
        )

    def _function(self, raw: Mapping[str, Any]) -> Function:
        name, args = raw["name"], raw["args"]
        if name not in FUNCTIONS or FUNCTIONS[name][0] not in (None, len(args)):
            raise DefinitionError(f"{self.file}: funktionen »{name}» med {len(args)} argument finns inte.")
        return Function(name, tuple(self._formula(arg, "column")[0].ref for arg in args))

    def _choices(self, raw: Mapping[str, Any]) -> tuple[Choice, ...]:
        if raw.get("choices_from") == "blanketter":
            return tuple(Choice(id_, self._text(title)) for id_, title in self.titles.items())
        if raw.get("choices_from") == "namnder":
            return tuple(Choice(code, name) for code, name in self.namnder.items())
        if "choices_from" in raw and raw["choices_from"] not in self.lists:
            known = ", ".join(["blanketter", "namnder", *self.lists])
            raise DefinitionError(f"{self.file}: listan »{raw['choices_from']}» finns inte. Det finns {known}.")
        given = self.lists[raw["choices_from"]] if "choices_from" in raw else raw.get("choices", ())
        return tuple(Choice(choice["id"], self._text(choice["label"]), choice.get("tone")) for choice in given)

    def _rows(self, raw: Mapping[str, Any], columns: tuple[Column, ...]) -> list[Row]:
        only = frozenset(raw["only_columns"]) if "only_columns" in raw else None
        if "except_columns" in raw:
            only = frozenset(c.id for c in columns) - frozenset(raw["except_columns"])
        row = Row(
            id=raw["id"],
            label=self._text(raw["label"]),
            formula=self._formula(raw["sum"], "row") if "sum" in raw else None,
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
            choices=self._choices(raw),
            prefill=raw.get("prefill"),
            indikator=raw.get("indikator"),
            note=self._text(raw["note"]) if "note" in raw else None,
        )
        if raw.get("each") != "blankett":
            return [row]
        return [msgspec.structs.replace(row, id=id_, label=self._text(self.titles[id_])) for id_ in self.optional]

    def _relations(self, raw: Mapping[str, Any]) -> list[Relation]:
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
                    self._formula(text["left"], "cell"),
                    self._formula(text["right"], "cell"),
                    Decimal(raw["tolerance"]) if "tolerance" in raw else None,
                    self._text(text["text"]),
                    self._text(text["advice"]),
                    raw.get("not_current_is_zero", False),
                    tuple(self._formula(each, "cell")[0].ref for key, each in text.items() if key.startswith("needs")),
                )
            )
        return found

    def _formula(self, text: str, context: Any) -> Formula:
        try:
            return parse_formula(text, context)
        except FormulaError as error:
            raise DefinitionError(f"{self.file}: {error}.") from None


def _refuse_doubles(file: str, what: str, ids: list[str]) -> None:
    for id_ in ids:
        if ids.count(id_) > 1:
            raise DefinitionError(f"{file}: {what} »{id_}» finns två gånger.")


def source_of(raw: Mapping[str, str]) -> Source:
    """The source that a document states."""
    return Source(raw.get("document"), raw["place"], raw["checked_on"], raw.get("note"))


def check_references(bound: Blankettset, files: Mapping[str, str]) -> None:
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
