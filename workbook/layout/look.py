"""How our workbooks look: one font, few tones, the same everywhere. Everything that is a matter of taste is here."""

from __future__ import annotations

from typing import Any

FONT, SIZE = "Arial", 10
INK, QUIET, LINE = "#1F2933", "#5B6770", "#C9D1D8"
INPUT_FILL, SLK_FILL, HEADER_FILL, NOTE_FILL = "#FFF9E3", "#E4EEF8", "#EEF1F4", "#F7F8FA"
REVIEW_FILL, CARRIED_FILL = "#E3D9F2", "#F3EEFA"  # carried from an earlier workbook: to be reviewed, only filled in
ACCENT = "#0B4F8A"
TAB = {"ekonomi": "#0B4F8A", "verksamhet": "#2E7D5B", "personal": "#8A5A0B", "kontroll": "#6B7280"}
RED, AMBER, GREEN = "#B42318", "#B76E00", "#1D7A4F"


TONES = {
    "bra": {"font_color": GREEN, "bg_color": "#E5F3EC"},
    "delvis": {"font_color": AMBER, "bg_color": "#FBF0DD"},
    "dalig": {"font_color": RED, "bg_color": "#FBE9E7"},
    "neutral": {"font_color": QUIET, "bg_color": "#F1F3F5"},
}


def tone(name: str) -> dict[str, str]:
    """Colours of an answer by its tone; the word and symbol say the same, so colour is never alone."""
    return dict(TONES[name])


def number_format(decimals: int) -> str:
    """Thousands apart, fixed decimals, a true minus. Shown as # ##0,0 by Swedish Excel."""
    figures = "#,##0" + ("." + "0" * decimals if decimals else "")
    return f'{figures};"\u2212"{figures};{figures}'


class Formats:
    """Cell formats of one workbook by their properties, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __call__(self, **properties: Any) -> Any:
        """A format with the house font and `properties` (XlsxWriter's names)."""
        merged = {"font_name": FONT, "font_size": SIZE, "font_color": INK, "valign": "vcenter", **properties}
        key = tuple(sorted(merged.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(dict(key))  # in this order "top" has the last word over "border"
        return self._made[key]

    def title(self) -> Any:
        """The sheet's title."""
        return self(bold=True, font_size=15, font_color=ACCENT)

    def quiet(self, **more: Any) -> Any:
        """Text that explains."""
        return self(font_color=QUIET, **more)

    def header(self, *, number: bool = False, centred: bool = False, indent: int = 0) -> Any:
        """A column heading, over figures to the right."""
        return self(
            bold=True, text_wrap=True, bg_color=HEADER_FILL, bottom=1, bottom_color=ACCENT, valign="bottom",
            align="center" if centred else "right" if number else "left", indent=indent,
        )  # fmt: skip
