"""Places in words: a form by its sheet, a row and a column by their labels, as a person reads and writes them, and back to ids."""

from __future__ import annotations

from collections.abc import Mapping

from blankettset.templates.model import Blankett, Blankettset

Place = tuple[str, str, str]  # form, row and column id; each may be empty


def in_words(blankettset: Blankettset, place: Place) -> Place:
    """The sheet's name, the row's label (in a list its number) and the column's label; an id where a label would be ambiguous."""
    form = blankettset.blanketter.get(place[0])
    if form is None:
        return place
    rows = {row.id: form.row_label(row.id) for row in form.rows}
    columns = {column.id: column.name for column in form.columns}
    return form.sheet, _word(rows, place[1]), _word(columns, place[2])


def in_ids(blankettset: Blankettset, place: Place) -> Place:
    """The ids of a place that was written in words or in ids, whatever the capitals and spaces; what is unknown as it stands."""
    form = _form(blankettset, place[0])
    if form is None:
        return place
    rows = {row.id: form.row_label(row.id) for row in form.rows}
    columns = {column.id: column.name for column in form.columns} | {"": ""}
    labels = {column.id: column.label for column in form.columns}
    column = _id(columns, place[2])
    return form.id, _id(rows, place[1]), column if column in form.column_by_id else _id(labels, place[2])


def _form(blankettset: Blankettset, word: str) -> Blankett | None:
    for form in blankettset.blanketter.values():
        if _plain(word) in map(_plain, (form.id, form.sheet, form.title)):
            return form
    return None


def _word(labels: Mapping[str, str], id_: str) -> str:
    label = labels.get(id_, id_)
    return label if label and sum(_plain(label) == _plain(other) for other in labels.values()) == 1 else id_


def _id(labels: Mapping[str, str], word: str) -> str:
    if word in labels:
        return word
    found = [id_ for id_, label in labels.items() if _plain(word) in (_plain(label), _plain(id_))]
    return found[0] if len(found) == 1 else word


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
