"""Writes the report's tables and texts into a Word document, in the template's own styles (the extra `rapport`)."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from blankettset.templates.errors import Refusal
from blankettset.workbook.calc.values import storable

if TYPE_CHECKING:
    from docx.document import Document as DocumentObject

FIXED = (1980, 1, 1, 0, 0, 0)  # the same workbook gives the same file


class UnusableTemplate(Refusal):
    """The template document cannot be used; str() is one Swedish sentence."""


class Tabell(msgspec.Struct, frozen=True):
    """A table to print: caption, heading row, rows of texts; which rows are sums and which are parts of the row above."""

    rubrik: str
    huvud: tuple[str, ...]
    rader: tuple[tuple[str, ...], ...]
    summor: frozenset[int] = frozenset()
    varav: frozenset[int] = frozenset()


class Skrivare:
    """A document under way. `template` is a .docx whose styles, margins, header and footer are kept and whose text is not."""

    def __init__(self, template: Path | None = None) -> None:
        try:
            from docx import Document
        except ImportError:
            raise Refusal(
                "För att skriva Word-dokument behövs tillägget: pip install 'blankettset[rapport]'."
            ) from None
        try:
            self.document: DocumentObject = Document(str(template) if template is not None else None)
        except Exception:  # whatever a file that is no docx makes the library do
            name = template.name if template is not None else "mallen"
            raise UnusableTemplate(
                f"{name} går inte att använda som mall. Spara den som Word-dokument (.docx)."
            ) from None
        body = self.document.element.body
        for child in list(body):
            if not child.tag.endswith("}sectPr"):
                body.remove(child)
        self.tables = 0

    def _style(self, kind: str, *names: str) -> Any:
        """The first of the styles that the template has; None leaves the document's own default."""
        from docx.enum.style import WD_STYLE_TYPE

        wanted = WD_STYLE_TYPE.TABLE if kind == "tabell" else WD_STYLE_TYPE.PARAGRAPH
        there = {style.name.casefold(): style for style in self.document.styles if style.type == wanted and style.name}
        return next((there[name.casefold()] for name in names if name.casefold() in there), None)

    def title(self, text: str) -> None:
        """The document's title."""
        self.document.add_paragraph(
            storable(text), style=self._style("stycke", "Title", "Rubrik", "Heading 1", "Rubrik 1")
        )

    def heading(self, text: str, level: int) -> None:
        """A heading, 1 to 4."""
        self.document.add_paragraph(
            storable(text), style=self._style("stycke", f"Heading {level}", f"Rubrik {level}", "Heading 1")
        )

    def text(self, text: str, *, style: str = "") -> None:
        """Running text; each line of it a paragraph."""
        for line in storable(text).splitlines():
            if line.strip():
                self.document.add_paragraph(line.strip(), style=self._style("stycke", style) if style else None)

    def table(self, table: Tabell) -> None:
        """A table with its caption above, its heading row repeated on every page, figures to the right."""
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.oxml import OxmlElement
        from docx.shared import Pt

        self.tables += 1
        caption = self._style("stycke", "Caption", "Beskrivning")
        paragraph = self.document.add_paragraph(storable(f"Tabell {self.tables}. {table.rubrik}"), style=caption)
        paragraph.paragraph_format.keep_with_next = True
        made = self.document.add_table(1 + len(table.rader), len(table.huvud))
        style = self._style("tabell", "Table Grid", "Tabellrutnät", "Light List")
        if style is not None:
            made.style = style
        repeat = OxmlElement("w:tblHeader")
        made.rows[0]._tr.get_or_add_trPr().append(repeat)
        cells = iter(made._cells)  # row.cells would look through the whole table for every row
        for number, texts in enumerate((table.huvud, *table.rader), -1):
            for at, text in enumerate(texts):
                cell = next(cells)
                line = cell.paragraphs[0]
                run = line.add_run(storable(text))
                run.font.size = Pt(8)
                run.bold = number in table.summor or number < 0
                run.italic = number in table.varav
                if at and number >= 0 and _is_number(text):
                    line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                elif not at and number in table.varav:
                    line.paragraph_format.left_indent = Pt(10)
        self.document.add_paragraph()

    def save(self, path: Path, *, when: str, title: str) -> None:
        """Writes the file; the same content gives the same bytes."""
        core = self.document.core_properties
        moment = datetime.datetime.fromisoformat(when + "T00:00:00")
        core.title, core.author, core.created, core.modified, core.last_modified_by = title, "", moment, moment, ""
        out = BytesIO()
        self.document.save(out)
        with zipfile.ZipFile(out) as made, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as fixed:
            for name in made.namelist():
                fixed.writestr(zipfile.ZipInfo(name, FIXED), made.read(name), zipfile.ZIP_DEFLATED)


def _is_number(text: str) -> bool:
    return bool(text) and all(character.isdigit() or character in " \u00a0,.%\u2212-" for character in text)


def without_empty(
    huvud: Sequence[str], rader: Iterable[Sequence[str]]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The table without the columns that no row fills; the first always stays."""
    rows = [tuple(row) for row in rader]
    kept = [i for i in range(len(huvud)) if i == 0 or any(row[i] for row in rows)]
    return tuple(huvud[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in rows)
