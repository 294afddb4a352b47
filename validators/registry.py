"""The register of rules. A rule is a generator over a filing, declared once with code, title and source.

Its docstring is its page: first line the code and the requirement, then Givet, När, Så and Exempel. A rule never
opens a file and never raises for bad figures; an exception in one is our bug and is shown as such.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

from blankettset.templates.identity import digest
from blankettset.templates.model import PERIODS, Blankettset, Regelbruk
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Finding, Hit, Severities, Severity

Rule = Callable[[Filing], Iterator[Hit]]
MODULES = (
    "bok.struktur",
    "bok.orsaker",
    "bok.omgivning",
    "bok.inmatning",
    "siffror.storlek",
    "siffror.rimlighet",
    "siffror.aritmetik",
    "siffror.samband",
    "siffror.stadsregler",
    "mal.kf",
    "mal.mal",
    "text.analyser",
    "mal.matvarden",
    "siffror.foregaende",
    "siffror.medfort",
    "text.maltexter",
    "text.rapporten",
    "text.forklaringar",
    "mal.underlag",
    "mal.listor",
)  # causes before effects
SECTIONS = ("Givet", "När", "Så", "Exempel")
WITHDRAWN: Mapping[str, str] = {  # code -> why; a code is never used again
    "BF402": "ersatt av BF413 och BF414 i version 0.4.0",
    "BF410": "ersatt av BF413 och BF415 i version 0.4.0",
}


class RuleInfo(msgspec.Struct, frozen=True):
    """A rule and what is said of it. `severity` is one for all periods or one per period.

    `many` is what several of its hits on a sheet are called, {n} for their number. On `across` sheets or more they are
    one finding on the workbook (0: never). A rule that is `prov` counts for nothing until templates/regler.yaml says so.
    """

    code: str
    title: str
    severity: Severities
    source: str
    run: Rule | None
    doc: str
    many: str = ""
    across: int = 0
    prov: bool = False

    def judge(self, hit: Hit, blankettset: Blankettset) -> Finding:
        """The hit as a finding: with the severity of the period, or on trial and then without effect."""
        severity = hit.severity or self.severity_in(blankettset.period)
        use = blankettset.regler.get(self.code)
        stated = use.on(blankettset.report_date) if use is not None else None
        if stated is not None and stated.allvar is not None:
            most = Severity(stated.allvar)
            severity = most if hit.severity is None or hit.severity.rank < most.rank else hit.severity
        if stated.prov if stated is not None else self.prov:
            return Finding(self.code, Severity.UPPLYSNING, hit, prov=True, weight=severity)
        return Finding(self.code, severity, hit)

    def use(self, decided: Mapping[str, Regelbruk]) -> list[str]:
        """Sentences on how the rule is used when it does not simply count: on trial, since when, by whose decision."""
        lines = ["På prov: fynden visas utan att påverka inlämningen."] if self.prov else []
        for start, bruk in decided[self.code].values if self.code in decided else ():
            most = f", som mest {bruk.allvar}" if bruk.allvar else ""
            lines.append(f"Från {start}: {'på prov' if bruk.prov else 'räknas'}{most} ({bruk.source}).")
        return lines

    def severity_in(self, period: str) -> Severity:
        """The severity in VP, T1, T2 or VB."""
        return self.severity if isinstance(self.severity, Severity) else self.severity[period]

    def section(self, name: str) -> str:
        """The text after "Givet", "När", "Så" or "Exempel" in the docstring; empty when there is none."""
        found: dict[str, list[str]] = {}
        current = ""
        for line in self.doc.splitlines():
            head, _, rest = line.strip().partition(" ")
            if head.rstrip(":") in SECTIONS:
                current = head.rstrip(":")
                found[current] = [rest]
            elif current:
                found[current].append(line.strip())
        return " ".join(part for part in found.get(name, ()) if part)


RULES: dict[str, RuleInfo] = {}


def varies(early: Severity, vb: Severity) -> Mapping[str, Severity]:
    """One severity in VP, T1 and T2, another in VB: what may wait until the books are closed."""
    return {period: vb if period == "VB" else early for period in PERIODS}


def rule(
    code: str, *, title: str, severity: Severities, source: str, many: str = "", across: int = 0, prov: bool = False
) -> Callable[[Rule], Rule]:
    """Declare a rule. The source is an argument so that it cannot be forgotten."""

    def register(function: Rule) -> Rule:
        _register(RuleInfo(code, title, severity, source, function, inspect.getdoc(function) or "", many, across, prov))
        return function

    return register


def declare(code: str, *, title: str, severity: Severities, source: str, doc: str, many: str = "") -> None:
    """Declare a rule that is judged elsewhere than in `run`, such as over several filings at once (BF6xx)."""
    _register(RuleInfo(code, title, severity, source, None, inspect.cleandoc(doc), many))


def _register(info: RuleInfo) -> None:
    if info.code in RULES or info.code in WITHDRAWN:
        raise ValueError(f"regelkoden {info.code} är redan använd")
    RULES[info.code] = info


@cache
def rules() -> Mapping[str, RuleInfo]:
    """All rules by code, in order of code."""
    for name in MODULES:
        importlib.import_module(f"{__package__}.rules.{name}")
    for name in ("collection", "validate"):
        importlib.import_module(f"{__package__}.{name}")
    return dict(sorted(RULES.items()))


def run(filing: Filing) -> list[Finding]:
    """Every finding of every rule, in the order of the workbook.

    Rules run module by module, causes before effects: what a later rule finds is left out when it only follows
    from a cell that an earlier one has pointed at, or waits for a cause that an earlier one has found.
    """
    found: list[Finding] = []
    rules()
    for info in _run_order():
        of_rule = []
        for hit in info.run(filing) if info.run else ():
            if not filing.waits(info.code, hit):
                of_rule.append(info.judge(hit, filing.set))
                filing.blame(of_rule[-1])
        filing.settle(of_rule)
        found += of_rule
    return sorted(found, key=filing.order)


def _run_order() -> list[RuleInfo]:
    """Module by module, and as they stand in it."""
    place = {name: number for number, name in enumerate(MODULES)}
    found = [info for info in RULES.values() if info.run is not None]
    return sorted(found, key=lambda info: place.get(info.run.__module__.partition(".rules.")[2], len(MODULES)))


JUDGING = ("templates", "workbook", "validators")  # whose code a verdict rests on
NOT_JUDGING = ("workbook/write/", "workbook/edit/", "workbook/city/")  # but these only write


def ruleset_version(blankettset: Blankettset) -> str:
    """Changes whenever a rule, a parameter, the plan or any code that judges changes; a note or a label changes nothing."""
    return f"2026.11-{digest([_code(), blankettset.judgement])[:8]}"


@cache
def _code() -> str:
    """A hash of the source of everything that judges, whatever the machine's line endings."""
    root, found = Path(__file__).parent.parent, hashlib.sha256()
    paths = {path.relative_to(root).as_posix(): path for folder in JUDGING for path in (root / folder).rglob("*.py")}
    for name in sorted(paths):
        if not name.startswith(NOT_JUDGING):
            found.update(name.encode() + b"\0" + paths[name].read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return found.hexdigest()
