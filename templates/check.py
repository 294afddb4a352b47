"""What Cerberus cannot see in the definition files: names that must exist, sums that must end, sheets that Excel takes.

Runs when definitions are read anew, never at every start. A mistake is told with file, line and the nearest name that
there is. `definitions` looks at the files as they are written; `sets` at the forms of every set that they make.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from blankettset.templates.carries import OWN, conditions
from blankettset.templates.errors import DefinitionError
from blankettset.templates.formula import Context, FormulaError, parse_formula
from blankettset.templates.functions import FUNCTIONS
from blankettset.templates.schema import nearest
from blankettset.templates.strict_yaml import Document

YEARS = ("ar", "ar_foregaende", "ar_nasta", "ar_tva_ar_fore")
SHOWN = 5  # mistakes told at a time
KF_COLUMNS = {"mal": ("nummer", "niva", "titel"), "indikatorer": ("mal", "indikator")}
NUMBERS = ("belopp", "tal", "heltal", "procent")
ONLY_LISTS, ONLY_TABLES = ("key", "kf_rows", "spare_rows", "total"), ("rows", "cells")

Step = str | int
Mistake = tuple[tuple[Step, ...], str]
Documents = Mapping[str, Document]


def refuse(mistakes: Iterable[tuple[Document, tuple[Step, ...], str]]) -> None:
    """Raise DefinitionError for the first mistakes, file by file and line by line."""
    told = sorted({(*document.place(path), text) for document, path, text in mistakes})
    if told:
        lines = tuple(f"{name}, rad {line}: {text}" for name, line, text in told)
        more = [f"Och {len(told) - SHOWN} till."] if len(told) > SHOWN else []
        raise DefinitionError("\n".join([*lines[:SHOWN], *more]), lines)


def definitions(documents: Documents) -> None:
    """Every file by itself and against the names of the others. DefinitionError for what is wrong."""
    names = _Names(documents)

    def found() -> Iterator[tuple[Document, tuple[Step, ...], str]]:
        for name, document in documents.items():
            folder = name.partition("/")[0]
            checks = {"blanketter": _form, "parametrar": _parameters, "kf": _plan}
            check = checks.get(folder) or {"namnder.yaml": _register, "nyckeltal.yaml": _key_figures, "listor.yaml": _lists,
                                           "blankettset.yaml": _sets, "rullning.yaml": _rolling}.get(name)  # fmt: skip
            for path, text in (
                *_everywhere(name, document.data, names),
                *(check(name, document.data, names) if check else ()),
            ):
                yield document, path, text

    refuse(found())


class _Names:
    """What the files may name of each other."""

    def __init__(self, documents: Documents) -> None:
        data = {name: document.data for name, document in documents.items()}
        self.sources = list(data.get("kallor.yaml", {}).get("kallor", {}))
        self.lists = data.get("listor.yaml", {}).get("listor", {})
        self.namnder = [each["code"] for each in data.get("namnder.yaml", {}).get("namnder", ())]
        self.maps = [each["id"] for each in data.get("rullning.yaml", {}).get("kartor", ())]
        self.parameters: dict[str, str] = {}  # id -> file
        self.doubled: set[tuple[str, str]] = set()  # parameter, file
        self.indicators: list[str] = []
        self.forms: dict[str, dict[str, Any]] = {}  # id -> file -> content
        for name, content in data.items():
            if name.startswith("parametrar/"):
                for each in content["parametrar"]:
                    if self.parameters.setdefault(each["id"], name) != name:
                        self.doubled.add((each["id"], name))
            elif name.startswith("kf/"):
                self.indicators += [each["namn"] for each in content["indikatorer"]]
            elif name.startswith("blanketter/"):
                self.forms.setdefault(content["id"], {})[name] = content

    def parts(self, form: str) -> dict[str, list[str]]:
        """Ids of a form's rows and columns, in whichever layout."""
        layouts = self.forms[form].values()
        return {part: [each["id"] for raw in layouts for each in raw.get(part, ())] for part in ("rows", "columns")}


def _missing(what: str, word: str, known: Collection[str]) -> str:
    return f"{what} »{word}» finns inte{nearest(word, list(known)) or '.'}"


