"""`blankett exempel`: the three real filings and a synthetic city of eleven nämnder, built, judged and consolidated."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import click

from blankettset.addin.check.konsolidering import Outcome, consolidate
from blankettset.addin.check.kontroll import write_control
from blankettset.addin.cli.utskrift import counted
from blankettset.templates.catalog import catalog
from blankettset.templates.model import Blankettset, Kind
from blankettset.validators.finding import Severity
from blankettset.validators.validate import Result, validate
from blankettset.workbook.calc.evaluate import Facts, Key, Value
from blankettset.workbook.calc.matvarde import Slag, tolka
from blankettset.workbook.calc.status import ar_antal
from blankettset.workbook.calc.values import plain_number
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.facts import read_facts
from blankettset.workbook.write.build import build
from blankettset.workbook.write.files import WriteError

FILINGS = Path(__file__).parent.parent.parent / "templates" / "filings"
SEED = 20240430
CITY_SET = "2024-T1"
MODEL = "2024-T1_SDN08"
MARK = "SYNTETISK"


def filings() -> list[Path]:
    """The folders of the transcribed filings, named SET_NÄMND, or SET_NÄMND_ENHET for a unit's."""
    return sorted(folder for folder in FILINGS.iterdir() if (folder / "DATA.csv").is_file())


