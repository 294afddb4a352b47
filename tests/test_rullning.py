"""Rolling forward: the worked examples, and that nothing is asked for but what must be new, reviewed or was asked for before."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from blankettset.templates.catalog import catalog
from blankettset.validators.finding import Finding, Severity
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Evaluation, Key, Value
from blankettset.workbook.carry.roll import Rolled
from blankettset.workbook.carry.slk import read_slk, with_slk
from blankettset.workbook.read.facts import DataError
from blankettset.workbook.read.filled import FilledSet
from tests import forms, rullning
from tests.rullning import codes, filing, note, open_findings, rolled, values, workbook

COVERED = {"BF509", "BF510", "BF511"}
T1, T2 = "2024-T1_SDN08", "2024-T2"


@pytest.fixture(scope="module")
def kungsholmen() -> Rolled:
    return rolled(T2, filing(T1))


# ---- worked example 1: Kungsholmen T1 -> T2 2024, money


def test_budgets_units_funds_and_projects_follow(kungsholmen: Rolled) -> None:
    budget = values(kungsholmen, "verksamhetsomraden", "budget", "G")
    assert len(budget) == 16
    evaluation = Evaluation(catalog().blankettset(T2), kungsholmen.facts)
    assert evaluation.value(("verksamhetsomraden", "summa", "budget")) == Decimal("1424.3")
    assert (budget["forskola"], budget["aldreomsorg"]) == (Decimal("278.5"), Decimal("660.6"))
    assert values(kungsholmen, "driftbudget", "budget", "G") == {"kostnader": Decimal("1826.8"), "intakter": Decimal("-402.5")}  # fmt: skip
    assert values(kungsholmen, "driftbudget", "avvikelse", "F") == {"overskott_fran": Decimal("53.2")}
    units = {name: row for row, name in values(kungsholmen, "resultatenheter", "enhet", "F").items()}
    assert len(units) == 12
    row = units["Pilträdet Servicehus"]
    assert values(kungsholmen, "resultatenheter", "bruttobudget", "G")[row] == Decimal(-66700)
    assert values(kungsholmen, "resultatenheter", "overforing_fran", "F")[row] == Decimal(-6695)
    assert evaluation.value(("resultatenheter", "summa", "overforing_fran")) == Decimal(-53245)
    assert evaluation.value(("investeringar", "summa", "budget")) == Decimal("22.4")
    assert len(values(kungsholmen, "investeringsprojekt", "projekt", "F")) == 19


def test_requests_stand_in_notes_and_on_the_list_of_what_is_left(kungsholmen: Rolled) -> None:
    assert "52,7, eller 53,2 om begärda 0,5 har beviljats" in note(kungsholmen, "verksamhetsomraden", "namnd_forvaltning", "budget")  # fmt: skip
    canal = [row for row, name in values(kungsholmen, "investeringsprojekt", "projekt").items() if "Karlbergskanalen" in str(name)]  # fmt: skip
    assert any("0,0, eller 3,2 om begärda 3,2" in note(kungsholmen, "investeringsprojekt", row, "budget") for row in canal)  # fmt: skip
    left = Counter(each.form for each in kungsholmen.left)
    assert left == {"budgetjusteringar_drift": 1, "budgetjusteringar_investering": 2}
    assert [each.value for each in kungsholmen.left] == ["0,5", "3,2", "0,2"]


def test_nothing_that_must_be_new_is_carried(kungsholmen: Rolled) -> None:
    new = {
        "verksamhetsomraden": {"prognos_fore", "prognos_efter", "begarda_justeringar", "prestationsforandring"},
        "resultatenheter": {"resultat"}, "driftbudget": {"prognos", "begarda_justeringar"},
        "investeringar": {"prognos", "begarda_justeringar"}, "investeringsprojekt": {"prognos", "begarda_justeringar"},
        "mal": {"status", "analys"}, "indikatorer": {"prognos_helar", "status"}, "aktiviteter": {"analys", "avvikelse"},
        "volymer": {"manad", "snitt", "prognos_helar", "snitt_foregaende"}, "internkontroll": {"resultat", "beskrivning"},
    }  # fmt: skip
    stamped = {(each.form, each.column) for each in kungsholmen.carried if each.mark != "N"}
    assert not {(form, column) for form, columns in new.items() for column in columns} & stamped
    assert not [key for key in kungsholmen.facts if key[0] in new and key[2] in new[key[0]] and key not in _explained(kungsholmen)]  # fmt: skip
    assert ("forsattsblad", "upprattad", "uppgift") not in kungsholmen.facts


def _explained(result: Rolled) -> set[Key]:
    """The analyses that follow because they hold the year out: the indicator has no årsmål."""
    return {each.key for each in result.carried if (each.form, each.column) == ("indikatorer", "analys")}


# ---- worked example 2: the same, verksamhet


def test_goals_indicators_activities_and_plan_follow(kungsholmen: Rolled) -> None:
    facts = kungsholmen.facts
    count = Counter(key[0] for key in facts if key[2] in ("titel", "indikator", "aktivitet", "process"))
    assert count == {"mal": 44, "indikatorer": 88, "aktiviteter": 100, "internkontroll": 9}
    assert len(values(kungsholmen, "mal", "forvantat_resultat", "F")) == 25
    assert len(values(kungsholmen, "mal", "beskrivning", "F")) == 25
    periods = Counter(value for key, value in facts.items() if key[0] == "indikatorer" and key[2] == "period")
    assert periods == {"Tertial 2 2024": 27, "2024": 61}
    outcomes = values(kungsholmen, "indikatorer", "periodens_utfall", "G")
    assert len(outcomes) == 8
    assert all(facts["indikatorer", row, "period"] == "2024" for row in outcomes)
    index = next(key[1] for key, value in facts.items() if value == "Aktivt Medskapandeindex")
    assert (outcomes[index], facts["indikatorer", index, "utfall_man"]) == ("85", "83")
    assert len(values(kungsholmen, "indikatorer", "utfall_foregaende", "F")) == 71
    assert len(values(kungsholmen, "indikatorer", "arsmal", "F")) == 85
    assert list(values(kungsholmen, "aktiviteter", "status", "F").values()) == ["klar"] * 3
    assert values(kungsholmen, "internkontroll", "atgard") == {}
    assert len(values(kungsholmen, "volymer", "planering", "F")) == 34


def test_untouched_it_asks_only_for_what_must_be_new_and_what_t1_was_asked_for(kungsholmen: Rolled) -> None:
    before = filing(T1)
    found = open_findings(workbook(T2, kungsholmen, "SDN08"), before)
    inherited = {(f.code, f.hit.form, f.hit.column) for f in open_findings(before)}
    beyond = [
        f for f in found
        if f.code not in rullning.FINDINGS_OF_NEW and (f.code, f.hit.form, f.hit.column) not in inherited
    ]  # fmt: skip
    assert [f.hit.text for f in beyond] == []
    count = codes(found)
    assert count["BF313"] == 41
    assert 0 < count["BF316"] <= 27  # every indicator of the tertial that nothing else answers for
    others = Counter({code: n for code, n in count.items() if code not in rullning.FINDINGS_OF_NEW})
    assert others - Counter({"BF204": 1, "BF211": 1, "BF321": 2, "BF317": 2}) == Counter()


def test_after_filling_in_and_reviewing_only_the_inherited_remains(kungsholmen: Rolled) -> None:
    before = filing(T1)
    found = open_findings(workbook(T2, kungsholmen, "SDN08", _as_in_t1(kungsholmen)), before)
    inherited = codes(open_findings(before))
    extra = codes(found) - inherited
    assert extra == Counter(), [f.hit.text for f in found if f.code in extra]


def _as_in_t1(result: Rolled) -> dict[Key, Value]:
    """T1's own figures for what must be new, without its requests; everything reviewed."""
    before = filing(T1)
    blankettset = catalog().blankettset(T2)
    requests = ("begarda_justeringar",)
    more: dict[Key, Value] = {}
    for key, value in before.inputs().items():
        form = blankettset.blanketter.get(key[0])
        cells = form is not None and key[2] in form.column_by_id and (form.is_list or key[1] in form.row_by_id)
        skipped = (
            key[0].startswith("budgetjusteringar")
            or key[2] in requests
            or (key[0], key[2]) == ("indikatorer", "period")
        )
        if cells and not skipped and result.facts.get(key) is None:
            more[key] = value
    for row in blankettset.blanketter["kapitalkostnader"].rows:
        if row.formula is None:
            for column in ("utfall", "prognos"):
                source = before.facts[("verksamhetsomraden", row.id, "prognos_efter")]
                more["kapitalkostnader", row.id, column] = source if column == "prognos" else Decimal(0)
    for form in ("budgetjusteringar_drift", "budgetjusteringar_investering", "omslutning", "balansrakning"):
        more["forsattsblad", form, "ej_aktuellt"] = "ja"
        more["forsattsblad", form, "motivering"] = "Inget att redovisa i T2."
    for row in blankettset.blanketter["forsattsblad"].row_by_id:
        if blankettset.blanketter["forsattsblad"].cell(row, "medfort_granskat").kind == "inmatning":
            more["forsattsblad", row, "medfort_granskat"] = "ja"
    return more