def _texts(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Every text with where it stands."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, (*path, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _texts(each, (*path, number))


def _doubles(what: str, ids: Sequence[str], *path: Step, key: str = "id") -> Iterator[Mistake]:
    for number, id_ in enumerate(ids):
        if id_ in ids[:number]:
            yield (*path, number, key), f"{what} »{id_}» finns två gånger."


# ---- every file


def _everywhere(name: str, data: Any, names: _Names) -> Iterator[Mistake]:
    for path, text in _texts(data):
        if path[-1] == "document" and text not in names.sources:
            yield path, _missing("källan", text, names.sources)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text) and not _is_date(text):
            yield path, f"»{text}» är inget datum."
        if name.startswith("blanketter/") or name == "listor.yaml":
            own: Collection[str] = ()
            if path[0] == "relations":
                own = data["relations"][path[1]].get("each", {})
            elif path[0] == "carries":
                own = [column for form in names.forms for column in names.parts(form)["columns"]]
            for word in re.findall(r"\{([^{}]*)\}", text):
                if word not in (*YEARS, *own):
                    yield (
                        path,
                        _missing("platshållaren", "{" + word + "}", ["{" + each + "}" for each in (*YEARS, *own)]),
                    )
            if set("{}") & set(re.sub(r"\{[^{}]*\}", "", text)):
                yield path, f"»{text}» har en klammer som inte sluts."


def _is_date(text: str) -> bool:
    try:
        return bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


# ---- register, parameters, plans


def _register(_: str, data: Any, names: _Names) -> Iterator[Mistake]:
    yield from _doubles("nämnden", names.namnder, "namnder", key="code")
    for number, each in enumerate(data["namnder"]):
        at = ("namnder", number)
        successor = each.get("successor")
        if successor is not None and successor not in names.namnder:
            yield (*at, "successor"), _missing("efterträdaren", successor, names.namnder)
        if successor == each["code"]:
            yield (*at, "successor"), f"{successor} är sin egen efterträdare."
        if each.get("valid_to", "9999") < each["valid_from"]:
            yield (*at, "valid_to"), f"{each['code']} upphör {each['valid_to']}, innan den börjar {each['valid_from']}."


def _parameters(name: str, data: Any, names: _Names) -> Iterator[Mistake]:
    for number, each in enumerate(data["parametrar"]):
        at = ("parametrar", number)
        if (each["id"], name) in names.doubled:
            yield (*at, "id"), f"parametern »{each['id']}» finns redan i {names.parameters[each['id']]}."
        starts = [value["from"] for value in each["values"]]
        for place, value in enumerate(each["values"]):
            where, last = (*at, "values", place), value.get("to", "9999")
            if value["from"] in starts[:place]:
                yield (*where, "from"), f"»{each['id']}» har två värden från {value['from']}."
            if last < value["from"]:
                yield (*where, "to"), f"värdet gäller till {last} men börjar {value['from']}."
            following = min((start for start in starts if start > value["from"]), default="9999-12-31")
            if "to" in value and last >= following:
                yield (*where, "to"), f"värdet gäller till {last} men nästa börjar {following}."
    yield from _doubles("parametern", [each["id"] for each in data["parametrar"]], "parametrar")


def _plan(name: str, data: Any, _: _Names) -> Iterator[Mistake]:
    goals = [each["nummer"] for each in data["mal"]]
    yield from _doubles("målet", goals, "mal", key="nummer")
    for number, goal in enumerate(goals):
        parent = goal.rpartition(".")[0]
        if parent and parent not in goals:
            yield (
                ("mal", number, "nummer"),
                f"målet {goal} ligger under {parent}, som inte finns{nearest(parent, goals) or '.'}",
            )
    indicators = [(each["mal"], each["namn"]) for each in data["indikatorer"]]
    for number, (goal, title) in enumerate(indicators):
        if goal not in goals:
            yield ("indikatorer", number, "mal"), _missing("målet", goal, goals)
        if (goal, title) in indicators[:number]:
            yield ("indikatorer", number, "namn"), f"indikatorn »{title}» finns två gånger under mål {goal}."
    if not re.fullmatch(r"kf/\d{4}\.yaml", name):
        yield (), "filen ska heta som sitt år, till exempel kf/2025.yaml."


