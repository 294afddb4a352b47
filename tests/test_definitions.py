"""The definition files: each kind of mistake is told with file, line, key and what is accepted; the real ones hold."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from blankettset.templates.catalog import Catalog, catalog, load
from blankettset.templates.documents import ROOT, read_documents
from blankettset.templates.errors import DefinitionError, UnknownSet
from blankettset.templates.model import Blankett, Kind


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mallar")
    for path in ROOT.rglob("*.yaml"):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return folder


def first(originals: Path, text: str) -> Path:
    """The first form definition that has the text."""
    return next(p for p in sorted((originals / "blanketter").rglob("*.yaml")) if text in p.read_text("utf-8"))


def bind_all(root: Path) -> None:
    """Read every definition and bind every set."""
    found = Catalog(read_documents(root))
    for set_id, level in found.tried:
        found.blankettset(set_id, level)


Change = Callable[[str], str]
MISTAKES: dict[str, tuple[str, Change, str]] = {
    "unknown key": ("purpose:", lambda t: t.replace("purpose:", "purpse:", 1), "menade du »purpose»?"),
    "repeated key": ("unit:", lambda t: t + "\nid: igen\n", "finns redan på rad"),
    "no yaml": ("id:", lambda t: t + "\n  - [\n", "YAML"),
    "unknown type": ("type: text", lambda t: t.replace("type: text", "type: txt", 1), "»txt»"),
    "unknown unit": ("unit: mnkr", lambda t: t.replace("unit: mnkr", "unit: Mkr", 1), "»Mkr»"),
    "missing title": ("title:", lambda t: "\n".join(line for line in t.split("\n") if not line.startswith("title:")),
                      "title"),
    "date is no date": ("valid_from:", lambda t: t.replace('valid_from: "20', 'valid_from: "x0', 1), "valid_from"),
    "unknown parameter": ("prefill_parameter: forskolepeng.allman", lambda t: t.replace(
        "prefill_parameter: forskolepeng.allman", "prefill_parameter: forskolepeng.alman", 1), "»forskolepeng.alman»"),
    "doubled row": ("- id: summa", lambda t: t.replace("rows:\n", "rows:\n  - {id: summa, label: Igen}\n", 1), "summa"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_file(name: str, originals: Path, tmp_path: Path) -> None:
    needle, change, words = MISTAKES[name]
    path = first(originals, needle)
    root = tmp_path / "mallar"
    shutil.copytree(originals, root)
    target = root / path.relative_to(originals)
    before = target.read_text("utf-8")
    target.write_text(change(before), "utf-8")
    assert target.read_text("utf-8") != before
    with pytest.raises(DefinitionError) as raised:
        bind_all(root)
    said = str(raised.value)
    assert words in said
    for line in said.split("\n"):
        assert target.relative_to(root).as_posix() in line


@pytest.mark.parametrize("name", ["unknown key", "repeated key", "unknown type", "unknown unit"])
def test_a_mistake_in_a_value_is_told_with_its_line(name: str, originals: Path, tmp_path: Path) -> None:
    needle, change, _ = MISTAKES[name]
    path = first(originals, needle)
    root = tmp_path / "mallar"
    shutil.copytree(originals, root)
    target = root / path.relative_to(originals)
    lines = target.read_text("utf-8").split("\n")
    target.write_text(change("\n".join(lines)), "utf-8")
    changed = target.read_text("utf-8").split("\n")
    at = next(i for i, (a, b) in enumerate(zip(lines + [""] * 9, changed, strict=False), 1) if a != b)
    with pytest.raises(DefinitionError, match=r"rad (\d+)") as raised:
        read_documents(root)
    stated = [int(number) for number in re.findall(r"rad (\d+)", str(raised.value))]
    assert any(abs(number - at) <= 2 for number in stated)


SETS = sorted(catalog().tried)


def forms_of(set_id: str, level: str) -> list[Blankett]:
    return list(catalog().blankettset(set_id, level).blanketter.values())


@pytest.mark.parametrize(("set_id", "level"), SETS)
def test_sheets_have_names_that_excel_takes_and_one_each(set_id: str, level: str) -> None:
    names = [form.sheet for form in forms_of(set_id, level)]
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert 1 <= len(name) <= 31
        assert not set(name) & set("[]:*?/\\")


@pytest.mark.parametrize(("set_id", "level"), SETS)
def test_a_reader_can_tell_rows_and_columns_apart(set_id: str, level: str) -> None:
    for form in forms_of(set_id, level):
        labels = [column.label for column in form.columns]
        assert len(set(labels)) == len(labels), form.id
        under: dict[tuple[str, str | None], str] = {}
        heading = ""
        for row in form.rows:
            heading = row.label if row.heading else heading
            if row.heading:
                continue
            place = (row.label, row.varav_of or heading)
            assert place not in under, (form.id, row.id, under.get(place))
            under[place] = row.id


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


def test_every_relation_applies_in_some_set() -> None:
    stated: set[tuple[str, str]] = set()
    applies: set[tuple[str, str]] = set()
    for set_id, level in SETS:
        bound = catalog().blankettset(set_id, level)
        for form in bound.blanketter.values():
            for relation in form.relations:
                place = (f"{form.id}/{form.layout}", relation.text)
                stated.add(place)
                if all(bound.knows(term.ref) for term in (*relation.left, *relation.right)):
                    applies.add(place)
    assert stated
    assert stated == applies


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
