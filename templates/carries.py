"""What a set begins with when earlier workbooks are at hand: `carries:` and `match:` of a form, as records.

A rule says where a value comes from (T2 is this year's, VB-1 last year's, namnd.VP the nämnd's own for a unit; i_ar is
this year's reports, latest first), and with which mark it stands: L locked, G to be reviewed, F filled in, N told in a
note only, R (rows) on the list of what is left behind. The first source with a value is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from blankettset.templates.formula import FormulaError, WrittenFormula, parse_formula

I_AR = "i_ar"
ROWS = "rows"
BLANK = "tom"  # in a condition: nothing stands there
OWN = "egen"  # in a condition: the row belongs to a goal of the nämnd's own
_ORIGIN = r"(namnd\.)?(VP|T1|T2|VB)(-[12])?"
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_TEST = re.compile(r"^(?P<column>[a-z0-9_]+)\s*(?P<how>!=|=|<|>)\s*(?P<right>.+)$")

ORIGIN = {"type": "string", "regex": f"^(i_ar|{_ORIGIN})$"}
ID = {"type": "string", "regex": "^[a-z][a-z0-9_]*$"}
TEXT = {"type": "string", "minlength": 1}
RULE: dict[str, Any] = {
    "from": {"anyof": [ORIGIN, {"type": "list", "minlength": 1, "schema": ORIGIN}], "required": True},
    "mark": {"type": "string", "allowed": ["L", "G", "F", "N", "R"], "required": True},
    "form": ID,
    "row": ID,
    "column": {"anyof": [ID, {"type": "list", "minlength": 1, "schema": ID}]},
    "map": ID,
    "sign": {"type": "string", "allowed": ["turned"]},
    "turn": {"type": "string", "allowed": ["mal", "period", "periodicitet"]},
    "asked": {"anyof": [TEXT, {"type": "list", "minlength": 1, "schema": TEXT}]},
    "months": {"type": "boolean"},
    "if": TEXT,
    "note": TEXT,
    "for": {"type": "list", "minlength": 1, "schema": {"type": "string", "allowed": ["VP", "T1", "T2", "VB"]}},
    "blank": {"type": "list", "minlength": 1, "schema": ID},
    "also": {"type": "boolean"},
    "unless_carried": {"type": "boolean"},
}
CARRIES = {
    "type": "dict",
    "keysrules": {"type": "string", "regex": r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$"},
    "valuesrules": {"type": "list", "minlength": 1, "schema": {"type": "dict", "schema": RULE}},
}
MATCH = {"type": "list", "minlength": 1, "schema": {"type": "list", "minlength": 1, "schema": ID}}
_ORIGINS = {"type": "list", "minlength": 1, "schema": {"type": "string", "regex": f"^{_ORIGIN}$"}}
ROLLING: dict[str, Any] = {
    "foregangare": {
        "type": "list",
        "required": True,
        "schema": {
            "type": "dict",
            "schema": {
                "level": {"type": "string", "allowed": ["namnd", "enhet"], "required": True},
                "period": {"type": "string", "allowed": ["VP", "T1", "T2", "VB"], "required": True},
                "first": {**_ORIGINS, "required": True},
                "also": _ORIGINS,
            },
        },
    },
    "kartor": {
        "type": "list",
        "required": True,
        "schema": {
            "type": "dict",
            "schema": {
                "id": {**ID, "required": True},
                "note": {**TEXT, "required": True},
                "pairs": {
                    "type": "list",
                    "minlength": 1,
                    "required": True,
                    "schema": {
                        "type": "dict",
                        "schema": {"vp": {**TEXT, "required": True}, "t": {**TEXT, "required": True}},
                    },
                },
            },
        },
    },
}


class Test(msgspec.Struct, frozen=True):
    """One comparison on a row: a column with words (= !=), an ISO date or a sum of columns (< >)."""

    column: str
    how: str
    words: tuple[str, ...] = ()
    than: str | WrittenFormula | None = None


class Carry(msgspec.Struct, frozen=True):
    """One source of a value. `columns` are the source's, the first it has; empty means the same as here.

    `asked` says where requests of the earlier report stand: a column, or a list's rows ({rad} is the row's id).
    """

    origins: tuple[str, ...]
    mark: str
    form: str | None = None
    row: str | None = None
    columns: tuple[str, ...] = ()
    map: str | None = None
    turned: bool = False
    turn: str | None = None
    asked: tuple[str, ...] = ()
    months: bool = False
    when: tuple[Test, ...] = ()
    note: str = ""
    periods: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    also: bool = False
    unless_carried: bool = False


class Pair(msgspec.Struct, frozen=True):
    """Rows of a plan and of a report that together hold the same: sums of rows, or of places in other forms."""

    vp: WrittenFormula
    t: WrittenFormula

    def side(self, period: str) -> WrittenFormula:
        """The plan's rows for VP, the report's for the others."""
        return self.vp if period == "VP" else self.t


class Rolling(msgspec.Struct, frozen=True):
    """Which earlier sets may be given for a new one, and the maps between layouts."""

    first: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    maps: Mapping[str, tuple[Pair, ...]] = {}


def rules(raw: Mapping[str, Any]) -> dict[str, tuple[Carry, ...]]:
    """A form's rules by column, row.column or "rows"."""
    return {place: tuple(_carry(each) for each in given) for place, given in raw.items()}


