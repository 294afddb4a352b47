"""Runs the rules over a filing, applies the nämnd's explanations and writes the receipt."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import msgspec

from blankettset.validators.earlier import earlier_workbooks
from blankettset.validators.explanations import CONTROL, Explanation, Explanations, Place, explained
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Finding, Hit, Severity, quoted
from blankettset.validators.grouping import grouped
from blankettset.validators.registry import declare, rules, ruleset_version, run
from blankettset.validators.report.reading import reading, require_own
from blankettset.workbook.calc.values import rounded
from blankettset.workbook.carry.past import Past
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.report.document import Rapport

_TWELVE = Context(prec=12)  # digits; binary arithmetic errs in the fifteenth, and more after a few sums
BOUND = "En förklaring gäller de siffror den skrevs för"

declare("BF028", title="Förklaringen gäller de siffror som står", many="{n} förklaringar gäller andra siffror än de som nu står", severity=Severity.UPPLYSNING, source=BOUND, doc="""
    BF028: En förklaring gäller de siffror som den skrevs för.

    Givet en förklaring av en varning
    När siffrorna har ändrats sedan förklaringen skrevs
    Så öppnas varningen igen, och förklaringen pekas ut.
    Exempel: Förklaringen gäller 0,7 mot 2,8 men projektlistan är nu 1,4.
    """)  # fmt: skip
declare("BF029", title="Varje förklaring har en varning", many="{n} förklaringar hör inte till någon varning", severity=Severity.UPPLYSNING, source=BOUND, doc="""
    BF029: En förklaring hör till en varning som finns.

    Givet en rad i Förklaringar
    När det inte finns någon varning med den koden på den platsen
    Så sägs det till.
    Exempel: Varningen är rättad men förklaringen ligger kvar.
    """)  # fmt: skip


class Result(msgspec.Struct, frozen=True):
    """The outcome of one validation. The same file gives the same result, receipt included."""

    filled: FilledSet
    findings: tuple[Finding, ...]
    receipt: Mapping[str, Any]
    earlier: tuple[Past, ...] = ()
    rapport: Mapping[str, Any] | None = None  # what of the report was tied to the workbook

    def count(self, severity: Severity) -> int:
        """How many findings of a severity that still ask for something (explained ones do not)."""
        return sum(f.severity is severity and f.explanation is None for f in self.findings)

    @property
    def explained(self) -> int:
        """How many warnings that are explained."""
        return sum(f.explanation is not None for f in self.findings)

    @property
    def may_be_submitted(self) -> bool:
        """True when nothing stops the submission: no fel and no unexplained varning."""
        return not self.count(Severity.FEL) and not self.count(Severity.VARNING)

    def as_json(self) -> dict[str, Any]:
        """The contract of `blankett validera --json`."""
        filled = self.filled
        return {
            "fil": filled.file,
            "sha256": filled.sha256,
            "blankettset": filled.set.id,
            "niva": filled.set.level,
            "namnd": filled.namnd,
            "period": filled.set.period,
            "regelverk": ruleset_version(filled.set),
            "sammanfattning": {
                **{str(severity): self.count(severity) for severity in Severity},
                "forklarade": self.explained,
            },
            "kvitto": dict(self.receipt),
            "fynd": [finding.as_json() for finding in self.findings],
            **({"rapport": dict(self.rapport)} if self.rapport is not None else {}),
            **self._compared(),
        }

    def _compared(self) -> dict[str, Any]:
        """What differs from the earlier workbooks, when there are any."""
        if not self.earlier:
            return {}
        from blankettset.validators.differences import as_json  # only those who compare pay for loading it

        return {"skillnader": as_json(self.filled, self.earlier)}


def validate(filled: FilledSet, previous: tuple[FilledSet, ...] = (), report: Rapport | None = None) -> Result:
    """All findings with explanations applied, in the order of the workbook.

    `previous` are earlier workbooks of the same nämnd, or of all the nämnder merged into it, for the BF5xx rules;
    NotEarlier for one that is not. Their explanations still hold where the figures are the same. `report` is the text beside
    the workbook, for the BF71x rules; UnreadableReport for one of another nämnd or period.
    """
    if report is not None:
        require_own(report, filled)
    before = earlier_workbooks(filled, previous)
    explanations = Explanations(filled, before)
    filing = Filing(filled, explanations.answers, before, report)
    found, used = explained(run(filing), explanations)
    for place, said in explanations.given.items():
        if used.get(place) != "":
            found.append(_about(filled, place, said, used.get(place)))
    findings = tuple(grouped(found, filled.set.blanketter))
    compared = [{"fil": earlier.file, "sha256": earlier.sha256} for earlier in previous]
    counts = Counter(f.severity for f in findings if f.explanation is None)
    stops = counts[Severity.FEL] or counts[Severity.VARNING]
    receipt = {
        "sha256": filled.sha256,
        "innehall": content_hash(filled),
        "regelverk": ruleset_version(filled.set),
        "definition": filled.set.layout_hash,
        **({"stad": filled.set.stad} if filled.set.stad else {}),
        "fel": counts[Severity.FEL],
        "varning": counts[Severity.VARNING],
        "upplysning": counts[Severity.UPPLYSNING],
        **({"foregaende": compared} if compared else {}),
        **({"rapport": {"fil": report.namn, "sha256": report.sha256}} if report is not None else {}),
        "utslag": "får inte lämnas in" if stops else "får lämnas in",
    }
    tied = reading(filing)
    return Result(
        filled, findings, receipt, before, tied.as_json(report) if report is not None and tied is not None else None
    )


def content_hash(filled: FilledSet) -> str:
    """A hash of the figures and texts alone: unchanged when the file is only saved again, or recalculated elsewhere.

    What a formula gives counts at the form's precision: programs differ in the last binary digits. What is typed counts whole.
    """
    lines = [f"{filled.namnd}\x1f{filled.set.id}"]
    system = filled.system_cells  # what an earlier check or delivery wrote is no content of the nämnd's
    for place, said in sorted(Explanations(filled, ()).given.items()):
        if said.form == CONTROL:  # a new check moves the rows of Kontroll, and what was explained there is the same
            lines.append("\x1f".join((CONTROL, *place, said.figures, said.text)))
    for key, value in sorted(filled.facts.items()):
        if key in system or key[0] == CONTROL:
            continue
        if isinstance(value, Decimal):
            cell = filled.cell(key)
            if cell is not None and cell.formula is not None:
                value = _steady(value, filled.set.blanketter[key[0]].decimals_of(key[1], key[2]))
            value = f"{value.normalize():f}" if value else "0"
        lines.append("\x1f".join((*key, value or "")))
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


def _steady(value: Decimal, decimals: int) -> Decimal:
    """The value as the form shows it. Noise in its last digits is taken away first, so that it cannot tip a half."""
    exact = _TWELVE.plus(value)
    return rounded(rounded(exact, decimals + 4), decimals, ROUND_HALF_UP)


def _about(filled: FilledSet, place: Place, said: Explanation, now: str | None) -> Finding:
    """BF028 for an explanation of other figures than `now` stand there, BF029 for one of no warning at all."""
    form = filled.forms[said.form]
    cell = filled.cell((said.form, said.row or "", "kod"))
    if now is None:
        code, text = "BF029", f"det finns ingen varning {place[0]} på den platsen."
        action = "Ta bort förklaringen om den inte längre behövs."
    else:
        code, text = "BF028", f"förklaringen gäller {quoted(said.figures)} men där står nu {quoted(now)}."
        action = "Pröva om förklaringen fortfarande håller och skriv det som nu står."
    hit = Hit(f"{form.form.title}, rad {said.row}: {text}", action, said.form, form.sheet,
              cell.address if cell else None, said.row, "kod" if now is None else "siffror")  # fmt: skip
    return rules()[code].judge(hit, filled.set)
