"""Every message of every rule as it looks on a case: tests/snapshots/meddelanden.md, to be read as its receiver reads it.

`python -m tests.messages` writes the page; a test fails when a rule has no message there or says something new.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from blankettset.validators.finding import Finding
from blankettset.validators.grouping import grouped
from blankettset.validators.registry import RuleInfo, rules
from blankettset.workbook.read.filled import Problem
from tests import forms
from tests.conftest import rule_cases

HERE = Path(__file__).parent
ELSEWHERE = (
    "BF026",
    "BF5",
    "BF6",
)  # their cases need another workbook: tests of structure, of earlier workbooks, of a collection
PAGE = HERE / "snapshots" / "meddelanden.md"
SET = "2024-T1"


def of_case(case: dict[str, object]) -> list[Finding]:
    """The findings of a rule's case."""
    set_id = str(case["set"])
    facts = forms.with_values(set_id, str(case.get("varden", "")))
    cells = case.get("celler", {})
    assert isinstance(cells, dict)
    edits = tuple(forms.edit(forms.key(place), how) for place, how in cells.items())
    return forms.findings(forms.handed_in(set_id, facts, edits))


def _of_cases() -> Iterator[Finding]:
    for path in sorted((HERE / "rules").glob("*.yaml")):
        for case in rule_cases(path):
            yield from (each for each in of_case(case) if each.code == path.stem)


def _of_problems() -> Iterator[Finding]:
    """What is said of each oddity that a file can have."""
    filled = forms.handed_in(SET)
    sheet = filled.forms["verksamhetsomraden"].sheet
    for info in rules().values():
        if info.run is None or ".rules.bok." not in info.run.__module__:
            continue
        for kind in dict.fromkeys(re.findall(r'"([a-z0-9_]+)"', inspect.getsource(info.run))):
            detail = "2600|2500|Högsta hyra" if "parameter" in kind else "T1"
            filled.problems[:] = [Problem(kind, "verksamhetsomraden", sheet, "C18", "aldreomsorg", "budget", detail)]
            yield from _judged(info, filled)
    filled.problems.clear()


def _of_dates() -> Iterator[Finding]:
    """Every date four years and a day late."""
    late = {
        key: (date.fromisoformat(value) + timedelta(1462)).isoformat()
        for key, value in forms.base(SET).items()
        if isinstance(value, str) and re.fullmatch(r"20\d\d-\d\d-\d\d", value)
    }
    yield from forms.findings(forms.handed_in(SET, forms.base(SET) | late))


def _judged(info: RuleInfo, filled: object) -> Iterator[Finding]:
    from blankettset.validators.filing import Filing

    assert info.run is not None
    try:
        for hit in info.run(Filing(filled)):  # type: ignore[arg-type]
            yield info.judge(hit, filled.set)  # type: ignore[attr-defined]
    except ValueError:
        return


def masked(text: str) -> str:
    """A message without its figures and quotations: what makes two of them the same."""
    return re.sub(r"»[^»]*»|\([^)]*\)|[\d.,\u00a0 ]*\d|\brad\b.*?(?=,|:)", "#", text)


def page() -> str:
    """The whole page."""
    said: dict[str, dict[str, str]] = defaultdict(dict)
    several: dict[str, str] = {}
    for finding in (*_of_cases(), *_of_problems(), *_of_dates()):
        for hit in finding.hits:
            said[finding.code].setdefault(masked(hit.text + hit.action), f"{finding.kind}: {hit.text} → {hit.action}")
        if finding.parts:
            several.setdefault(finding.code, finding.hit.text)
        else:
            two = grouped([finding, finding], forms.the_set(SET).blanketter)
            several.setdefault(finding.code, two[0].hit.text if two[0].parts else "")
    lines = [
        "# Varje regels meddelanden",
        "",
        "Skapad av `python -m tests.messages` ur reglernas fall. Läs den som den som får dem.",
    ]
    for code, info in rules().items():
        lines += ["", f"## {code} {info.title}", ""]
        lines += [f"- {text}" for text in said.get(code, {}).values()]
        lines += [f"- flera: {several[code]}"] if several.get(code) else []
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
