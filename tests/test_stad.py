"""The city's own folder: over the built-in definitions, in the receipt, and with every mistake told by file and line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blankettset.addin.check.stadsmapp import mistakes
from blankettset.addin.cli.kommandon import main
from blankettset.templates.catalog import CITY, STAD, Catalog, catalog, load
from blankettset.templates.documents import READY, ROOT
from blankettset.templates.layouts import FOLDER
from blankettset.validators.finding import Severity
from blankettset.validators.validate import validate
from blankettset.workbook.read.bind import read_filled

SOURCE = '{place: "stadens beslut", checked_on: "2026-11-25"}'
TAK = f"""parametrar:
  - id: lokaler.hyra_tak
    label: "Taket"
    unit: "kr/kvm"
    values:
      - {{from: "2024-01-01", value: "2750", source: {SOURCE}}}
"""


def blankett(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def stad(tmp_path: Path) -> Path:
    folder = tmp_path / "staden"
    assert blankett("stad", "ny", folder).exit_code == 0
    return folder


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")


def built_in(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_a_new_folder_changes_nothing_and_has_no_mistakes(stad: Path) -> None:
    assert list(mistakes(stad)) == []
    assert {name: each for name, each in load(stad=stad).documents.items() if name != CITY} == catalog().documents
    done = blankett("stad", "kontrollera", stad)
    assert (done.exit_code, "inga fel" in done.output) == (0, True)


def test_a_folder_with_something_in_it_is_not_made_new(stad: Path) -> None:
    done = blankett("stad", "ny", stad)
    assert done.exit_code == 2
    assert "är inte tom" in done.output


def test_values_of_a_parameter_join_the_built_in_ones_and_the_same_day_replaces(stad: Path) -> None:
    put(stad, "parametrar/egna.yaml", TAK)
    found = load(stad=stad)
    assert [str(v) for _, v, _ in found.parameters["lokaler.hyra_tak"].values] == ["2500", "2750", "2500"]
    assert found.blankettset("2024-T1").parameter("lokaler.hyra_tak") == 2750
    assert catalog().blankettset("2024-T1").parameter("lokaler.hyra_tak") == 2500
    put(stad, "parametrar/egna.yaml", TAK.replace("2024-01-01", "2019-01-01"))
    assert [str(v) for _, v, _ in load(stad=stad).parameters["lokaler.hyra_tak"].values] == ["2750", "2500"]


def test_records_take_the_place_of_those_with_the_same_name_and_new_ones_come_last(stad: Path) -> None:
    put(
        stad,
        "namnder.yaml",
        f"""namnder:
  - {{code: SDN08, name: "Kungsholmen-Essingen", valid_from: "2007-01-01", confirmed: true, source: {SOURCE}}}
  - {{code: SDN99, name: "Nya nämnden", valid_from: "2027-01-01", confirmed: true, source: {SOURCE}}}
""",
    )
    put(
        stad,
        "listor.yaml",
        'listor:\n  periodicitet:\n    - {id: tertial, label: "Varje tertial"}\n    - {id: halvar, label: "Halvår"}\n    - {id: ar, label: "År"}\n',
    )
    found = load(stad=stad)
    assert list(found.namnder) == [*catalog().namnder, "SDN99"]
    assert found.namnd("kungsholmen-essingen").code == "SDN08"
    assert found.documents["listor.yaml"]["listor"]["periodicitet"][0]["label"] == "Varje tertial"
    assert (
        found.documents["listor.yaml"]["listor"]["malstatus"]
        == catalog().documents["listor.yaml"]["listor"]["malstatus"]
    )


def test_a_form_of_the_citys_own_stands_in_the_sets(stad: Path) -> None:
    text = built_in("blanketter/projekt/alla_2019.yaml")
    put(stad, "blanketter/resor/alla_2025.yaml", text.replace("id: projekt\n", "id: resor\n").replace('valid_from: "2019-01-01"', 'valid_from: "2025-01-01"')
        .replace("order: 103", "order: 104").replace("id: projekt,", "id: namn,").replace("key: projekt", "key: namn")
        .replace(next(line for line in text.splitlines() if line.startswith("sheet:")), 'sheet: "Resor"').partition("\ncarries:")[0].partition("\nmatch:")[0] + "\n")  # fmt: skip
    assert list(mistakes(stad)) == []
    found = load(stad=stad)
    assert "resor" in found.blankettset("2026-T1").blanketter
    assert "resor" not in found.blankettset("2024-T1").blanketter


def test_a_mistake_is_told_with_the_citys_file_and_line_and_nothing_is_written(stad: Path) -> None:
    put(stad, "parametrar/egna.yaml", TAK.replace("unit:", "unt:").replace("2750", "många"))
    put(stad, "kf/2027.yaml", 'mal: []\nindikatorer:\n  - {mal: "1.1"}\n')
    put(stad, "parametar/fel.yaml", "x: 1\n")
    before = {path: path.read_bytes() for path in stad.rglob("*") if path.is_file()}
    done = blankett("stad", "kontrollera", stad)
    assert done.exit_code == 1
    assert (
        "parametar/fel.yaml, rad 1: filen hör inte till stadens mapp; menade du »parametrar/fel.yaml»?" in done.output
    )
    (stad / "parametar/fel.yaml").unlink()
    said = blankett("stad", "kontrollera", stad).output
    assert "parametrar/egna.yaml, rad 4: nyckeln »unt» finns inte; menade du »unit»?" in said
    assert "parametrar/egna.yaml, rad 6: »value» är »många»" in said
    assert "kf/2027.yaml, rad 3: nyckeln »namn» saknas" in said
    assert {path: path.read_bytes() for path in stad.rglob("*") if path.is_file()} == {
        path: content for path, content in before.items() if path.parent.name != "parametar"
    }


def test_what_only_the_whole_shows_is_told_with_the_citys_line_too(stad: Path) -> None:
    put(
        stad,
        "namnder.yaml",
        f"""namnder:
  - {{code: SDN04, name: "Hässelby-Vällingby", valid_from: "2007-01-01", confirmed: true, source: {SOURCE}}}
  - {{code: SDN08, name: "Kungsholmen", valid_from: "2007-01-01", valid_to: "2026-12-31", successor: SDNNX, confirmed: true, source: {SOURCE}}}
