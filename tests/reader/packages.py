"""Makes workbooks from text, so that a test shows exactly what the file says."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"""
WORKBOOK = f"""<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>
<sheet name="Blad1" sheetId="1" r:id="rId1"/></sheets></workbook>"""
WORKBOOK_RELATIONS = f"""<Relationships xmlns="{PACKAGE}">
<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="rId2" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"""


def sheet(rows: str) -> str:
    """A worksheet with these rows."""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def strings(*texts: str) -> str:
    """A table of shared strings."""
    return f'<sst xmlns="{MAIN}">{"".join(f"<si><t>{text}</t></si>" for text in texts)}</sst>'


def parts(rows: str = "", **changed: str | bytes | None) -> dict[str, str | bytes]:
    """The parts of a plain workbook; a keyword replaces one of them (None takes it away)."""
    names = {
        "types": "[Content_Types].xml",
        "workbook": "xl/workbook.xml",
        "relations": "xl/_rels/workbook.xml.rels",
        "sheet": "xl/worksheets/sheet1.xml",
        "shared": "xl/sharedStrings.xml",
    }
    found: dict[str, str | bytes | None] = {
        "types": TYPES,
        "workbook": WORKBOOK,
        "relations": WORKBOOK_RELATIONS,
        "sheet": sheet(rows),
        "shared": strings("ett", "två"),
        **changed,
    }
    return {names[key]: value for key, value in found.items() if value is not None}


def packed(content: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The parts as a zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, text in content.items():
            file.writestr(name, text)
    return out.getvalue()


def book(rows: str = "", **changed: str | bytes | None) -> bytes:
    """A plain workbook with these rows, as bytes."""
    return packed(parts(rows, **changed))
