"""An earlier workbook as what it held; those of merged nämnder become one, pro forma."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from blankettset.templates.errors import Refusal
from blankettset.templates.model import LIST_TOTAL, PERIODS, Blankett, Blankettset, Namnd
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.carry.match import (
    GOAL_COLUMNS,
    GOALS,
    OWN_GOAL,
    free_number,
    goal_numbers,
    goals_of,
    is_own,
    row_pairs,
    translated,
)
from blankettset.workbook.read.carried import as_text, item_name
from blankettset.workbook.read.filled import FilledSet

COUNTED = ("mnkr", "tkr", "st")  # units whose figures several nämnder add up
COVER, EXPLANATIONS = "forsattsblad", "forklaringar"
OWN_LISTS = (EXPLANATIONS, "kontroll")
_LEVELS = {"namnd": "en nämnds", "enhet": "en enhets"}


class NotEarlier(Refusal):
    """A workbook given as an earlier one that is another nämnd's or not earlier."""


class Past(msgspec.Struct, frozen=True, dict=True):
    """What an earlier workbook held. `name` says which, and whether it is several nämnder's sum.

    `told` says what stood where a merger leaves a cell empty. `files` are the workbooks with their hashes.
    """

    set: Blankettset
    facts: Mapping[Key, Value]
    items: Mapping[str, tuple[str, ...]]
    name: str
    files: tuple[tuple[str, str], ...] = ()
    told: Mapping[Key, str] = {}
    merged: bool = False

    def form(self, form_id: str) -> Blankett | None:
        """The form, when the earlier set has it."""
        return self.set.blanketter.get(form_id)

    def given(self, key: Key) -> Value:
        """What somebody filled in: None for a total of nothing but blanks, for a blank plan is no plan of nought."""
        form = self.set.blanketter[key[0]]
        value = self.facts.get(key)
        reads = form.cell(key[1], key[2]).reads if not form.is_list else ()
        if value is None or not reads:
            return value
        places = [(ref.blankett, ref.row, ref.column) for ref in reads]
        known = any(
            row in ("*", LIST_TOTAL) or self.given((form_id, row, column)) is not None
            for form_id, row, column in places
        )
        return value if known else None

    def same_rows(
        self, now: Blankett, facts: Mapping[Key, Value], items: Mapping[str, Sequence[str]], year: int
    ) -> dict[str, str]:
        """Row of a list now -> the same row here. Over the years goals are known by title, not by number."""
        before = self.form(now.id)
        if before is None or not before.is_list:
            return {}
        goals = None
        if year != self.set.year and any(column in now.column_by_id for column in GOAL_COLUMNS):
            old_goals = goals_of(self.facts, self.items.get(GOALS, ()))
            goals = translated(goal_numbers(goals_of(facts, items.get(GOALS, ())), old_goals))
        return row_pairs(now, items.get(now.id, ()), facts, before, self.items.get(now.id, ()), self.facts, goals)


def pasts(
    blankettset: Blankettset, namnd: str, what: str, previous: Iterable[FilledSet], *, plan: bool = False
) -> tuple[Past, ...]:
    """One Past for each set among `previous`; `what` names the new workbook in a sentence.

    NotEarlier when one is another nämnd's, not earlier, or alone in a merger. With `plan` a unit's may be its nämnd's plan.
    """
    by_set: dict[tuple[str, str], list[FilledSet]] = {}
    for earlier in previous:
        is_plan = plan and blankettset.level == "enhet" and earlier.set.level == "namnd" and earlier.set.period == "VP"
        _require_earlier(blankettset, namnd, what, earlier, is_plan=is_plan)
        by_set.setdefault((earlier.set.level, earlier.set.id), []).append(earlier)
    found = []
    for (level, _), parts in by_set.items():
        own = [part for part in parts if part.namnd == namnd]
        if own or level == "enhet":
            past = alone((own or parts)[-1])
            found.append(
                past if level == blankettset.level else msgspec.structs.replace(past, name=f"nämndens {past.name}")
            )
        else:
            found.append(_merged(blankettset, namnd, parts))
    return tuple(found)


