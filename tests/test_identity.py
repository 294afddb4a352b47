"""What a workbook is, and what a verdict rests on: which changes of the definitions touch which, in both directions."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blankettset.templates import identity, schema
from blankettset.templates.binding import Binding
from blankettset.templates.catalog import Catalog, catalog
from blankettset.validators import registry
from blankettset.validators.finding import Severity
from blankettset.validators.validate import Result, validate
from blankettset.workbook.layout.placement import STAMP_LAYOUT, STAMP_PARAMETER, STAMP_SHEET
from blankettset.workbook.layout.start import starting_facts
from blankettset.workbook.read.bind import bind
from blankettset.workbook.read.xlsx_reader import CellState, RawBook, RawCell, read_workbook
from blankettset.workbook.write.build import build
from tests import forms
from tools.layouter import function_texts, unkept

SET = "2024-T1"
Documents = dict[str, Any]
FILED = catalog().layouts(SET, "namnd")
RELATED = next(id_ for id_, name in FILED.items() if "relations" in catalog().documents[name])


def judged_by(change: Callable[[Documents], object], raw: RawBook | None = None) -> Result:
    """The verdict on a workbook built today when the definitions have changed since."""
    documents: Documents = copy.deepcopy(dict(catalog().documents))
    change(documents)
    return validate(bind(raw or forms.raw_book(SET), Catalog(documents, catalog().kept), "bok.xlsx"))


def nothing(_: Documents) -> None:
    pass


def form(documents: Documents, form_id: str) -> Any:
    return documents[FILED[form_id]]


def parameter(documents: Documents, id_: str) -> Any:
    every = [p for name, d in documents.items() if name.startswith("parametrar/") for p in d["parametrar"]]
    return next(p for p in every if p["id"] == id_)


def set_to(place: Any, key: Any, value: Any) -> None:
    place[key] = value


def source_and_note(place: Any) -> None:
    place["source"] = {"place": "annan plats", "checked_on": "2031-01-01", "note": "en annan anteckning"}


SHOWN: dict[str, Callable[[Documents], object]] = {
    "a form's source and day of review": lambda d: source_and_note(form(d, "investeringar")),
    "a form's title": lambda d: set_to(form(d, "investeringar"), "title", "Investeringar, annan rubrik"),
    "a form's purpose": lambda d: set_to(form(d, "investeringar"), "purpose", "Annat."),
    "a form's notes": lambda d: set_to(form(d, "investeringar"), "notes", ["En not till."]),
    "a row's label": lambda d: set_to(form(d, "verksamhetsomraden")["rows"][0], "label", "Ny text"),
    "a column's label and note": lambda d: form(d, "verksamhetsomraden")["columns"][0].update(label="Ny", note="Ny"),
    "a column's width": lambda d: set_to(form(d, "verksamhetsomraden")["columns"][0], "width", 33),
    "a parameter's source": lambda d: source_and_note(parameter(d, "resultatenhet.max_andel_fond")["values"][0]),
    "a parameter's label": lambda d: set_to(parameter(d, "resultatenhet.max_andel_fond"), "label", "Annat namn"),
    "a parameter of a later year": lambda d: parameter(d, "resultatenhet.max_andel_fond")["values"].append(
        {"from": "2031-01-01", "value": "0.5", "source": {"place": "x", "checked_on": "2030-01-01"}}
    ),
    "the plan's source": lambda d: source_and_note(d["kf/2024.yaml"]["mal"][0]),
    "another year's plan": lambda d: set_to(d["kf/2021.yaml"]["mal"][0], "titel", "Ett annat mål"),
    "the register's source": lambda d: source_and_note(d["namnder.yaml"]["namnder"][4]),
    "the list of documents": lambda d: set_to(d["kallor.yaml"]["kallor"]["003"], "title", "Annan titel"),
    "the colour of an answer": lambda d: set_to(d["listor.yaml"]["listor"]["malstatus"][0], "tone", "delvis"),
    "a nyckeltal's source": lambda d: source_and_note(d["nyckeltal.yaml"]["nyckeltal"][0]),
    "a set's source": lambda d: source_and_note(d["blankettset.yaml"]["belagda"][2]),
}
JUDGED: dict[str, Callable[[Documents], object]] = {
    "a tolerance": lambda d: set_to(form(d, "verksamhetsomraden")["amounts"], "tolerance", "0.3"),
    "what is required": lambda d: set_to(form(d, "verksamhetsomraden")["columns"][-1], "required", True),
    "a sign": lambda d: set_to(form(d, "verksamhetsomraden")["rows"][0], "sign", "positive"),
    "decimals": lambda d: set_to(form(d, "verksamhetsomraden")["amounts"], "decimals", 2),
    "a relation": lambda d: form(d, RELATED)["relations"].pop(),
    "a parameter's value": lambda d: set_to(parameter(d, "resultatenhet.max_andel_fond")["values"][2], "value", "0.15"),
    "a threshold of ours": lambda d: set_to(parameter(d, "rimlighet.faktor_mest")["values"][0], "value", "3000"),
    "the plan": lambda d: set_to(d["kf/2024.yaml"]["indikatorer"][0], "arsmal", "72"),
    "the register": lambda d: set_to(d["namnder.yaml"]["namnder"][4], "valid_to", "2030-12-31"),
}
LAYOUT: dict[str, Callable[[Documents], object]] = {
    "a row": lambda d: form(d, "investeringar")["rows"].insert(0, {"id": "ny_rad", "label": "Ny rad"}),
    "a column": lambda d: form(d, "mal")["columns"].append({"id": "ny", "label": "Ny", "type": "text"}),
    "a column's id": lambda d: [
        form(d, "projekt").pop("carries", None),
        set_to(form(d, "projekt")["columns"][-1], "id", "annan"),
    ],
    "a type": lambda d: set_to(form(d, "aktiviteter")["columns"][1], "type", "tal"),
    "a unit": lambda d: set_to(form(d, "investeringar")["amounts"], "unit", "tkr"),
    "a formula": lambda d: set_to(
        next(c for c in form(d, "verksamhetsomraden")["columns"] if "formula" in c), "formula", "budget"
    ),
    "a sheet's name": lambda d: set_to(form(d, "mal"), "sheet", "Målen"),
    "an answer": lambda d: set_to(d["listor.yaml"]["listor"]["malstatus"][0], "label", "Nås helt"),
    "a form less": lambda d: d.pop(FILED["projekt"]),
}
BEFORE = judged_by(nothing)


@pytest.mark.parametrize("what", SHOWN)
def test_what_is_only_shown_changes_neither_workbook_nor_receipt(what: str) -> None:
    after = judged_by(SHOWN[what])
    assert after.receipt == BEFORE.receipt
    assert [f.as_json() for f in after.findings] == [f.as_json() for f in BEFORE.findings] == []


@pytest.mark.parametrize("what", JUDGED)
def test_what_is_judged_by_changes_the_receipt_but_not_the_workbook(what: str) -> None:
    after = judged_by(JUDGED[what])
    assert after.receipt["regelverk"] != BEFORE.receipt["regelverk"]
    assert after.receipt["definition"] == BEFORE.receipt["definition"]
    assert "BF001" not in {f.code for f in after.findings}


@pytest.mark.parametrize("what", LAYOUT)
def test_a_workbook_out_is_judged_by_its_own_layout_when_a_newer_one_exists(what: str) -> None:
    after = judged_by(LAYOUT[what])
    assert after.receipt["definition"] == BEFORE.receipt["definition"]
    assert [(f.code, f.severity) for f in after.findings] == [("BF001", Severity.UPPLYSNING)]
    assert "tidigare layout" in after.findings[0].hit.text


def test_a_changed_layout_is_another_workbook() -> None:
    for what, change in LAYOUT.items():
        documents: Documents = copy.deepcopy(dict(catalog().documents))
        change(documents)
        if what != "a formula":
            found = Catalog(documents).blankettset(SET).layout_hash
            assert found != catalog().blankettset(SET).layout_hash, what


def test_a_changed_parameter_is_told_once_and_the_sheet_is_not_called_tampered_with() -> None:
    after = judged_by(lambda d: set_to(parameter(d, "lokaler.hyra_tak")["values"][0], "value", "2600"))
    assert [(f.code, f.severity) for f in after.findings] == [("BF025", Severity.UPPLYSNING)]
    assert "är 2500 men 2600 gäller nu" in after.findings[0].hit.text


def test_formulas_reckon_with_the_parameters_that_the_workbook_was_built_with() -> None:
    facts = forms.with_values(SET, "lokaler;1;lokal;Huset\nlokaler;1;yta;100\nlokaler;1;hyra;3000")
    raw = forms.raw_book(SET, facts)
    changed = judged_by(lambda d: set_to(parameter(d, "lokaler.hyra_tak")["values"][0], "value", "2600"), raw)
    assert [f.code for f in changed.findings] == ["BF025"]
    assert changed.filled.set.in_formulas("lokaler.hyra_tak") == 2500
    assert changed.filled.set.parameter("lokaler.hyra_tak") == 2600
    assert changed.filled.set.as_decided().in_formulas("lokaler.hyra_tak") == 2600


# ---- every key and every module has its place


LEVELS = {
    "form": schema.BLANKETT,
    "amounts": schema.BLANKETT["amounts"]["schema"],
    "total": schema.BLANKETT["total"]["schema"],
    "column": schema.COLUMN,
    "row": schema.ROW,
    "cell": schema.CELL,
    "choice": schema.CHOICES["schema"]["schema"],  # type: ignore[index]
}


@pytest.mark.parametrize("level", LEVELS)
def test_every_key_of_the_schema_is_layout_judged_or_shown(level: str) -> None:
    parts = [identity.LAYOUT[level], identity.JUDGED[level], identity.SHOWN[level]]
    assert sorted(key for part in parts for key in part) == sorted(LEVELS[level])


def test_every_module_that_judges_is_in_the_receipt(tmp_path: Path) -> None:
    path = tmp_path / "bok.xlsx"
    path.write_bytes(forms.raw_bytes(SET))
    program = (
        "import sys, pathlib, json\n"
        "from blankettset.templates.catalog import catalog\n"
        "from blankettset.validators.validate import validate\n"
        "from blankettset.workbook.read.bind import read_filled\n"
        f"validate(read_filled(pathlib.Path({str(path)!r}), catalog()))\n"
        "print(json.dumps(sorted(m for m in sys.modules if m.startswith('blankettset.'))))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = [name.removeprefix("blankettset.").replace(".", "/") + "/" for name in json.loads(done.stdout)]
    assert any(name.startswith("validators/rules/") for name in loaded)
    assert {name.partition("/")[0] for name in loaded} == set(registry.JUDGING)
    assert not [name for name in loaded if name.startswith(registry.NOT_JUDGING)]


def test_code_that_judges_changes_the_receipt_whatever_the_line_endings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def code(change: Callable[[bytes], bytes]) -> str:
        for folder in registry.JUDGING:
            (tmp_path / folder / "calc").mkdir(parents=True, exist_ok=True)
        (tmp_path / "workbook/calc/status.py").write_bytes(change(b"LIMIT = 1\n"))
        monkeypatch.setattr(registry, "__file__", str(tmp_path / "validators/registry.py"))
        registry._code.cache_clear()
        try:
            return registry._code()
        finally:
            registry._code.cache_clear()

    as_written = code(lambda b: b)
    assert code(lambda b: b.replace(b"\n", b"\r\n")) == as_written
    assert code(lambda b: b.replace(b"1", b"2")) != as_written


def test_the_receipt_is_the_same_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "bok.xlsx"
    path.write_bytes(forms.raw_bytes(SET))
    program = (
        "import sys, json, pathlib\n"
        "from blankettset.templates.catalog import catalog\n"
        "from blankettset.validators.validate import validate\n"
        "from blankettset.workbook.read.bind import read_filled\n"
        f"print(json.dumps(dict(validate(read_filled(pathlib.Path({str(path)!r}), catalog())).receipt), sort_keys=True))\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True, text=True, check=True, cwd=tmp_path,
            env={"PYTHONHASHSEED": seed, "XDG_CACHE_HOME": str(tmp_path / seed), "LC_ALL": locale, "PYTHONUTF8": "0"},
        ).stdout
        for seed, locale in (("1", "C"), ("2", "C.UTF-8"))
    }  # fmt: skip
    assert len(said) == 1


def test_a_hash_is_that_of_plain_text_and_not_of_the_python_that_makes_it() -> None:
    assert identity.digest({"å": [1, True, None], "a": "−"}) == "cc21813c8d2c9e45"


# ---- layouts of earlier days


def test_todays_layouts_are_kept() -> None:
    """When this fails: `make layouter` before a release."""
    assert unkept(catalog()) == []


def stamped(raw: RawBook, rows: dict[str, str]) -> RawBook:
    """The workbook with another stamp."""
    sheet = raw.sheet(STAMP_SHEET)
    assert sheet is not None
    sheet.cells.clear()
    for row, (name, value) in enumerate(rows.items(), start=1):
        sheet.cells[row, 1] = RawCell(CellState.TEXT, None, name, None)
        sheet.cells[row, 2] = RawCell(CellState.TEXT, None, value, None)
    return raw


def stamp_of(raw: RawBook) -> dict[str, str]:
    sheet = raw.sheet(STAMP_SHEET)
    assert sheet is not None
    return {
        sheet.cells[row, 1].text or "": sheet.cells[row, 2].text or "" for row, column in sheet.cells if column == 1
    }


def version_1(raw: RawBook, definition: str) -> RawBook:
    stamp = {name: value for name, value in stamp_of(raw).items() if ":" not in name}
    return stamped(raw, {**stamp, "stampel": "1", "definition": definition})


OLD = json.loads((Path(identity.__file__).parent / "layouter/stamplar.json").read_text(encoding="utf-8"))


def _shipped() -> list[str]:
    """One stamp of each different composition, with the first set that it was made for."""
    sets = {key: catalog().layouts(*key).items() for key in catalog().tried}
    seen: dict[str, str] = {}
    for definition, composed in OLD["stamplar"].items():
        layouts = OLD["uppsattningar"][composed]
        files = {(form_id, catalog().kept.find(form_id, layouts[form_id])[0]) for form_id in layouts}  # type: ignore[index]
        set_id, level = max(sets, key=lambda key: len(files & sets[key]))
        seen.setdefault(composed, f"{definition} {set_id} {level}")
    return sorted(seen.values())


SHIPPED = _shipped()


def test_every_function_can_be_read_as_it_has_been_written() -> None:
    """When this fails: `make layouter` before a release."""
    for name, text in function_texts().items():
        assert text in catalog().kept.function_texts[name]


def test_every_layout_that_was_ever_shipped_is_kept_and_binds() -> None:
    assert len(OLD["stamplar"]) == 119
    for composed in OLD["uppsattningar"].values():
        for form_id, layout in composed.items():
            found = catalog().kept.find(form_id, layout)
            assert found is not None, (form_id, layout)
            assert Binding({}, {}, {}, {}, {}).form(*found).id == form_id


def test_a_stamp_of_version_1_is_known_and_its_parameters_with_it() -> None:
    assert catalog().kept.stamped(next(iter(OLD["stamplar"])))
    assert catalog().kept.stamped("0123456789abcdef") is None
    assert catalog().kept.parameters_on("2024-04-30")["lokaler.hyra_tak"] == "2500"


@pytest.mark.parametrize("name", SHIPPED)
def test_every_workbook_ever_shipped_is_read_by_its_own_layout(name: str) -> None:
    """Each composition built again in its layout, with the stamp of its time; no rule fails on forms or columns it lacks."""
    definition, set_id, level = name.split()
    layouts = OLD["uppsattningar"][OLD["stamplar"][definition]]
    earlier = catalog().in_layouts(set_id, level, layouts)
    assert earlier is not None
    namnd = catalog().namnd("SDN08" if earlier.report_date >= "2020-07-01" else "SDN22")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bok.xlsx"
        build(path, earlier, namnd, starting_facts(earlier))
        raw = version_1(read_workbook(path), definition)
    result = validate(forms.bound(raw))
    assert result.filled.set.layouts == layouts
    found = {(f.code, f.severity) for f in result.findings if f.code < "BF016"}
    assert found <= {("BF001", Severity.UPPLYSNING)}


def test_a_stamp_that_names_other_layouts_than_its_hash_is_unknown() -> None:
    raw = forms.raw_book(SET)
    stamp = stamp_of(raw)
    stamp[f"{STAMP_LAYOUT}mal"] = "0" * 16
    assert [f.code for f in validate(forms.bound(stamped(raw, stamp))).findings if f.code == "BF001"] == ["BF001"]


def test_the_stamp_says_layouts_and_parameters() -> None:
    stamp = stamp_of(forms.raw_book(SET))
    blankettset = catalog().blankettset(SET)
    assert stamp["definition"] == blankettset.layout_hash
    assert {f"{STAMP_LAYOUT}{form}": layout for form, layout in blankettset.layouts.items()}.items() <= stamp.items()
    assert stamp[f"{STAMP_PARAMETER}lokaler.hyra_tak"] == "2500"
