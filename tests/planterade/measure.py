"""Plants every mistake and writes down what was found: tests/planterade/resultat.json, from which the page is made."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from blankettset.templates.errors import Refusal
from blankettset.validators.finding import Finding, Severity
from blankettset.validators.validate import validate
from tests import forms
from tests.conftest import rule_cases
from tests.planterade.hosts import Host, clean_sets, host, names, place
from tests.planterade.mistakes import HARMLESS, KINDS, Mistake, harmless, planted

RESULT = Path(__file__).parent / "resultat.json"
EACH = 2  # mistakes of a kind in a host


class Outcome(msgspec.Struct, frozen=True):
    """What came of one mistake. `codes` found it at its place, `beside` stand elsewhere; `findings` are all new ones."""

    host: str
    kind: str
    where: str
    must: bool
    codes: tuple[str, ...]
    beside: tuple[str, ...]
    findings: int
    crashed: str = ""

    @property
    def found(self) -> bool:
        """True when something is found at the place."""
        return bool(self.codes)


def outcome(at: Host, mistake: Mistake, *, all_of_them: bool = True) -> Outcome:
    """Plant it, read and judge; with or without what only informs."""
    raw = forms.copy_of(at.raw)
    base = (at.name, mistake.kind, mistake.where, mistake.must)
    try:
        frozen = mistake.change(raw)
        if mistake.recalculated:
            forms._recalculate(raw, forms.bound(raw), frozen)
        found = validate(forms.bound(raw)).findings
    except Refusal:
        return Outcome(*base, ("läses inte",), (), 1)
    except Exception as error:
        return Outcome(*base, (), (), 0, type(error).__name__)
    asked = (finding for finding in found if all_of_them or finding.severity is not Severity.UPPLYSNING)
    new = [finding for finding in asked if any(place(finding.code, hit) not in at.before for hit in finding.hits)]
    here = [finding for finding in new if _is_here(at, finding, mistake)]
    there = [finding for finding in new if finding not in here]
    return Outcome(*base, tuple(sorted(f.code for f in here)), tuple(sorted(f.code for f in there)), len(new))


def _is_here(at: Host, finding: Finding, mistake: Mistake) -> bool:
    cells = {f"{cell.sheet}!{cell.address}" for key in mistake.places if (cell := at.filled.cell(key)) is not None}
    for hit in finding.hits:
        if place(finding.code, hit) in at.before:
            continue
        for form, row, column in mistake.places:
            if not form or (not row and (hit.form == form or hit.sheet == at.filled.forms[form].sheet)):
                return True
            if (hit.form, hit.row, hit.column) == (form, row, column):
                return True
    return any(cells & {*hit.related, *finding.celler} for hit in finding.hits)


def everything(kinds: Iterable[str] = KINDS) -> list[Outcome]:
    """Every mistake of these kinds in every host."""
    return [outcome(host(name), each) for name in names() for kind in kinds for each in planted(host(name), kind, EACH)]


def undisturbed() -> list[Outcome]:
    """Every harmless change in every host: what asks for something."""
    calm = [(name, each) for name in names() for kind in HARMLESS for each in harmless(host(name), kind, 2)]
    return [outcome(host(name), each, all_of_them=False) for name, each in calm]


def false_alarms() -> dict[str, list[str]]:
    """Clean set -> the codes of what is found in it, apart from upplysningar; a rule on trial is marked so."""
    return {
        name: sorted(
            f"{finding.code} (prov)" if finding.prov else finding.code
            for finding in validate(filled).findings
            if finding.severity is not Severity.UPPLYSNING or finding.prov
        )
        for name, filled in clean_sets()
    }


class Measured(msgspec.Struct, frozen=True):
    """The result as it is stored: the mistakes, the harmless changes, what is found in clean sets, and cases a rule."""

    fel: list[Outcome]
    ofarligt: list[Outcome]
    rena: dict[str, list[str]]
    fall: dict[str, int] = {}


def rule_cases_expecting() -> dict[str, int]:
    """How many cases in tests/rules expect each rule's finding."""
    counted: Counter[str] = Counter()
    for path in sorted((Path(__file__).parent.parent / "rules").glob("*.yaml")):
        for case in rule_cases(path):
            counted.update({str(each).split(" ")[0] for each in case.get("fynd", ())})
    return dict(sorted(counted.items()))


def measured() -> Measured:
    """What was last measured."""
    return msgspec.json.decode(RESULT.read_bytes(), type=Measured)


def store(result: Measured) -> None:
    """A line for each row, so that what has changed can be read."""
    parts = [f'"{name}": [\n' + ",\n".join(msgspec.json.encode(row).decode() for row in getattr(result, name)) + "\n]"
             for name in ("fel", "ofarligt")]  # fmt: skip
    clean = ",\n".join(f"{_json(name)}: {_json(codes)}" for name, codes in result.rena.items())
    RESULT.write_text(
        "{" + ",\n".join([*parts, '"rena": {\n' + clean + "\n}", f'"fall": {_json(result.fall)}']) + "}\n",
        encoding="utf-8",
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def main() -> None:
    """Measure everything, or the kinds named anew, and write the result. `rena` measures clean sets and harmless changes."""
    asked = sys.argv[1:]
    kinds = [kind for kind in KINDS if not asked or kind in asked]
    rows = everything(kinds)
    if asked:
        before = measured()
        rows += [row for row in before.fel if row.kind not in kinds and row.kind in KINDS]
    order = {kind: number for number, kind in enumerate(KINDS)}
    rows.sort(key=lambda row: (row.host, order[row.kind], row.where))
    calm = before.ofarligt if asked and "rena" not in asked else undisturbed()
    clean = before.rena if asked and "rena" not in asked else false_alarms()
    store(Measured(rows, calm, clean, rule_cases_expecting()))
    for kind in kinds:
        own = [row for row in rows if row.kind == kind]
        must = [row for row in own if row.must]
        told = Counter(code for row in own for code in row.codes).most_common(3)
        beside = Counter(code for row in own for code in row.beside).most_common(3)
        print(
            f"{kind:46} {len(own):3} ska {len(must):3} hittade {sum(r.found for r in must):3} fynd {sum(r.findings for r in own) / max(1, len(own)):.2f} {told} | {beside}"
        )
    print(
        "ofarligt", [(row.host, row.kind, row.where, row.codes, row.beside) for row in calm if row.codes or row.beside]
    )
    print("rena", {name: codes for name, codes in clean.items() if codes})


if __name__ == "__main__":
    main()