def _require_earlier(blankettset: Blankettset, namnd: str, what: str, earlier: FilledSet, *, is_plan: bool) -> None:
    if earlier.set.level != blankettset.level and not is_plan:
        raise NotEarlier(
            f"{earlier.file} är {_LEVELS[earlier.set.level]} blankettset men {what} är {_LEVELS[blankettset.level]}. "
            "Ange en tidigare arbetsbok av samma slag."
        )
    if not (earlier.namnd == namnd or became(blankettset.namnder, earlier.namnd, namnd)):
        raise NotEarlier(
            f"{earlier.file} hör till {earlier.namnd}, inte till {namnd}. Ange nämndens egna tidigare arbetsböcker."
        )
    when = (earlier.set.year, PERIODS.index(earlier.set.period))
    new = (blankettset.year, PERIODS.index(blankettset.period))
    if when > new or (when == new and not is_plan):
        raise NotEarlier(
            f"{earlier.file} är {earlier.set.id}, inte tidigare än {blankettset.id}. Ange en tidigare arbetsbok."
        )


def became(namnder: Mapping[str, Namnd], old: str, new: str) -> bool:
    """True when the nämnd `old` was merged into `new`, at once or in steps."""
    namnd = namnder.get(old)
    return namnd is not None and namnd.successor is not None and (
        namnd.successor == new or became(namnder, namnd.successor, new)
    )  # fmt: skip


def alone(earlier: FilledSet) -> Past:
    """One workbook as it stands; forms whose sheets are lost hold nothing."""
    items = {form.form.id: tuple(form.items) for form in earlier.forms.values() if form.form.is_list}
    present = {form_id for form_id, form in earlier.forms.items() if form.present}
    facts = {key: value for key, value in earlier.facts.items() if key[0] in present}
    return Past(earlier.set, facts, items, earlier.set.id, ((earlier.file, earlier.sha256),))


def _merged(blankettset: Blankettset, namnd: str, parts: Sequence[FilledSet]) -> Past:
    chosen = {part.namnd: part for part in parts}
    date = parts[0].set.report_date
    expected = [
        code for code, each in blankettset.namnder.items()
        if each.exists_on(date) and became(blankettset.namnder, code, namnd)
    ]  # fmt: skip
    missing = [code for code in expected if code not in chosen]
    if missing:
        raise NotEarlier(
            f"{parts[0].set.id} från {' och '.join(sorted(chosen))} räcker inte: {' och '.join(missing)} ingick också i "
            f"{namnd}. Ange även den arbetsboken, så jämförs med summan."
        )
    merger = _Merger({code: alone(chosen[code]) for code in sorted(chosen)}, blankettset.namnder)
    return merger.past(parts[0].set)