def _key_figures(_: str, data: Any, names: _Names) -> Iterator[Mistake]:
    yield from _doubles("nyckeltalet", [each["id"] for each in data["nyckeltal"]], "nyckeltal")
    for number, each in enumerate(data["nyckeltal"]):
        for place, parameter in enumerate(each.get("parametrar", ())):
            if parameter not in names.parameters:
                yield ("nyckeltal", number, "parametrar", place), _missing("parametern", parameter, names.parameters)
        yield from _doubles("indata", [given["id"] for given in each["indata"]], "nyckeltal", number, "indata")


def _lists(_: str, data: Any, __: _Names) -> Iterator[Mistake]:
    for name, choices in data["listor"].items():
        yield from _choices(choices, "listor", name)


def _choices(choices: Sequence[Mapping[str, str]], *path: Step) -> Iterator[Mistake]:
    if not choices:
        yield path, "listan har inga svar."
    for key, what in (("id", "svaret"), ("label", "svarets text")):
        yield from _doubles(what, [choice[key] for choice in choices], *path, key=key)


def _sets(_: str, data: Any, __: _Names) -> Iterator[Mistake]:
    rules = [(each["period"], each["level"]) for each in data["perioder"]]
    for number, rule in enumerate(rules):
        if rule in rules[:number]:
            yield ("perioder", number, "period"), f"perioden {rule[0]} för {rule[1]} finns två gånger."
        if not _is_date(f"2019-{data['perioder'][number]['report_date']}"):
            yield ("perioder", number, "report_date"), "rapportdagen är ingen dag på året."
    known: set[tuple[str, str]] = set()
    for kind in ("belagda", "provade"):
        for number, each in enumerate(data[kind]):
            key = (each["id"], each["level"])
            if key in known:
                yield (kind, number, "id"), f"setet {each['id']} för {each['level']} finns två gånger."
            if (each["id"][5:], each["level"]) not in rules:
                yield (kind, number, "id"), f"perioden {each['id'][5:]} för {each['level']} har ingen regel."
            known.add(key)


def _rolling(_: str, data: Any, names: _Names) -> Iterator[Mistake]:
    yield from _doubles("kartan", names.maps, "kartor")
    for number, each in enumerate(data["kartor"]):
        for place, pair in enumerate(each["pairs"]):
            for side in ("vp", "t"):
                yield from _parsed(pair[side], "row", "kartor", number, "pairs", place, side)


# ---- a form


def _form(name: str, data: Any, names: _Names) -> Iterator[Mistake]:
    yield from _whole(name, data, names)
    columns = [column["id"] for column in data["columns"]]
    rows = [row["id"] for row in data.get("rows", ())]
    yield from _doubles("kolumnen", columns, "columns")
    yield from _doubles("raden", rows, "rows")
    for number, column in enumerate(data["columns"]):
        yield from _part(column, names, "column", "columns", number)
    for number, row in enumerate(data.get("rows", ())):
        yield from _row(row, number, rows, columns, names)
    cells = [(cell["row"], cell["column"]) for cell in data.get("cells", ())]
    for number, cell in enumerate(data.get("cells", ())):
        at = ("cells", number)
        if cell["row"] not in rows:
            yield (*at, "row"), _missing("raden", cell["row"], rows)
        if cell["column"] not in columns:
            yield (*at, "column"), _missing("kolumnen", cell["column"], columns)
        if cells[number] in cells[:number]:
            yield (*at, "row"), f"cellen {cell['row']}.{cell['column']} finns två gånger."
        yield from _part(cell, names, "cell", *at)
    for number, relation in enumerate(data.get("relations", ())):
        yield from _relation(relation, "relations", number)
    for number, keys in enumerate(data.get("match", ())):
        for place, column in enumerate(keys):
            if column not in columns:
                yield ("match", number, place), _missing("kolumnen", column, columns)
    for place, rules in data.get("carries", {}).items():
        row, _, column = place.rpartition(".")
        if place == "rows" and data["kind"] != "lista":
            yield ("carries", place), "»rows» hör till en lista, men blanketten är en tabell."
        elif place != "rows" and column not in columns:
            yield ("carries", place), _missing("kolumnen", column, columns)
        elif row and row not in rows:
            yield ("carries", place), _missing("raden", row, rows)
        for number, rule in enumerate(rules):
            yield from _carried(rule, data["id"], names, "carries", place, number)


