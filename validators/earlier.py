"""The earlier workbooks that a filing is compared with; those of merged nämnder become one, summed pro forma."""

from __future__ import annotations

from collections.abc import Iterable

from blankettset.workbook.carry.past import Past, pasts
from blankettset.workbook.read.filled import FilledSet


def earlier_workbooks(filled: FilledSet, previous: Iterable[FilledSet]) -> tuple[Past, ...]:
    """One Past for each set among `previous`. NotEarlier when one is another nämnd's, not earlier, or alone in a merger."""
    return pasts(filled.set, filled.namnd, filled.file, previous)
