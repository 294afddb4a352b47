"""Makes a workbook for every nämnd of the day, or for every unit on a list, each begun with what is known of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from blankettset.addin.check.beginning import Begun, begin_workbook, refuse_losses
from blankettset.addin.check.folder import workbooks
from blankettset.addin.check.skydd import spare_sources
from blankettset.templates.catalog import Catalog
from blankettset.templates.errors import Refusal, reason
from blankettset.templates.model import Blankettset, Namnd
from blankettset.workbook.carry.origins import origin_of
from blankettset.workbook.carry.past import NotEarlier, became
from blankettset.workbook.carry.slk import Filled
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.carried import plain_word
from blankettset.workbook.read.facts import DataError, choice_id, csv_rows, read_text
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.write.files import WriteError

UNITS_HEADER = ["enhet", "omrade"]
COVER = "forsattsblad"


class Recipient(msgspec.Struct, frozen=True):
    """Who gets a workbook: a nämnd, or one of its units with its area."""

    namnd: Namnd
    unit: str = ""
    area: str = ""

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return self.unit or f"{self.namnd.name} ({self.namnd.code})"

    def file(self, set_id: str) -> str:
        """The name of its workbook."""
        unit = f"_{_plain(self.unit)}" if self.unit else ""
        return f"{set_id}_{self.namnd.code}{unit}.xlsx"


class Handed(msgspec.Struct, frozen=True):
    """What was made, who began without any earlier workbook, and what could not be: name and reason."""

    made: tuple[tuple[Recipient, Begun], ...]
    refused: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]


def hand_out(
    folder: Path,
    blankettset: Blankettset,
    recipients: Sequence[Recipient],
    catalog: Catalog,
    sources: Sequence[Path],
    *,
    slk: Filled | None = None,
    keep: bool = False,
    replace: bool = False,
    told: Callable[[int, int], None] | None = None,
) -> Handed:
    """Make all workbooks. One that cannot be made is named and the rest are; WriteError when the folder cannot be used."""
    targets = {recipient.name: folder / recipient.file(blankettset.id) for recipient in recipients}
    _prepare(folder, targets.values(), replace=replace)
    refused: list[tuple[str, str]] = []
    files = workbooks(sources)
    for target in targets.values():
        spare_sources(target, files)
    total = len(files) + len(recipients)
    earlier: list[FilledSet] = []
    unused: list[str] = []
    for done, path in enumerate(files, start=1):
        try:
            filled = read_filled(path, catalog)
        except Refusal as error:
            refused.append((path.name, str(error)))
        else:
            known = (*blankettset.rolling.first, *blankettset.rolling.also)
            wanted = origin_of(blankettset, filled.set) in known or keep
            (earlier if wanted else unused).append(filled if wanted else path.name)  # type: ignore[arg-type]
        if told is not None:
            told(done, total)
    made: list[tuple[Recipient, Begun]] = []
    for done, recipient in enumerate(recipients, start=len(files) + 1):
        own = [each for each in earlier if _belongs(each, recipient, blankettset)]
        try:
            _once(own, recipient)
            refuse_losses(own, keep=keep)
            begun = begin_workbook(
                targets[recipient.name], blankettset, recipient.namnd, own, keep=keep, slk=slk,
                unit=(recipient.unit, recipient.area) if recipient.unit else None, replace=replace,
            )  # fmt: skip
            made.append((recipient, begun))
        except Refusal as error:
            refused.append((recipient.name, str(error)))
        if told is not None:
            told(done, total)
    return Handed(tuple(made), tuple(refused), tuple(unused))


def _prepare(folder: Path, targets: Iterable[Path], *, replace: bool) -> None:
    """Make the folder, and refuse before anything is written when a file is in the way."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"Mappen {folder} går inte att skapa: {reason(error)}.") from None
    there = [path.name for path in targets if path.exists()]
    if there and not replace:
        more = f" … och {len(there) - 3} till" if len(there) > 3 else ""
        raise WriteError(f"{folder} innehåller redan {', '.join(there[:3])}{more}. Välj en annan mapp eller lägg till --ersatt.")  # fmt: skip


