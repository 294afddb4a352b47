"""BF601-BF606 and the city's workbook: many filings become one, and nothing is dropped in silence."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from blankettset.addin.check import konsolidering
from blankettset.addin.check.konsolidering import consolidate
from blankettset.addin.cli.exempel import synthetic_city
from blankettset.addin.cli.kommandon import main
from blankettset.templates.catalog import catalog
from blankettset.validators.across.filed import Unreadable
from blankettset.validators.collection import Collection, eliminated, handed_in, judge
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Evaluation, Facts, Key, Value
from blankettset.workbook.city.book import city_facts, in_mnkr, sum_inputs
from blankettset.workbook.layout.placement import Placement
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.write.build import build
from tests import forms

COVERED = {f"BF60{n}" for n in (1, 2, 3, 4, 5, 6, 8, 9)}  # the last two, and folders and versions, in test_mapp
SET = "2024-T1"
DANGEROUS = {"=1+1", "@SUM(A1)", "+/- 1 %", "-2+3"}
CODES = ["SDN04", "SDN06", "SDN08"]


def make(folder: Path, code: str, facts: dict[Key, Value] | None = None, set_id: str = SET, name: str = "") -> Path:
    path = folder / (name or f"{code}.xlsx")
    build(path, catalog().blankettset(set_id), catalog().namnd(code), facts or forms.base(set_id))
    return path


def cells_with(path: Path, texts: set[str]) -> list[Any]:
    sheets = load_workbook(path).worksheets
    return [cell for sheet in sheets for row in sheet.iter_rows() for cell in row if cell.value in texts]


def collected(*paths: Path) -> Collection:
    filings = [handed_in(validate(read_filled(path, catalog()))) for path in paths]
    by_ticket = {filed.ticket: filed for filed in filings}
    return judge([filed.ticket for filed in filings], by_ticket.__getitem__, ())


def codes(found: Collection, *, without: str = "BF603") -> list[str]:
    return [finding.code for _, finding in found.findings if finding.code != without]


def test_an_unreadable_file_is_a_finding_and_the_others_are_consolidated(tmp_path: Path) -> None:
    good = make(tmp_path, "SDN08")
    (tmp_path / "trasig.xlsx").write_bytes(b"PK\x03\x04" + b"\0" * 50)
    outcome = consolidate([tmp_path], tmp_path / "stad.xlsx", replace=False)
    assert next(finding.code for _, finding in outcome.collection.findings) == "BF601"
    assert [filed.file for filed in outcome.collection.filings] == [good.name]
    assert (tmp_path / "stad.xlsx").exists()


def test_two_files_from_one_namnd_are_found_and_one_is_counted(tmp_path: Path) -> None:
    found = collected(make(tmp_path, "SDN08"), make(tmp_path, "SDN08", name="rättad.xlsx"))
    assert codes(found) == ["BF602"]
    assert len(found.filings) == 1


def test_every_missing_namnd_is_named(tmp_path: Path) -> None:
    found = collected(make(tmp_path, "SDN08"))
    assert len(found.missing) == 10
    (said,) = [finding.hit.text for _, finding in found.findings if finding.code == "BF603"]
    assert said.startswith("10 nämnder har inte lämnat 2024-T1: ")
    assert all(code in said for code in found.missing)


def test_a_file_of_another_period_is_left_out_and_said_to_be(tmp_path: Path) -> None:
    found = collected(make(tmp_path, "SDN04"), make(tmp_path, "SDN06"), make(tmp_path, "SDN08", set_id="2024-T2"))
    assert codes(found) == ["BF604"]
    assert {filed.namnd for filed in found.filings} == {"SDN04", "SDN06"}


def test_a_total_that_is_not_its_rows_is_found_and_the_city_counts_the_rows(tmp_path: Path) -> None:
    facts = forms.with_values(SET, "driftbudget;kostnader;budget;10\ndriftbudget;anslag_netto;budget;12")
    found = collected(make(tmp_path, "SDN08", facts), make(tmp_path, "SDN04"))
    assert codes(found) == ["BF605"]
    total = city_total([filed.inputs for filed in found.filings])
    assert total.value(("driftbudget", "anslag_netto", "budget")) == 10


def city_total(filings: list[Facts]) -> Evaluation:
    from msgspec.structs import replace

    first = catalog().blankettset(SET)
    city = replace(first, blanketter={form.id: in_mnkr(form) for form in first.blanketter.values()})
    parts = [city_facts(city, first, inputs) for inputs in filings]
    return Evaluation(city, sum_inputs(city, parts), keep_formulas=True)


def trade(other: str, amount: str) -> dict[Key, Value]:
    return forms.with_values("2024-T2", f"""
        omslutning;1;post;Försäljning till andra SDN
        omslutning;1;omrade;aldreomsorg
        omslutning;1;kostnader;{amount}
        omslutning;1;intakter;-{amount}
        omslutning;1;motpart;{other}
    """)  # fmt: skip


def test_trades_that_meet_are_eliminated_and_others_are_listed(tmp_path: Path) -> None:
    met = collected(
        make(tmp_path, "SDN08", trade("SDN04", "3,2"), "2024-T2"),
        make(tmp_path, "SDN04", trade("SDN08", "3,2"), "2024-T2"),
    )
    assert codes(met) == []
    assert eliminated(catalog().blankettset("2024-T2"), met.filings) == {("SDN04", "SDN08"): Decimal("3.2")}
    other = collected(
        make(tmp_path, "SDN08", trade("SDN04", "3,2"), "2024-T2", "a.xlsx"),
        make(tmp_path, "SDN04", trade("SDN08", "3,0"), "2024-T2", "b.xlsx"),
    )
    assert codes(other) == ["BF606"]
    assert eliminated(catalog().blankettset("2024-T2"), other.filings) == {}


def test_a_trade_without_its_counterpart_is_listed(tmp_path: Path) -> None:
    found = collected(
        make(tmp_path, "SDN08", trade("SDN04", "3,2"), "2024-T2"), make(tmp_path, "SDN04", set_id="2024-T2")
    )
    assert codes(found) == ["BF606"]


def random_filing(seed: int) -> dict[Key, Value]:
    dice = random.Random(seed)
    facts = forms.base(SET)
    for key, value in facts.items():
        if isinstance(value, Decimal):
            facts[key] = Decimal(dice.randint(-5000, 5000)) / 10
    return facts


def test_the_order_of_the_namnder_does_not_matter(tmp_path: Path) -> None:
    paths = [make(tmp_path, code, random_filing(i)) for i, code in enumerate(CODES)]
    one, other = collected(*paths), collected(*reversed(paths))
    assert [filed.namnd for filed in one.filings] == [filed.namnd for filed in other.filings]
    assert one.findings == other.findings


def test_the_city_is_the_sum_of_its_namnder_and_one_namnd_is_itself(tmp_path: Path) -> None:
    paths = [make(tmp_path, code, random_filing(i)) for i, code in enumerate(CODES)]
    filings = [read_filled(path, catalog()) for path in paths]
    total = city_total([filed.inputs() for filed in filings])
    for key in (("verksamhetsomraden", "summa", "budget"), ("driftbudget", "efter", "avvikelse")):
        parts = [filed.evaluation.value(key) for filed in filings]
        assert total.value(key) == sum(part for part in parts if isinstance(part, Decimal))
    alone = city_total([filings[0].inputs()])
    assert alone.value(("verksamhetsomraden", "summa", "budget")) == filings[0].evaluation.value(
        ("verksamhetsomraden", "summa", "budget")
    )


def test_thousands_become_millions_in_the_city(tmp_path: Path) -> None:
    facts = forms.with_values(SET, """
        resultatenheter;1;enhet;Servicehuset
        resultatenheter;1;bruttobudget;-66700
        resultatenheter;1;overforing_fran;-6695
    """)  # fmt: skip
    make(tmp_path, "SDN08", facts)
    consolidate([tmp_path], tmp_path / "stad.xlsx", replace=False)
    book = load_workbook(tmp_path / "stad.xlsx", data_only=True)
    values = [cell.value for row in book["Resultatenheter"].iter_rows() for cell in row]
    assert -66.7 in values
    assert -6.695 in values


def test_a_text_that_begins_like_a_formula_stays_a_text_in_the_city(tmp_path: Path) -> None:
    facts = forms.with_values(SET, """
        resultatenheter;1;enhet;=1+1
        resultatenheter;1;bruttobudget;-66700
        lokaler;1;lokal;@SUM(A1)
        lokaler;1;hyra;1000
        lokaler;1;yta;10
        mal;1;analys;-2+3
        indikatorer;99;mal;1.1.1
        indikatorer;99;indikator;=1+1
        indikatorer;99;riktning;hogre
        indikatorer;99;arsmal;+/- 1 %
        indikatorer;99;analys;@SUM(A1)
        aktiviteter;1;aktivitet;=1+1
        aktiviteter;1;avvikelse;@SUM(A1)
    """)  # fmt: skip
    own = make(tmp_path, "SDN08", facts)
    assert not [cell for cell in cells_with(own, DANGEROUS) if cell.data_type != "s"]
    consolidate([tmp_path], tmp_path / "stad.xlsx", replace=False)
    found = cells_with(tmp_path / "stad.xlsx", DANGEROUS)
    assert {cell.value for cell in found} == DANGEROUS
    assert {cell.parent.title for cell in found} >= {"Resultatenheter", "Lokaler", "Mål", "Indikatorer", "Aktiviteter"}
    assert all(cell.data_type == "s" for cell in found)


def test_units_become_their_namnds_figures_per_verksamhetsomrade(tmp_path: Path) -> None:
    units = {
        "Axelsberg": ("aldreomsorg", 21600),
        "Trekanten": ("aldreomsorg", 10000),
        "Ung fritid": ("barn_kultur_fritid", 500),
    }
    for name, (area, costs) in units.items():
        facts = forms.base("2020-VP enhet")
        facts["forsattsblad", "enhet", "uppgift"] = name
        facts["forsattsblad", "omrade", "uppgift"] = area
        facts["enhetsbudget", "personalkostnader", "budget"] = Decimal(costs)
        facts["enhetsbudget", "taxor_avgifter", "budget"] = Decimal(100)
        build(tmp_path / f"{name}.xlsx", catalog().blankettset("2020-VP", "enhet"), catalog().namnd("SDN22"), facts)
    (tmp_path / "kopia.xlsx").write_bytes((tmp_path / "Axelsberg.xlsx").read_bytes())
    outcome = consolidate([tmp_path], tmp_path / "namnd.xlsx", replace=False)
    assert [finding.code for _, finding in outcome.collection.findings] == ["BF602"]
    assert "3 enheter" in outcome.sentence()
    sheet = load_workbook(tmp_path / "namnd.xlsx", data_only=True)["Verksamhetsområden"]
    rows = [row[:5] for row in sheet.iter_rows(min_row=6, values_only=True)]
    assert rows == [
        ("Äldreomsorg", 2, 31.6, 0.2, 31.4),
        ("Barn, kultur och fritid", 1, 0.5, 0.1, 0.4),
        ("Hägersten-Liljeholmen stadsdelsnämnd", 3, 32.1, 0.3, 31.8),
        ("Skillnad mot Enhetsbudget (ska vara noll)", None, 0, 0, 0),
    ]


def test_better_income_than_budget_is_a_surplus_for_the_unit() -> None:
    facts = forms.with_values("2021-VB enhet", """
        enhetsbudget;taxor_avgifter;budget;100
        enhetsbudget;taxor_avgifter;utfall;120
        enhetsbudget;personalkostnader;budget;500
        enhetsbudget;personalkostnader;utfall;510
    """)  # fmt: skip
    filled = forms.handed_in("2021-VB enhet", facts)
    rows = ("taxor_avgifter", "intakter", "personalkostnader", "kostnader", "netto")
    assert [filled.evaluation.value(("enhetsbudget", row, "avvikelse")) for row in rows] == [20, 20, -10, -10, 10]
    assert forms.findings(filled) == []


def test_a_unit_without_verksamhetsomrade_is_counted_on_a_row_of_its_own(tmp_path: Path) -> None:
    for name, area in (("Axelsberg", "aldreomsorg"), ("Trekanten", None)):
        facts = forms.base("2020-VP enhet")
        facts |= {("forsattsblad", "enhet", "uppgift"): name, ("forsattsblad", "omrade", "uppgift"): area}
        facts["enhetsbudget", "personalkostnader", "budget"] = Decimal(1000)
        build(tmp_path / f"{name}.xlsx", catalog().blankettset("2020-VP", "enhet"), catalog().namnd("SDN22"), facts)
    consolidate([tmp_path], tmp_path / "namnd.xlsx", replace=False)
    sheet = load_workbook(tmp_path / "namnd.xlsx", data_only=True)["Verksamhetsområden"]
    rows = [row[:3] for row in sheet.iter_rows(min_row=6, values_only=True)]
    assert rows == [
        ("Äldreomsorg", 1, 1),
        ("Utan verksamhetsområde", 1, 1),
        ("Hägersten-Liljeholmen stadsdelsnämnd", 2, 2),
        ("Skillnad mot Enhetsbudget (ska vara noll)", None, 0),
    ]


def test_a_price_is_not_summed_and_what_it_gives_is_the_sum_of_the_namnders(tmp_path: Path) -> None:
    """Ten children more than budgeted at 150 000 kr in each of two nämnder are 3,0 mnkr, not twenty at 300 000."""
    facts = forms.with_values(SET, """
        prestationer;forskola_1_3;antal_budget;100
        prestationer;forskola_1_3;jan;110
        prestationer;forskola_1_3;pris;150000
    """)  # fmt: skip
    for code in CODES[:2]:
        make(tmp_path, code, facts)
    consolidate([tmp_path], tmp_path / "stad.xlsx", replace=False)
    form = catalog().blankettset(SET).blanketter["prestationer"]
    place = Placement(form)
    values = load_workbook(tmp_path / "stad.xlsx", data_only=True)[form.sheet]
    columns = ("antal_budget", "antal_avlast", "pris", "forandring")
    assert [values[place.address("forskola_1_3", column)].value for column in columns] == [200, 220, "se Data", 3.0]
    assert values[place.address("forskola_summa", "forandring")].value == 3.0
    formula = load_workbook(tmp_path / "stad.xlsx")[form.sheet][place.address("forskola_1_3", "forandring")].value
    assert "SUM(Data!" in formula


def test_what_nobody_has_reported_is_blank_in_the_city(tmp_path: Path) -> None:
    for code in CODES[:2]:
        make(tmp_path, code)
    consolidate([tmp_path], tmp_path / "stad.xlsx", replace=False)
    form = catalog().blankettset(SET).blanketter["prestationer"]
    place = Placement(form)
    sheet = load_workbook(tmp_path / "stad.xlsx", data_only=True)[form.sheet]
    for row in ("lss_vuxenboende", "lss_summa"):
        assert [sheet[place.address(row, c)].value for c in ("antal_budget", "forandring")] == [None, None]


def test_a_functions_amount_is_turned_into_millions_too(tmp_path: Path) -> None:
    facts = forms.with_values(SET, "lokaler;1;lokal;Förskolan\nlokaler;1;hyra;2500\nlokaler;1;yta;1000")
    path = make(tmp_path, "SDN08", facts)
    own = read_filled(path, catalog()).evaluation.value(("lokaler", "1", "bidrag"))
    consolidate([tmp_path], tmp_path / "stad.xlsx", replace=False)
    sheet = load_workbook(tmp_path / "stad.xlsx", data_only=True)["Lokaler"]
    assert isinstance(own, Decimal)
    assert sheet["F8"].value == pytest.approx(float(own) / 1000)


def test_a_row_of_a_citys_list_is_as_high_as_its_longest_text(tmp_path: Path) -> None:
    facts = forms.with_values(SET, "mal;2;status;delvis")
    facts["mal", "2", "analys"] = "Vi når inte målet i år. " * 40
    make(tmp_path, "SDN08", facts)
    consolidate([tmp_path], tmp_path / "stad.xlsx", replace=False)
    book = load_workbook(tmp_path / "stad.xlsx")
    heights = {row: book["Mål"].row_dimensions[row].height for row in (8, 9)}
    assert heights[9] > 10 * 12
    assert heights[8] < 60
    assert all(cell.alignment.wrap_text for cell in book["Indikatorer"][8] if cell.data_type == "s" and cell.column > 2)


def test_units_are_called_units_when_they_are_consolidated(tmp_path: Path) -> None:
    facts = forms.base("2020-VP enhet") | {("forsattsblad", "enhet", "uppgift"): "Axelsberg"}
    build(tmp_path / "a.xlsx", catalog().blankettset("2020-VP", "enhet"), catalog().namnd("SDN22"), facts)
    consolidate([tmp_path], tmp_path / "namnd.xlsx", replace=False)
    book = load_workbook(tmp_path / "namnd.xlsx", data_only=True)
    assert [book[sheet]["A5"].value for sheet in ("Översikt", "Fynd", "Proveniens")] == ["Enhet"] * 3
    said = " ".join(str(book[sheet]["A3"].value) for sheet in ("Översikt", "Data", "Fynd", "Proveniens"))
    assert "nämnd " not in said
    assert "nämnds" not in said
    assert "Budgetföljsamhet" not in said


def test_the_citys_contents_lead_to_every_sheet_and_long_tables_repeat_their_headings(tmp_path: Path) -> None:
    make(tmp_path, "SDN08")
    consolidate([tmp_path], tmp_path / "stad.xlsx", replace=False)
    book = load_workbook(tmp_path / "stad.xlsx")
    links = {cell.hyperlink.location for row in book["Innehåll"].iter_rows() for cell in row if cell.hyperlink}
    visible = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible" and sheet.title != "Innehåll"]
    assert links == {f"'{name}'!A1" for name in visible}
    assert book["Översikt"]["A4"].hyperlink.location == "'Innehåll'!A1"
    assert (book["Data"].print_title_rows, book["Fakta"].print_title_rows) == ("$5:$5", "$5:$5")
    printed = book["Fynd"].print_area.split(":")[-1]
    assert book["Fynd"][printed.replace("$", "").rstrip("0123456789") + "5"].value == "Förklaring"


def test_a_unit_of_another_namnd_is_not_counted(tmp_path: Path) -> None:
    for number, code in enumerate(("SDN22", "SDN22", "SDN24")):
        facts = forms.base("2020-VP enhet") | {("forsattsblad", "enhet", "uppgift"): f"Enhet {number}"}
        build(tmp_path / f"{number}.xlsx", catalog().blankettset("2020-VP", "enhet"), catalog().namnd(code), facts)
    found = collected(*sorted(tmp_path.glob("*.xlsx")))
    assert codes(found) == ["BF604"]
    assert "SDN24" in found.findings[0][1].hit.text
    assert [filed.enhet for filed in found.filings] == ["Enhet 0", "Enhet 1"]


def test_the_citys_goal_matrices_show_status_and_values(tmp_path: Path) -> None:
    folder = tmp_path / "filer"
    folder.mkdir()
    facts = forms.with_values(SET, "indikatorer;2;prognos_helar;0,4 %\nindikatorer;2;arsmal;0,4 %\nmal;2;status;delvis")
    make(folder, "SDN08", facts)
    make(folder, "SDN04")
    consolidate([folder], tmp_path / "stad.xlsx", replace=False)
    book = load_workbook(tmp_path / "stad.xlsx", data_only=True)
    goal = next(row for row in book["Målmatris"].iter_rows(min_row=6, values_only=True) if row[0] == "1.1")
    assert goal[2:] == ("● Uppfylls helt", "◆ Uppfylls delvis", 1, 1, 0, 0)
    indicator = next(
        row
        for row in book["Indikatormatris"].iter_rows(min_row=6, values_only=True)
        if row[1].startswith("Andel barn som lever")
    )
    assert indicator[2:] == ("2,7 %", "–", "● 0,4 %", 1, 0, 0, 1)


def test_an_indicator_is_coloured_against_the_citys_target_and_not_the_namnds_own(tmp_path: Path) -> None:
    """KF says at most 2,7 %; a nämnd with a softer target of its own is not green for meeting it."""
    names = [i.namn for i in catalog().blankettset(SET).kf.indikatorer]
    unread = next(
        n for n, i in enumerate(catalog().blankettset(SET).kf.indikatorer, 1) if i.arsmal == "Tas fram av nämnd"
    )
    facts = forms.with_values(SET, f"""
        indikatorer;2;prognos_helar;4 %
        indikatorer;2;arsmal;4 %
        indikatorer;{unread};prognos_helar;80 %
        indikatorer;{unread};arsmal;80 %
    """)  # fmt: skip
    make(tmp_path, "SDN08", facts)
    consolidate([tmp_path], tmp_path / "stad.xlsx", replace=False)
    sheet = load_workbook(tmp_path / "stad.xlsx")["Indikatormatris"]
    rows = {row[1].value: row for row in sheet.iter_rows(min_row=6)}
    assert (rows[names[1]][3].value, rows[names[1]][3].font.italic) == ("■ 4 %", False)
    assert (rows[names[unread - 1]][3].value, rows[names[unread - 1]][3].font.italic) == ("● 80 %", True)
    assert "mot KF:s årsmål" in sheet["A3"].value


def test_nothing_to_consolidate_is_said_in_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["konsolidera", str(tmp_path), "-o", str(tmp_path / "stad.xlsx")])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "stad.xlsx").exists()


def test_unreadable_files_are_ordered_by_name() -> None:
    found = judge((), {}.__getitem__, [Unreadable("b.xlsx", "b"), Unreadable("a.xlsx", "a")])
    assert [file for file, _ in found.findings] == ["a.xlsx", "b.xlsx"]


@pytest.mark.parametrize("sheet", ["Översikt", "Matriser", "Data", "Fakta", "Fynd", "Proveniens", "Driftbudget"])
def test_the_citys_workbook_has_its_sheets(sheet: str, tmp_path: Path) -> None:
    make(tmp_path, "SDN08")
    consolidate([tmp_path], tmp_path / "stad.xlsx", replace=False)
    assert sheet in load_workbook(tmp_path / "stad.xlsx").sheetnames


def test_several_processes_give_what_one_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for code in CODES:
        make(folder, code)
    make(folder, "SDN08", name="zz_igen.xlsx")
    (folder / "trasig.xlsx").write_bytes(b"PK")
    alone = consolidate([folder], tmp_path / "en.xlsx", replace=False)
    monkeypatch.setattr(konsolidering, "MANY", 2)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    together = consolidate([folder], tmp_path / "flera.xlsx", replace=False)
    assert together.collection == alone.collection
    assert together.rows == alone.rows


def test_the_long_table_pivots_to_the_citys_matrices_and_sums(tmp_path: Path) -> None:
    """An economist's own pivot over Fakta gives what Matriser and the summed form show."""
    planted = synthetic_city(tmp_path)
    assert planted
    target = tmp_path.parent / "stad.xlsx"
    consolidate([tmp_path], target, replace=True)
    facts = pd.read_excel(target, sheet_name="Fakta", header=4, engine="openpyxl")
    chosen = facts[(facts["Blankett"] == "verksamhetsomraden") & (facts["Kolumn"] == "budget")]
    pivot = chosen.pivot_table(values="Värde", index="Rad", columns="Namn", aggfunc="sum")
    form = catalog().blankettset(SET).blanketter["verksamhetsomraden"]
    matrix = pd.read_excel(target, sheet_name="Matriser", header=None, engine="openpyxl")
    top = matrix.index[matrix[0] == form.column_by_id["budget"].label][0] + 1
    names = list(matrix.loc[top][1:].dropna())[: pivot.shape[1]]
    assert set(names) == set(pivot.columns)
    labels = {row.label: row.id for row in form.rows}
    compared = 0
    for _, line in matrix.loc[top + 1 : top + len(form.rows)].iterrows():
        row_id = labels.get(str(line[0]).strip())
        if row_id in pivot.index:
            assert list(line[1 : len(names) + 1]) == pytest.approx(list(pivot.loc[row_id, names]), abs=1e-6)
            compared += 1
    assert compared > 10
    summed = load_workbook(target, data_only=True)[form.sheet]
    place = Placement(form)
    for row_id in pivot.index:
        shown = summed[place.address(row_id, "budget")].value
        assert shown == pytest.approx(pivot.loc[row_id].sum(), abs=1e-6), row_id


def test_an_average_is_not_added_up_for_the_city(tmp_path: Path) -> None:
    facts = forms.with_values(SET, """
        volymer;ekonomiskt_bistand_hushall;manad;100
        volymer;ekonomiskt_bistand_medelbidrag;manad;10000
        volymer;ekonomiskt_bistand_utbetalt;manad;1000
    """)  # fmt: skip
    for code in CODES:
        make(tmp_path, code, facts)
    consolidate([tmp_path], tmp_path / "stad.xlsx", replace=False)
    form = catalog().blankettset(SET).blanketter["volymer"]
    sheet = load_workbook(tmp_path / "stad.xlsx", data_only=True)[form.sheet]
    place = Placement(form)
    shown = [sheet[place.address(f"ekonomiskt_bistand_{row}", "manad")].value for row in ("hushall", "medelbidrag")]
    assert shown == [300, "se Data"]
