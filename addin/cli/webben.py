"""`blankett webb` and `blankett sida`: the pane and the page as static files, and the page as one file."""

from __future__ import annotations

from pathlib import Path

import click

from blankettset.addin.cli.svenska import PATH, Kommando, Obrukbart, Val, guarded, replace_option

packages_option = click.option(
    "--paket",
    cls=Val,
    type=PATH,
    metavar="MAPP",
    help="Mappen med hämtade paket; annars BLANKETT_PAKET eller den egna cachen.",
)
offline_option = click.option("--utan-nat", is_flag=True, help="Hämta inget: alla paket ska redan ligga i mappen.")


@click.command(cls=Kommando)
@click.argument("mapp", type=PATH, metavar="MAPP")
@click.option(
    "--adress",
    cls=Val,
    metavar="HTTPS-ADRESS",
    help="Där mappen ska ligga, till exempel https://server/blankett; står i manifestet.",
)
@click.option(
    "--officejs",
    cls=Val,
    type=click.Choice(["mappen", "microsoft"]),
    default="mappen",
    help="Varifrån panelen tar office.js: ur mappen, eller från Microsofts värd som Microsoft vill.",
)
@click.option("--hamta", is_flag=True, help="Hämta bara paketen, till MAPP, för en dator utan nät.")
@packages_option
@offline_option
@replace_option
@guarded
def webb(
    mapp: Path, adress: str | None, officejs: str, hamta: bool, paket: Path | None, utan_nat: bool, ersatt: bool
) -> int:
    """Gör mappen med Excel-tillägget och sidan, att lägga på en webbserver.

    Inget installeras hos den som använder dem, och inga siffror lämnar datorn. Med --ersatt läggs en ny version i en mapp
    som redan finns; den förra ligger kvar för dem som har den öppen.
    """
    import time

    from blankettset.addin.web.folder import LOCAL, build_folder
    from blankettset.addin.web.packages import fetched, folder_of_packages

    if hamta:
        found = fetched(mapp, may_fetch=not utan_nat)
        click.echo(f"{mapp}: {len(found)} paket, {_megabytes(sum(map(len, found.values())))}.")
        return 0
    start = time.monotonic()
    built = build_folder(
        mapp,
        paket or folder_of_packages(),
        address=adress or LOCAL,
        cdn=officejs == "microsoft",
        replace=ersatt,
        may_fetch=not utan_nat,
    )
    took = f"{time.monotonic() - start:.1f}".replace(".", ",")
    click.echo(
        f"{mapp}: version {built.version}, {built.files} filer, {_megabytes(built.bytes)}, på {took} s. "
        f"Första gången läser panelen {_megabytes(built.pane)} och sidan {_megabytes(built.page)}; sedan ligger det i webbläsaren."
    )
    click.echo(f"Manifestet anger {adress or LOCAL}." + ("" if adress else " Ange en annan adress med --adress."))
    return 0


@click.command(cls=Kommando)
@click.option("-o", "--ut", cls=Val, required=True, type=PATH, metavar="FIL.html", help="Filen som skapas.")
@packages_option
@offline_option
@replace_option
@guarded
def sida(ut: Path, paket: Path | None, utan_nat: bool, ersatt: bool) -> int:
    """Gör sidan som en enda fil, som öppnas med dubbelklick.

    Filen innehåller hela kontrollen och behöver varken nät, värd eller rätt att installera: den kan skickas med e-post.
    """
    from blankettset.addin.web.packages import folder_of_packages
    from blankettset.addin.web.single import build_single

    if ut.suffix.lower() not in (".html", ".htm"):
        raise Obrukbart(f"{ut} ska sluta på .html.")
    size = build_single(ut, paket or folder_of_packages(), replace=ersatt, may_fetch=not utan_nat)
    click.echo(f"{ut}: {_megabytes(size)}. Öppnas med dubbelklick i Edge eller Chrome.")
    return 0


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB".replace(".", ",")
