"""Keeps today's layouts of the forms beside the earlier ones (templates/layouter), so that workbooks built now can always
be read. Run before a release: `make layouter`. Nothing that is there is ever changed."""

from __future__ import annotations

from blankettset.templates.catalog import Catalog, catalog
from blankettset.templates.documents import ROOT
from blankettset.templates.identity import layout_of_form
from blankettset.templates.layouts import FOLDER, FUNCTIONS, keep, kept, write
from blankettset.workbook.calc.form_functions import FORM_FUNCTIONS


def unkept(found: Catalog) -> list[tuple[str, str, str]]:
    """Form, layout and file of every layout of today that is not kept yet."""
    lists = found.documents["listor.yaml"]["listor"]
    every = [
        (raw["id"], layout_of_form(name, raw, lists), name)
        for name, raw in found.documents.items()
        if name.startswith("blanketter/")
    ]
    return [each for each in every if found.kept.find(each[0], each[1]) is None]


def function_texts() -> dict[str, str]:
    """Function -> its Excel formula as it is written today."""
    return {name: function.text for name, function in FORM_FUNCTIONS.items()}


def main() -> None:
    """Keep what is new and say which."""
    found = catalog()
    for form, layout, name in unkept(found):
        content = kept(name, found.documents[name], found.documents["listor.yaml"]["listor"])
        keep(ROOT / FOLDER, form, layout, content)
        print(f"{name}: layout {layout} bevaras")
    texts = {name: sorted({*found.kept.function_texts.get(name, ()), text}) for name, text in function_texts().items()}
    write(ROOT / FOLDER / FUNCTIONS, {**found.kept.function_texts, **texts})


if __name__ == "__main__":
    main()
