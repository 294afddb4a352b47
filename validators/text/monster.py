"""Phrases of templates/ord as patterns. A text is matched in its normal form, see validators.text.meningar.

A phrase is words in small letters. `*` in a word is any ending, `..` up to three words between, `...` up to six, `[x]` may be
left out, `(a|b)` is either, `{list}` any phrase of another list, `{tal}` a figure (`{tal:namn}` one to be fetched by name) and
`{ar-1}` the year before the report's and `{parentes}` an opening bracket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

WORD = r"[^\s;:.!?]+ "


class PhraseError(ValueError):
    """A phrase that cannot be read; str() says which and why."""


class Ordlistor:
    """The lists by id, each compiled when first asked for."""

    def __init__(self, lists: Mapping[str, tuple[str, ...]]) -> None:
        self.lists = lists
        self._compiled: dict[str, re.Pattern[str]] = {}
        self._sources: dict[str, str] = {}
        self._given = 0

    def __getitem__(self, name: str) -> re.Pattern[str]:
        """The pattern that finds any phrase of the list."""
        found = self._compiled.get(name)
        if found is None:
            found = self._compiled[name] = re.compile(rf"(?<!\S){self.source(name)}")
        return found

    def source(self, name: str) -> str:
        """The list as the text of a pattern; PhraseError for one that does not exist or cannot be read."""
        if name not in self._sources:
            if name not in self.lists:
                raise PhraseError(f"ordlistan »{name}» finns inte")
            self._sources[name] = "(?:{})".format("|".join(self.phrase(each) for each in self.lists[name]))
        return self._sources[name]

    def number(self) -> int:
        """A number that has not been given before: a pattern may not name two groups alike."""
        self._given += 1
        return self._given

    def phrase(self, text: str) -> str:
        """One phrase as the text of a pattern."""
        parser = _Phrase(text, self)
        found = parser.alternatives("")
        if parser.rest:
            raise PhraseError(f"»{text}»: oväntat »{parser.rest[0]}»")
        return found

    def compile(self, text: str) -> re.Pattern[str]:
        """One phrase as a pattern."""
        return re.compile(rf"(?<!\S){self.phrase(text)}")

    @cached_property
    def units(self) -> Mapping[str, str]:
        """A unit as written in a text, in small letters -> its one name."""
        return {
            word: name.removeprefix("enhet.")
            for name, words in self.lists.items()
            if name.startswith("enhet.")
            for word in words
        }


class _Phrase:
    def __init__(self, text: str, lists: Ordlistor) -> None:
        self.text, self.lists = text, lists
        self.rest: list[str] = re.findall(r"\{[^}]*\}|\.\.\.|\.\.|[()\[\]|]\*?|[^\s()\[\]|{}]+", text)

    def alternatives(self, end: str) -> str:
        found = [self.sequence()]
        while self.rest and self.rest[0] == "|":
            self.rest.pop(0)
            found.append(self.sequence())
        return found[0] if len(found) == 1 else "(?:{})".format("|".join(found))

    def sequence(self) -> str:
        return "".join(self._items())

    def _items(self) -> Iterator[str]:
        while self.rest and self.rest[0] not in ("|", ")", ")*", "]"):
            token = self.rest.pop(0)
            if token == "(":
                inner = self.alternatives(")")
                closing = self._close(")", ")*")
                yield f"(?:{inner})" if closing == ")" else "(?:{})".format(inner.replace(" ", r"\w* "))
            elif token == "[":
                inner = self.alternatives("]")
                self._close("]")
                yield f"(?:{inner})?"
            elif token in ("..", "..."):
                yield rf"(?:{WORD}){{0,{3 if token == '..' else 6}}}?"
            elif token.startswith("{"):
                yield self._named(token[1:-1])
            else:
                yield re.escape(token).replace(r"\*", r"\w*") + " "

    def _close(self, *accepted: str) -> str:
        if not self.rest or self.rest[0] not in accepted:
            raise PhraseError(f"»{self.text}»: »{accepted[0]}» saknas")
        return self.rest.pop(0)

    def _named(self, name: str) -> str:
        kind, _, label = name.partition(":")
        if kind == "tal":
            return rf"(?P<{label}{self.lists.number()}><t\d+>) " if label else r"<t\d+> "
        if kind == "parentes":
            return r"\( "
        if re.match(r"ar[+-]\d$", kind):
            return re.escape(f"<{kind}>") + " "
        return self.lists.source(kind)
