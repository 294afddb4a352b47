"""What a text in a number's place may mean: proposals in findings, and refusals where two readings are as likely."""

from __future__ import annotations

from decimal import Decimal

import pytest

from blankettset.addin.excel.formelfunktioner import Felaktigt, number
from blankettset.workbook.calc.meant import is_ambiguous, readings
from blankettset.workbook.read.facts import DataError, parse_facts
from tests import forms

CASES = [
    ("12 500", ["12500"]), ("52,7 mnkr", ["52.7"]), ("ca 33700", ["33700"]), ("ca 33 700 kr", ["33700"]), ("(5,2)", ["-5.2"]),
    ("5,2-", ["-5.2"]), ("5,2−", ["-5.2"]), ("5,27E+01", ["52.7"]), ("12\u200b,5", ["12.5"]), ("1.052", ["1052", "1.052"]),
    ("25,000", ["25000", "25"]), ("1,052", ["1052", "1.052"]), ("(1.052)", ["-1052", "-1.052"]), ("0.052", ["0.052"]),
    ("85 %", ["85"]), ("-", []), ("se bilaga", []), ("", []), ("12 st", ["12"]), ("1 234 567", ["1234567"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_a_text_means_one_number_two_or_none(text: str, wanted: list[str]) -> None:
    assert list(readings(text)) == [Decimal(each) for each in wanted]


@pytest.mark.parametrize(("text", "wanted"), [("1.052", True), ("25,000", True), ("1,052", False), ("1 052", False),
                                              ("10.5", False), ("0.125", False), ("-2.500", True)])  # fmt: skip
def test_what_has_two_readings_is_refused_by_fill_and_functions(text: str, wanted: bool) -> None:
    blankettset = forms.the_set("2024-T1")
    assert is_ambiguous(text) is wanted
    line = f"{forms.HEADER}verksamhetsomraden;forskola;budget;{text}\n"
    if wanted:
        with pytest.raises(DataError, match=r"kan vara .* eller "):
            parse_facts(line, blankettset)
        with pytest.raises(Felaktigt, match=r"kan vara .* eller "):
            number("budget", text)
    else:
        assert parse_facts(line, blankettset)
        assert number("budget", text) is not None
