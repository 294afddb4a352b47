"""The functions that a definition may name, each in Python and in Excel: one entry, so that the two stay together.

In the Excel text {0}, {1} ... are the arguments, then the parameters; {alla} is all arguments; {0:helt} asks whether an argument that
somebody has typed gives the answer helt (see workbook.calc.answers), {helt} and the like are the labels of the arguments' answers as the
program writes them, {blir_helt} those of the cell's own, {rapportdag} the report date.

A cell that only analyses may also call the Excel add-in's function: `stored` is the call, and the cell then holds
IFERROR(the call, our own formula), so that it is right with and without the add-in. Figures that are reported never do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from blankettset.workbook.calc import nyckeltal, status

NAMESPACE = "STHLM"
STORED = f"_xldudf_{NAMESPACE}_"  # how Excel stores a function of the add-in in a file; shown as STHLM.NAME


class FormFunction(msgspec.Struct, frozen=True):
    """`words`: arguments are what stands there (text, choice id, a tuple for all rows of a list), not only numbers."""

    python: Callable[..., Any]
    excel: str
    parameters: tuple[str, ...] = ()
    words: bool = False
    dated: bool = False
    stored: str | None = None

    @property
    def text(self) -> str:
        """The formula that the cell holds, with places for its arguments."""
        return f"IFERROR({STORED}{self.stored},{self.excel})" if self.stored else self.excel


def _bare(text: str) -> str:
    """Excel's text in capitals without spaces, as status.matvarde_tal makes it."""
    for sign, instead in status.REPLACED.items():
        shown = f'"{sign}"' if sign == " " else "CHAR(10)" if sign == "\n" else f"_xlfn.UNICHAR({ord(sign)})"
        text = f'SUBSTITUTE({text},{shown},"{instead}")'
    return f"UPPER({text})"


def _tal(text: str, enhet: str) -> str:
    """Excel's number in a text; #VALUE! when there is none. "e0" keeps a date or an empty text from passing as one."""
    unit = f'IF({enhet}="","¤",SUBSTITUTE(SUBSTITUTE(UPPER({enhet})," ",""),".",""))'  # ¤ stands in no value
    plain = f'SUBSTITUTE(SUBSTITUTE({_bare(text)},{unit}&".",""),{unit},"")'
    for away in status.AWAY:
        plain = f'SUBSTITUTE({plain},"{away}","")'
    plain = f'SUBSTITUTE({plain},".",",")'
    return f'IF(ISNUMBER({text}),{text},_xlfn.NUMBERVALUE({plain}&"e0",","," "))'


def _is_count(namn: str, enhet: str) -> str:
    averages = ",".join(f'ISERROR(SEARCH("{word}",{namn}))' for word in status.AVERAGES)
    return f'AND(OR({enhet}="st",LEFT({namn},5)="Antal"),{averages})'


def _or_blank(formula: str) -> str:
    return f'IFERROR({formula},"")'


_QUOTA = 'IF({1}=0,"",ROUND(100*({0})/({1}),1))'
_FIRST = 'IF({0}="",{1},{0})'
_JUDGED = _tal(_FIRST, "{2}")
_WORDS = ",".join(f'"{word}"' for word in (*status.OKA, *status.MINSKA))
_SIGNS = ",".join(["1"] * len(status.OKA) + ["-1"] * len(status.MINSKA))
_SHORT = "IF({6:hogre},{1}-{0},IF({6:lagre},{0}-{1},ABS({0})-{1}))"
_INDICATOR = (
    'IF({0}="",{blir_ingen},IF({1}="",IFERROR('
    f'IF(CHOOSE(MATCH(IF({{2}}="",{{3}},{{2}}),{{{{{_WORDS}}}}},0),{_SIGNS})*({{0}}-{_tal("{4}", "{5}")})>0,'
    "{blir_helt},{blir_ej}),{blir_ingen}),"
    'IF(OR({6}="",{6:ingen}),{blir_ingen},'
    f"IF(ROUND({_SHORT},9)<=0,{{blir_helt}},IF(ROUND({_SHORT}-{{7}}*ABS({{1}}),9)<=0,{{blir_delvis}},{{blir_ej}})))))"
)


