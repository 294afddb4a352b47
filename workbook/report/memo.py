"""The city's memo: what the consolidated workbook's first sheets say, as a Word document to go on writing in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from blankettset.templates.errors import Refusal
from blankettset.workbook.calc.values import format_number, parse_number
from blankettset.workbook.report.writer import Skrivare, Tabell, without_empty
from blankettset.workbook.xlsx.raw import CellState, RawBook, RawCell, RawSheet

NEEDED = ("Översikt", "Proveniens")
TABLES = (  # sheet, heading, how many rows at most
    ("Översikt", "Nämnderna", 60),
    ("Verksamhetsområden", "Staden per verksamhetsområde", 40),
    ("Investeringar", "Investeringar", 30),
    ("Målmatris", "Måluppfyllelse", 60),
)
MOST = 5


class NoCityBook(Refusal):
    """The file is no consolidated workbook; str() is one Swedish sentence."""


def write_memo(raw: RawBook, name: str, path: Path, template: Path | None = None) -> None:
    """The memo of a consolidated workbook as a Word document at `path`, which is overwritten."""
    if any(raw.sheet(each) is None for each in NEEDED):
        raise NoCityBook(f"{name} är ingen konsoliderad arbetsbok. Gör en med »blankett konsolidera».")
    out = Skrivare(template)
    overview = raw.sheet("Översikt")
    assert overview is not None
    lines = _sentences(overview)
    title = f"PM: {lines[0]}" if lines else "PM"
    out.title(title)
    for line in lines[1:]:
        if "blad" not in line.casefold():  # what only helps in the workbook
            out.text(line)
    table = _table(overview)
    if table is not None:
        _deviations(table, out)
    for name, heading, most in TABLES:
        sheet = raw.sheet(name)
        found = _table(sheet) if sheet is not None else None
        if found is not None:
            head, body = without_empty(found[0], found[1][:most])
            out.heading(heading, 1)
            out.table(Tabell(heading, head, body, frozenset({len(body) - 1}) if name != "Målmatris" else frozenset()))
    out.save(path, when="2000-01-01", title=title)


Given = Decimal | str


def _given(cell: RawCell) -> Given:
    if cell.state is CellState.NUMBER and cell.number is not None:
        return cell.number
    return cell.text or ""


def _grid(sheet: RawSheet) -> dict[int, dict[int, Given]]:
    grid: dict[int, dict[int, Given]] = {}
    for (row, column), cell in sheet.cells.items():
        given = _given(cell)
        if given != "":
            grid.setdefault(row, {})[column] = given
    return dict(sorted(grid.items()))


def _sentences(sheet: RawSheet) -> list[str]:
    """The lines above the first table."""
    found: list[str] = []
    for cells in _grid(sheet).values():
        if len(cells) > 2:
            break
        found += [str(text) for text in list(cells.values())[:1]]
    return found


def _table(sheet: RawSheet) -> tuple[tuple[str, ...], list[tuple[str, ...]]] | None:
    """The first table of a sheet: its heading row, and the rows down to the first gap; without the hidden ids of a form."""
    grid = _grid(sheet)
    start = next(
        (row for row, cells in grid.items() if len(cells) > 2 and not any(_is_id(t) for t in cells.values())), None
    )
    if start is None:
        return None
    columns = sorted(grid[start])
    if str(grid[start][columns[0]]).startswith("#"):
        columns = [columns[0] + 1, *columns[1:]]
    rows: list[list[Given]] = []
    for row in range(start + 1, max(grid) + 1):
        if row not in grid or not any(column in grid[row] for column in columns):
            break
        rows.append([grid[row].get(column, "") for column in columns])
    decimals = [
        int(any(isinstance(row[i], Decimal) and row[i] != int(row[i]) for row in rows)) for i in range(len(columns))
    ]
    return tuple(str(grid[start].get(column, "")) for column in columns), [
        tuple(
            format_number(each, places) if isinstance(each, Decimal) else each
            for each, places in zip(row, decimals, strict=True)
        )
        for row in rows
    ]


def _is_id(text: Given) -> bool:
    return isinstance(text, str) and text.islower() and "_" in text


def _deviations(table: tuple[tuple[str, ...], Sequence[tuple[str, ...]]], out: Skrivare) -> None:
    """A sentence on the largest deficits and surpluses."""
    head, rows = table
    at = next((i for i, name in enumerate(head) if name.casefold().startswith("avvikelse")), None)
    if at is None:
        return
    known = [(amount, row[0]) for row in rows[:-1] if (amount := _amount(row[at])) is not None]
    for word, chosen in (
        ("underskott", sorted(k for k in known if k[0] < 0)),
        ("överskott", sorted((k for k in known if k[0] > 0), reverse=True)),
    ):
        if chosen:
            listed = "; ".join(f"{name} {format_number(abs(amount), 1)} mnkr" for amount, name in chosen[:MOST])
            out.text(f"Störst {word} prognostiseras i {listed}.")


def _amount(text: str) -> Decimal | None:
    return parse_number(text)
