"""One cause, one finding: places of the same kind are one, at every door, and one explanation answers for them."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from blankettset.addin.check.kontroll import control_rows
from blankettset.addin.cli.kommandon import main
from blankettset.templates.model import Bruk, Regelbruk, Source
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Finding, Hit, Severity, Wait, clean, quoted
from blankettset.validators.grouping import grouped
from blankettset.validators.registry import RULES, run
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Key, Value
from tests import forms

SET = "2024-T1"
AREAS = "verksamhetsomraden"
BLANK = ("aldreomsorg", "forskola", "stadsmiljo")


def three_texts() -> tuple[forms.Edit, ...]:
    return tuple(forms.edit((AREAS, row, "prognos_fore"), {"text": "ca 5 mnkr"}) for row in BLANK)


def test_places_of_the_same_kind_on_a_sheet_are_one_finding_with_its_cells() -> None:
    found = forms.findings(forms.handed_in(SET, None, three_texts()))
    assert [(f.code, len(f.parts), f.hit.form) for f in found] == [("BF010", 3, AREAS)]
    cells = [hit.place for hit in found[0].parts]
    said = found[0].as_json()
    assert said["celler"] == cells
    assert [place["rad"] for place in said["platser"]] == [hit.row for hit in found[0].parts]
    assert {place["rad"] for place in said["platser"]} == set(BLANK)
    assert "3 celler innehåller text" in said["text"]
    assert all(str(cell).partition("!")[2] in said["text"] for cell in cells)


def test_one_place_is_said_as_it_is() -> None:
    found = forms.findings(forms.handed_in(SET, None, three_texts()[:1]))
    assert [(f.code, f.parts) for f in found] == [("BF010", ())]
    assert "platser" not in found[0].as_json()


def test_every_door_lists_the_places(tmp_path) -> None:  # type: ignore[no-untyped-def]
    facts = forms.with_values(SET, "\n".join(f"{AREAS};{row};prognos_fore;1,234" for row in BLANK))
    result = validate(forms.handed_in(SET, facts))
    group = next(f for f in result.findings if f.code == "BF022")
    row = next(row for row in control_rows(result)[0] if row["kod"] == "BF022")
    assert row["text"].count("\n") == len(BLANK)
    path = tmp_path / "bok.xlsx"
    path.write_bytes(forms.raw_bytes(SET, facts))
    printed = CliRunner().invoke(main, ["validera", str(path)]).output
    for hit in group.parts:
        assert f"{hit.cell}: " in row["text"]
        assert f"{hit.cell}: " in printed


def explained(finding: Finding, text: str = "Enligt beslut.") -> dict[Key, Value]:
    words = (*finding.place, finding.siffror, text)
    columns = ("kod", "blankett", "rad", "kolumn", "siffror", "forklaring")
    return {("forklaringar", "1", column): word for column, word in zip(columns, words, strict=True) if word}


def with_decimals(*rows: str) -> dict[Key, Value]:
    return forms.with_values(
        SET, "\n".join(f"{AREAS};{row};begarda_justeringar;0,0{n}" for n, row in enumerate(rows, 1))
    )


def test_one_explanation_answers_for_all_places_and_opens_when_one_changes() -> None:
    facts = with_decimals(*BLANK)
    group = next(f for f in forms.findings(forms.handed_in(SET, facts)) if f.code == "BF022")
    assert group.place == ("BF022", AREAS, "", "")
    words = explained(group)
    after = [f for f in forms.findings(forms.handed_in(SET, facts | words)) if f.code in ("BF022", "BF028", "BF029")]
    assert [(f.code, f.explanation, len(f.parts)) for f in after] == [("BF022", "Enligt beslut.", 3)]
    for changed in (with_decimals(*BLANK, "ovrig"), with_decimals(*BLANK[:2]), with_decimals(*BLANK[::-1])):
        found = [f for f in forms.findings(forms.handed_in(SET, changed | words)) if f.code in ("BF022", "BF028")]
        assert [(f.code, f.explanation) for f in found] == [("BF022", None), ("BF028", None)]


def test_an_explanation_of_the_code_on_the_form_answers_for_a_single_place_too() -> None:
    facts = with_decimals(BLANK[0])
    one = next(f for f in forms.findings(forms.handed_in(SET, facts)) if f.code == "BF022")
    words = explained(one) | {("forklaringar", "1", "rad"): None, ("forklaringar", "1", "kolumn"): None}
    found = [f for f in forms.findings(forms.handed_in(SET, facts | words)) if f.code.startswith("BF02")]
    assert [(f.code, f.explanation) for f in found] == [("BF022", "Enligt beslut.")]


def test_an_explanation_of_one_place_leaves_the_others_open() -> None:
    facts = with_decimals(*BLANK)
    group = next(f for f in forms.findings(forms.handed_in(SET, facts)) if f.code == "BF022")
    one = Finding("BF022", Severity.VARNING, group.parts[0])
    found = [f for f in forms.findings(forms.handed_in(SET, facts | explained(one))) if f.code == "BF022"]
    assert sorted((f.explanation or "", len(f.hits)) for f in found) == [("", 2), ("Enligt beslut.", 1)]


def test_one_cause_on_many_sheets_is_one_finding_on_the_workbook() -> None:
    forms_of = forms.the_set(SET).blanketter
    hits = [Hit("x", "y", form=form, sheet=forms_of[form].sheet, cell="C8") for form in list(forms_of)[:5]]
    found = grouped([Finding("BF014", Severity.VARNING, hit) for hit in hits], forms_of)
    assert [(f.hit.form, len(f.parts)) for f in found] == [(None, 5)]
    few = grouped([Finding("BF014", Severity.VARNING, hit) for hit in hits[:2]], forms_of)
    assert [f.parts for f in few] == [(), ()]


def test_what_follows_from_a_cause_waits_and_nothing_else() -> None:
    wait = Wait(form="mal", column="status", codes=frozenset({"BF313"}))
    assert wait.holds("BF313", Hit("", "", form="mal", row="3", column="status"))
    assert not wait.holds("BF314", Hit("", "", form="mal", row="3", column="status"))
    assert not wait.holds("BF313", Hit("", "", form="indikatorer", row="3", column="status"))
    assert not wait.holds("BF313", Hit("", "", form="mal", row="3", column="analys"))


@pytest.mark.parametrize("bruk", ["prov", "galler"])
def test_a_rule_on_trial_is_shown_and_counts_for_nothing(bruk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled = forms.handed_in(SET, None, three_texts())
    use = Regelbruk("BF010", (("2019-01-01", Bruk(False, None, Source(None, "x", "2026-11-25"))),
                              ("2024-01-01", Bruk(bruk == "prov", None, Source(None, "x", "2026-11-25")))))  # fmt: skip
    monkeypatch.setitem(filled.set.regler, "BF010", use)  # type: ignore[arg-type]
    result = validate(filled)
    found = [f for f in result.findings if f.code == "BF010"]
    assert [f.prov for f in found] == [bruk == "prov"]
    assert result.may_be_submitted == (bruk == "prov")
    said = found[0].as_json()
    assert (said["prov"], said["allvar"]) == ((True, "upplysning") if bruk == "prov" else (False, "fel"))
    if bruk == "prov":
        assert said["skarp_allvar"] == "fel"
        assert control_rows(result)[0][1]["allvar"] == "prov"
        assert result.receipt["utslag"] == "får lämnas in"


def test_a_new_rule_is_on_trial_until_a_date_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    info = RULES["BF010"]
    blankettset = forms.the_set(SET)
    new = type(info)(info.code, info.title, info.severity, info.source, info.run, info.doc, prov=True)
    assert new.judge(Hit("", ""), blankettset).prov
    use = Regelbruk("BF010", (("2024-01-01", Bruk(False, "varning", Source(None, "x", "2026-11-25"))),))
    monkeypatch.setitem(blankettset.regler, "BF010", use)  # type: ignore[arg-type]
    judged = new.judge(Hit("", ""), blankettset)
    assert (judged.prov, judged.severity) == (False, Severity.VARNING)  # and never more serious than the city has said


def test_a_cause_on_trial_hides_nothing() -> None:
    filing = Filing(forms.handed_in(SET))
    hit = Hit("", "", form=AREAS, waits=(Wait(form=AREAS),))
    filing.blame(Finding("BF010", Severity.UPPLYSNING, hit, prov=True))
    assert not filing.waits("BF101", hit)
    filing.blame(Finding("BF010", Severity.FEL, hit))
    assert filing.waits("BF101", hit)
    assert run(Filing(forms.handed_in(SET))) == []


@pytest.mark.parametrize(("text", "shown"), [("\x1b[31mröd\x07", "»[31mröd»"), ("a\nb\tc", "»a b c»"), ("12\u200b5", "»125»"),
                                             ("x" * 40_000, "»" + "x" * 59 + "…»"), ("a » b", '»a " b»')])  # fmt: skip
def test_what_a_cell_says_is_cut_and_cleaned_wherever_it_is_repeated(text: str, shown: str) -> None:
    assert quoted(text) == shown
    hit = Hit(f"Där står »{text}».", f"»{text}»", found=text, item=text)
    assert max(map(len, (hit.text, hit.action))) < 100
    assert all(str(each).isprintable() for each in (hit.text, hit.action, hit.found, hit.item))
    assert clean(clean(text)) == clean(text)
