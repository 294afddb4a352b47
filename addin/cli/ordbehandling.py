"""The commands that write Word documents: the report's tables and texts, and the city's memo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from blankettset.addin.cli.svenska import PATH, Kommando, Obrukbart, Val, guarded, replace_option


@click.command(cls=Kommando)
@click.argument("fil", type=PATH, metavar="FIL.xlsx")
@click.option(
    "-o",
    "--ut",
    cls=Val,
    required=True,
    type=PATH,
    metavar="RAPPORT.docx",
    help="Rapportens tabeller och texter i Word.",
)
@click.option(
    "--mall",
    cls=Val,
    type=PATH,
    metavar="MALL.docx",
    help="Stadens dokumentmall: dess format, sidhuvud och sidfot behålls.",
)
@replace_option
@guarded
def rapport(fil: Path, ut: Path, mall: Path | None, ersatt: bool) -> int:
    """Skriv rapportens tabeller, status och texter ur arbetsboken, i Word."""
    from blankettset.templates.catalog import catalog
    from blankettset.workbook.read.bind import read_filled
    from blankettset.workbook.report.compose import write_report

    filled = read_filled(fil, catalog())
    _document(ut, ersatt, lambda path: write_report(filled, path, mall))
    return 0


@click.command(cls=Kommando)
@click.argument("fil", type=PATH, metavar="STAD.xlsx")
@click.option("-o", "--ut", cls=Val, required=True, type=PATH, metavar="PM.docx", help="Stadens PM i Word.")
@click.option("--mall", cls=Val, type=PATH, metavar="MALL.docx", help="Stadens dokumentmall.")
@replace_option
@guarded
def pm(fil: Path, ut: Path, mall: Path | None, ersatt: bool) -> int:
    """Skriv ett PM ur den konsoliderade arbetsboken, i Word."""
    from blankettset.workbook.read.xlsx_reader import read_workbook
    from blankettset.workbook.report.memo import write_memo

    raw = read_workbook(fil)
    _document(ut, ersatt, lambda path: write_memo(raw, fil.name, path, mall))
    return 0


def _document(path: Path, replace: bool, write: Callable[[Path], None]) -> None:
    """Writes a Word document beside its place and moves it there whole."""
    from blankettset.workbook.write.files import new_file

    if path.suffix.lower() != ".docx":
        raise Obrukbart(f"»{path}» ska sluta på .docx.")
    with new_file(path, replace=replace) as temporary:
        write(temporary)
    click.echo(f"{path} är skriven.")
