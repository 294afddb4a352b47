"""Which rows of a list are the same item in two workbooks, and what a goal's number is under another year's plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from blankettset.templates.model import Blankett
from blankettset.workbook.calc.evaluate import Facts, Value
from blankettset.workbook.read.carried import plain_word

GOALS = "mal"
GOAL_COLUMNS = ("mal", "nummer")  # columns that hold a goal's number
OWN_GOAL = "namndmal"
Translate = Callable[[str], str | None]


def is_own(number: Value) -> bool:
    """True for the number of a nämnd's own goal, 1.2.3, or of what lies under one."""
    return isinstance(number, str) and number.strip().count(".") >= 2


def row_pairs(
    now: Blankett, rows: Sequence[str], facts: Facts,
    before: Blankett, old_rows: Sequence[str], old_facts: Facts,
    goals: Translate | None = None,
) -> dict[str, str]:  # fmt: skip
    """Row now -> the same row before. Equal names pair in order; a looser name only where it is alone in both.

    `goals` turns an earlier goal number into today's; without it numbers are compared as they stand.
    """
    found: dict[str, str] = {}
    for strict, columns in enumerate(now.match or (((now.key,),) if now.key else ())):
        if not all(column in now.column_by_id and column in before.column_by_id for column in columns):
            continue
        left = _by_name(now, (row for row in rows if row not in found), facts, columns, None)
        taken = set(found.values())
        right = _by_name(before, (row for row in old_rows if row not in taken), old_facts, columns, goals)
        for name, own in left.items():
            others = right.get(name, [])
            if strict and (len(own) > 1 or len(others) > 1):
                continue
            found.update(zip(own, others, strict=False))
    return found


def _by_name(
    form: Blankett, rows: Iterable[str], facts: Facts, columns: tuple[str, ...], goals: Translate | None
) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        words = []
        for column in columns:
            value = facts.get((form.id, row, column))
            if goals is not None and column in GOAL_COLUMNS and isinstance(value, str):
                value = goals(value.strip()) or value
            words.append(plain_word(value))
        if any(words):
            found.setdefault(tuple(words), []).append(row)
    return found


Goal = tuple[str, str, str]  # number, level, title


def goals_of(facts: Facts, rows: Iterable[str]) -> list[Goal]:
    """The goals of a set in order."""
    return [
        (str(facts.get((GOALS, row, "nummer")) or "").strip(), str(facts.get((GOALS, row, "niva")) or ""),
         str(facts.get((GOALS, row, "titel")) or ""))
        for row in rows
    ]  # fmt: skip


def goal_numbers(now: Sequence[Goal], before: Sequence[Goal]) -> dict[str, str]:
    """An earlier goal's number -> its number now, by level and title; a number alone never matches across plans.

    A nämnd's own goal that is not there yet gets the next free number under its parent, its old one when that is free.
    """
    titles = Counter((level, plain_word(title)) for _, level, title in before)
    known = {(level, plain_word(title)): number for number, level, title in reversed(now)}
    found = {
        number: known[level, plain_word(title)]
        for number, level, title in before
        if (level, plain_word(title)) in known and (level != OWN_GOAL or titles[level, plain_word(title)] == 1)
    }
    taken = {number for number, _, _ in now}
    for number, level, _ in before:
        parent, _, last = number.rpartition(".")
        if level != OWN_GOAL or number in found or parent not in found:
            continue
        new = free_number(found[parent], last, taken)
        found[number] = new
        taken.add(new)
    return found


def left_open(plan: Sequence[Goal], before: Sequence[Goal]) -> set[str]:
    """Numbers of the city's earlier goals that a plan says nothing of: all when it is empty, else those in gaps between its own.

    A plan that is only known in part (from a document that prints a part of it) must not make goals disappear.
    """
    numbers, titles = {number for number, _, _ in plan}, {plain_word(title) for _, _, title in plan}
    found = set()
    for number, level, title in before:
        if level == OWN_GOAL or number in numbers or plain_word(title) in titles:
            continue
        parent, _, last = number.rpartition(".")
        later = [n for n in numbers if n.rpartition(".")[0] == parent and _figure(n) > _figure(number)]
        if not plan or (later and last):
            found.add(number)
    return found


def _figure(number: str) -> int:
    last = number.rpartition(".")[2]
    return int(last) if last.isascii() and last.isdigit() else 0


def free_number(parent: str, last: str, taken: Iterable[str]) -> str:
    """The number under `parent` that ends as before, or with the next figure that nobody has."""
    used = set(taken)
    figure = int(last) if last.isascii() and last.isdigit() else 1
    if f"{parent}.{figure}" in used:
        figure = next(n for n in range(1, len(used) + 2) if f"{parent}.{n}" not in used)
    return f"{parent}.{figure}"


def translated(numbers: Mapping[str, str]) -> Translate:
    """As a function: a goal's number, or a unit goal's or its parent's for what lies deeper; None when it is gone."""

    def turn(number: str) -> str | None:
        if number in numbers:
            return numbers[number]
        parent, _, last = number.rpartition(".")
        while is_own(parent):
            if parent in numbers:
                return f"{numbers[parent]}.{last}"
            parent, _, more = parent.rpartition(".")
            last = f"{more}.{last}"
        return None

    return turn