def _below(answer: str, state: str | None) -> str:
    child = '(LEFT({1},LEN({0})+1)={0}&".")*ISERROR(FIND(".",{1},LEN({0})+2))'
    judged = "({2:helt})+({2:delvis})+({2:ej})"
    own = f'SUMPRODUCT(({{3}}={{0}})*(({{4:{answer}}})+({{4}}="")*({{5}}={{{answer}}})))'
    if state:
        own += f"+SUMPRODUCT(({{6}}={{0}})*({{7}}={state}))"
    return f"IF(SUMPRODUCT({child}*({judged}))>0,SUMPRODUCT({child}*({{2:{answer}}})),{own})"


FORM_FUNCTIONS: Mapping[str, FormFunction] = {
    "budgetfoljsamhet": FormFunction(nyckeltal.kvot_procent, _QUOTA, stored="BUDGETFOLJSAMHET({0},{1})"),
    "prognossakerhet": FormFunction(nyckeltal.kvot_procent, _QUOTA, stored="PROGNOSSAKERHET({0}+{1},{1})"),
    "produkt": FormFunction(nyckeltal.produkt, 'IF(OR({0}="",{1}=""),"",{0}*{1})'),
    "differens": FormFunction(nyckeltal.differens, 'IF(OR({0}="",{1}=""),"",{0}-{1})'),
    "summa_ifyllda": FormFunction(nyckeltal.summa_ifyllda, 'IF(COUNT({alla})=0,"",SUM({alla}))'),
    "summa_med_forsta": FormFunction(nyckeltal.summa_med_forsta, 'IF({0}="","",SUM({alla}))'),
    "medel": FormFunction(nyckeltal.medel, 'IF(COUNT({alla})=0,"",AVERAGE({alla}))'),
    "i_planen": FormFunction(
        nyckeltal.i_planen, 'IF({0}="","",IF({0}>={1},"Ja","Nej"))', ("internkontroll.riskvarde_plan",)
    ),
    "prestationsforandring": FormFunction(
        nyckeltal.prestationsforandring, 'IF(OR({0}="",{1}="",{2}=""),"",({1}-{0})*{2}/1000000)'
    ),
    "lokalbidrag": FormFunction(
        nyckeltal.lokalbidrag,
        "({4}*MAX(0,MIN({0},{3})-{2})+{5}*MAX(0,{0}-{3}))*{1}/1000",
        ("lokaler.hyra_golv", "lokaler.hyra_tak", "lokaler.andel_mellan", "lokaler.andel_over"),
    ),
    "matvarde_tal": FormFunction(status.matvarde_tal, _or_blank(_tal("{0}", "{1}")), words=True),
    "forsta_matvarde": FormFunction(status.forsta_matvarde, _or_blank(_tal(_FIRST, "{2}")), words=True),
    "bedomt_varde": FormFunction(
        status.bedomt_varde,
        # divided by TRUE where it is judged; by FALSE, an error and so blank, where it is a count of a part of the year
        _or_blank(f'{_JUDGED}/OR({{0}}<>"",NOT({_is_count("{3}", "{2}")}),AND({{4:lagre}},{{5}}<>"",{_JUDGED}>{{5}}))'),
        words=True,
    ),
    "indikatorstatus": FormFunction(status.indikatorstatus, _INDICATOR, ("indikator.tolerans_delvis",), words=True),
    "aktivitetslage": FormFunction(
        status.aktivitetslage,
        'IF({0}="","",IF({0:klar},{blir_klar},IF(AND({1}<>"",{1}<={rapportdag}),{blir_forsenad},{blir_i_tid})))',
        words=True,
        dated=True,
    ),
    "under_helt": FormFunction(status.under_helt, _below("helt", "{klar}"), words=True),
    "under_delvis": FormFunction(status.under_delvis, _below("delvis", None), words=True),
    "under_ej": FormFunction(status.under_ej, _below("ej", "{forsenad}"), words=True),
    "malstatus": FormFunction(
        status.malstatus,
        "IF({0}+{1}+{2}=0,{blir_ingen},IF({1}+{2}=0,{blir_helt},IF({0}+{1}=0,{blir_ej},{blir_delvis})))",
        words=True,
    ),
    # only in layouts of earlier days: a function whose result is to be another gets another name
    "kvot_procent": FormFunction(nyckeltal.kvot_procent, _QUOTA),
    "bedomt_varde_st": FormFunction(
        status.bedomt_varde_st, 'IF(AND({0}="",{2}="st"),"",' + _or_blank(_tal(_FIRST, "{2}")) + ")", words=True
    ),
}