def _whole(name: str, data: Any, names: _Names) -> Iterator[Mistake]:
    columns = [column["id"] for column in data["columns"]]
    is_list = data["kind"] == "lista"
    if name.split("/")[1:-1] != [data["id"]]:
        yield (
            ("id",),
            f"id är »{data['id']}» men filen ligger i {name.rpartition('/')[0]}; den ska ligga i blanketter/{data['id']}.",
        )
    for key in ONLY_TABLES if is_list else ONLY_LISTS:
        if key in data:
            yield (
                (key,),
                f"»{key}» hör till en {'tabell' if is_list else 'lista'}, men blanketten är en {data['kind']}.",
            )
    if not is_list and not data.get("rows"):
        yield ("kind",), "en tabell ska ha rader (rows)."
    for place, column in enumerate(data.get("total", {}).get("columns", ())):
        if column not in columns:
            yield ("total", "columns", place), _missing("kolumnen", column, columns)
    if "key" in data and data["key"] not in columns:
        yield ("key",), _missing("kolumnen", data["key"], columns)
    for column in KF_COLUMNS[data["kf_rows"]] if "kf_rows" in data else ():
        if column not in columns:
            yield ("kf_rows",), f"kolumnen »{column}», som KF:s {data['kf_rows']} skrivs i, saknas."
    if data.get("valid_to", "9999") < data["valid_from"]:
        yield ("valid_to",), f"blanketten upphör {data['valid_to']}, innan den börjar {data['valid_from']}."
    if data["amounts"]["tolerance"].startswith("-"):
        yield ("amounts", "tolerance"), "toleransen kan inte vara negativ."
    here = {
        other: earlier for other, earlier in names.forms[data["id"]].items() if name.split("/")[1:-1] == [data["id"]]
    }
    for other, earlier in here.items():
        same = earlier["valid_from"] == data["valid_from"]
        if other < name and same and all(set(earlier[key]) & set(data[key]) for key in ("periods", "levels")):
            yield (
                ("id",),
                f"blanketten »{data['id']}» från {data['valid_from']} finns redan i {other} för samma perioder.",
            )
    yield from _same_labels(data)


def _same_labels(data: Any) -> Iterator[Mistake]:
    """A reader must be able to tell columns apart, and rows under the same heading."""
    yield from _doubles("rubriken", [column["label"] for column in data["columns"]], "columns", key="label")
    seen: set[tuple[str, str]] = set()
    heading = ""
    for number, row in enumerate(data.get("rows", ())):
        if row.get("heading"):
            heading = row["label"]
            continue
        place = (row["label"], row.get("varav_of") or heading)
        if place in seen:
            yield ("rows", number, "label"), f"två rader heter »{row['label']}» under samma rubrik."
        seen.add(place)


def _row(row: Any, number: int, rows: list[str], columns: list[str], names: _Names) -> Iterator[Mistake]:
    at = ("rows", number)
    yield from _part(row, names, "row", *at)
    for key in ("only_columns", "except_columns"):
        for place, column in enumerate(row.get(key, ())):
            if column not in columns:
                yield (*at, key, place), _missing("kolumnen", column, columns)
    if "varav_of" in row and row["varav_of"] not in rows:
        yield (*at, "varav_of"), _missing("raden", row["varav_of"], rows)
    if row.get("varav_of") == row["id"]:
        yield (*at, "varav_of"), f"raden »{row['id']}» är en del av sig själv."
    if "indikator" in row and names.indicators and row["indikator"] not in names.indicators:
        yield (*at, "indikator"), _missing("indikatorn", row["indikator"], names.indicators)


