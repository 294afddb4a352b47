"""The definition files: each kind of mistake is told with file, line, key and what is accepted; the real ones hold."""

from __future__ import annotations

import inspect
import re
import shutil
from pathlib import Path

import pytest

from blankettset.addin.check.konsolidering import consolidate
from blankettset.addin.cli.exempel import synthetic_city
from blankettset.templates.catalog import catalog, load
from blankettset.templates.check_sets import RESERVED
from blankettset.templates.errors import DefinitionError, UnknownSet
from blankettset.templates.model import Blankett, Kind
from blankettset.templates.schema import RELATIONS
from blankettset.validators.registry import rules
from blankettset.validators.rules.siffror import samband
from blankettset.workbook.read.xlsx_reader import read_workbook


@pytest.fixture(autouse=True)
def no_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


CASES = Path(__file__).parent / "definitions"
MARK = "  # <- här"


def with_case(case: Path, root: Path) -> tuple[str, list[str], int]:
    """The small whole set of definitions with the case's file in it; the file's name, the words and the marked line."""
    shutil.copytree(CASES / "grund", root)
    told, content = [], []
    for line in case.read_text("utf-8").splitlines():
        (told if line.startswith("# ") else content).append(line)
    name = next(line for line in told if line.startswith("# fil: ")).removeprefix("# fil: ")
    words = [line.removeprefix("# ord: ") for line in told if line.startswith("# ord: ")]
    marked = [number for number, line in enumerate(content, 1) if line.endswith(MARK)]
    assert len(marked) == 1
    assert words
    target = root / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(line.removesuffix(MARK) for line in content) + "\n", "utf-8")
    return name, words, marked[0]


def test_the_definitions_that_the_cases_break_are_whole() -> None:
    assert set(load(CASES / "grund").tried) == {("2024-T1", "namnd"), ("2024-T2", "namnd")}


@pytest.mark.parametrize("case", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_slip_is_told_once_with_file_line_and_what_was_meant(case: Path, tmp_path: Path) -> None:
    root = tmp_path / "mallar"
    name, words, line = with_case(case, root)
    with pytest.raises(DefinitionError) as raised:
        load(root)
    said = str(raised.value)
    assert said.startswith(f"{name}, rad {line}: "), said
    assert "\n" not in said  # one slip, one sentence
    for word in words:
        assert word in said


def test_a_file_that_is_no_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    root = tmp_path / "mallar"
    shutil.copytree(CASES / "grund", root)
    (root / "listor.yaml").write_text("listor:\n  svar:\n    - [\n", "utf-8")
    with pytest.raises(DefinitionError, match=r"^listor\.yaml, rad \d+: .*YAML"):
        load(root)


def test_a_file_that_is_missing_or_saved_in_another_alphabet_is_told(tmp_path: Path) -> None:
    root = tmp_path / "mallar"
    shutil.copytree(CASES / "grund", root)
    (root / "listor.yaml").write_bytes('listor:\n  svar:\n    - {id: ja, label: "Åker"}\n'.encode("cp1252"))
    with pytest.raises(DefinitionError, match=r"^listor\.yaml, rad 3: texten är inte UTF-8"):
        load(root)
    (root / "listor.yaml").unlink()
    with pytest.raises(DefinitionError, match=r"^listor\.yaml går inte att läsa: den finns inte"):
        load(root)


def test_five_slips_are_told_at_a_time_in_order_of_file_and_line(tmp_path: Path) -> None:
    root = tmp_path / "mallar"
    shutil.copytree(CASES / "grund", root)
    path = root / "blanketter/drift/t_2024.yaml"
    path.write_text(path.read_text("utf-8").replace('document: "000"', 'document: "9"'), "utf-8")
    with pytest.raises(DefinitionError, match="mönstret"):
        load(root)
    path.write_text(path.read_text("utf-8").replace('document: "9"', 'document: "900"'), "utf-8")
    for name in ("kf/2024.yaml", "namnder.yaml"):
        other = root / name
        other.write_text(other.read_text("utf-8").replace('document: "000"', 'document: "900"'), "utf-8")
    with pytest.raises(DefinitionError) as raised:
        load(root)
    lines = str(raised.value).split("\n")
    assert [line.partition(":")[0] for line in lines[:2]] == [
        "blanketter/drift/t_2024.yaml, rad 11",
        "kf/2024.yaml, rad 2",
    ]
    assert lines[-1] == "Och 1 till."


def test_the_codes_that_a_relation_may_have_are_those_of_the_rules_that_judge_relations() -> None:
    judged = set(re.findall(r'_relations\(filing, "(BF\d+)"', inspect.getsource(samband)))
    assert judged == set(RELATIONS)
    assert judged <= set(rules())


def test_a_sheet_that_we_make_ourselves_is_never_a_forms(tmp_path: Path) -> None:
    synthetic_city(tmp_path)
    consolidate([tmp_path], tmp_path / "stad.xlsx", replace=False)
    own = set(RESERVED)
    for path in (next(tmp_path.glob("SYNTETISK*")), tmp_path / "stad.xlsx"):
        forms_of_it = {form.sheet for form in forms_of("2024-T1", "namnd")}
        own_sheets = {sheet.name for sheet in read_workbook(path).sheets} - forms_of_it
        assert own_sheets <= own, own_sheets - own


SETS = sorted(catalog().tried)


def forms_of(set_id: str, level: str) -> list[Blankett]:
    return list(catalog().blankettset(set_id, level).blanketter.values())


@pytest.mark.parametrize(("set_id", "level"), SETS)
def test_no_year_is_left_unfilled(set_id: str, level: str) -> None:
    for form in forms_of(set_id, level):
        for text in (
            form.title,
            form.purpose,
            form.sign_text,
            *(c.label for c in form.columns),
            *(r.label for r in form.rows),
        ):
            assert "{" not in text, (form.id, text)


def test_every_layout_is_used_by_some_set() -> None:
    used = {name for set_id, level in SETS for name in catalog().layouts(set_id, level).values()}
    assert used == {name for name in catalog().documents if name.startswith("blanketter/")}


def test_every_input_has_a_formula_or_somebody_who_fills_it() -> None:
    for set_id, level in SETS:
        for form in forms_of(set_id, level):
            rows = ["1"] if form.is_list else [row.id for row in form.rows]
            kinds = {form.cell(row, column.id).kind for row in rows for column in form.columns}
            assert kinds - {Kind.NOT_APPLICABLE}, form.id


def test_unknown_sets_and_namnder_are_named_with_what_there_is() -> None:
    with pytest.raises(UnknownSet, match="2024-T1"):
        catalog().blankettset("1999-T1")
    with pytest.raises(UnknownSet, match="SDN08"):
        catalog().namnd("SDN00")


def test_the_cache_is_never_needed_and_a_broken_one_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fresh = load()
    kept = next((tmp_path / "blankettset").iterdir())
    assert load().documents == fresh.documents
    kept.write_text("{", "utf-8")
    assert load().documents == fresh.documents
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert load().documents == fresh.documents