class _Merger:
    """Adds what can be added: amounts and counts. Rates, prices and texts are only told, list rows follow each other."""

    def __init__(self, parts: Mapping[str, Past], namnder: Mapping[str, Namnd]) -> None:
        self.parts, self.namnder = parts, namnder
        self.facts: dict[Key, Value] = {}
        self.told: dict[Key, str] = {}
        self.items: dict[str, list[str]] = {}
        self.moved: dict[tuple[str, str, str], str] = {}  # nämnd, form, its row -> the row here

    def past(self, blankettset: Blankettset) -> Past:
        numbers = self._goal_numbers(blankettset)
        for form in blankettset.blanketter.values():
            if form.is_list:
                self._list(form, numbers)
            else:
                self._table(form)
        self._explanations()
        rows = {form: tuple(found) for form, found in self.items.items()}
        files = tuple(file for part in self.parts.values() for file in part.files)
        name = f"{blankettset.id} (pro forma: summan av {' och '.join(self.parts)})"
        return Past(blankettset, self.facts, rows, name, files, self.told, merged=True)

    # ---- tables

    def _table(self, form: Blankett) -> None:
        keys = {key for part in self.parts.values() for key in part.facts if key[0] == form.id}
        for key in keys:
            values = {code: part.facts[key] for code, part in self.parts.items() if part.facts.get(key) is not None}
            self._settle(form, key, values)

    def _settle(self, form: Blankett, key: Key, values: Mapping[str, Value]) -> None:
        """One cell of all: a sum, what all say, or nothing but the note."""
        numbers = [value for value in values.values() if isinstance(value, Decimal)]
        counted = form.unit_at(key[1], key[2]) in COUNTED and form.is_summed(key[1], key[2])
        if len(numbers) == len(values) and counted:
            self.facts[key] = sum(numbers, Decimal(0))
            if len(values) < len(self.parts):
                self.told[key] = f"bara {' och '.join(values)} hade ett belopp"
            return
        agreed = len(values) == len(self.parts) and len(set(values.values())) == 1
        if agreed and (numbers or key[2] == "ej_aktuellt"):
            self.facts[key] = next(iter(values.values()))
        elif key[0] != COVER:
            self.told[key] = self._each(values)

    def _each(self, values: Mapping[str, Value]) -> str:
        return "; ".join(f"{self._name(code)}: {as_text(value)}" for code, value in values.items())

    def _name(self, code: str) -> str:
        namnd = self.namnder.get(code)
        return namnd.name if namnd else code

    # ---- lists

    def _goal_numbers(self, blankettset: Blankettset) -> dict[str, dict[str, str]]:
        """By nämnd: its own goals' numbers where another nämnd already has them -> the next free one."""
        if GOALS not in blankettset.blanketter:
            return {}
        taken: set[str] = set()
        found: dict[str, dict[str, str]] = {}
        for code, part in self.parts.items():
            found[code] = {}
            for row in part.items.get(GOALS, ()):
                number = part.facts.get((GOALS, row, "nummer"))
                if not isinstance(number, str) or part.facts.get((GOALS, row, "niva")) != OWN_GOAL:
                    continue
                parent, _, last = number.strip().rpartition(".")
                found[code][number.strip()] = new = free_number(parent, last, taken)
                taken.add(new)
        return found

    def _list(self, form: Blankett, numbers: Mapping[str, Mapping[str, str]]) -> None:
        rows = self.items.setdefault(form.id, [])
        shared: dict[str, str] = {}  # what KF's rows are called -> the row here
        values: dict[Key, dict[str, Value]] = {}
        names: dict[str, list[tuple[str, str]]] = {}
        for code, part in self.parts.items():
            for old in part.items.get(form.id, ()):
                facts = {c: part.facts[form.id, old, c] for c in form.column_by_id if (form.id, old, c) in part.facts}
                for column in GOAL_COLUMNS:
                    number = facts.get(column)
                    if column in facts and isinstance(number, str):
                        facts[column] = numbers.get(code, {}).get(number.strip(), number)
                name = item_name(form, "1", {(form.id, "1", c): v for c, v in facts.items()})
                row = shared.get(name) if self._is_kf(form, facts) else None
                if row is None:
                    row = str(len(rows) + 1)
                    rows.append(row)
                    if self._is_kf(form, facts):
                        shared[name] = row
                    elif name and form.id not in OWN_LISTS:
                        names.setdefault(name, []).append((row, code))
                self.moved[code, form.id, old] = row
                for column, value in facts.items():
                    values.setdefault((form.id, row, column), {})[code] = value
        for key, given in values.items():
            if (len(given) == 1 and key[1] not in shared.values()) or len(set(given.values())) == 1:
                self.facts[key] = next(iter(given.values()))
            else:
                self.told[key] = self._each(given)
        self._tell_apart(form, names)
        for column in form.total_columns:
            sums = [p.facts.get((form.id, LIST_TOTAL, column)) for p in self.parts.values()]
            self.facts[form.id, LIST_TOTAL, column] = sum((s for s in sums if isinstance(s, Decimal)), Decimal(0))

    def _is_kf(self, form: Blankett, facts: Mapping[str, Value]) -> bool:
        """True for a row that the city decides, which all nämnder have: a goal or what belongs to one of KF's goals."""
        if form.id == GOALS:
            return facts.get("niva") != OWN_GOAL
        return "mal" in form.column_by_id and isinstance(facts.get("mal"), str) and not is_own(facts.get("mal"))

    def _tell_apart(self, form: Blankett, names: Mapping[str, list[tuple[str, str]]]) -> None:
        for found in names.values():
            if len({code for _, code in found}) < 2 or not form.key:
                continue
            for row, code in found:
                value = self.facts.get((form.id, row, form.key))
                if isinstance(value, str) and not form.cell("1", form.key).choices:
                    self.facts[form.id, row, form.key] = f"{value} ({self._name(code)})"

    def _explanations(self) -> None:
        """An explanation of a list's row follows it."""
        for code, part in self.parts.items():
            for old in part.items.get(EXPLANATIONS, ()):
                form_id, line = (str(part.facts.get((EXPLANATIONS, old, c)) or "") for c in ("blankett", "rad"))
                row = self.moved[code, EXPLANATIONS, old]
                if (code, form_id, line) in self.moved:
                    self.facts[EXPLANATIONS, row, "rad"] = self.moved[code, form_id, line]


def translate_rows(now: Blankett, pairs: Mapping[str, str]) -> Callable[[str], str | None]:
    """From an earlier row of a list to the row that it is now; a table's rows are themselves."""
    if not now.is_list:
        return lambda row: row
    turned = {old: new for new, old in pairs.items()}
    return lambda row: row if row in ("", LIST_TOTAL) else turned.get(row)
