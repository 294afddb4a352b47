"""Lines of text as headings, paragraphs and tables: a text file, or what a PDF's pages give."""

from __future__ import annotations

import re
from collections.abc import Iterable

from blankettset.workbook.report.document import Builder, is_heading

_MARKUP = re.compile(r"</?(?:i|b|u|p|em|strong)>", re.IGNORECASE)
_NUMBER = r"[-\u2212\u2013]?(?:\d{1,3}(?:[ \u00a0]\d{3})+|\d+)(?:,\d+)?(?:\s?%)?"
_ROW = re.compile(rf"^(?P<label>\D[^\t]*?)\s+(?P<figures>{_NUMBER}(?:\s+{_NUMBER})+)\s*$")
_LEADERS = re.compile(r"\.{4,}\s*\d*$")


def lines_to_blocks(lines: Iterable[tuple[str, str]], builder: Builder, *, wrapped: bool) -> None:
    """Text lines with their places. `wrapped`: a paragraph is broken over many lines, as in a PDF; tables have no tabs then."""
    rows: list[tuple[str, ...]] = []
    places: list[str] = []
    paragraph: list[str] = []
    started = ""
    blanks = 0

    def close_table() -> None:
        nonlocal rows, places
        builder.table(rows, places)
        rows, places = [], []

    def close_paragraph() -> None:
        nonlocal paragraph
        if paragraph:
            text = _joined(paragraph)
            if len(paragraph) == 1 and is_heading(text):
                builder.title(text, started)
            else:
                builder.text(text, started)
        paragraph = []

    for raw, place in lines:
        line = _MARKUP.sub("", raw).rstrip()
        if _LEADERS.search(line):  # a line of the table of contents
            continue
        cells = _cells(line, wrapped)
        if cells is not None:
            close_paragraph()
            rows.append(cells)
            places.append(place)
            blanks = 0
            continue
        if not line.strip():
            blanks += 1
            close_paragraph()
            continue
        if rows and not blanks and is_heading(line):  # a group's name among the rows
            rows.append((line.strip(),))
            places.append(place)
            continue
        close_table()
        blanks = 0
        if not wrapped or (paragraph and _begins_anew(line, paragraph[-1])):
            close_paragraph()
        if not paragraph:
            started = place
        paragraph.append(line.strip())
    close_table()
    close_paragraph()


def _cells(line: str, wrapped: bool) -> tuple[str, ...] | None:
    """The cells of a row of a table, or None for what is no such row."""
    if "\t" in line:
        return tuple(cell.strip() for cell in line.split("\t"))
    match = _ROW.match(line) if wrapped else None
    if match is None:
        return None
    figures = re.findall(_NUMBER, match["figures"])
    return (match["label"].strip(), *figures)


def _begins_anew(line: str, before: str) -> bool:
    """A new paragraph of a PDF: after the end of a sentence on a short line, or at a heading."""
    ended = before.rstrip().endswith((".", "!", "?", ":"))
    if ended and (len(before) < 70 or line.lstrip()[:1] in "-•·–"):
        return True
    return is_heading(before) and len(before) < 60 and line[:1].isupper() and not ended


def _joined(parts: list[str]) -> str:
    text = parts[0]
    for part in parts[1:]:
        if re.search(r"[a-zåäö]-$", text) and part[:1].islower():
            text = text[:-1] + part
        else:
            text += " " + part
    return text
