"""What reads the texts of one set: its words, its years and the names that are its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from blankettset.templates.model import Blankettset
from blankettset.validators.text.meningar import Mening, Token, meningar
from blankettset.validators.text.monster import Ordlistor
from blankettset.validators.text.tal import Talsokare

PERIOD_WORDS = {"T1": ("tertial 1", "t1", "tertialrapport 1", "första tertialet", "första tertialen"),
                "T2": ("tertial 2", "t2", "tertialrapport 2", "andra tertialet", "andra tertialen")}  # fmt: skip


class Lasare:
    """Reads texts of a set. `period` is VP, T1, T2 or VB; words are those of the set's city."""

    def __init__(self, blankettset: Blankettset) -> None:
        self.year, self.period, self.level = blankettset.year, blankettset.period, blankettset.level
        others = tuple(
            re.sub(r"\b(\d)\b", "{tal}", word)
            for name, words in PERIOD_WORDS.items() if name != self.period for word in words
            if not (name == "T1" and self.period == "T2" and "{" in word)
        )  # fmt: skip
        earlier = ("t1", "tertialrapport {tal}") if self.period in ("T2", "VB") else ()
        self.words = Ordlistor(
            {**blankettset.ord, "annan_period": (*others, *earlier) or ("\N{REPLACEMENT CHARACTER}",)}
        )
        self.numbers = Talsokare(self.words)
        self.names = frozenset(
            part
            for namnd in blankettset.namnder.values()
            for part in re.split(r"[^\wåäöÅÄÖ]+", namnd.name.casefold())
            if part
        )

    def sentences(self, text: str) -> tuple[Mening, ...]:
        """The sentences of a text."""
        return meningar(text, self.numbers, self.year)

    def says(self, name: str, norm: str) -> bool:
        """True when the normal form holds a phrase of the list."""
        return self.words[name].search(norm) is not None

    def foreign(self, clause: Mening, sentence: Mening, known: str = "") -> bool:
        """True when the clause is about others, a part of those that `known` (a row's name) is about, or a unit by name."""
        for each in ("andra", "grupp"):
            for match in self.words[each].finditer(clause.norm):
                first = match[0].split()[0]
                share = first.startswith("<t") and sentence.figure(first).enhet is not None  # 92 % av brukarna
                if not share and first.rstrip("as") not in known.casefold():
                    return True
        return bool(self.named_parts(clause.tokens, sentence, known))

    def named_parts(self, tokens: Iterable[Token], sentence: Mening, known: str = "") -> list[str]:
        """Names inside a sentence that are neither the nämnd's own, an abbreviation nor a word of `known`: sub-units."""
        own = known.casefold()
        found = []
        for token in tokens:
            word = sentence.text[token.start : token.end]
            if not token.capital or token.start == sentence.tokens[0].start or len(word) < 2 or word.isupper():
                continue
            plain = token.norm.rstrip("s")
            before = sentence.text[: token.start].rstrip()
            if before.endswith((":", ".", "»", "\n")) or re.match(r"[A-ZÅÄÖ]{2,}", word):
                continue
            if plain in self.names or token.norm in self.names or plain in own or plain.startswith("stockholm"):
                continue
            found.append(word)
        return found


@lru_cache(maxsize=32)
def _lasare(key: tuple[str, str, int], holder: _Same) -> Lasare:
    return Lasare(holder.set)


class _Same:
    """A set as a key: its own identity, so that a city's words are not mixed up with another's."""

    def __init__(self, blankettset: Blankettset) -> None:
        self.set = blankettset

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.set is self.set

    def __hash__(self) -> int:
        return id(self.set)


def lasare(blankettset: Blankettset) -> Lasare:
    """The reader of a set, made once."""
    return _lasare((blankettset.id, blankettset.level, id(blankettset)), _Same(blankettset))
