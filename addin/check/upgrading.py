"""Writes workbooks of earlier layouts anew in the newest, with a list of every cell before and after. Never in place."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from blankettset.addin.check.folder import workbooks
from blankettset.addin.check.skydd import spare_sources
from blankettset.templates.catalog import Catalog
from blankettset.templates.errors import Refusal, reason
from blankettset.workbook.carry.upgrade import CHANGED, KEPT, Move, Upgraded, upgrade
from blankettset.workbook.read.bind import bind
from blankettset.workbook.read.xlsx_reader import read_workbook, shown_name
from blankettset.workbook.write.build import build
from blankettset.workbook.write.carried_marks import Marks
from blankettset.workbook.write.files import WriteError, new_file

HEADER = ("blankett", "rad", "kolumn", "cell_fore", "fore", "cell_efter", "efter", "besked", "varfor")
SHOWN = 10


class NotWhole(Refusal):
    """A workbook has content without a place in the newest layout; nothing was written."""


class Outcome(msgspec.Struct, frozen=True):
    """One workbook moved: where to, the list beside it, and what moved. Without a path it was of the newest layout already."""

    source: str
    path: Path | None = None
    list_path: Path | None = None
    result: Upgraded | None = None

    def sentences(self) -> list[str]:
        """What is told of it."""
        if self.path is None or self.result is None:
            return [f"{self.source} har redan den nyaste layouten; inget skrivet."]
        counts = {what: sum(move.what == what for move in self.result.moves) for what in (KEPT, CHANGED)}
        told = [f"{self.path}: {counts[KEPT]} värden flyttade ur {self.source}, {counts[CHANGED]} uträknade celler ändrade; listan i {self.list_path}."]  # fmt: skip
        lost = self.result.lost
        if lost:
            told.append(f"Inte flyttat ({len(lost)}), kvar i {self.source}: {_enumerated(lost)}.")
        return told


def upgrade_file(source: Path, target: Path, catalog: Catalog, *, keep: bool, replace: bool) -> Outcome:
    """Write `source` anew at `target`, with the list beside it. NotWhole when something has no place, unless `keep`."""
    beside = target.with_name(f"{target.stem}_flytt.csv")
    spare_sources(target, [source])
    raw = read_workbook(source, notes=True)
    filled = bind(raw, catalog, shown_name(source))
    if any(problem.kind == "okand_layout" for problem in filled.problems):
        raise NotWhole(f"{source} är byggd på en layout som programmet inte känner, och går inte att flytta.")
    if not any(problem.kind == "aldre_layout" for problem in filled.problems):
        return Outcome(str(source))
    newest = catalog.blankettset(filled.set.id, filled.set.level)
    notes = {(note.sheet, note.cell): note.text for note in raw.notes}
    result = upgrade(filled, newest, notes)
    if result.lost and not keep:
        raise NotWhole(
            f"{source} går inte att flytta helt: {_enumerated(result.lost)}. Rätta det i Excel, eller lägg till --lamna-kvar; "
            "inget har skrivits."
        )
    marks = Marks(result.carried, (), result.notes)
    with new_file(beside, replace=replace) as temporary:
        temporary.write_text(_csv(result.moves), encoding="utf-8-sig", newline="")
        build(target, newest, catalog.namnd(filled.namnd), result.facts, replace=replace, marks=marks)
    return Outcome(str(source), target, beside, result)


def upgrade_folder(
    source: Path,
    target: Path,
    catalog: Catalog,
    *,
    keep: bool,
    replace: bool,
    told: Callable[[int, int], None] | None = None,
) -> tuple[list[Outcome], list[str]]:
    """Every workbook of a folder into another; one that cannot be moved is named and the rest are."""
    if target.exists() and target.resolve() == source.resolve():
        raise WriteError(f"{target} är samma mapp som läses. Välj en annan mapp för de nya filerna.")
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"Mappen {target} går inte att skapa: {reason(error)}.") from None
    done: list[Outcome] = []
    wrong: list[str] = []
    files = workbooks([source])
    for number, path in enumerate(files, start=1):
        try:
            done.append(upgrade_file(path, target / f"{path.stem}.xlsx", catalog, keep=keep, replace=replace))
        except Refusal as error:
            wrong.append(str(error))
        if told is not None:
            told(number, len(files))
    return done, wrong


def _enumerated(lost: Sequence[Move]) -> str:
    def said(move: Move) -> str:
        value = f" »{move.before[:40]}»" if move.before else ""
        return f"{move.cell_before}{value} ({move.why})"

    more = f" … och {len(lost) - SHOWN} till" if len(lost) > SHOWN else ""
    return ", ".join(said(move) for move in lost[:SHOWN]) + more


def _csv(moves: Sequence[Move]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(msgspec.structs.astuple(move) for move in moves)
    return out.getvalue()
