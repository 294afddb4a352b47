"""The words at the head of a form's sheet, and a hash of all the labels that a set prints."""

from __future__ import annotations

from functools import lru_cache

from blankettset.templates.identity import digest
from blankettset.templates.model import Blankett, Blankettset


def unit_text(form: Blankett) -> str:
    """What the figures are, for the head of the sheet."""
    text = {"-": "", "st": "Antal", "%": "Procent"}.get(form.unit, f"Belopp i {form.unit}")
    return f"{text} där inget annat sägs" if text and any(row.unit for row in form.rows) else text


def labels_hash(blankettset: Blankettset) -> str:
    """Changes with any label of a row or column: a workbook built with other words is not compared with today's."""
    return _labels_hash(
        tuple(
            (form.id, *(column.label for column in form.columns), *(form.row_label(row.id) for row in form.rows))
            for form in blankettset.blanketter.values()
        )
    )


@lru_cache(maxsize=32)
def _labels_hash(words: tuple[tuple[str, ...], ...]) -> str:
    return digest(words)
