"""The classic desktop add-in, for those who have Python beside Excel on Windows: xlwings' own .xlam with our ribbon alone.

No VBA of ours: the macros are xlwings' compiled ones, copied byte for byte, and only customUI/customUI.xml is replaced. Its
button runs main() of the Python module that has the add-in's name, which is written beside it.
"""

from __future__ import annotations

import importlib.util
import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from blankettset.addin.check.kontroll import control_rows
from blankettset.templates.catalog import catalog
from blankettset.templates.errors import Refusal
from blankettset.validators.validate import validate
from blankettset.workbook.edit.control_sheet import CONTROL, NoControlSheet
from blankettset.workbook.read.bind import list_places, read_filled
from blankettset.workbook.read.xlsx_reader import read_workbook
from blankettset.workbook.write.files import WriteError, new_file

NAME = "blankett_skrivbord"
RIBBON = "customUI/customUI.xml"
ORIGINAL = "quickstart_addin_ribbon.xlam"
CUSTOM_UI = """<customUI xmlns="http://schemas.microsoft.com/office/2006/01/customui">
    <ribbon>
        <tabs>
            <tab id="blankettsetFlik" label="Blankettset">
                <group id="blankettsetKontroll" label="Kontroll">
                    <button id="blankettsetValidera" label="Validera" size="large" onAction="RibbonMyAddin.RunMain"
                        imageMso="AcceptInvitation" screentip="Kontrollerar den öppna arbetsboken"
                        supertip="Fynden skrivs på bladet Kontroll, med samma regler som vid inlämning." />
                </group>
            </tab>
        </tabs>
    </ribbon>
</customUI>
"""
MODULE = '''"""Called by the button of {name}.xlam."""

from blankettset.addin.excel.skrivbord import main

__all__ = ["main"]
'''
STEPS = """Skrivbordstillägget ligger i {folder}. Så installeras det (Windows, med Excel och Python):

1. Installera programmet i den Python som Excel ska använda: pip install 'blankettset[excel]'
2. Öppna Excel, Arkiv > Alternativ > Tillägg > Excel-tillägg > Bläddra, och välj {name}.xlam. Låt {name}.py ligga kvar bredvid.
3. Lägg sökvägen till Python på bladet xlwings.conf eller i användarens xlwings.conf (INTERPRETER_WIN).
4. Öppna ett blankettset och tryck Validera på fliken Blankettset. Fynden skrivs på bladet Kontroll."""


def write_addin(folder: Path, *, replace: bool = False) -> str:
    """Write the add-in and its Python module into `folder`; returns the steps to install them. WriteError when it cannot."""
    found = importlib.util.find_spec("xlwings")
    if found is None or found.origin is None:
        raise WriteError("xlwings är inte installerat. Installera med: pip install 'blankettset[excel]'.")
    original = Path(found.origin).parent / ORIGINAL
    if not original.is_file():
        raise WriteError(f"xlwings saknar {ORIGINAL}; installera den version som blankettset anger.")
    if not folder.is_dir():
        raise WriteError(f"Mappen {folder} finns inte. Skapa den först.")
    with new_file(folder / f"{NAME}.xlam", replace=replace) as temporary:
        temporary.write_bytes(_with_our_ribbon(original.read_bytes()))
    with new_file(folder / f"{NAME}.py", replace=replace) as temporary:
        temporary.write_text(MODULE.replace("{name}", NAME), encoding="utf-8")
    return STEPS.format(folder=folder, name=NAME)


def _with_our_ribbon(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            content = CUSTOM_UI.encode() if info.filename == RIBBON else source.read(info)
            target.writestr(info, content, compress_type=zipfile.ZIP_DEFLATED)
    return out.getvalue()


def main() -> None:
    """What the button runs: check the workbook that called, and say in Excel's status bar how it went."""
    import xlwings

    book = xlwings.Book.caller()
    book.app.status_bar = check(book)


def check(book: Any) -> str:
    """Check the open workbook `book` (xlwings' desktop Book) and write the sheet Kontroll; returns one sentence."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / f"{Path(str(book.name)).stem}.xlsx"
            book.api.SaveCopyAs(str(copy))
            data = copy.read_bytes()
        result = validate(read_filled(data, catalog(), name=str(book.name)))
        form, name = result.filled.set.blanketter[CONTROL], result.filled.forms[CONTROL].sheet
        raw = read_workbook(data).sheet(name)
        places = list_places(form, raw) if raw is not None else None
        if places is None or set(form.column_by_id) - set(places[1]):
            raise NoControlSheet(
                "Bladet Kontroll saknas eller har ändrats, så fynden går inte att skriva i arbetsboken."
            )
    except Refusal as error:
        return str(error)
    rows, _ = control_rows(result)
    sheet = book.sheets[name]
    locked = bool(sheet.api.ProtectContents)
    if locked:
        sheet.api.Unprotect()
    try:
        for number, line in enumerate(places[0]):
            row = rows[number] if number < len(rows) else {}
            if number == len(places[0]) - 1 and len(rows) > len(places[0]):
                row = {"text": f"… och {len(rows) - number} till. Alla visas av kommandot validera."}
            for column in form.column_by_id:
                text = row.get(column, "")
                sheet.range((line, places[1][column])).value = f"'{text}" if text else None
    finally:
        if locked:
            sheet.api.Protect()
    sheet.activate()
    return rows[-1]["text"]
