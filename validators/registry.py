"""The register of rules. A rule is a generator over a filing, declared once with code, title and source.

Its docstring is its page: first line the code and the requirement, then Givet, När, Så and Exempel. A rule never
opens a file and never raises for bad figures; an exception in one is our bug and is shown as such.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

from blankettset.templates.identity import digest
from blankettset.templates.model import PERIODS, Blankettset
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Finding, Hit, Severities, Severity

Rule = Callable[[Filing], Iterator[Hit]]
MODULES = (
    "struktur",
    "inmatning",
    "rimlighet",
    "aritmetik",
    "samband",
    "stadsregler",
    "kf",
    "mal",
    "matvarden",
    "foregaende",
    "rapporttext",
)  # causes before effects
SECTIONS = ("Givet", "När", "Så", "Exempel")
WITHDRAWN: Mapping[str, str] = {}  # code -> why; a code is never used again


class RuleInfo(msgspec.Struct, frozen=True):
    """A rule and what is said of it. `severity` is one for all periods or one per period."""

    code: str
    title: str
    severity: Severities
    source: str
    run: Rule | None
    doc: str

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


def rule(code: str, *, title: str, severity: Severities, source: str) -> Callable[[Rule], Rule]:
    """Declare a rule. The source is an argument so that it cannot be forgotten."""

    def register(function: Rule) -> Rule:
        if code in RULES or code in WITHDRAWN:
            raise ValueError(f"regelkoden {code} är redan använd")
        RULES[code] = RuleInfo(code, title, severity, source, function, inspect.getdoc(function) or "")
        return function

    return register


def declare(code: str, *, title: str, severity: Severities, source: str, doc: str) -> None:
    """Declare a rule that is judged over several filings at once (BF6xx), elsewhere than in `run`."""
    if code in RULES or code in WITHDRAWN:
        raise ValueError(f"regelkoden {code} är redan använd")
    RULES[code] = RuleInfo(code, title, severity, source, None, inspect.cleandoc(doc))


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
    from a cell that an earlier one has pointed at.
    """
    period = filing.set.period
    found: list[Finding] = []
    for info in sorted(rules().values(), key=_run_order):
        if info.run is None:
            continue
        for hit in info.run(filing):
            finding = Finding(info.code, hit.severity or info.severity_in(period), hit)
            found.append(finding)
            filing.blame(finding)
    return sorted(found, key=filing.order)


def _run_order(info: RuleInfo) -> tuple[int, str]:
    module = info.run.__module__.rpartition(".")[2] if info.run else ""
    return (MODULES.index(module) if module in MODULES else len(MODULES), info.code)


JUDGING = (
    "templates",
    "workbook/calc",
    "workbook/layout",
    "workbook/read",
    "workbook/carry",
    "validators",
)  # whose code a verdict rests on


def ruleset_version(blankettset: Blankettset) -> str:
    """Changes whenever a rule, a parameter, the plan or any code that judges changes; a note or a label changes nothing."""
    return f"2026.11-{digest([_code(), blankettset.judgement])[:8]}"


@cache
def _code() -> str:
    """A hash of the source of everything that judges, whatever the machine's line endings."""
    root = Path(__file__).parent.parent
    paths = {path.relative_to(root).as_posix(): path for folder in JUDGING for path in (root / folder).rglob("*.py")}
    return digest({name: path.read_text(encoding="utf-8") for name, path in paths.items()})
