"""The commands of the city's own folder: make it, check it, and read kommunfullmäktige's plan into it."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from blankettset.addin.cli.svenska import FEL, PATH, Kommando, Obrukbart, Svensk, Val, guarded, replace_option


@click.group(cls=Svensk, subcommand_metavar="KOMMANDO ...")
def stad() -> None:
    """Stadens egen mapp: egna blanketter, parametrar, nämnder, KF-planer, ord och regelbruk."""


@stad.command(name="ny", cls=Kommando)
@click.argument("mapp", type=PATH, metavar="MAPP")
@guarded
def ny_mapp(mapp: Path) -> int:
    """Skapa en tom mapp, med en beskrivning av vad som kan ligga i den."""
    from blankettset.addin.check.stadsmapp import make_folder

    make_folder(mapp)
    click.echo(
        f"{mapp}: stadens mapp är skapad; LÄS_MIG.md säger vad som kan ligga i den. "
        f"Ange den med --stad {mapp}, eller med miljövariabeln BLANKETT_STAD."
    )
    return 0


@stad.command(cls=Kommando)
@click.argument("mapp", type=PATH, metavar="MAPP")
@guarded
def kontrollera(mapp: Path) -> int:
    """Kontrollera mappen: varje fel med fil och rad. Svaret är 1 när det finns fel."""
    from blankettset.addin.check.stadsmapp import mistakes
    from blankettset.templates.city import digest, require

    found = list(mistakes(require(mapp)))
    for sentence in found:
        click.echo(sentence)
    if found:
        click.echo(f"{len(found)} fel i {mapp}.")
        return FEL
    click.echo(f"{mapp}: inga fel. Mappens hash i kvitton är {digest(mapp)}.")
    return 0


@click.command(cls=Kommando)
@click.argument("plan", type=PATH, required=False, metavar="PLAN.xlsx|csv")
@click.option("--mall", cls=Val, type=PATH, metavar="UT.xlsx", help="Skriv i stället ett blad att fylla i planen på.")
@click.option("--ar", cls=Val, type=click.IntRange(2019, 2099), metavar="ÅR", help="Året som planen gäller.")
@replace_option
@guarded
def kf(plan: Path | None, mall: Path | None, ar: int | None, ersatt: bool) -> int:
    """Läs in kommunfullmäktiges mål och indikatorer för ett år i stadens mapp, eller skriv ett blad för dem.

    Planen är ett ifyllt blad från --mall, eller en CSV (UTF-8, semikolon) med samma rubriker. Set för året börjar sedan med den.
    """
    from blankettset.addin.check import kfplan
    from blankettset.templates.catalog import catalog, city_folder
    from blankettset.templates.city import require

    if mall is not None:
        if mall.suffix.lower() != ".xlsx":
            raise Obrukbart(f"{mall} ska sluta på .xlsx.")
        year = ar or datetime.date.today().year + 1
        begun = kfplan.write_sheet(mall, catalog(), year, replace=ersatt)
        rows = f"; raderna är {begun.ar} års, utan årsmål" if begun.ar and not begun.faststalld else ""
        click.echo(f"{mall}: ett blad för kommunfullmäktiges mål och indikatorer {year}{rows}.")
        return 0
    if plan is None:
        raise Obrukbart("Ange planen (PLAN.xlsx eller CSV), eller --mall UT.xlsx för ett blad att fylla i.")
    folder = city_folder()
    if folder is None:
        raise Obrukbart(
            "Planen läggs i stadens mapp: ange den med --stad MAPP eller BLANKETT_STAD. »blankett stad ny MAPP» skapar en."
        )
    require(folder)
    try:
        year, content = kfplan.read_plan(plan, catalog(), ar)
    except kfplan.BadPlan as error:
        for sentence in error.mistakes:
            click.echo(sentence)
        raise
    target = kfplan.write_plan(folder, year, content, replace=ersatt)
    blank = sum("arsmal" not in each for each in content["indikatorer"])
    click.echo(
        f"{target}: {len(content['mal'])} mål och {len(content['indikatorer'])} indikatorer för {year}"
        + (f"; {blank} av dem utan årsmål." if blank else ".")
    )
    return 0