def _belongs(filled: FilledSet, recipient: Recipient, blankettset: Blankettset) -> bool:
    if not (filled.namnd == recipient.namnd.code or became(blankettset.namnder, filled.namnd, recipient.namnd.code)):
        return False
    if filled.set.level != blankettset.level:
        return blankettset.level == "enhet" and filled.set.level == "namnd"
    return not recipient.unit or plain_word(filled.facts.get((COVER, "enhet", "uppgift"))) == plain_word(recipient.unit)


def _once(own: Sequence[FilledSet], recipient: Recipient) -> None:
    """NotEarlier when two workbooks say that they are the same report: which one holds cannot be known."""
    seen: dict[tuple[str, str, str], str] = {}
    for each in own:
        key = (each.namnd, each.set.id, each.set.level)
        if key in seen:
            raise NotEarlier(
                f"Både {seen[key]} och {each.file} är {each.set.id} för {recipient.name}. Ta bort den ena."
            )
        seen[key] = each.file


def all_namnder(blankettset: Blankettset) -> list[Recipient]:
    """Every nämnd of the report's day."""
    found = (each for each in blankettset.namnder.values() if each.exists_on(blankettset.report_date))
    return [Recipient(each) for each in found]


def units(path: Path, blankettset: Blankettset, namnd: Namnd) -> list[Recipient]:
    """The units on a list (enhet;omrade). DataError with every mistake and its line."""
    rows = csv_rows(read_text(path), path.name)
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if header[:1] != UNITS_HEADER[:1] or header not in (UNITS_HEADER, UNITS_HEADER[:1]):
        raise DataError(f"{path.name}, rad 1: rubriken ska vara »{';'.join(UNITS_HEADER)}» (UTF-8, semikolon).")
    cell = blankettset.blanketter[COVER].cell("omrade", "uppgift")
    mistakes: list[str] = []
    found: list[Recipient] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows[1:], start=2):
        words = [each.strip() for each in row]
        if not any(words):
            continue
        name, area = words[0], words[1] if len(words) > 1 else ""
        chosen = choice_id(cell, area) if area else ""
        if not name:
            mistakes.append(f"{path.name}, rad {number}: enhetens namn saknas.")
        elif _plain(name) in seen:
            mistakes.append(f"{path.name}, rad {number}: »{name}» finns redan på rad {seen[_plain(name)]}.")
        elif chosen is None:
            from blankettset.templates.schema import nearest

            known = [choice.id for choice in cell.choices] + [choice.label for choice in cell.choices]
            mistakes.append(f"{path.name}, rad {number}: området »{area}» finns inte{nearest(area, known) or '.'}")
        seen.setdefault(_plain(name), number)
        found.append(Recipient(namnd, name, chosen or ""))
    if mistakes:
        raise DataError("\n".join(mistakes))
    if not found:
        raise DataError(f"{path.name} har ingen enhet. Skriv en enhet per rad under rubriken.")
    return found


def _plain(name: str) -> str:
    """A name as part of a file name: small ASCII letters, figures and hyphens."""
    bare = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:60] or "enhet"


def sentences(handed: Handed, blankettset: Blankettset) -> tuple[list[str], list[str]]:
    """What is told on the screen, and what is wrong."""
    lines = []
    counts: Mapping[str, str] = {"G": "att granska", "F": "förifyllda", "L": "låsta"}
    for recipient, begun in handed.made:
        what = ", ".join(
            f"{begun.rolled.count(mark)} {word}" for mark, word in counts.items() if begun.rolled.count(mark)
        )
        left = f", {len(begun.rolled.left)} stannade kvar" if begun.rolled.left else ""
        lines.append(f"{begun.path}: {recipient.name}: {what or 'tom'}{left}.")
    if handed.unused:
        lines.append(f"Hör inte till det som {blankettset.id} börjar med: {', '.join(handed.unused)}.")
    return lines, [f"{name}: {why}" for name, why in handed.refused]