def _part(raw: Any, names: _Names, context: Context, *at: Step) -> Iterator[Mistake]:
    """What columns, rows and single cells have in common."""
    for key in ("formula", "sum"):
        if key in raw:
            yield from _parsed(raw[key], context, *at, key)
    if "function" in raw:
        name, args = raw["function"]["name"], raw["function"]["args"]
        if name not in FUNCTIONS:
            yield (*at, "function", "name"), _missing("funktionen", name, FUNCTIONS)
        elif FUNCTIONS[name][0] not in (None, len(args)):
            yield (
                (*at, "function", "args"),
                f"funktionen »{name}» tar {FUNCTIONS[name][0]} argument men får {len(args)}.",
            )
        for place, arg in enumerate(args):
            yield from _parsed(arg, "column", *at, "function", "args", place)
    known = ["blanketter", "namnder", *names.lists]
    if raw.get("choices_from") is not None and raw["choices_from"] not in known:
        yield (*at, "choices_from"), _missing("listan", raw["choices_from"], known)
    if "choices" in raw:
        yield from _choices(raw["choices"], *at, "choices")
    if context == "column" and raw.get("type") == "val" and not ("choices" in raw or "choices_from" in raw):
        yield (*at, "type"), "ett val ska ha svar att välja bland (choices eller choices_from)."
    if context == "column" and raw.get("type", "belopp") not in NUMBERS:
        for key in ("iu", "decimals"):
            if key in raw:
                yield (*at, key), f"»{key}» hör till ett tal, men kolumnen är {raw['type']}."
    if "prefill_parameter" in raw and raw["prefill_parameter"] not in names.parameters:
        yield (*at, "prefill_parameter"), _missing("parametern", raw["prefill_parameter"], names.parameters)


def _parsed(text: str, context: Context, *path: Step) -> Iterator[Mistake]:
    try:
        parse_formula(text, context)
    except FormulaError as error:
        yield path, f"{error}."


def _carried(rule: Any, own: str, names: _Names, *at: Step) -> Iterator[Mistake]:
    """A rule of where a value comes from; earlier layouts may have other rows and columns than this one."""
    source = rule.get("form", own)
    if source not in names.forms:
        yield (*at, "form"), _missing("blanketten", source, names.forms)
        return
    theirs, ours = names.parts(source), names.parts(own)
    asked = rule.get("column", ())
    for column in (asked,) if isinstance(asked, str) else asked:
        if column not in theirs["columns"]:
            yield (*at, "column"), _missing(f"kolumnen i {source}", column, theirs["columns"])
    if "row" in rule and theirs["rows"] and rule["row"] not in theirs["rows"]:
        yield (*at, "row"), _missing(f"raden i {source}", rule["row"], theirs["rows"])
    for place, column in enumerate(rule.get("blank", ())):
        if column not in ours["columns"]:
            yield (*at, "blank", place), _missing("kolumnen", column, ours["columns"])
    if "map" in rule and rule["map"] not in names.maps:
        yield (*at, "map"), _missing("kartan", rule["map"], names.maps)
    try:
        for test in conditions(re.sub(r"\{ar\w*\}", "2024", rule["if"])) if "if" in rule else ():
            if test.column not in (OWN, *theirs["columns"], *ours["columns"]):
                yield (*at, "if"), _missing("kolumnen", test.column, [*theirs["columns"], *ours["columns"]])
    except FormulaError as error:
        yield (*at, "if"), f"{error}."


def _relation(raw: Any, *at: Step) -> Iterator[Mistake]:
    filled = {name: values[0] for name, values in raw.get("each", {}).items() if values}
    for name in raw.get("each", {}):
        if name not in filled:
            yield (*at, "each", name), f"»{name}» har inga värden."
        elif not any("{" + name + "}" in text for path, text in _texts(raw) if path[0] != "each"):
            yield (*at, "each", name), f"»{name}» används inte i sambandet."
    for path, text in _texts({key: raw[key] for key in ("left", "right", "needs") if key in raw}):
        for name, value in filled.items():
            text = text.replace("{" + name + "}", value)
        yield from _parsed(text, "cell", *at, *path)
    if raw["left"] == raw["right"]:
        yield (*at, "right"), "sambandet jämför ett belopp med sig självt."