def build_examples(target: Path) -> None:
    """Build everything in `target`, which is created; refused when it already holds something."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise WriteError(f"{target} finns redan och är inte en tom mapp. Välj ett annat namn.")
    target.mkdir(parents=True, exist_ok=True)
    real = [_real(folder, target) for folder in filings()]
    synthetic = target / "syntetisk_stad"
    synthetic.mkdir()
    planted = synthetic_city(synthetic)
    outcome = consolidate([synthetic], target / f"stad_{CITY_SET}_{MARK}.xlsx", replace=False)
    _summarise(target, real, planted, outcome)


def _real(folder: Path, target: Path) -> Result:
    set_id, code, *unit = folder.name.split("_", 2)
    blankettset = catalog().blankettset(set_id, "enhet" if unit else "namnd")
    path = target / f"{folder.name}.xlsx"
    build(path, blankettset, catalog().namnd(code), read_facts(folder / "DATA.csv", blankettset))
    result = validate(read_filled(path, catalog()))
    write_control(path, result, path, replace=True)
    return result


def _summarise(target: Path, real: list[Result], planted: dict[str, str], outcome: Outcome) -> None:
    click.echo(f"Exemplen ligger i {target}")
    click.echo("")
    click.echo("Verkliga redovisningar, siffrorna som de är tryckta:")
    for result in real:
        namnd = result.filled.set.namnder[result.filled.namnd]
        counts = ", ".join(counted(s, result.count(s)) for s in (Severity.FEL, Severity.VARNING))
        click.echo(f"  {result.filled.file:24} {namnd.name}, {result.filled.set.id}: {counts}")
        for finding in result.findings:
            click.echo(f"      {finding.code} {finding.hit.text}")
    click.echo("")
    click.echo(f"Syntetisk stad ({MARK}, frö {SEED}), {len(outcome.collection.filings)} nämnder i syntetisk_stad/:")
    for code, fault in planted.items():
        click.echo(f"  {code}: planterat fel: {fault}")
    click.echo(f"  Konsoliderad: {outcome.path.name}")
    click.echo("")
    click.echo(f"Kontrollera en fil: blankett validera {target / (filings()[0].name + '.xlsx')}")


# ---- the synthetic city


def synthetic_city(folder: Path) -> dict[str, str]:
    """Write eleven workbooks for 2024-T1 with seeded figures; returns nämnd code -> planted fault."""
    blankettset = catalog().blankettset(CITY_SET)
    model = read_facts(FILINGS / MODEL / "DATA.csv", blankettset)
    codes = [c for c, n in blankettset.namnder.items() if n.exists_on(blankettset.report_date)]
    planted: dict[str, str] = {}
    faults = dict(zip(codes[1::2], FAULTS, strict=False))
    for number, code in enumerate(codes):
        facts = synthetic_filing(blankettset, model, random.Random(SEED + number))
        if code in faults:
            text, plant = faults[code]
            plant(facts)
            planted[code] = text
        build(folder / f"{MARK}_{CITY_SET}_{code}.xlsx", blankettset, blankettset.namnder[code], facts)
    return planted


def synthetic_filing(blankettset: Blankettset, model: Facts, dice: random.Random) -> dict[Key, Value]:
    """Inputs derived from a real filing: scaled and stirred with the dice, then made to agree between forms."""
    scale = Decimal(str(round(dice.uniform(0.5, 1.7), 3)))
    facts: dict[Key, Value] = {}
    for key, value in model.items():
        form = blankettset.blanketter[key[0]]
        cell = form.cell(key[1], key[2])
        if cell.kind is Kind.COMPUTED:
            continue
        if isinstance(value, Decimal):
            stirred = value * scale * Decimal(str(round(dice.uniform(0.97, 1.03), 4)))
            facts[key] = round(stirred, form.decimals_of(key[1], key[2]))
        else:
            facts[key] = value
    _forecast(blankettset, facts, dice)
    _agree(blankettset, facts)
    _support(facts, model)
    for row in _rows(facts, "internkontroll"):
        if facts.get(("internkontroll", row, "resultat")) != "ingen":
            facts["internkontroll", row, "atgard"] = f"{MARK} åtgärd"
    _invent_goals(facts, dice)
    _same_measures(blankettset, facts)
    _judge_goals(blankettset, facts)
    facts["forsattsblad", "kontakt", "uppgift"] = f"{MARK} controller"
    for row in _rows(facts, "resultatenheter"):
        facts["resultatenheter", row, "enhet"] = f"{MARK} enhet {row}"
    for row in _rows(facts, "investeringsprojekt"):
        facts["investeringsprojekt", row, "projekt"] = f"{MARK} projekt {row}"
    return facts


def _rows(facts: Facts, form: str) -> list[str]:
    return sorted({key[1] for key in facts if key[0] == form}, key=int)


def _invent_goals(facts: dict[Key, Value], dice: random.Random) -> None:
    """The city's goals and indicators stay; texts, the nämnd's own goals and all outcomes are invented, without faults."""
    for row in _rows(facts, "mal"):
        if facts["mal", row, "niva"] == "namndmal":
            facts["mal", row, "titel"] = f"{MARK} nämndmål {facts['mal', row, 'nummer']}"
            facts["mal", row, "forvantat_resultat"] = f"{MARK} resultat"
        facts.pop(("mal", row, "beskrivning"), None)
        facts["mal", row, "analys"] = f"{MARK} analys"
    for row in _rows(facts, "indikatorer"):
        place = ("indikatorer", row)
        if str(facts[*place, "mal"]).count(".") > 1:
            facts[*place, "indikator"] = f"{MARK} indikator {row}"
        _invent_values(facts, place, dice)
        facts[*place, "analys"] = f"{MARK} analys; ett värde som saknas redovisas senare"
        facts.pop((*place, "status"), None)
    for row in _rows(facts, "aktiviteter"):
        facts["aktiviteter", row, "aktivitet"] = f"{MARK} aktivitet {row}"
        facts["aktiviteter", row, "start"] = "2024-01-01"
        facts["aktiviteter", row, "slut"] = "2024-12-31"
        for column in ("analys", "avvikelse"):
            facts.pop(("aktiviteter", row, column), None)
        facts["aktiviteter", row, "status"] = dice.choice(("klar", "pagar", "ej_startad"))


def _same_measures(blankettset: Blankettset, facts: dict[Key, Value]) -> None:
    """What stands both as a volume and as an indicator is the same."""
    items = {facts[key]: key[1] for key in facts if key[0] == "indikatorer" and key[2] == "indikator"}
    for form in blankettset.blanketter.values():
        for row in form.rows:
            for column in form.column_by_id if row.indikator in items else ():
                stated = tolka(str(facts.get(("indikatorer", items[row.indikator], column)) or ""))
                if stated is not None and stated.tal is not None and (form.id, row.id, column) in facts:
                    facts[form.id, row.id, column] = stated.tal


def _judge_goals(blankettset: Blankettset, facts: dict[Key, Value]) -> None:
    """Every goal gets the status that is proposed, from the lowest up, so that no status is above what lies below."""
    from blankettset.workbook.calc.evaluate import Evaluation

    for level in ("namndmal", "kf_mal", "inriktningsmal"):
        evaluation = Evaluation(blankettset, facts)
        for row in _rows(facts, "mal"):
            proposed = evaluation.value(("mal", row, "forslag"))
            if facts["mal", row, "niva"] == level and proposed in ("helt", "delvis", "ej"):
                facts["mal", row, "status"] = proposed


def _invent_values(facts: dict[Key, Value], place: tuple[str, str], dice: random.Random) -> None:
    """Outcomes, last year's and a forecast near the target, in the row's own unit; the sexes on either side of them."""
    unit = facts.get((*place, "enhet"))
    for column in ("periodens_utfall", "utfall_man", "utfall_kvinnor", "utfall_foregaende", "prognos_helar"):
        facts.pop((*place, column), None)
    target = tolka(str(facts.get((*place, "arsmal")) or "80"))
    aim = target.tal if target is not None and target.slag is Slag.TAL else None
    if aim is None or "budgetföljsamhet" in str(facts[*place, "indikator"]):
        return

    counts = ar_antal(str(facts[*place, "indikator"]), unit if isinstance(unit, str) else None)

    def shown(factor: float) -> str:
        figure = round(aim * Decimal(str(round(factor, 3))), 0 if counts else 1)
        top = min(figure, Decimal(100)) if unit == "%" else figure
        return f"{plain_number(top)} {unit}" if unit else plain_number(top)

    level = dice.uniform(0.93, 1.05)
    facts[*place, "arsmal"] = shown(1)
    facts[*place, "utfall_foregaende"] = shown(level * 0.98)
    facts[*place, "prognos_helar"] = shown(level)
    if "Antal" not in str(facts[*place, "indikator"]):
        facts[*place, "periodens_utfall"] = shown(level)
        if facts.get((*place, "konsuppdelad")) == "ja":
            facts[*place, "utfall_man"] = shown(level * 0.99)
            facts[*place, "utfall_kvinnor"] = shown(level * 1.01)


def _number(facts: Facts, key: Key) -> Decimal:
    value = facts.get(key)
    return value if isinstance(value, Decimal) else Decimal(0)


def _forecast(blankettset: Blankettset, facts: dict[Key, Value], dice: random.Random) -> None:
    """A forecast within two percent of the budget on every row."""
    areas = "verksamhetsomraden"
    for row in (row.id for row in blankettset.blanketter[areas].rows if row.formula is None):
        budget = sum(
            (_number(facts, (areas, row, c)) for c in ("budget", "begarda_justeringar", "prestationsforandring")),
            Decimal(0),
        )
        facts[areas, row, "prognos_efter"] = round(budget * Decimal(str(round(dice.uniform(0.985, 1.02), 4))), 1)


def _agree(blankettset: Blankettset, facts: dict[Key, Value]) -> None:
    """Make the same figure the same in every form, so that only planted faults are found."""
    areas = "verksamhetsomraden"
    rows = [row.id for row in blankettset.blanketter[areas].rows if row.formula is None]
    for row in rows:
        facts[areas, row, "prognos_fore"] = facts.get((areas, row, "prognos_efter"))
    part, whole = "eb_handlaggning", "ekonomiskt_bistand"
    for column in ("budget", "prognos_fore", "prognos_efter"):
        if _number(facts, (areas, part, column)) > _number(facts, (areas, whole, column)):
            facts[areas, part, column] = _number(facts, (areas, whole, column))
    asked = _number(facts, ("budgetjusteringar_drift", "1", "belopp"))
    facts[areas, "namnd_forvaltning", "begarda_justeringar"] = asked
    main = [row.id for row in blankettset.blanketter[areas].rows if row.varav_of != whole and row.formula is None]
    total = {c: sum((_number(facts, (areas, row, c)) for row in main), Decimal(0))
             for c in ("budget", "begarda_justeringar", "prestationsforandring", "prognos_efter")}  # fmt: skip
    income = _number(facts, ("driftbudget", "intakter", "budget"))
    for column, source in (("budget", "budget"), ("begarda_justeringar", "begarda_justeringar"),
                           ("prestationsforandring", "prestationsforandring"), ("prognos", "prognos_efter")):  # fmt: skip
        shared = income if column in ("budget", "prognos") else Decimal(0)
        facts["driftbudget", "intakter", column] = shared
        facts["driftbudget", "kostnader", column] = total[source] - shared
    carried = Decimal(0)
    for row in _rows(facts, "resultatenheter"):
        gross = _number(facts, ("resultatenheter", row, "bruttobudget"))
        start = max(_number(facts, ("resultatenheter", row, "overforing_fran")), gross * Decimal("0.09"))
        facts["resultatenheter", row, "overforing_fran"] = round(start, 1)
        facts["resultatenheter", row, "resultat"] = Decimal(0)
        carried += round(start, 1)
    facts["driftbudget", "overskott_fran", "avvikelse"] = round(-carried / 1000, 1)
    facts["driftbudget", "overskott_till", "avvikelse"] = round(carried / 1000, 1)
    _agree_investments(blankettset, facts)


def _agree_investments(blankettset: Blankettset, facts: dict[Key, Value]) -> None:
    form = "investeringsprojekt"
    asked = {"2": _number(facts, ("budgetjusteringar_investering", "2", "belopp")),
             "1": _number(facts, ("budgetjusteringar_investering", "1", "belopp"))}  # fmt: skip
    for row in _rows(facts, form):
        budget = _number(facts, (form, row, "budget"))
        facts.pop((form, row, "begarda_justeringar"), None)
        facts[form, row, "prognos"] = budget
    others = [row for row in _rows(facts, form) if facts.get((form, row, "grupp")) == "ovriga"]
    for row, amount in zip(others, asked.values(), strict=False):
        facts[form, row, "begarda_justeringar"] = amount
        facts[form, row, "prognos"] = _number(facts, (form, row, "budget")) + amount
    for group in blankettset.blanketter[form].column_by_id["grupp"].choices:
        rows = [row for row in _rows(facts, form) if facts.get((form, row, "grupp")) == group.id]
        for column in ("budget", "begarda_justeringar", "prognos"):
            facts["investeringar", group.id, column] = sum(
                (_number(facts, (form, row, column)) for row in rows), Decimal(0)
            )


def _support(facts: dict[Key, Value], model: Facts) -> None:
    """Keep the averages of the real filing, and let what is paid follow from the households."""
    place = "volymer", "ekonomiskt_bistand_{}"
    for column in ("planering", "manad", "snitt", "snitt_foregaende"):
        households, average, city, paid = (
            (place[0], place[1].format(row), column)
            for row in ("hushall", "medelbidrag", "medelbidrag_staden", "utbetalt")
        )
        facts[average], facts[city] = model[average], model[city]
        facts[households] = Decimal(round(_number(facts, households)))
        facts[paid] = Decimal(round(_number(facts, households) * _number(facts, average) / 1000))


def _thousandfold(facts: dict[Key, Value]) -> None:
    key = ("verksamhetsomraden", "aldreomsorg", "prognos_fore")
    facts[key] = _number(facts, key) * 1000


def _income_positive(facts: dict[Key, Value]) -> None:
    key = ("driftbudget", "intakter", "prognos")
    facts[key] = -_number(facts, key)


def _wrong_total(facts: dict[Key, Value]) -> None:
    rows = ("kostnader", "intakter")
    total = sum((_number(facts, ("driftbudget", row, "budget")) for row in rows), Decimal(0))
    facts["driftbudget", "anslag_netto", "budget"] = total + 2


def _missing_forecast(facts: dict[Key, Value]) -> None:
    facts["verksamhetsomraden", "forskola", "prognos_efter"] = None


def _fund_too_large(facts: dict[Key, Value]) -> None:
    key = ("resultatenheter", "1", "overforing_fran")
    before = _number(facts, key)
    facts[key] = round(_number(facts, ("resultatenheter", "1", "bruttobudget")) * Decimal("0.12"), 1)
    change = (_number(facts, key) - before) / 1000
    for row, sign in (("overskott_fran", -1), ("overskott_till", 1)):
        place = ("driftbudget", row, "avvikelse")
        facts[place] = round(_number(facts, place) + sign * change, 1)


FAULTS = (
    ("äldreomsorgens prognos före skriven i tkr", _thousandfold),
    ("intäkterna i sammandraget med fel tecken", _income_positive),
    ("sammandragets budget överskriven med ett tal som är 2,0 för högt", _wrong_total),
    ("förskolans prognos efter utelämnad", _missing_forecast),
    ("en resultatenhets fond 12 procent av bruttobudgeten", _fund_too_large),
)
