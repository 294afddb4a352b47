"""What is known of the files that are consolidated, small enough to pass between processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from blankettset.validators.finding import Finding, Severity
from blankettset.workbook.calc.evaluate import Facts, Key


class Unreadable(msgspec.Struct, frozen=True):
    """A file that could not be read, and the sentence that says why."""

    file: str
    reason: str
    action: str = "Be nämnden lämna in filen igen, eller ta bort den ur mappen om den inte är en nämnds redovisning."
    severity: Severity = Severity.FEL


class Ticket(msgspec.Struct, frozen=True):
    """What must be known of every file to choose among them; thousands take no room."""

    file: str
    sha256: str
    namnd: str
    set_id: str
    level: str
    content: str  # hash of the figures and texts
    enhet: str = ""  # the unit's name in a unit's set
    delivered: str = ""  # the stamp of its delivery: when
    receipt: str = ""  # and the beginning of the hash of what was delivered
    modified: str = ""  # when the workbook says that it was saved, in UTC
    empty: bool = False  # nothing is filled in
    layouts: tuple[tuple[str, str], ...] = ()  # form and layout that the workbook was built on; empty: the newest

    @property
    def owner(self) -> tuple[str, str]:
        """Whose filing it is: a nämnd's, or one of its units'. Names differ by more than capitals and spaces."""
        return self.namnd, " ".join(self.enhet.casefold().split())

    @property
    def is_delivered(self) -> bool:
        """True when it holds what was delivered: the stamp is of these figures and texts."""
        return bool(self.delivered and self.receipt) and self.content.startswith(self.receipt)

    @property
    def main(self) -> tuple[str, str, str]:
        """The set it belongs to; units are collected nämnd by nämnd."""
        return self.set_id, self.level, self.namnd if self.level == "enhet" else ""


class Handed(msgspec.Struct, frozen=True):
    """A judged filing without its cells: what a consolidation needs, small enough to pass between processes."""

    ticket: Ticket
    inputs: Facts
    broken: frozenset[Key]
    findings: tuple[Finding, ...]
    totals: tuple[Finding, ...]  # BF605
    receipt: Mapping[str, Any]

    @property
    def namnd(self) -> str:
        """The nämnd's code."""
        return self.ticket.namnd

    @property
    def enhet(self) -> str:
        """The unit's name, empty for a nämnd's own filing."""
        return self.ticket.enhet

    @property
    def file(self) -> str:
        """The file's name."""
        return self.ticket.file

    def count(self, severity: Severity) -> int:
        """How many findings of a severity that still ask for something."""
        return sum(f.severity is severity and f.explanation is None for f in self.findings)

    @property
    def explained(self) -> int:
        """How many warnings that are explained."""
        return sum(f.explanation is not None for f in self.findings)
