"""The command that moves filled workbooks to the newest layout."""

from __future__ import annotations

from pathlib import Path

import click

from blankettset.addin.cli.svenska import FEL, PATH, Kommando, Obrukbart, Val, guarded, replace_option


@click.command(cls=Kommando)
@click.argument("kalla", type=PATH, metavar="FIL|MAPP")
@click.option(
    "-o", "--ut", cls=Val, required=True, type=PATH, metavar="UT", help="Den nya filen, eller mappen för dem."
)
@click.option(
    "--lamna-kvar", is_flag=True, help="Skriv också när något inte går att flytta; det blir kvar i den gamla."
)
@replace_option
@guarded
def uppgradera(kalla: Path, ut: Path, lamna_kvar: bool, ersatt: bool) -> int:
    """Flytta en ifylld arbetsbok till blanketternas nyaste layout.

    Alla värden, förklaringar och noter följer med, och bredvid den nya filen skrivs en lista med varje cell före och efter. Den gamla filen
    ändras aldrig. Det som inte har någon plats räknas upp, och då skrivs inget utan --lamna-kvar.
    """
    from blankettset.addin.check.upgrading import upgrade_file, upgrade_folder
    from blankettset.addin.cli.utskrift import Bar
    from blankettset.templates.catalog import catalog

    wrong: list[str] = []
    if kalla.is_dir():
        done, wrong = upgrade_folder(kalla, ut, catalog(), keep=lamna_kvar, replace=ersatt, told=Bar("Flyttar"))
        if not done and not wrong:
            raise Obrukbart(f"{kalla} innehåller inga arbetsböcker.")
    else:
        if ut.suffix.lower() != ".xlsx":
            raise Obrukbart(f"{ut} ska sluta på .xlsx.")
        done = [upgrade_file(kalla, ut, catalog(), keep=lamna_kvar, replace=ersatt)]
    for outcome in done:
        for sentence in outcome.sentences():
            click.echo(sentence)
    for sentence in wrong:
        click.echo(sentence, err=True)
    return FEL if wrong else 0