# ---- what is untouched, locked and gone


SMALL = """
    verksamhetsomraden;forskola;budget;100
    resultatenheter;1;enhet;Skolan
    resultatenheter;1;bruttobudget;-1000
    resultatenheter;1;overforing_fran;-10
    resultatenheter;2;enhet;Hemmet
    resultatenheter;2;bruttobudget;-2000
"""


def small() -> FilledSet:
    return forms.handed_in("2024-T1", forms.with_values("2024-T1", SMALL))


def judged(result: Rolled, more: dict[Key, Value]) -> list[Finding]:
    """What BF509-BF511 say of the set begun with the small one after these changes (None empties a cell)."""
    facts = {key: value for key, value in {**result.facts, **more}.items() if value is not None}
    filled = rullning.made(catalog().blankettset(T2), "SDN08", facts, result)
    return [f for f in validate(filled).findings if f.code in COVERED]


def flat(found: list[Finding]) -> list[str]:
    return sorted(f"{f.code} {f.hit.form}" for f in found)


def test_a_value_to_review_is_asked_for_until_it_is_changed_or_the_form_confirmed() -> None:
    result = rolled(T2, small())
    assert {"BF509 verksamhetsomraden", "BF509 resultatenheter"} <= set(flat(judged(result, {})))
    one = next(f for f in judged(result, {}) if f.hit.form == "resultatenheter")
    assert (one.severity, len(one.hit.cells)) == (Severity.VARNING, 1)
    changed: dict[Key, Value] = {("resultatenheter", row, "bruttobudget"): Decimal(-1100) for row in ("1", "2")}
    assert "BF509 resultatenheter" not in flat(judged(result, changed))
    confirmed: dict[Key, Value] = {("forsattsblad", "verksamhetsomraden", "medfort_granskat"): "ja"}
    assert "BF509 verksamhetsomraden" not in flat(judged(result, confirmed))
    assert "BF509 resultatenheter" in flat(judged(result, confirmed))


