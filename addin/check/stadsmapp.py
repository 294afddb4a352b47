"""The city's own folder as files: made empty with a description, and where layouts of what is made are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from blankettset.templates.catalog import Catalog, city_folder, load
from blankettset.templates.city import FOLDERS, files
from blankettset.templates.documents import read_document
from blankettset.templates.errors import DefinitionError, Refusal, reason
from blankettset.templates.layouts import FOLDER, keep, kept
from blankettset.templates.model import Blankettset

README = """# Stadens mapp

Filerna här lägger sig över programmets egna definitioner. Ange mappen med `--stad MAPP`, med miljövariabeln `BLANKETT_STAD`
eller, för en användare, i filen `stad.txt` i mappen `blankettset` bland användarens inställningar (`%APPDATA%`, `~/.config`).
`blankett stad kontrollera MAPP` säger varje fel med fil och rad. Kvitton säger vilken mapp (dess hash) som har bedömt.

| Fil | Vad den gör |
|---|---|
| `kf/ÅR.yaml` | kommunfullmäktiges mål och indikatorer; skrivs av `blankett kf PLAN.xlsx` |
| `parametrar/*.yaml` | egna värden för en parameter, med dag och källa; samma dag ersätter, andra läggs till |
| `namnder.yaml` | nämnder som tillkommer eller ändras (samma kod ersätter) |
| `blanketter/BLANKETT/LAYOUT.yaml` | en ändrad blankett (samma filnamn som programmets) eller en ny |
| `listor.yaml` | svar i listor (samma namn ersätter) |
| `ord/*.yaml` | ord för reglerna som läser text; nya filer läggs till, samma filnamn ersätter |
| `regler.yaml` | hur regler används: på prov, eller med lägre allvar |
| `layouter/` | skrivs av programmet: layouter som arbetsböcker har skapats i, så att de alltid går att läsa. Tas inte bort |

Filerna har samma form som programmets egna (mappen `templates` i projektet). Ett exempel, `parametrar/egna.yaml`:

    parametrar:
      - id: lokaler.hyra_tak
        label: "Hyra per kvadratmeter där den lägre andelen tar vid"
        unit: "kr/kvm"
        values:
          - {from: "2027-01-01", value: "2750", source: {place: "KF:s budget 2027, avsnitt …", checked_on: "2026-11-25"}}

Och `regler.yaml`, som sätter en regel på prov:

    regler:
      - kod: BF409
        values:
          - {from: "2027-01-01", bruk: prov, source: {place: "beslut …", checked_on: "2027-01-15"}}
"""


class NotMade(Refusal):
    """The folder cannot be made."""


def make_folder(folder: Path) -> None:
    """A new folder with its places and a description; NotMade when something is there already."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise NotMade(f"{folder} är inte tom och ändras inte. Ange en ny mapp.")
        for name in FOLDERS:
            (folder / name).mkdir()
        (folder / "LÄS_MIG.md").write_text(README, encoding="utf-8", newline="\n")
    except OSError as error:
        raise NotMade(f"Det går inte att skapa {folder}: {reason(error)}.") from None


def keep_layouts(catalog: Catalog, blankettset: Blankettset) -> None:
    """Keep the layouts that a workbook is made in, in the city's folder, so that it can be read when they have changed.

    The built-in ones are kept with the program. NotMade when the folder cannot be written.
    """
    folder = city_folder()
    if folder is None:
        return
    for form, layout in blankettset.layouts.items():
        known = catalog.definition(form, layout)
        if known is None or catalog.kept.find(form, layout) is not None:
            continue
        try:
            keep(folder / FOLDER, form, layout, kept(*known, catalog.documents["listor.yaml"]["listor"]))
        except OSError as error:
            raise NotMade(
                f"Layouten av {form} går inte att bevara i {folder / FOLDER} ({reason(error)}); arbetsböcker skapas inte utan det."
            ) from None


def mistakes(folder: Path) -> Iterator[str]:
    """Every mistake in a city's folder, each with file and line; nothing when it can be used."""
    sound = True
    try:
        own = files(folder)
    except DefinitionError as error:
        yield from error.mistakes
        return
    for name, path in own.items():
        try:
            read_document(name, path)
        except DefinitionError as error:
            sound = False
            yield from error.mistakes
    if sound:
        try:
            load(stad=folder)
        except DefinitionError as error:
            yield from error.mistakes