""",
    )
    assert any(each.startswith("namnder.yaml, rad 3: efterträdaren »SDNNX» finns inte") for each in mistakes(stad))


def test_a_folder_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    for words in (("stad", "kontrollera", tmp_path / "ingen"), ("--stad", tmp_path / "ingen", "ny", "--lista"),
                  ("validera", "x.xlsx", f"--stad={tmp_path / 'ingen'}")):  # fmt: skip
        done = blankett(*words)
        assert done.exit_code == 2
        assert "Stadens mapp" in done.output or "finns inte" in done.output
        assert "\n" not in done.output.strip()


def test_every_door_judges_by_the_folder_and_the_receipt_says_which(
    stad: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bok.xlsx"
    put(stad, "parametrar/egna.yaml", TAK)
    assert blankett("ny", "--namnd", "SDN08", "--period", "2024-T1", "-o", path).exit_code == 0

    def receipt(*words: object) -> dict[str, object]:
        found: dict[str, object] = json.loads(blankett("validera", path, "--json", *words).stdout)["kvitto"]
        return found

    without, with_option = receipt(), receipt("--stad", stad)
    assert "stad" not in without
    assert with_option["stad"] == load(stad=stad).stad
    assert with_option["regelverk"] != without["regelverk"]
    assert with_option["definition"] == without["definition"]
    monkeypatch.setenv(STAD, str(stad))
    assert receipt() == with_option
    assert dict(validate(read_filled(path, catalog())).receipt) == with_option
    monkeypatch.delenv(STAD)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "inst"))
    put(tmp_path / "inst", "blankettset/stad.txt", f"{stad}\n")
    assert receipt() == with_option


def test_workbooks_made_in_the_citys_layout_are_read_when_it_has_changed(stad: Path, tmp_path: Path) -> None:
    path, text = tmp_path / "bok.xlsx", built_in("blanketter/lokaler/t_2019.yaml")
    line = next(each for each in text.splitlines() if each.startswith("  - {id: hyra"))
    put(
        stad,
        "blanketter/lokaler/t_2019.yaml",
        text.replace(line, f'{line}\n  - {{id: avtal, label: "Avtal", type: text}}'),
    )
    assert blankett("ny", "--stad", stad, "--namnd", "SDN08", "--period", "2026-T1", "-o", path).exit_code == 0
    assert (stad / FOLDER / "lokaler.json").is_file()
    put(
        stad,
        "blanketter/lokaler/t_2019.yaml",
        text.replace(line, f'{line}\n  - {{id: slut, label: "Avtalets slut", type: datum}}'),
    )
    found = validate(read_filled(path, load(stad=stad))).findings
    assert [f.severity for f in found if f.code == "BF001"] == [Severity.UPPLYSNING]
    assert not {f.code for f in found if f.code < "BF016" and f.code != "BF001"}


def test_a_rule_is_set_on_trial_by_the_city(stad: Path) -> None:
    put(
        stad,
        "regler.yaml",
        f'regler:\n  - kod: BF018\n    values:\n      - {{from: "2024-01-01", bruk: prov, source: {SOURCE}}}\n',
    )
    assert set(load(stad=stad).regler) == {"BF018"}


def test_the_catalogue_is_a_value_and_two_can_stand_beside_each_other(stad: Path) -> None:
    put(stad, "parametrar/egna.yaml", TAK)
    one, other = load(), load(stad=stad)
    assert isinstance(one, Catalog)
    assert one.blankettset("2024-T1").parameter("lokaler.hyra_tak") != other.blankettset("2024-T1").parameter(
        "lokaler.hyra_tak"
    )


def test_ready_made_definitions_judge_as_the_folder_does(stad: Path, tmp_path: Path) -> None:
    """As in the browser, where the city's folder is not at hand but its definitions came with the program."""
    put(stad, "parametrar/egna.yaml", TAK)
    there = load(stad=stad)
    root = tmp_path / "program"
    shutil.copytree(ROOT / FOLDER, root / FOLDER)
    (root / READY).write_text(json.dumps(there.documents, ensure_ascii=False), "utf-8")
    ready = load(root)
    assert ready.stad == there.stad != ""
    path = tmp_path / "bok.xlsx"
    assert blankett("ny", "--namnd", "SDN08", "--period", "2024-T1", "-o", path).exit_code == 0
    assert validate(read_filled(path, ready)).receipt == validate(read_filled(path, there)).receipt
