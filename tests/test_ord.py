"""The words that texts are read with: every list can be read, and a city's own are joined to them."""

from __future__ import annotations

import msgspec
import pytest

from blankettset.templates.catalog import catalog
from blankettset.templates.errors import DefinitionError
from blankettset.templates.words import word_lists
from blankettset.validators.text.lasare import Lasare
from blankettset.validators.text.malutsaga import Sagt, slutsats, utsagor
from blankettset.validators.text.monster import Ordlistor, PhraseError

SETS = ("2019-T2", "2021-VP", "2024-T1", "2024-VB")


@pytest.mark.parametrize("set_id", SETS)
def test_every_list_is_a_pattern(set_id: str) -> None:
    reader = Lasare(catalog().blankettset(set_id))
    for name in reader.words.lists:
        assert reader.words[name].search("") is None


def test_a_citys_words_are_read_beside_the_built_in_ones() -> None:
    own = catalog().blankettset("2024-T1")
    documents = {"ord/a.yaml": {"ord": [{"id": "missas", "ord": ["går om intet"]}]}}
    lists = dict(own.ord)
    lists["missas"] = (*lists["missas"], *word_lists(documents)["missas"])
    city = msgspec.structs.replace(own, ord=lists)
    text = "Målet går om intet."
    assert slutsats(utsagor(text, Lasare(own), "Andel nöjda")) is None
    end = slutsats(utsagor(text, Lasare(city), "Andel nöjda"))
    assert end is not None
    assert end.sagt is Sagt.MISSAS


@pytest.mark.parametrize(
    ("phrase", "words"),
    [("mål (om|på", "inte lika många ("), ("{finns_inte} nås", "»finns_inte»"), ("a [b", "inte lika många [")],
)
def test_a_phrase_that_cannot_be_read_is_told_with_its_file(phrase: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=r"ord/egna\.yaml") as told:
        word_lists({"ord/egna.yaml": {"ord": [{"id": "missas", "ord": [phrase]}]}})
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("mål* (om|på) {tal}", "målet på <t0> ", True),
        ("nås .. inte", "nås dock tyvärr inte ", True),
        ("nås .. inte", "nås och det är mer än inte ", False),
        ("[en] budget i balans", "budget i balans ", True),
        ("mål {parentes} {tal:v}", "mål ( <t1> ", True),
        ("mål", "målet ", False),
    ],
)
def test_a_phrase_finds_what_it_says(phrase: str, text: str, found: bool) -> None:
    assert (Ordlistor({}).compile(phrase).search(text) is not None) is found


def test_a_phrase_with_a_bracket_too_many_is_refused() -> None:
    with pytest.raises(PhraseError):
        Ordlistor({}).phrase("a ) b")
