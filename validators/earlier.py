"""The earlier workbooks that a filing is compared with; those of merged nämnder become one, summed pro forma."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from blankettset.templates.errors import Refusal
from blankettset.templates.model import LIST_TOTAL, PERIODS, Blankett, Blankettset, Namnd
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.read.filled import FilledSet

_LEVELS = {"namnd": "en nämnds", "enhet": "en enhets"}


class NotEarlier(Refusal):
    """A workbook given as an earlier one that is another nämnd's or not earlier."""


class Earlier(msgspec.Struct, frozen=True):
    """What an earlier workbook held. `name` says which, and whether it is several nämnder's sum."""

    set: Blankettset
    facts: Mapping[Key, Value]
    items: Mapping[str, tuple[str, ...]]
    name: str

    def form(self, form_id: str) -> Blankett | None:
        """The form, when the earlier set has it."""
        return self.set.blanketter.get(form_id)


def earlier_workbooks(filled: FilledSet, previous: Iterable[FilledSet]) -> tuple[Earlier, ...]:
    """One Earlier for each set among `previous`. NotEarlier when one is another nämnd's, not earlier, or alone in a merger."""
    by_set: dict[str, list[FilledSet]] = {}
    for earlier in previous:
        _require_earlier(filled, earlier)
        by_set.setdefault(earlier.set.id, []).append(earlier)
    found = []
    for parts in by_set.values():
        own = [part for part in parts if part.namnd == filled.namnd]
        found.append(_alone(own[-1]) if own else _merged(filled, parts))
    return tuple(found)


def _require_earlier(filled: FilledSet, earlier: FilledSet) -> None:
    if earlier.set.level != filled.set.level:
        raise NotEarlier(
            f"{earlier.file} är {_LEVELS[earlier.set.level]} blankettset men {filled.file} är {_LEVELS[filled.set.level]}. "
            "Ange en tidigare arbetsbok av samma slag."
        )
    if not (earlier.namnd == filled.namnd or became(filled.set.namnder, earlier.namnd, filled.namnd)):
        raise NotEarlier(
            f"{earlier.file} hör till {earlier.namnd}, inte till {filled.namnd}. Ange nämndens egna tidigare arbetsböcker."
        )
    when = (earlier.set.year, PERIODS.index(earlier.set.period))
    if when >= (filled.set.year, PERIODS.index(filled.set.period)):
        raise NotEarlier(
            f"{earlier.file} är {earlier.set.id}, inte tidigare än {filled.set.id}. Ange en tidigare arbetsbok."
        )


def became(namnder: Mapping[str, Namnd], old: str, new: str) -> bool:
    """True when the nämnd `old` was merged into `new`, at once or in steps."""
    namnd = namnder.get(old)
    return namnd is not None and namnd.successor is not None and (
        namnd.successor == new or became(namnder, namnd.successor, new)
    )  # fmt: skip


def _alone(earlier: FilledSet) -> Earlier:
    items = {form.form.id: tuple(form.items) for form in earlier.forms.values() if form.form.is_list}
    present = {form_id for form_id, form in earlier.forms.items() if form.present}
    facts = {key: value for key, value in earlier.facts.items() if key[0] in present}
    return Earlier(earlier.set, facts, items, earlier.set.id)


def _merged(filled: FilledSet, parts: list[FilledSet]) -> Earlier:
    """The predecessors' sum: figures of table forms added, list rows after one another."""
    chosen = {part.namnd: part for part in parts}
    date = parts[0].set.report_date
    expected = [
        code for code, namnd in filled.set.namnder.items()
        if namnd.exists_on(date) and became(filled.set.namnder, code, filled.namnd)
    ]  # fmt: skip
    missing = [code for code in expected if code not in chosen]
    if missing:
        raise NotEarlier(
            f"{parts[0].set.id} från {' och '.join(sorted(chosen))} räcker inte: {' och '.join(missing)} ingick också i "
            f"{filled.namnd}. Ange även den arbetsboken, så jämförs med summan."
        )
    blankettset = parts[0].set
    facts: dict[Key, Value] = {}
    items: dict[str, list[str]] = {form.id: [] for form in blankettset.blanketter.values() if form.is_list}
    for code in sorted(chosen):
        part = _alone(chosen[code])
        moved = {form: len(rows) for form, rows in items.items()}
        for form_id, rows in part.items.items():
            items[form_id] += [str(moved[form_id] + number) for number in range(1, len(rows) + 1)]
        places = {f: {row: str(moved[f] + n) for n, row in enumerate(rows, 1)} for f, rows in part.items.items()}
        for (form_id, row, column), value in part.facts.items():
            if form_id in places and row != LIST_TOTAL:
                facts[form_id, places[form_id].get(row, row), column] = value
                continue
            key = (form_id, row, column)
            before = facts.get(key)
            facts[key] = before + value if isinstance(before, Decimal) and isinstance(value, Decimal) else value
    rows_of = {form: tuple(rows) for form, rows in items.items()}
    return Earlier(
        blankettset, facts, rows_of, f"{blankettset.id} (pro forma: summan av {' och '.join(sorted(chosen))})"
    )
