"""The ledger's figures for a workbook, and what is told of them: sums, what is not mapped, totals reconciled."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from blankettset.workbook.calc.values import format_number
from blankettset.workbook.carry.ledger import Summed, read_ledger, read_links, summed
from blankettset.workbook.carry.roll import shown_value
from blankettset.workbook.read.filled import FilledSet

SHOWN = 20


def ledger_facts(ledger: Path, links: Path, filled: FilledSet) -> tuple[Summed, list[str]]:
    """The sums for the workbook's cells, and sentences on what was mapped, what was not and what stood there before."""
    found = summed(read_ledger(ledger), read_links(links, filled.set), filled.set)
    told = [f"{ledger.name}: {found.lines} rader, {_kr(found.total)}; {len(found.facts)} celler fyllda."]
    missing = sum((amount for _, _, amount in found.unmapped), Decimal(0))
    for form_id, amount in found.by_form.items():
        title = filled.set.blanketter[form_id].title
        rest = found.total - amount - missing
        check = "stämmer med huvudboken" if not rest else f"{_kr(rest)} hör till andra blanketter"
        told.append(f"  {title}: kopplat {_kr(amount)}, inte kopplat {_kr(missing)}, {check}.")
    for konto, verksamhet, amount in found.unmapped[:SHOWN]:
        told.append(f"  Inte kopplat: konto {konto}, verksamhet {verksamhet or '(tom)'}: {_kr(amount)}.")
    if len(found.unmapped) > SHOWN:
        told.append(f"  … och {len(found.unmapped) - SHOWN} till som inte är kopplade.")
    for key, value in found.facts.items():
        before = filled.facts.get(key)
        if isinstance(before, Decimal) and before != value:
            form = filled.set.blanketter[key[0]]
            place = f"{form.title}, {form.row_label(key[1])}, {form.column_by_id[key[2]].name}"
            told.append(
                f"  Ersatt: {place}: {shown_value(form, key[1], key[2], before)} blev {shown_value(form, key[1], key[2], value)}."
            )
    return found, told


def _kr(amount: Decimal) -> str:
    return f"{format_number(amount, 2)} kr".replace("\u00a0", " ")
