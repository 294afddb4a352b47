"""Worked examples 3-6, the real filings' next sets untouched, and a synthetic nämnd through four periods in a row."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from blankettset.addin.cli.exempel import synthetic_filing
from blankettset.templates.catalog import catalog
from blankettset.workbook.calc.evaluate import Evaluation, Key, Value
from blankettset.workbook.carry.roll import Rolled
from blankettset.workbook.read.filled import FilledSet
from tests import forms, rullning
from tests.rullning import filing, note, open_findings, rolled, values, workbook

AREAS = "verksamhetsomraden"


# ---- 3: closing 2023 -> T1 2024, funds


def test_closing_funds_open_the_new_year_with_the_sign_turned() -> None:
    units = {"Pilträdet Servicehus": "-6695,0", "Hornsbergs förskola": "-46550,0"}
    lines = [f"resultatenheter;{row};{column};{value}" for row, (name, fund) in enumerate(units.items(), start=1)
             for column, value in (("enhet", name), ("bruttobudget", "-66700"), ("overforing_fran", fund))]  # fmt: skip
    books = forms.handed_in("2023-VB", forms.with_values("2023-VB", "\n".join(lines) + "\ndriftbudget;overskott_till;avvikelse;-53,2"))  # fmt: skip
    assert books.facts["resultatenheter", "1", "overforing_till"] == Decimal("6695.0")
    plan = forms.handed_in("2024-VP", forms.with_values("2024-VP", "".join(
        f"resultatenheter;{row};enhet;{name}\nresultatenheter;{row};omrade;aldreomsorg\n"
        for row, name in enumerate([*list(units)[:1], "Kungsholmens kommunala hemtjänst"], start=1))))  # fmt: skip
    alone = rolled("2024-T1", books)
    assert values(alone, "resultatenheter", "overforing_fran", "G") == {
        "1": Decimal("-6695.0"),
        "2": Decimal("-46550.0"),
    }
    evaluation = Evaluation(catalog().blankettset("2024-T1"), alone.facts)
    assert evaluation.value(("resultatenheter", "summa", "overforing_fran")) == Decimal("-53245.0")
    assert values(alone, "driftbudget", "avvikelse", "G") == {"overskott_fran": Decimal("53.2")}
    both = rolled("2024-T1", books, plan)
    assert list(values(both, "resultatenheter", "enhet", "F").values()) == ["Pilträdet Servicehus", "Kungsholmens kommunala hemtjänst"]  # fmt: skip
    assert values(both, "resultatenheter", "overforing_fran") == {"1": Decimal("-6695.0")}
    gone = [each for each in both.left if each.form == "resultatenheter"]
    assert [(each.what, each.value) for each in gone] == [("Hornsbergs förskola", "46550")]


# ---- 4: Hässelby-Vällingby VP 2021 -> T1 2021


def test_a_plan_becomes_the_first_report_of_its_year() -> None:
    result = rolled("2021-T1", filing("2021-VP_SDN04"))
    budget = values(result, AREAS, "budget", "G")
    assert (budget["forskola"], budget["stadsmiljo"], budget["iof_nyanlanda"]) == (Decimal("428.2"), Decimal("20.5"), Decimal(0))  # fmt: skip
    assert {"avskrivningar", "internrantor"}.isdisjoint(budget)
    assert "13,6 tillsammans med Internräntor" in note(result, AREAS, "avskrivningar", "budget")
    evaluation = Evaluation(catalog().blankettset("2021-T1"), result.facts)
    assert evaluation.value((AREAS, "summa", "budget")) == Decimal("2013.4") - Decimal("13.6")
    assert len(values(result, "resultatenheter", "enhet", "F")) == 11
    assert values(result, "investeringar", "budget", "G") == {"maskiner": Decimal("2.9")}
    assert "19,0" in note(result, "investeringar", "summa", "budget")
    assert list(values(result, "prestationer", "antal_budget").values()) == [936, 1640, 3]
    assert [result.facts["prestationer", f"forskola_{age}", "pris"] for age in ("1_3", "4_5", "allman")] == [131943, 110762, 52642]  # fmt: skip
    assert Counter(v for k, v in result.facts.items() if k[0] == "indikatorer" and k[2] == "period") == {"2021": 55, "Tertial 1 2021": 29}  # fmt: skip
    assert len(values(result, "aktiviteter", "aktivitet", "F")) == 127
    assert sum(Decimal(each.value.replace(",", ".")) for each in result.left if each.form == "budgetjusteringar_drift") == Decimal("12.3")  # fmt: skip


def test_a_report_that_agrees_with_the_plan_is_not_warned_for_its_capital_costs() -> None:
    plan = filing("2021-VP_SDN04")
    result = rolled("2021-T1", plan)
    shared: dict[Key, Value] = {(AREAS, "avskrivningar", "budget"): Decimal("12.0"), (AREAS, "internrantor", "budget"): Decimal("1.6")}  # fmt: skip
    agreed = workbook("2021-T1", result, "SDN04", shared)
    assert [f for f in open_findings(agreed, plan) if f.code == "BF501"] == []
    raised = workbook("2021-T1", result, "SDN04", {**shared, (AREAS, "internrantor", "budget"): Decimal("3.6")})
    found = [f for f in open_findings(raised, plan) if f.code == "BF501"]
    assert [(f.hit.row, f.hit.found, f.hit.expected) for f in found] == [
        ("stadsmiljo", Decimal("36.1"), Decimal("34.1"))
    ]


# ---- 5: Hägersten-Liljeholmen T2 2019 -> VP 2020


def test_the_second_tertial_is_what_next_years_plan_begins_with() -> None:
    result = rolled("2020-VP", filing("2019-T2_SDN22"))
    before, forecast = values(result, AREAS, "netto_foregaende", "G"), values(result, AREAS, "prognos_foregaende", "G")
    assert (before["forskola"], before["stadsmiljo"]) == (Decimal("680.2"), Decimal("26.1"))
    assert (forecast["forskola"], forecast["stadsmiljo"]) == (Decimal("670.2"), Decimal("26.6"))
    assert "byt mot novembers" in note(result, AREAS, "forskola", "prognos_foregaende")
    evaluation = Evaluation(catalog().blankettset("2020-VP"), result.facts)
    assert evaluation.value((AREAS, "summa", "netto_foregaende")) == Decimal("1956.5")
    assert evaluation.value((AREAS, "summa", "prognos_foregaende")) == Decimal("1968.8")
    ends = values(result, "aktiviteter", "slut", "G")
    assert list(ends.values()) == ["2020-12-31"] * 4
    assert len(values(result, "aktiviteter", "aktivitet", "G")) == 4 + 7
    stays = [each for each in result.left if each.form == "aktiviteter" and each.why.startswith("följer inte med")]
    assert len(stays) == 3 + 107
    again = rolled("2020-T2", filing("2019-T2_SDN22"))
    assert "321,2" in note(again, "balansrakning", "balansomslutning", "forandring_foregaende")


# ---- 6: a unit across a merger


def test_a_unit_has_one_predecessor_its_own() -> None:
    before = filing("2020-VP_SDN22_bestallarenheten")
    result = rolled("2020-VB", before, namnd="SDNHA")
    filled = workbook("2020-VB", result, "SDNHA", level="enhet")
    assert [filled.facts["enhetsbudget", row, "budget"] for row in ("kostnader", "intakter", "netto")] == [599400, 34200, 565200]  # fmt: skip
    assert filled.facts["forsattsblad", "namnd_kod", "uppgift"] == "SDNHA"
    assert len(values(result, "enhetsmal", "forvantat_resultat", "F")) == 4
    assert {each.what.partition(", ")[2].split()[0] for each in result.left} == {"Arbetssätt", "Resursanvändning", "Uppföljning", "Utveckling"} or result.left  # fmt: skip
    assert Counter(v for k, v in result.facts.items() if k[0] == "indikatorer" and k[2] == "period") == {"VB 2020": 4, "2020": 4}  # fmt: skip
    assert len(values(result, "indikatorer", "arsmal", "F")) == 5
    assert set(values(result, "aktiviteter", "slut", "F").values()) == {"2020-12-31"}
    assert not [key for key in result.facts if key[0] == "aktiviteter" and key[2] == "status"]
    open_findings(filled, before)  # one file is enough


# ---- untouched, and four periods in a row


def beyond(now: FilledSet, *earlier: FilledSet) -> list[str]:
    """Findings beyond what must be new or reviewed and what the latest earlier workbook already had."""
    inherited = {(f.code, f.hit.form) for each in earlier for f in open_findings(each)}
    if now.set.period == "VP":
        inherited.add(("BF317", "indikatorer"))  # the year's targets are set in the plan
    return [
        f"{f.code} {f.hit.text[:160]}"
        for f in open_findings(now, *earlier)
        if f.code not in rullning.FINDINGS_OF_NEW and (f.code, f.hit.form) not in inherited
    ]


@pytest.mark.parametrize(
    ("name", "following", "namnd"),
    [("2024-T1_SDN08", "2024-T2", "SDN08"), ("2021-VP_SDN04", "2021-T1", "SDN04"), ("2019-T2_SDN22", "2019-VB", "SDN22"),
     ("2019-T2_SDN22", "2020-VP", "SDN22"), ("2024-T1_SDN08", "2024-VB", "SDN08")],
)  # fmt: skip
def test_the_real_filings_next_sets_ask_only_for_the_new(name: str, following: str, namnd: str) -> None:
    before = filing(name)
    assert beyond(workbook(following, rolled(following, before), namnd), before) == []


@pytest.fixture(scope="module")
def years() -> list[tuple[Rolled, FilledSet]]:
    """A synthetic nämnd from T1 2024 on: T2, VB, VP 2025 and T1 2025, each begun with the one before and not filled in."""
    import random

    blankettset = catalog().blankettset("2024-T1")
    model = filing("2024-T1_SDN08").facts
    facts = synthetic_filing(blankettset, model, random.Random(7))
    books = [rullning.made(blankettset, "SDN08", facts, name="2024-T1.xlsx")]
    found = []
    for set_id in ("2024-T2", "2024-VB", "2025-VP", "2025-T1"):
        result = rolled(set_id, books[-1])
        books.append(rullning.made(catalog().blankettset(set_id), "SDN08", result.facts, result, f"{set_id}.xlsx"))
        found.append((result, books[-1]))
    return found


def test_four_periods_in_a_row_ask_only_for_the_new(years: list[tuple[Rolled, FilledSet]]) -> None:
    earlier: list[FilledSet] = []
    for _, filled in years:
        assert beyond(filled, *earlier[-1:]) == []
        earlier.append(filled)


def test_what_is_known_is_there_all_the_way(years: list[tuple[Rolled, FilledSet]]) -> None:
    t2, vb, vp, t1 = (result for result, _ in years)
    budget = values(t2, AREAS, "budget")
    assert len(budget) == 16
    assert values(vb, AREAS, "budget") == budget
    assert values(vp, AREAS, "netto_foregaende")["forskola"] == budget["forskola"]
    unit = set(values(t2, "resultatenheter", "enhet").values())
    assert [set(values(result, "resultatenheter", "enhet").values()) for result in (vb, vp, t1)] == [unit] * 3
    own = set(values(t2, "mal", "titel").values())
    assert own
    assert own <= set(values(vp, "mal", "titel").values())
