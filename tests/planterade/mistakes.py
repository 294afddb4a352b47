"""Every kind of mistake, and how to plant it. A new kind is one function in the module that it belongs to."""

from __future__ import annotations

from tests.planterade import answers, figures, sheets
from tests.planterade.kinds import HARMLESS, KINDS, Mistake, harmless, planted

__all__ = ["HARMLESS", "KINDS", "Mistake", "answers", "figures", "harmless", "planted", "sheets"]
