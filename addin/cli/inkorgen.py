"""The commands of the inbox: serve it with the pane, check what lies in it, remove what is to be kept no longer."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import click

from blankettset.addin.cli.svenska import (
    FEL,
    PATH,
    Kommando,
    Obrukbart,
    Val,
    guarded,
    json_option,
    replace_option,
)


@click.command(cls=Kommando)
@click.option(
    "--installning",
    cls=Val,
    type=PATH,
    metavar="FIL.toml",
    help="Inställningsfilen; krävs för en server som andra når.",
)
@click.option(
    "--skriv-installning",
    "mall",
    cls=Val,
    type=PATH,
    metavar="FIL.toml",
    help="Skriv i stället en inställningsfil att fylla i.",
)
@click.option(
    "--inkorg", cls=Val, type=PATH, metavar="MAPP", help="Inkorgens mapp på den egna datorn (annars BLANKETT_INKORG)."
)
@click.option("--webb", cls=Val, type=PATH, metavar="MAPP", help="Mappen från »blankett webb»; utan den bara inkorgen.")
@click.option("--port", cls=Val, type=click.IntRange(1, 65535), default=None, help="Porten på den egna datorn (8765).")
@click.option("--adress", cls=Val, default=None, metavar="ADRESS", help="Adressen på den egna datorn (127.0.0.1).")
@click.option("--certifikat", cls=Val, type=PATH, metavar="FIL.pem", help="Certifikat för HTTPS, som Excel kräver.")
@click.option("--nyckel", cls=Val, type=PATH, metavar="FIL.pem", help="Certifikatets nyckel.")
@click.option(
    "--skrivbord", cls=Val, type=PATH, metavar="MAPP", help="Skriv i stället skrivbordstillägget (.xlam) i mappen."
)
@replace_option
@guarded
def tillagg(
    installning: Path | None, mall: Path | None, inkorg: Path | None, webb: Path | None, port: int | None, adress: str | None,
    certifikat: Path | None, nyckel: Path | None, skrivbord: Path | None, ersatt: bool,
) -> int:  # fmt: skip
    """Starta inkorgen med panelen.

    Utan inställningsfil körs den på den egna datorn, utan inloggning. En server som andra når kräver --installning.
    """
    if skrivbord is not None:
        from blankettset.addin.excel.skrivbord import write_addin

        click.echo(write_addin(skrivbord, replace=ersatt))
        return 0
    try:
        from blankettset.addin.server.serve import serve
    except ImportError as error:
        raise Obrukbart(
            f"Inkorgen är inte installerad ({error.name} saknas). Installera med: pip install 'blankettset[server]'."
        ) from None
    from blankettset.addin.server.settings import read_settings, settings, template

    if mall is not None:
        from blankettset.workbook.write.files import new_file

        with new_file(mall, replace=ersatt) as temporary:
            temporary.write_text(template(), encoding="utf-8")
        click.echo(f"{mall}: fyll i det som krävs och starta med »blankett tillagg --installning {mall}».")
        return 0
    own = {"adress": adress, "port": port, "certifikat": certifikat, "nyckel": nyckel, "webb": webb}
    if installning is not None:
        if inkorg is not None or any(value is not None for value in own.values()):
            raise Obrukbart("Med --installning står allt i inställningsfilen. Ta bort de andra valen.")
        serve(read_settings(installning), installning.resolve().parent)
        return 0
    folder = inkorg or Path(os.environ.get("BLANKETT_INKORG", ""))
    if folder == Path():
        raise Obrukbart("Ange inkorgens mapp med --inkorg MAPP, eller en inställningsfil med --installning.")
    given = {key: str(value) if isinstance(value, Path) else value for key, value in own.items() if value is not None}
    raw = {"server": given, "inkorg": {"mapp": str(folder)}, "inloggning": {"sort": "ingen"}}
    serve(settings(raw, "kommandoraden", Path.cwd()), Path.cwd())
    return 0


@click.command(cls=Kommando)
@click.argument("inkorg", type=PATH, metavar="INKORG")
@click.option(
    "--nyckel", cls=Val, type=PATH, metavar="FIL.pem", help="Nyckeln som signerar kvittona, eller dess publika del."
)
@click.option(
    "--logg", cls=Val, type=PATH, metavar="MAPP", help="Granskningsloggens mapp, om den inte är inkorgens egen."
)
@json_option
@guarded
def verifiera(inkorg: Path, nyckel: Path | None, logg: Path | None, as_json: bool) -> int:
    """Pröva varje inlämning i inkorgen mot sitt kvitto.

    Kvittona prövas mot varandra, mot loggen och, med --nyckel, mot signaturerna. Svar till skalet: 0 allt stämmer, 1 något är brutet.
    """
    from blankettset.addin.inbox.bevis import Key, sentences, verify

    proof = verify(inkorg, Key(nyckel) if nyckel else None, logg)
    click.echo(json.dumps(proof.as_json(), ensure_ascii=False, indent=2) if as_json else "\n".join(sentences(proof)))
    return FEL if proof.broken else 0


@click.command(cls=Kommando)
@click.argument("inkorg", type=PATH, metavar="INKORG")
@click.option(
    "--fore",
    cls=Val,
    required=True,
    metavar="DATUM",
    help="Gallra blankettset vars redovisningsdag är före detta datum.",
)
@click.option(
    "--beslut",
    cls=Val,
    default="",
    metavar="TEXT",
    help="Gallringsbeslutets nummer. Utan det visas bara vad som skulle gallras.",
)
@click.option(
    "--nyckel", cls=Val, type=PATH, metavar="FIL.pem", help="Nyckeln som signerar inkorgens kvitton, om den har en."
)
@guarded
def gallra(inkorg: Path, fore: str, beslut: str, nyckel: Path | None) -> int:
    """Gallra gamla blankettset ur inkorgen.

    Utan --beslut visas bara vad som skulle tas bort. I inkorgen blir kvar vilka filer det var, deras kontrollsummor och beslutet.
    """
    from blankettset.addin.inbox.bevis import Key
    from blankettset.addin.inbox.gallring import dry_run, remove
    from blankettset.addin.inbox.inlamning import Inbox
    from blankettset.workbook.calc.values import parse_date

    day = parse_date(fore)
    if day is None or not inkorg.is_dir():
        raise Obrukbart("Ange inkorgens mapp och --fore som ett datum, till exempel 2019-01-01.")
    inbox = Inbox(inkorg, Key(nyckel) if nyckel else None)
    if not beslut.strip():
        found = list(dry_run(inbox, day))
        click.echo("\n".join(found) or f"Inget i inkorgen är från före {day}.")
        if found:
            click.echo("Inget har tagits bort. Gallra med --beslut.")
        return 0
    done = remove(inbox, day, beslut, datetime.datetime.now())
    click.echo(f"Gallrat enligt {beslut.strip()}: {', '.join(done) or 'inget'}.")
    return 0
