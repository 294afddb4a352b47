"""The command line: `blankett`. Exit status 0 done without fel, 1 done with fel, 2 could not be done, 3 an error of ours.

Everything heavy is imported inside the command that needs it: `blankett --help` must answer at once.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from blankettset.addin.cli.flytta import uppgradera
from blankettset.addin.cli.inkorgen import gallra, tillagg, verifiera
from blankettset.addin.cli.ordbehandling import pm, rapport
from blankettset.addin.cli.stad import kf, stad
from blankettset.addin.cli.svenska import FEL, PATH, Obrukbart, Svensk, Val, guarded, json_option, replace_option
from blankettset.addin.cli.webben import sida, webb

if TYPE_CHECKING:
    from blankettset.templates.model import Blankettset, Namnd
    from blankettset.validators.validate import Result
    from blankettset.workbook.carry.slk import Filled


@click.group(
    cls=Svensk,
    subcommand_metavar="KOMMANDO ...",
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 110},
)
@click.version_option(package_name="blankettset", message="blankett %(version)s", help="Visa versionen.")
@click.option(
    "--stad",
    cls=Val,
    expose_value=False,
    metavar="MAPP",
    help="Stadens egen mapp över programmets definitioner (annars BLANKETT_STAD); kan stå var som helst på raden.",
)
def main() -> None:
    """Stadens blankettset i Excel: skapa, fyll, kontrollera och konsolidera.

    Svar till skalet: 0 klart utan fel, 1 klart med fel, 2 gick inte att läsa eller skriva, 3 ett fel i programmet.
    """


def _set(period: str, level: str) -> Blankettset:
    from blankettset.templates.catalog import catalog

    chosen, latest = catalog().blankettset(period.strip().upper(), level), datetime.date.today().year + 2
    if chosen.year > latest:
        raise Obrukbart(f"{chosen.id} ligger långt fram. Set går att skapa till och med {latest}; skriv rätt år.")
    return chosen


def _namnd(said: str, blankettset: Blankettset) -> Namnd:
    from blankettset.templates.catalog import catalog
    from blankettset.templates.periods import hands_in

    namnd = catalog().namnd(said)
    if not hands_in(namnd, blankettset):
        when = f"till {namnd.valid_to}" if namnd.valid_to else f"från {namnd.valid_from}"
        successor = catalog().namnder.get(namnd.successor or "")
        hint = f" Ta {successor.code} {successor.name}." if successor and namnd.valid_to else ""
        raise Obrukbart(
            f"{namnd.name} ({namnd.code}) finns inte den {blankettset.report_date}: nämnden finns {when}.{hint}"
        )
    return namnd


def _lista(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from blankettset.addin.cli.utskrift import print_sets
        from blankettset.templates.catalog import catalog

        print_sets(catalog())
        ctx.exit(0)


@main.command()
@click.option(
    "--lista",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=guarded(_lista),
    help="Visa vilka perioder och nämnder det går att skapa set för.",
)
@click.option("--namnd", cls=Val, metavar="NÄMND", help="Nämndens kod eller namn, till exempel SDN08.")
@click.option("--period", cls=Val, required=True, metavar="SET", help="År och period, till exempel 2024-T1.")
@click.option(
    "--niva",
    cls=Val,
    type=click.Choice(["namnd", "enhet"]),
    default="namnd",
    help="Nämndens set (namnd) eller en enhets (enhet).",
)
@click.option("-o", "--ut", cls=Val, type=PATH, metavar="FIL.xlsx", help="Filen som skapas.")
@click.option("--alla", type=PATH, metavar="MAPP", help="I stället för en fil: en arbetsbok för varje nämnd i mappen.")
@click.option("--enheter", type=PATH, metavar="LISTA.csv", help="Med --alla: för varje enhet på listan (enhet;omrade).")
@click.option(
    "--foregaende",
    multiple=True,
    type=PATH,
    metavar="FIL",
    help="Tidigare arbetsbok att börja med, eller en mapp; kan upprepas.",
)
@click.option("--ifyllt", type=PATH, metavar="SLK.csv", help="Det som SLK fyller i: låses och blir blått.")
@click.option(
    "--lamna-kvar", is_flag=True, help="Skapa också när en tidigare fil är för gammal eller inte kan föras vidare helt."
)
@replace_option
@guarded
def ny(
    namnd: str | None,
    period: str,
    niva: str,
    ut: Path | None,
    alla: Path | None,
    enheter: Path | None,
    foregaende: tuple[Path, ...],
    ifyllt: Path | None,
    lamna_kvar: bool,
    ersatt: bool,
) -> int:
    """Skapa ett blankettset för en nämnd och period, eller för alla.

    Med --foregaende börjar det med det som redan är känt: enheter, projekt, mål, budget, ingående fonder och mer. Det som ska granskas är
    markerat tills någon ändrar det eller svarar Ja under Medfört granskat på försättsbladet.
    """
    from blankettset.addin.check.beginning import begin_workbook, read_earlier
    from blankettset.addin.check.folder import workbooks
    from blankettset.addin.check.skydd import spare_sources
    from blankettset.addin.check.stadsmapp import keep_layouts
    from blankettset.templates.catalog import catalog
    from blankettset.workbook.carry.slk import read_slk

    blankettset = _set(period, niva)
    chosen = _namnd(namnd, blankettset) if namnd is not None else None
    if (ut is None) == (alla is None) or (enheter is not None and (alla is None or niva != "enhet")):
        raise Obrukbart("Ange antingen -o FIL.xlsx eller --alla MAPP; --enheter hör till --alla med --niva enhet.")
    if chosen is None and (alla is None or niva == "enhet"):
        raise Obrukbart("Uppgiften --namnd saknas. Se »blankett ny --help».")
    slk = read_slk(ifyllt, blankettset) if ifyllt else None
    keep_layouts(catalog(), blankettset)
    if alla is not None:
        return _for_all(blankettset, chosen, alla, enheter, foregaende, slk, keep=lamna_kvar, replace=ersatt)
    assert ut is not None
    assert chosen is not None
    earlier = workbooks(foregaende)
    spare_sources(_xlsx(ut), (*earlier, *((ifyllt,) if ifyllt else ())))
    previous = read_earlier(earlier, catalog(), keep=lamna_kvar)
    begun = begin_workbook(ut, blankettset, chosen, previous, keep=lamna_kvar, slk=slk, replace=ersatt)
    click.echo(
        f"{ut}: {blankettset.title} för {chosen.name} ({chosen.code}), {len(blankettset.blanketter)} blanketter."
    )
    for sentence in begun.sentences():
        click.echo(sentence)
    return 0


def _for_all(
    blankettset: Blankettset,
    namnd: Namnd | None,
    folder: Path,
    enheter: Path | None,
    sources: tuple[Path, ...],
    slk: Filled | None,
    *,
    keep: bool,
    replace: bool,
) -> int:
    from blankettset.addin.check.handing_out import Recipient, all_namnder, hand_out, sentences, units
    from blankettset.addin.cli.utskrift import Bar
    from blankettset.templates.catalog import catalog

    if blankettset.level == "enhet":
        if enheter is None or namnd is None:
            raise Obrukbart("Ange nämndens enheter med --enheter LISTA.csv (rubriken enhet;omrade).")
        recipients = units(enheter, blankettset, namnd)
    else:
        recipients = [Recipient(namnd)] if namnd is not None else all_namnder(blankettset)
    handed = hand_out(
        folder, blankettset, recipients, catalog(), sources, slk=slk, keep=keep, replace=replace, told=Bar("Skapar")
    )
    lines, wrong = sentences(handed, blankettset)
    for line in lines:
        click.echo(line)
    for line in wrong:
        click.echo(line, err=True)
    return FEL if wrong else 0


def _xlsx(path: Path) -> Path:
    if path.suffix.lower() != ".xlsx":
        raise Obrukbart(f"{path} ska sluta på .xlsx.")
    return path


@main.command()
@click.argument("fil", type=PATH, metavar="FIL.xlsx")
@click.argument("data", type=PATH, required=False, metavar="[DATA.csv]")
@click.option("--ur", type=PATH, metavar="HUVUDBOK.csv", help="I stället för DATA: en export ur huvudboken.")
@click.option(
    "--koppling",
    type=PATH,
    metavar="KOPPLING.csv",
    help="Till --ur: vilka konton och verksamheter som hör till vilken cell.",
)
@click.option("-o", "--ut", cls=Val, required=True, type=PATH, metavar="UT.xlsx", help="Den nya arbetsboken.")
@click.option(
    "--lamna-kvar",
    is_flag=True,
    help="Fyll också när FIL har innehåll som inte går att föra över; det blir kvar i FIL.",
)
@replace_option
@guarded
def fyll(
    fil: Path, data: Path | None, ur: Path | None, koppling: Path | None, ut: Path, lamna_kvar: bool, ersatt: bool
) -> int:
    """Fyll en ny arbetsbok ur en gammal och en datafil, eller ur huvudboken.

    UT får FIL:s siffror och därtill DATA:s (blankett;rad;kolumn;varde). FIL ändras aldrig. Ett tal för en beräknad cell får formeln stå kvar när det stämmer inom blankettens
    tolerans; annars skrivs talet, och kontrollen visar skillnaden. En listrad vars namn byts ut ersätts helt.
    Hjälpkolumner och andra beräknade texter i DATA räknas alltid om.
    Har FIL innehåll som inte är något värde (text i en talcell, egna blad, anteckningar) och som DATA inte ersätter skrivs inget.

    Med --ur summeras huvudbokens rader enligt --koppling (giltig_fran;giltig_till;konto;verksamhet;blankett;rad;kolumn;tecken). Det som
    inte är kopplat räknas upp, och svaret till skalet är då 1.
    """
    from blankettset.addin.check.ledger import ledger_facts
    from blankettset.addin.check.skydd import spare_sources
    from blankettset.templates.catalog import catalog
    from blankettset.workbook.read.bind import read_filled
    from blankettset.workbook.read.carried import at_present
    from blankettset.workbook.read.facts import merged, read_facts, replaced_rows
    from blankettset.workbook.read.losses import enumerated, losses, typed_over
    from blankettset.workbook.write.build import build
    from blankettset.workbook.write.carried_marks import Marks

    if (data is None) == (ur is None) or (ur is None) != (koppling is None):
        raise Obrukbart(
            "Ange antingen DATA.csv, eller --ur HUVUDBOK.csv med --koppling KOPPLING.csv. Se »blankett fyll --help»."
        )
    spare_sources(ut, [path for path in (fil, data, ur, koppling) if path is not None])
    filled = read_filled(fil, catalog(), notes=True)
    said: list[str] = []
    unmapped = False
    if data is not None:
        given = read_facts(data, filled.set, filled.namnd)
    else:
        assert ur is not None
        assert koppling is not None
        summed, said = ledger_facts(ur, koppling, filled)
        given, unmapped = dict(summed.facts), bool(summed.unmapped)
    old = {**filled.inputs(), **typed_over(filled)}
    replaced = replaced_rows(old, given, filled.set)
    left = [loss for loss in losses(filled) if loss.key not in given and (loss.key or ())[:2] not in replaced]
    if left and not lamna_kvar:
        raise Obrukbart(
            f"{fil} har innehåll som inte går att föra över: {enumerated(left)}. Rätta det i Excel, ge värdet i {(data or koppling or ut).name} "
            "eller lägg till --lamna-kvar; inget har skrivits."
        )
    facts = merged(old, given, filled.set)
    chosen = catalog().namnd(filled.namnd)
    marks = Marks(at_present(filled.set, filled.carried, facts))
    kept = build(_xlsx(ut), filled.set, chosen, facts, replace=ersatt, marks=marks)
    click.echo(f"{ut}: {len(facts)} värden ifyllda för {chosen.name}, {filled.set.id}.")
    for sentence in said:
        click.echo(sentence)
    if left:
        click.echo(f"Kvar i {fil} och inte i {ut}: {enumerated(left)}.", err=True)
    if kept:
        click.echo(
            f"{len(kept)} tal stämmer inte med blankettens formler och skrevs i stället för dem; kontrollen visar vilka."
        )
    return FEL if unmapped else 0


@main.command()
@click.argument("fil", type=PATH, metavar="FIL.xlsx")
@click.option("-o", "--ut", type=PATH, metavar="DATA.csv", help="Filen som skapas; annars skrivs till skärmen.")
@replace_option
@guarded
def data(fil: Path, ut: Path | None, ersatt: bool) -> int:
    """Skriv ut arbetsbokens värden som en lång tabell.

    Kolumnerna är namnd;period;blankett;rad;kolumn;varde. Det som inte är något värde (text i en talcell, ett blad som
    saknas) räknas upp, och svaret till skalet är då 1.
    """
    from blankettset.addin.check.skydd import spare_sources
    from blankettset.templates.catalog import catalog
    from blankettset.workbook.read.bind import read_filled
    from blankettset.workbook.read.facts import write_facts
    from blankettset.workbook.read.losses import enumerated, losses, without_value
    from blankettset.workbook.write.files import new_file

    if ut is not None:
        spare_sources(ut, (fil,))
    filled = read_filled(fil, catalog())
    text = write_facts(filled.facts, filled.set, filled.namnd)
    if ut is None:
        click.echo(text, nl=False)
    else:
        with new_file(ut, replace=ersatt) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="")
        click.echo(f"{ut}: {len(filled.facts)} värden.")
    left = [*(loss for loss in losses(filled) if not loss.is_own_sheet), *without_value(filled)]
    if left:
        click.echo(f"{len(left)} ställen i {fil} är inga värden och är inte med: {enumerated(left)}.", err=True)
    return FEL if left else 0


@main.command()
@click.argument("fil", type=PATH, metavar="FIL.xlsx")
@click.option(
    "--foregaende", multiple=True, type=PATH, metavar="FIL", help="En tidigare arbetsbok för nämnden; kan upprepas."
)
@click.option(
    "--rapport", type=PATH, metavar="FIL.docx|pdf|txt", help="Rapporten vid sidan av arbetsboken; hålls mot siffrorna."
)
@click.option(
    "--skriv-kontroll", "kontroll", type=PATH, metavar="UT.xlsx", help="En kopia med fynden på bladet Kontroll."
)
@replace_option
@json_option
@guarded
def validera(
    fil: Path, foregaende: tuple[Path, ...], rapport: Path | None, kontroll: Path | None, ersatt: bool, as_json: bool
) -> int:
    """Kontrollera ett blankettset före inlämning."""
    from blankettset.templates.catalog import catalog
    from blankettset.validators.finding import Severity
    from blankettset.validators.validate import validate
    from blankettset.workbook.read.bind import read_filled

    if kontroll is not None:
        from blankettset.addin.check.skydd import spare_sources

        spare_sources(_xlsx(kontroll), (fil, *foregaende))
    previous = tuple(read_filled(path, catalog()) for path in foregaende)
    report = None
    if rapport is not None:
        from blankettset.workbook.report.read import read_report

        report = read_report(rapport)
    result = validate(read_filled(fil, catalog()), previous, report)
    if kontroll is not None:
        from blankettset.addin.check.kontroll import write_control

        write_control(fil, result, kontroll, replace=ersatt)
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False, indent=2))
    else:
        _print_result(result)
        if kontroll is not None:
            click.echo(f"Fynden står på bladet Kontroll i {kontroll}.")
    return FEL if result.count(Severity.FEL) else 0


def _print_result(result: Result) -> None:
    from blankettset.addin.cli.utskrift import print_result

    print_result(result)


@main.command()
@click.argument("filer", nargs=-1, required=True, type=PATH, metavar="FIL|MAPP...")
@click.option(
    "-o", "--ut", cls=Val, required=True, type=PATH, metavar="STAD.xlsx", help="Den konsoliderade arbetsboken."
)
@click.option(
    "--valj", cls=Val, multiple=True, metavar="KOD=FIL", help="Vilken av en nämnds filer som räknas; kan upprepas."
)
@json_option
@replace_option
@guarded
def konsolidera(filer: tuple[Path, ...], ut: Path, valj: tuple[str, ...], as_json: bool, ersatt: bool) -> int:
    """Slå ihop nämndernas arbetsböcker till en för staden."""
    from blankettset.addin.check.konsolidering import consolidate
    from blankettset.addin.cli.utskrift import Bar, print_collection
    from blankettset.addin.inbox.inkorg import expanded

    picks = dict(_pick(each) for each in valj)
    outcome = consolidate(expanded(filer), _xlsx(ut), replace=ersatt, picks=picks, told=Bar("Läser och kontrollerar"))
    if as_json:
        click.echo(json.dumps(outcome.as_json(), ensure_ascii=False, indent=2))
    else:
        print_collection(outcome)
    return FEL if outcome.errors else 0


def _pick(text: str) -> tuple[str, str]:
    """A file and the code of its nämnd, from KOD=FIL."""
    code, is_equal, file = text.partition("=")
    if not is_equal or not code.strip() or not file.strip():
        raise Obrukbart(f"--valj {text}: skriv nämndens kod och filen, till exempel --valj SDN08=rättad.xlsx.")
    return file.strip(), code.strip()


@main.command()
@click.argument("kod", required=False)
@guarded
def regler(kod: str | None) -> int:
    """Visa reglerna, eller en av dem förklarad."""
    from blankettset.addin.cli.utskrift import print_rule, print_rules
    from blankettset.templates.schema import nearest
    from blankettset.validators.registry import rules

    if kod is None:
        print_rules(rules())
        return 0
    info = rules().get(kod.upper())
    if info is None:
        raise Obrukbart(
            f"Regeln »{kod}» finns inte{nearest(kod.upper(), list(rules())) or '.'} »blankett regler» visar alla."
        )
    print_rule(info)
    return 0


@main.command()
@click.argument("mapp", type=PATH, metavar="MAPP")
@guarded
def exempel(mapp: Path) -> int:
    """Bygg, kontrollera och konsolidera exemplen.

    De verkliga redovisningarna och en syntetisk stad läggs i MAPP.
    """
    from blankettset.addin.cli.exempel import build_examples

    build_examples(mapp)
    return 0


for command in (rapport, pm, uppgradera, tillagg, verifiera, gallra, kf, stad, webb, sida):
    main.add_command(command)

if __name__ == "__main__":
    main()
