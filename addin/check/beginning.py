"""Makes new workbooks begun with what is known: one nämnd's or unit's, with earlier workbooks and SLK's figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from blankettset.templates.catalog import Catalog
from blankettset.templates.errors import Refusal
from blankettset.templates.model import Blankettset, Namnd
from blankettset.workbook.carry.begin import begin
from blankettset.workbook.carry.origins import require_fit
from blankettset.workbook.carry.past import NotEarlier, Past, pasts
from blankettset.workbook.carry.roll import Rolled
from blankettset.workbook.carry.slk import Filled, with_slk
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.carried import FILLED_IN, LOCKED, NOTE, REVIEW
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.read.losses import enumerated, losses
from blankettset.workbook.write.build import build
from blankettset.workbook.write.carried_marks import Marks

SHOWN = 12  # lines of what stayed behind; the rest stand on Innehåll
_WORDS = {LOCKED: "låsta", REVIEW: "att granska", FILLED_IN: "förifyllda", NOTE: "noter"}


class CannotRoll(Refusal):
    """An earlier workbook cannot be rolled whole; str() says what is in the way."""


class Begun(msgspec.Struct, frozen=True):
    """A new workbook, what it was begun with, and what its maker is told."""

    path: Path
    rolled: Rolled
    pasts: tuple[Past, ...]

    def sentences(self) -> list[str]:
        """What was carried, what stayed behind and which file gave nothing; empty for an empty set."""
        told = []
        counts = [(word, self.rolled.count(mark)) for mark, word in _WORDS.items()]
        if any(count for _, count in counts):
            names = ", ".join(past.name for past in self.pasts)
            what = ", ".join(f"{count} {word}" for word, count in counts if count)
            told.append(f"Medfört{f' ur {names}' if names else ''}: {what}.")
        if self.rolled.left:
            told.append(f"Stannade kvar (hela listan står på Innehåll): {len(self.rolled.left)}.")
            for left in self.rolled.left[:SHOWN]:
                value = f" {left.value}" if left.value else ""
                told.append(f"  {left.title}: {left.what}{value} – {left.why}.")
        told += [f"{file} hade inget värde att föra vidare." for file in self.rolled.unused]
        return told


def read_earlier(files: Sequence[Path], catalog: Catalog, *, keep: bool) -> tuple[FilledSet, ...]:
    """The earlier workbooks. CannotRoll when one has content that is no value, unless `keep` leaves it where it is."""
    found = tuple(read_filled(path, catalog) for path in files)
    refuse_losses(found, keep=keep)
    return found


def refuse_losses(previous: Sequence[FilledSet], *, keep: bool) -> None:
    """CannotRoll when a workbook has content that is no value, unless `keep`."""
    for filled in previous:
        left = [loss for loss in losses(filled) if not loss.is_own_sheet]
        if left and not keep:
            raise CannotRoll(
                f"{filled.file} har innehåll som inte går att föra vidare: {enumerated(left)}. Rätta det i Excel, eller lägg till "
                "--lamna-kvar; inget har skrivits."
            )


def begin_workbook(
    path: Path,
    blankettset: Blankettset,
    namnd: Namnd,
    previous: Sequence[FilledSet] = (),
    *,
    keep: bool = False,
    slk: Filled | None = None,
    unit: tuple[str, str] | None = None,
    replace: bool = False,
) -> Begun:
    """Write a new workbook. `keep` takes also what is older than the set begins with; `unit` is a unit's name and area."""
    _one_unit(previous)
    earlier = pasts(blankettset, namnd.code, path.name, previous, plan=True)
    if not keep:
        require_fit(blankettset, earlier)
    rolled = begin(blankettset, earlier)
    if slk is not None:
        rolled = with_slk(rolled, blankettset, slk, namnd.code)
    if unit is not None:
        for row, value in zip(("enhet", "omrade"), unit, strict=True):
            if value:
                rolled.facts["forsattsblad", row, "uppgift"] = value
    build(path, blankettset, namnd, rolled.facts, replace=replace, marks=Marks(rolled.carried, rolled.left))
    return Begun(path, rolled, earlier)


def _one_unit(previous: Sequence[FilledSet]) -> None:
    """Refuse the files of two units together: a unit has one predecessor, its own."""
    names = {
        str(each.facts.get(("forsattsblad", "enhet", "uppgift")) or "").strip(): each.file
        for each in previous
        if each.set.level == "enhet"
    }
    named = {name: file for name, file in names.items() if name}
    if len(named) > 1:
        raise NotEarlier(
            f"{' och '.join(named.values())} hör till olika enheter ({' och '.join(named)}). En enhet börjar med sina egna filer."
        )
