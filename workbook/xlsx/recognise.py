"""What a file is that is no workbook of ours: one Swedish sentence with what to do about it."""

from __future__ import annotations

from collections.abc import Collection

from blankettset.workbook.xlsx.raw import Refused

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SAVE = "Öppna den i Excel och spara som Excel-arbetsbok (.xlsx)."
_OPEN_DOCUMENT = {  # what an OpenDocument file or an Apple one is called inside
    "opendocument.spreadsheet": f"är ett kalkylblad i OpenDocument-format (.ods). {_SAVE}",
    "opendocument": "är ett OpenDocument-dokument, ingen Excel-arbetsbok. Lämna in blankettsetet som .xlsx.",
}
_OTHER_ZIPS = {
    "index/document.iwa": "är ett dokument från Numbers, Pages eller Keynote. Exportera det som Excel-arbetsbok (.xlsx).",
    "xl/workbook.bin": f"är en binär arbetsbok (.xlsb). {_SAVE}",
}


def recognise(data: bytes) -> None:
    """Say what a file that is no zip really is."""
    if not data:
        raise Refused("är tom (0 byte). Hämta filen igen.")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return
    if data.startswith(_OLE):
        _recognise_ole(data[: 4 * 1024 * 1024] + data[-(1 << 20) :])
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kinds = ((b"%pdf", "är en pdf"), (b"<!doctype html", "är en webbsida (html)"), (b"<html", "är en webbsida (html)"),
             (b"{\\rtf", "är ett textdokument (rtf)"), (b"<?xml", "är en XML-fil"), (b"\x89png", "är en bild"))  # fmt: skip
    for mark, what in kinds:
        if start.startswith(mark):
            raise Refused(f"{what}, ingen Excel-arbetsbok. Lämna in blankettsetet som .xlsx.")
    if b"\x00" not in data[:4096] and (b";" in data[:4096] or b"," in data[:4096] or b"\t" in data[:4096]):
        raise Refused("är en textfil (csv), ingen Excel-arbetsbok. Använd »blankett fyll» för datafiler.")
    raise Refused("är ingen Excel-arbetsbok (.xlsx). Kontrollera att det är rätt fil.")


def _recognise_ole(data: bytes) -> None:
    def has(name: str) -> bool:
        return name.encode("utf-16-le") in data

    if has("DRMEncrypted"):
        raise Refused(
            "är krypterad av en känslighetsetikett och går inte att läsa. Välj en etikett utan kryptering i Excel "
            "(Start > Känslighet), spara och försök igen."
        )
    if has("EncryptedPackage"):
        raise Refused(
            "är skyddad med lösenord. Ta bort lösenordet i Excel (Arkiv > Info > Skydda arbetsbok) och försök igen."
        )
    if has("WordDocument"):
        raise Refused("är ett gammalt Word-dokument (.doc), ingen Excel-arbetsbok. Lämna in blankettsetet som .xlsx.")
    raise Refused(f"är i det gamla Excelformatet (.xls). {_SAVE}")


def recognise_zip(names: Collection[str], mimetype: str) -> None:
    """Say what a zip file without Excel's list of contents is. `names` are its parts in small letters."""
    for mark, what in _OPEN_DOCUMENT.items():
        if mark in mimetype:
            raise Refused(what)
    for name, what in _OTHER_ZIPS.items():
        if name in names:
            raise Refused(what)
    if any(name.endswith((".xlsx", ".xlsm")) for name in names):
        raise Refused("är en zip-fil med arbetsböcker i. Packa upp den och ange arbetsboken.")
    raise Refused("är en zip-fil, ingen Excel-arbetsbok. Lämna in blankettsetet som .xlsx.")