def test_a_moved_row_is_the_same_and_a_removed_one_is_told() -> None:
    result = rolled(T2, small())
    units = {key: value for key, value in result.facts.items() if key[0] == "resultatenheter"}
    swapped = {(form, {"1": "2", "2": "1"}[row], column): value for (form, row, column), value in units.items()}
    assert "BF511 resultatenheter" not in flat(judged(result, swapped))
    assert "BF509 resultatenheter" in flat(judged(result, swapped))
    gone: dict[Key, Value] = {key: None for key in units if key[1] == "2"}
    found = [f for f in judged(result, gone) if f.code == "BF511"]
    assert [(f.hit.form, f.severity) for f in found] == [("resultatenheter", Severity.UPPLYSNING)]
    assert "»Hemmet»" in found[0].hit.text


def test_the_stamp_survives_saving_and_reading() -> None:
    result = rolled(T2, small())
    filled = rullning.made(catalog().blankettset(T2), "SDN08", result.facts, result)
    assert filled.carried == result.carried


def test_what_slk_fills_in_is_locked_and_judged(tmp_path: Path) -> None:
    path = tmp_path / "SLK.csv"
    path.write_text(
        "namnd;period;blankett;rad;kolumn;varde\n"
        "SDN08;2024-T2;verksamhetsomraden;forskola;budget;105,5\n"
        "SDN08;2024-T2;resultatenheter;1;enhet;hemmet\nSDN08;2024-T2;resultatenheter;1;bruttobudget;-2100\n"
        "SDN04;2024-T2;verksamhetsomraden;forskola;budget;7\n",
        encoding="utf-8",
    )
    blankettset = catalog().blankettset(T2)
    result = with_slk(rolled(T2, small()), blankettset, read_slk(path, blankettset), "SDN08")
    assert result.facts["verksamhetsomraden", "forskola", "budget"] == Decimal("105.5")
    assert result.facts["resultatenheter", "2", "bruttobudget"] == Decimal(-2100)
    assert {each.key for each in result.carried if each.mark == "L"} == {
        ("verksamhetsomraden", "forskola", "budget"), ("resultatenheter", "2", "enhet"), ("resultatenheter", "2", "bruttobudget"),
    }  # fmt: skip
    assert "BF510 verksamhetsomraden" not in flat(judged(result, {}))
    changed = judged(result, {("verksamhetsomraden", "forskola", "budget"): Decimal(106)})
    wrong = [f for f in changed if f.code == "BF510"]
    assert [(f.severity, f.hit.expected) for f in wrong] == [(Severity.FEL, Decimal("105.5"))]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("SDNX8;2024-T2;verksamhetsomraden;forskola;budget;1", "nämnden »SDNX8» finns inte; menade du »SDN"),
        ("SDN08;2024-T2;verksamhetsomraden;forskolan;budget;1", "Närmast är »forskola»"),
        ("SDN08;2024-T1;verksamhetsomraden;forskola;budget;1", "perioden är »2024-T1»"),
        ("SDN08;2024-T2;verksamhetsomraden;summa;budget;1", "räknas ut"),
    ],
)
def test_mistakes_in_slks_file_are_said_with_line(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "SLK.csv"
    path.write_text(f"namnd;period;blankett;rad;kolumn;varde\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(says)):
        read_slk(path, catalog().blankettset(T2))