def match_keys(raw: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    """What tells the rows of a list apart: columns, and what else may tell them apart when these do not."""
    return tuple(tuple(columns) for columns in raw)


def rolling(raw: Mapping[str, Any], period: str, level: str) -> Rolling:
    """The part of rullning.yaml that a set of this period and level needs."""
    given = next((r for r in raw["foregangare"] if (r["level"], r["period"]) == (level, period)), None)
    maps = {each["id"]: tuple(_pair(pair) for pair in each["pairs"]) for each in raw["kartor"]}
    if given is None:
        return Rolling(maps=maps)
    return Rolling(tuple(given["first"]), tuple(given.get("also", ())), maps)


def _pair(raw: Mapping[str, str]) -> Pair:
    return Pair(parse_formula(raw["vp"], "row"), parse_formula(raw["t"], "row"))


def _carry(raw: Mapping[str, Any]) -> Carry:
    return Carry(
        origins=_several(raw["from"]),
        mark=raw["mark"],
        form=raw.get("form"),
        row=raw.get("row"),
        columns=_several(raw.get("column", ())),
        map=raw.get("map"),
        turned=raw.get("sign") == "turned",
        turn=raw.get("turn"),
        asked=_several(raw.get("asked", ())),
        months=raw.get("months", False),
        when=conditions(raw["if"]) if "if" in raw else (),
        note=raw.get("note", ""),
        periods=tuple(raw.get("for", ())),
        blank=tuple(raw.get("blank", ())),
        also=raw.get("also", False),
        unless_carried=raw.get("unless_carried", False),
    )


def _several(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def conditions(text: str) -> tuple[Test, ...]:
    """The comparisons of a condition, all of which must hold. FormulaError for one that is none."""
    return tuple(_test(part) for part in text.split(" och "))


def _test(text: str) -> Test:
    if text.strip() == OWN:
        return Test(OWN, "=")
    found = _TEST.match(text.strip())
    if found is None:
        raise FormulaError(f"villkoret »{text}» ska vara »kolumn = ord|ord», »kolumn < summa» eller »{OWN}»")
    right = found["right"].strip()
    if found["how"] in ("=", "!="):
        return Test(found["column"], found["how"], tuple(word.strip() for word in right.split("|")))
    if _DATE.match(right):
        return Test(found["column"], found["how"], (), right)
    return Test(found["column"], found["how"], (), parse_formula(right, "column"))
