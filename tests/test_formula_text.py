"""Formula text of any shape: addresses become ids, everything else is left as it stands, and nothing fails."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blankettset.templates.model import Kind
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.layout.formula_text import fetches, references, same_formula, with_ids
from blankettset.workbook.xlsx.shared_formula import translate
from tests import forms

PIECES = st.sampled_from(
    ["A1", "$B$2", "XFD1048576", "XFE1", "A0", "A1048577", "ÅÄ1", "Enhet01", "Jan01", "KV4", "2024", "1E5", "1,5E+01", "Tabell1[Jan01]",
     "Tabell1[[#Alla],[A1]]", "[1]Blad1!A1", "'[B 1.xlsx]Bl''ad'!A1:B2", "Blad1:Blad3!C3", "#REF!A1", "#DIV/0!", "_xlfn.SUM(", "A1#", "@A1",
     '"A1""B2"', '"', "'", "[", "]", "(", ")", "!", ":", "+", " ", "\n", "\u00a0", "{1;2}", "R1C1", "A:A", "1:5", "LOG10(", "a.b1", "\\A1",
     "'C:\\x\\y.xlam'!_xldudf_STHLM_TOLKA(", "cmd|' /C'!A0", "\ud83d", "\U0001f600"]
)  # fmt: skip
FORMULA = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=12).map("".join)


@given(FORMULA)
@example("Enhet01+1")
@example("Tabell1[Jan01]")
def test_a_formula_of_unknown_addresses_is_left_as_it_is(formula: str) -> None:
    assert with_ids(formula, lambda *_: None, lambda *_: None) == formula.removeprefix("=")
    list(references(formula))
    translate(formula, 3, 2)
    fetches(formula)
    assert same_formula(formula, formula + " ") or '"' in formula or "'" in formula or "[" in formula


def ids(formula: str) -> str:
    return with_ids(
        formula, lambda s, r, c: f"<{s or ''}{address(r, c)}>", lambda s, a, b: f"<{address(*a)}-{address(*b)}>"
    )


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("=A1+$B$2*c3", "<A1>+<B2>*<C3>"),
        ("Blad!A1+'Bl ad''s'!B2", "<BladA1>+<Bl ad'sB2>"),
        ("SUM(A1:B2,Blad!C1:C9)", "SUM(<A1-B2>,<C1-C9>)"),
        ("Enhet01+1", "Enhet01+1"), ("Tabell1[Jan01]", "Tabell1[Jan01]"), ("Tabell1[[#Alla],[A1]]+A1", "Tabell1[[#Alla],[A1]]+<A1>"),
        ("KV4_2024+a.b1+\\A1", "KV4_2024+a.b1+\\A1"), ("1E5+2E+01", "1E5+2E+01"), ("XFE1+A0+A1048577", "XFE1+A0+A1048577"),
        ("[1]Blad!A1+A1", "<[1]BladA1>+<A1>"), ("'[B.xlsx]Blad'!A1", "<[B.xlsx]BladA1>"), ("Blad1:Blad3!A1", "<Blad1:Blad3A1>"),
        ("LOG10(A1)", "LOG10(<A1>)"), ('"A1"&A1', '"A1"&<A1>'), ("#REF!A1", "<#REFA1>"), ("ÅR2024+Å1", "ÅR2024+Å1"),
    ],
)  # fmt: skip
def test_only_addresses_become_ids(formula: str, shown: str) -> None:
    assert ids(formula) == shown


OWN = 'IFERROR(_xldudf_STHLM_BUDGETFOLJSAMHET(C8,D8),IF(D8=0,"",ROUND(100*(C8)/(D8),1)))'


@pytest.mark.parametrize(
    "written",
    ["'C:\\Program Files\\Other\\Addin.xlam'!_xldudf_STHLM_BUDGETFOLJSAMHET", "_xll.STHLM.BUDGETFOLJSAMHET", "[1]!_xldudf_STHLM_BUDGETFOLJSAMHET",
     "[1]_xldudf_STHLM_BUDGETFOLJSAMHET", "Addin.xlam!_xldudf_STHLM_BUDGETFOLJSAMHET", "_xlfn._xldudf_STHLM_BUDGETFOLJSAMHET", "@STHLM.BUDGETFOLJSAMHET",
     "_xludf.STHLM.BUDGETFOLJSAMHET", "'\\\\srv\\d$\\It''s.xla'!STHLM.budgetfoljsamhet", "STHLM_BUDGETFOLJSAMHET"],
)  # fmt: skip
def test_a_stored_function_is_ours_whatever_stands_before_its_name(written: str) -> None:
    assert same_formula(OWN.replace("_xldudf_STHLM_BUDGETFOLJSAMHET", written), OWN)
    assert not same_formula(OWN.replace("_xldudf_STHLM_BUDGETFOLJSAMHET", written + "2"), OWN)
    assert fetches(OWN.replace("_xldudf_STHLM_BUDGETFOLJSAMHET", written)) is None


@pytest.mark.parametrize("text", ["Enhet01+1", "Tabell1[Jan01]", "KV99999999", "[2]Blad1!Q1", "A1:"])
def test_such_a_formula_in_a_cell_is_read_and_judged(text: str) -> None:
    filled = forms.handed_in("2024-T1")
    inputs = next(c.key for c, d in filled.forms["driftbudget"].defined if d.kind is Kind.INPUT and d.type.is_number)
    total = next(c.key for c, d in filled.forms["driftbudget"].defined if d.kind is Kind.COMPUTED)
    for key, code in ((inputs, "BF013"), (total, "BF015")):
        found = forms.findings(forms.handed_in("2024-T1", edits=(forms.edit(key, {"formel": text, "tal": "0"}),)))
        assert f"{code} {'.'.join(key)}" in forms.flatten(found)
