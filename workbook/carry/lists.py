"""Rolls lists forward: which rows follow, which stay behind, and what stands in their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from blankettset.templates.carries import ROWS, Carry
from blankettset.templates.model import LIST_TOTAL, Blankett, Kind, Type
from blankettset.workbook.calc.evaluate import Facts, Key, Value
from blankettset.workbook.carry.match import (
    GOAL_COLUMNS,
    GOALS,
    OWN_GOAL,
    Translate,
    goal_numbers,
    goals_of,
    is_own,
    left_open,
    row_pairs,
    translated,
)
from blankettset.workbook.carry.past import EXPLANATIONS, Past, translate_rows
from blankettset.workbook.carry.roll import Found, Roll, converted, source_column
from blankettset.workbook.carry.turn import holds, how_often, reported, turned_period
from blankettset.workbook.read.carried import FILLED_IN, NOTE, REVIEW, as_text, item_name

LEFT = "R"
SHOWN = 120  # of a text on the list of what is left behind
_FIELD = re.compile(r"\{([a-z0-9_]+)\}")


class Source(msgspec.Struct, frozen=True):
    """A row of an earlier list and the rule that brings it along; None for a row of KF's plan that is only matched."""

    past: Past
    row: str
    rule: Carry


class Lists:
    """Rolls every list form of a set. The goals come first: what lies under them follows their numbers."""

    def __init__(self, roll: Roll) -> None:
        self.roll, self.set = roll, roll.set
        self.goals: dict[str, Translate] = {}
        self.pairs: dict[tuple[str, str], dict[str, str]] = {}
        self.open: dict[str, set[str]] = {}

    def write(self) -> None:
        """Roll all lists."""
        forms = [form for form in self.set.blanketter.values() if form.is_list and form.carries]
        for form in sorted(forms, key=lambda form: form.id != GOALS):
            self._form(form)
        self._explanations()

    # ---- rows

    def _form(self, form: Blankett) -> None:
        begun = sorted({key[1] for key in self.roll.begun if key[0] == form.id}, key=int)
        chosen = self._chosen(form)
        sources: dict[str, Source] = {}
        rows = list(begun)
        for past, rules in chosen:
            pairs = self._pairs(form, rows, past)
            known = {old: row for row, old in pairs.items()}
            for old in past.items.get(form.id, ()):
                rule = self._rule(form, past, old, rules)
                if old in known:
                    if rule is not None:
                        sources.setdefault(known[old], Source(past, old, rule))
                    continue
                if rule is None or rule.mark == LEFT:
                    self._left_row(form, past, old, rule)
                    continue
                row = str(len(rows) + 1)
                rows.append(row)
                sources[row] = Source(past, old, rule)
                self._name_row(form, row, sources[row])
        order = self._order(form, rows, sources, begun)
        self._renumber(form, order)
        turned = {old: new for new, old in order.items()}
        placed = {turned[row]: source for row, source in sources.items()}
        for row in order:
            self._columns(form, row, placed.get(row))
        self._left_unmatched(form, list(order), {past.name for past, _ in chosen})

    def _chosen(self, form: Blankett) -> list[tuple[Past, list[Carry]]]:
        """The workbook that the rows come from with the rules that mean it, and those whose rows are added to them."""
        rules = form.carries.get(ROWS, ())
        found: list[tuple[Past, list[Carry]]] = []
        for rule in rules:
            for past in self.roll.origins.of(rule.origins):
                if not past.items.get(form.id) or (found and not rule.also):
                    continue
                if all(past is not other for other, _ in found):
                    found.append((past, [r for r in rules if past in list(self.roll.origins.of(r.origins))]))
        return found

    def _rule(self, form: Blankett, past: Past, old: str, rules: Sequence[Carry]) -> Carry | None:
        """The first rule that brings the row along; None for a row that stays, or whose goal is gone."""
        own = self._own(form, past, old)
        open_goal = form.id == GOALS and own and past.facts.get((GOALS, old, "niva")) != OWN_GOAL
        for rule in rules:
            if not open_goal and not holds(rule.when, lambda column: past.facts.get((form.id, old, column)), own=own):
                continue
            return rule if rule.mark == LEFT or self._goal_is_kept(form, past, old) else None
        return None

    def _own(self, form: Blankett, past: Past, old: str) -> bool:
        """True for what belongs to a goal of the nämnd's own, or to one of the city's that this year's plan says nothing of."""
        numbers = (past.facts.get((form.id, old, c)) for c in GOAL_COLUMNS if c in form.column_by_id)
        return any(is_own(number) or str(number or "").strip() in self._open(past) for number in numbers)

    def _open(self, past: Past) -> set[str]:
        if past.name not in self.open:
            plan = [key[1] for key in self.roll.begun if key[0] == GOALS and key[2] == "nummer"]
            before = goals_of(past.facts, past.items.get(GOALS, ()))
            same_year = past.set.year == self.set.year
            self.open[past.name] = set() if same_year else left_open(goals_of(self.roll.facts, plan), before)
        return self.open[past.name]

    def _goal_is_kept(self, form: Blankett, past: Past, old: str) -> bool:
        for column in GOAL_COLUMNS:
            turns = any(rule.turn == "mal" for rule in form.carries.get(column, ()))
            number = past.facts.get((form.id, old, column)) if turns else None
            if isinstance(number, str) and self._translate(past)(number.strip()) is None:
                return False
        return True

    def _translate(self, past: Past) -> Translate:
        """An earlier goal's number in the new set. Within a year numbers stay; over the years KF's goals are known by title."""
        if past.name not in self.goals:
            if past.set.year == self.set.year:
                self.goals[past.name] = lambda number: number
            else:
                before = goals_of(past.facts, past.items.get(GOALS, ()))
                now = goals_of(self.roll.facts, self._rows(GOALS))
                now += [goal for goal in before if goal[0] in self._open(past) and goal not in now]
                self.goals[past.name] = translated(goal_numbers(now, before))
        return self.goals[past.name]

    def _rows(self, form_id: str) -> list[str]:
        return sorted({key[1] for key in self.roll.facts if key[0] == form_id and key[1] != LIST_TOTAL}, key=int)

    def _pairs(self, form: Blankett, rows: Sequence[str], past: Past) -> dict[str, str]:
        before = past.form(form.id)
        if before is None or not before.is_list:
            return {}
        goals = self._translate(past) if any(c in form.column_by_id for c in GOAL_COLUMNS) else None
        old = past.items.get(form.id, ())
        return row_pairs(form, rows, self.roll.facts, before, old, past.facts, goals)

    def _name_row(self, form: Blankett, row: str, source: Source) -> None:
        """Write what the row is called at once, so that the rows of other workbooks find it."""
        for column in form.match[0] if form.match else ():
            value = source.past.facts.get((form.id, source.row, column))
            if column in GOAL_COLUMNS and isinstance(value, str):
                value = self._translate(source.past)(value.strip()) or value
            if value is not None and column not in source.rule.blank:
                self.roll.facts[form.id, row, column] = value

    # ---- order

    def _order(
        self, form: Blankett, rows: list[str], sources: Mapping[str, Source], begun: Sequence[str]
    ) -> dict[str, str]:
        """New row number -> the number under way: as in this year's earlier report, else by goal."""
        column = next((c for c in GOAL_COLUMNS if c in form.column_by_id), None)
        first = next(iter(sources.values()), None)
        if not begun or first is None or column is None:
            ordered = rows
        elif first.past.set.year == self.set.year:
            place = {old: i for i, old in enumerate(first.past.items.get(form.id, ()))}
            end = len(place)
            ordered = sorted(rows, key=lambda row: place.get(sources[row].row, end) if row in sources else end)
        else:
            ordered = sorted(rows, key=lambda row: _goal_order(self.roll.facts.get((form.id, row, column))))
        return {str(i): row for i, row in enumerate(ordered, start=1)}

    def _renumber(self, form: Blankett, order: Mapping[str, str]) -> None:
        turned = {old: new for new, old in order.items()}
        facts = self.roll.facts
        own = {key: facts.pop(key) for key in list(facts) if key[0] == form.id and key[1] in turned}
        facts.update({(form_id, turned[row], column): value for (form_id, row, column), value in own.items()})
        self.roll.begun = frozenset(
            (form.id, turned[key[1]], key[2]) if key[0] == form.id and key[1] in turned else key
            for key in self.roll.begun
        )

    # ---- columns

    def _columns(self, form: Blankett, row: str, source: Source | None) -> None:
        item = item_name(form, row, self.roll.facts)
        named = form.match[0] if form.match else ()
        for column in form.columns:
            cell = form.cell(row, column.id)
            key: Key = (form.id, row, column.id)
            if cell.kind not in (Kind.INPUT, Kind.SLK) or key in self.roll.begun:
                continue
            if source is not None and column.id in source.rule.blank:
                continue
            found = None
            if column.id in named and column.id not in form.carries and source is not None:
                value = source.past.facts.get((form.id, source.row, column.id))
                found = Found(value, source.past, source.rule.mark) if value is not None else None
            elif column.id in form.carries:
                found = self._find(form, row, column.id)
            if found is not None:
                self.roll.put(key, cell, found, item)

    def _find(self, form: Blankett, row: str, column: str) -> Found | None:
        for rule, past in self.roll.rules(form, row, column):
            old = self._old_row(form, row, past)
            if old is None:
                continue
            found = self._from(form, row, column, rule, past, old)
            if found is not None:
                return found
        return None

    def _old_row(self, form: Blankett, row: str, past: Past) -> str | None:
        place = (form.id, past.name)
        if place not in self.pairs:
            self.pairs[place] = self._pairs(form, self._rows(form.id), past)
        return self.pairs[place].get(row)

    def _from(self, form: Blankett, row: str, column: str, rule: Carry, past: Past, old: str) -> Found | None:
        source = past.set.blanketter[form.id]
        theirs = source_column(source, rule, column)
        if theirs is None or not holds(rule.when, lambda c: past.facts.get((form.id, old, c)), own=self._own(form, past, old)):  # fmt: skip
            return None
        place: Key = (form.id, old, theirs)
        value = past.facts.get(place)
        if value is None:
            told = past.told.get(place)
            return Found(None, past, NOTE, told) if told else None
        if rule.months and not reported(column, value, past.set.report_date):
            return None
        if rule.mark == NOTE and rule.note:
            return Found(None, past, NOTE, _filled(rule.note, past.facts, form.id, old, as_text(value)))
        if rule.turn:
            return self._turned(rule, past, value)
        asked = self.roll.asked(rule, past, place, value) if isinstance(value, Decimal) else ""
        value = converted(value, rule, source, (old, theirs), form, (row, column))
        return Found(value, past, rule.mark, asked + (f", {rule.note}" if rule.note else ""))

    def _turned(self, rule: Carry, past: Past, value: Value) -> Found | None:
        if rule.turn == "mal":
            turned = self._translate(past)(str(value).strip())
        elif rule.turn == "period":
            turned = turned_period(value, self.set)
        else:
            turned = how_often(value)
        return Found(turned, past, rule.mark) if turned is not None else None

    # ---- what stays behind

    def _left_row(self, form: Blankett, past: Past, old: str, rule: Carry | None) -> None:
        if rule is None and form.kf_rows and not self._own(form, past, old):
            return  # KF's own rows follow KF's plan
        name = str(past.facts.get((form.id, old, form.key or "")) or f"rad {old}")
        if rule is not None and rule.note:
            amount = next((past.facts[form.id, old, c] for c in form.total_columns if (form.id, old, c) in past.facts), None)  # fmt: skip
            self.roll.leave(form, _short(name), as_text(amount), rule.note, past)
        else:
            why = "målet finns inte i den nya planen" if not self._goal_is_kept(form, past, old) else "följer inte med till den nya perioden"  # fmt: skip
            self.roll.leave(form, _short(name), "", why, past)

    def _left_unmatched(self, form: Blankett, rows: Sequence[str], chosen: set[str]) -> None:
        """Rows of other workbooks that a column would have got a figure from, and texts that no column takes."""
        for past in self.roll.pasts:
            before = past.form(form.id)
            if before is None or not before.is_list:
                continue
            pairs = {self._old_row(form, row, past): row for row in rows}
            for old in past.items.get(form.id, ()):
                if past.name in chosen and old in pairs:
                    self._left_texts(form, before, past, old)
                elif past.name not in chosen and old not in pairs:
                    self._left_figure(form, past, old)

    def _left_texts(self, form: Blankett, before: Blankett, past: Past, old: str) -> None:
        taken = {c for rules in form.carries.values() for rule in rules for c in rule.columns} | set(form.column_by_id)
        name = str(past.facts.get((form.id, old, form.key or "")) or f"rad {old}")
        for column in before.columns:
            value = past.facts.get((form.id, old, column.id))
            if column.type is Type.LANGTEXT and column.id not in taken and value is not None:
                why = "kolumnen finns inte i den nya blanketten"
                self.roll.leave(form, f"{_short(name)}, {column.name}", _short(as_text(value)), why, past)

    def _left_figure(self, form: Blankett, past: Past, old: str) -> None:
        for column, rules in form.carries.items():
            for rule in rules:
                if column == ROWS or rule.mark == NOTE or past not in list(self.roll.origins.of(rule.origins)):
                    continue
                theirs = source_column(past.set.blanketter[form.id], rule, column)
                value = past.facts.get((form.id, old, theirs or ""))
                if isinstance(value, Decimal) and value:
                    name = str(past.facts.get((form.id, old, form.key or "")) or f"rad {old}")
                    self.roll.leave(form, _short(name), as_text(value), "raden finns inte i den nya listan", past)
                    return

    # ---- explanations

    def _explanations(self) -> None:
        """This year's latest explanations follow, with the row that they are about; they hold while the figures do."""
        form = self.set.blanketter.get(EXPLANATIONS)
        past = next((p for p in self.roll.origins.of(("i_ar",)) if p.items.get(EXPLANATIONS)), None)
        if form is None or past is None or past.merged:
            return
        number = 0
        for old in past.items[EXPLANATIONS]:
            words = {c: past.facts.get((EXPLANATIONS, old, c)) for c in form.column_by_id}
            about, row, column = (str(words.get(c) or "") for c in ("blankett", "rad", "kolumn"))
            target = self.set.blanketter.get(about)
            there = self._row_now(target, row, past) if target is not None and (not column or column in target.column_by_id) else None  # fmt: skip
            if there is None:
                title = target.title if target else about
                what = f"{words.get('kod') or ''} {title} {row} {column}".strip()
                self.roll.leave(form, what, _short(as_text(words.get("forklaring"))), "platsen finns inte längre", past)
                continue
            number += 1
            for each, value in (words | {"rad": there or None}).items():
                if value is not None and form.cell(str(number), each).kind is Kind.INPUT:
                    key: Key = (EXPLANATIONS, str(number), each)
                    self.roll.put(key, form.cell(str(number), each), Found(value, past, FILLED_IN), "")

    def _row_now(self, form: Blankett, row: str, past: Past) -> str | None:
        if not form.is_list:
            return row if not row or row in form.row_by_id else None
        pairs = self._pairs(form, self._rows(form.id), past)
        return translate_rows(form, pairs)(row)


def _goal_order(number: Value) -> tuple[tuple[int, str], ...]:
    return tuple((int(part) if part.isdigit() else 10**6, part) for part in str(number or "").split("."))


def _filled(note: str, facts: Facts, form: str, row: str, value: str) -> str:
    """A note with the row's own values in it, or with the value in front where it names no column."""
    fields = _FIELD.findall(note)
    if not fields:
        return f"{value}, {note}"
    words: dict[str, str] = {field: as_text(facts.get((form, row, field))) or "–" for field in fields}
    return _FIELD.sub(lambda found: words[found[1]], note)


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= SHOWN else plain[: SHOWN - 1].rstrip() + "…"


def kept_names(roll: Roll) -> Iterator[str]:
    """The titles of forms that got something, in the set's order."""
    marks = {each.form for each in roll.carried if each.mark in (FILLED_IN, REVIEW, "L")}
    return (form.title for form in roll.set.blanketter.values() if form.id in marks)
