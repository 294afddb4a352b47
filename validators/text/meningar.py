"""A text as sentences and clauses in a normal form that phrases are matched in.

The normal form of »Målet om drygt 85 % nås 2018.» in a report of 2019 is "målet om <t0> nås <ar-1> . ": small letters, one space
after every token, a figure as <t0>, a year by its distance from the report's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache

import msgspec

from blankettset.validators.text.tal import Tal, Talsokare, is_year

_ABBREVIATIONS = r"(?<!\b[A-ZÅÄÖa-zåäö])(?<!\b[Bb]l)(?<!\bt\.ex)(?<!\bbl\.a)(?<!\bca)(?<!\bdvs)(?<!\binkl)(?<!\bexkl)(?<!\bm\.fl)(?<!\bs\.k)(?<!\bjmf)(?<!\bjfr)(?<!\bosv)(?<!\bkl)(?<!\bnr)(?<!\bmkr)(?<!\bmilj)(?<!\bresp)(?<!\beg)(?<!\bf\.d)(?<!\btom)(?<!\bfom)(?<!\bmnkr)"
_END = re.compile(
    rf"(?:(?<=[!?])|{_ABBREVIATIONS}(?<=[.])|(?<=[.!?][)»”\"]))\s+(?=[\d»\"”(*\-–•]?\s?[A-ZÅÄÖ0-9])|\s*[\n\u2029\u2028]+\s*|\s+[•·]\s+"
)
_TOKEN = re.compile(r"\w+(?:[-/:.'’]\w+)*(?:-(?=,?\s+(?:och|eller|o\.?|samt)\s))?\*?|%|[^\w\s]")
_BREAKS = frozenset(",;:()–—")
_STATEMENT_BREAKS = frozenset(",;")
_CONJUNCTIONS = frozenset({"men", "medan", "fast", "fastän", "dock"})


class Token(msgspec.Struct, frozen=True):
    """One word, sign, year or figure of a sentence, and where it stands in it."""

    norm: str
    start: int
    end: int
    capital: bool = False


class Mening(msgspec.Struct, frozen=True, dict=True):
    """A sentence, or a part of one: `text` is the whole sentence, the tokens are the part's. `start` is its place in the text."""

    text: str
    start: int
    tokens: tuple[Token, ...]
    figures: tuple[Tal, ...]

    @cached_property
    def norm(self) -> str:
        """The normal form."""
        return "".join(token.norm + " " for token in self.tokens)

    def figure(self, name: str) -> Tal:
        """The figure of a token such as <t0>."""
        return self.figures[int(name[2:-1])]

    @cached_property
    def clauses(self) -> tuple[Mening, ...]:
        """The sentence cut at commas, brackets and words such as men."""
        return self._cut(_BREAKS)

    @cached_property
    def statements(self) -> tuple[Mening, ...]:
        """As `clauses`, but a bracket stays with what it stands beside."""
        return self._cut(_STATEMENT_BREAKS)

    def _cut(self, breaks: frozenset[str]) -> tuple[Mening, ...]:
        parts: list[list[Token]] = [[]]
        for token in self.tokens:
            if token.norm in breaks or token.norm in _CONJUNCTIONS:
                parts.append([])
            if token.norm not in breaks:
                parts[-1].append(token)
        return tuple(self.part(tokens) for tokens in parts if tokens)

    def part(self, tokens: list[Token]) -> Mening:
        """Some of the sentence's tokens as a sentence; figures keep their names."""
        return Mening(self.text, self.start, tuple(tokens), self.figures)

    def written(self, match: re.Match[str]) -> str:
        """What a match in the normal form is in the text as written."""
        position, found = 0, []
        for token in self.tokens:
            if match.start() <= position < match.end():
                found.append(token)
            position += len(token.norm) + 1
        return " ".join(self.text[found[0].start : found[-1].end].split()) if found else ""

    def quote(self, limit: int = 160) -> str:
        """The sentence as a message quotes it."""
        plain = " ".join(self.text[self.tokens[0].start : self.tokens[-1].end].split()) if self.tokens else ""
        return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"


@lru_cache(maxsize=4096)  # several rules read the same texts
def meningar(text: str, numbers: Talsokare, year: int) -> tuple[Mening, ...]:
    """The sentences of a text in a report of `year`."""
    return tuple(_meningar(text, numbers, year))


def _meningar(text: str, numbers: Talsokare, year: int) -> Iterator[Mening]:
    start = 0
    for end, after in [*((m.start(), m.end()) for m in _END.finditer(text)), (len(text), len(text))]:
        piece = text[start:end]
        if piece.strip():
            yield mening(piece, start, numbers, year)
        start = after


def mening(text: str, start: int, numbers: Talsokare, year: int) -> Mening:
    """One sentence in normal form."""
    figures = tuple(numbers.find(text)) if re.search(r"\d|[a-zåäö]", text) else ()
    tokens: list[Token] = []
    position = 0
    for i, figure in enumerate(figures):
        tokens += _words(text, position, figure.start, year)
        tokens.append(Token(f"<t{i}>", figure.start, figure.end))
        position = figure.end
    tokens += _words(text, position, len(text), year)
    return Mening(text, start, tuple(tokens), figures)


def _words(text: str, start: int, end: int, year: int) -> Iterator[Token]:
    for match in _TOKEN.finditer(text, start, end):
        word = match[0]
        if not word[0].isdigit():
            if word not in '*_"”»«':
                yield Token(word.casefold(), match.start(), match.end(), word[0].isupper())
        elif word.isdigit() and is_year(word):
            away = int(word) - year
            yield Token(f"<ar{away:+d}>", match.start(), match.end())
        elif pair := re.fullmatch(r"((?:19|20)\d\d)[/\-](?:(?:19|20)?\d\d)", word):
            yield Token(f"<ar{int(pair[1]) - year:+d}>", match.start(), match.end())
        elif re.fullmatch(r"\d{4}-\d{2}(?:-\d{2})?", word):
            yield Token("<dag>", match.start(), match.end())
        elif word not in '*_"”»«':
            yield Token(word.casefold(), match.start(), match.end(), word[:1].isupper())
