"""Names that a definition may use in `function:`, with what each takes. The arithmetic is in workbook.nyckeltal."""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONS: Mapping[str, tuple[int, str]] = {
    "kvot_procent": (2, "{0} / {1}, i procent med en decimal; tom när nämnaren är noll"),
    "produkt": (2, "{0} × {1}; tom tills båda är ifyllda"),
    "lokalbidrag": (2, "bidrag för hyra {0} kr/kvm på {1} kvm, i tkr"),
}
