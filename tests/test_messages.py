"""The page of all messages has every rule: what a rule says has been read by somebody before it reaches a nämnd."""

from __future__ import annotations

import re

from blankettset.validators.registry import rules
from tests.messages import ELSEWHERE, PAGE


def test_every_rule_has_its_messages_on_the_page() -> None:
    found = dict(re.findall(r"^## (BF\d{3}) [^\n]*\n\n((?:- [^\n]*\n)*)", PAGE.read_text(encoding="utf-8"), re.M))
    missing = [code for code in rules() if not found.get(code) and not code.startswith(ELSEWHERE)]
    assert missing == [], "kör python -m tests.messages och läs sidan"


def test_no_message_shows_what_only_the_program_says() -> None:
    """No None, no empty place, no English, no placeholder left."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        assert not re.search(r"\bNone\b|\{\w*\}|, cell :|»»", line), line
