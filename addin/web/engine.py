"""What the pane and the page ask of us, where Python runs in the browser: JSON and files in, JSON and files out.

Knows nothing of the browser: CPython gives the same answers to the same questions, and the tests hold them together. A
job is taken step by step, so that whoever drives it can show how far it has come, and give up between two steps. What a check
does not need is imported by the job that does: the engine is to be ready soon.
"""

from __future__ import annotations

import datetime
import json
import tempfile
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from blankettset.addin.check.kontroll import control_copy
from blankettset.addin.check.oppen_bok import answer, explained_copy, raw_book
from blankettset.templates.catalog import catalog
from blankettset.templates.errors import Refusal
from blankettset.validators.validate import Result, validate
from blankettset.workbook.calc.values import storable
from blankettset.workbook.read.bind import bind
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.read.xlsx_reader import RawBook, read_workbook

if TYPE_CHECKING:
    from blankettset.addin.check.konsolidering import Outcome

ANSWER, REFUSED, INTERNAL = "svar", "vagran", "internt"
UNKNOWN = "Sidan och motorn är av olika version. Stäng och öppna på nytt."


class Progress(msgspec.Struct, frozen=True):
    """How far a job has come: `step` of `steps`, and what it does."""

    step: int
    steps: int
    text: str


class Answer(msgspec.Struct, frozen=True):
    """What came of a job: something that JSON can hold, and files by name."""

    said: Any
    files: Mapping[str, bytes] = {}


class Question(msgspec.Struct, frozen=True):
    """What is asked: `said` names files by their place among `files`."""

    said: Mapping[str, Any]
    files: Sequence[bytes] = ()

    def file(self, named: Mapping[str, Any]) -> tuple[str, bytes]:
        """Name (never a path) and content of a file of the question."""
        name = PurePath(str(named["namn"]).replace("\\", "/")).name[:120] or "arbetsboken.xlsx"
        return name, self.files[int(named["nr"])]

    def earlier(self) -> tuple[FilledSet, ...]:
        """The earlier workbooks that came along."""
        return tuple(bind(read_workbook(data, name=name), catalog(), name)
                     for name, data in map(self.file, self.said.get("tidigare", ())))  # fmt: skip

    def checked(self) -> tuple[bytes, RawBook, Result]:
        """The workbook's content, as it was read, and what the rules say of it."""
        name, data = self.file(self.said["fil"])
        raw = read_workbook(data, name=name)
        return data, raw, validate(bind(raw, catalog(), name), self.earlier())


Steps = Generator[Progress, None, Answer]


def _check(asked: Question) -> Answer:
    _, raw, result = asked.checked()
    return Answer(answer(raw, result))


def _check_values(asked: Question) -> Answer:
    """The payload route: what Excel shows, where it does not give the file itself."""
    name = str(asked.said.get("namn") or "arbetsboken")
    raw = raw_book(asked.said["bok"], asked.said["formler"], asked.said.get("visas"))
    return Answer(answer(raw, validate(bind(raw, catalog(), name), asked.earlier())))


def _control(asked: Question) -> Answer:
    data, _, result = asked.checked()
    return Answer({}, {_named(result, "kontroll"): control_copy(data, result)})


def _named(result: Result, what: str) -> str:
    return f"{Path(result.filled.file).stem}_{what}.xlsx"


def _explain(asked: Question) -> Answer:
    """A copy of the workbook with explanations on its sheet Förklaringar, each bound to its finding's figures."""
    _, data = asked.file(asked.said["fil"])
    _, raw, result = asked.checked()
    return Answer({}, {result.filled.file: explained_copy(data, raw, result.filled, asked.said["forklaringar"])})


def _stamp(asked: Question) -> Answer:
    """A copy stamped as handed in, where there is no inbox, and what the stamp says. Refusal while something stops it."""
    from blankettset.addin.inbox.stamp import COVER, lacks_attest, stamp, stamped, stops

    data, _, result = asked.checked()
    if why := stops(result) or lacks_attest(result.filled):
        raise Refusal(why)
    filled, content = result.filled, str(result.receipt["innehall"])
    moment, by = str(asked.said["tid"]), " ".join(storable(str(asked.said["av"])).split())[:80]
    said = {"blad": filled.forms[COVER].sheet, "celler": stamp(filled, moment, by, content), "kvitto": content[:16]}
    return Answer(said, {_named(result, "inlamnad"): stamped(data, filled, moment, by, content)})


def _consolidate(asked: Question) -> Steps:
    """Many workbooks into one, a file at a time."""
    from blankettset.addin.check.konsolidering import consolidating

    with tempfile.TemporaryDirectory() as folder:
        paths = _laid(folder, map(asked.file, asked.said["filer"]))
        target = Path(folder) / "staden.xlsx"
        moment = datetime.datetime.fromisoformat(asked.said["tid"]) if asked.said.get("tid") else None
        steps = consolidating(paths, target, replace=False, now=moment)
        while True:
            try:
                done, total = next(steps)
            except StopIteration as end:
                outcome: Outcome = end.value
                break
            text = f"Kontrollerar {paths[done].name} …" if done < total else "Skriver den gemensamma arbetsboken …"
            yield Progress(done, total + 1, text)
        files = {_city_name(outcome): target.read_bytes()}
        if outcome.beside:
            files[outcome.beside.name] = outcome.beside.read_bytes()
        said = {
            **outcome.as_json(),
            "antal": len(outcome.collection.filings),
            "fel": outcome.errors,
            "rubriker": outcome.headers,
            "rader": outcome.rows,
        }
        return Answer({**said, "fil": next(iter(files))}, files)


def _city_name(outcome: Outcome) -> str:
    found = outcome.collection.set
    assert found is not None
    return f"{'namnden' if found.level == 'enhet' else 'staden'}_{found.id}.xlsx"


def _choices(asked: Question) -> Answer:
    """Which sets that can be made up to the year after `ar` (all without it), and for whom."""
    last = int(asked.said.get("ar") or 9998) + 1
    sets = [{"set": each.id, "niva": each.level, "titel": each.title, "dag": each.report_date, "belagt": each.documented}
            for _, each in sorted(catalog().sets.items()) if each.year <= last]  # fmt: skip
    namnder = [{"kod": each.code, "namn": each.name, "fran": each.valid_from, "till": each.valid_to}
               for each in catalog().namnder.values()]  # fmt: skip
    return Answer({"set": sets, "namnder": namnder})


def _new(asked: Question) -> Answer:
    """A set for a nämnd and period, begun with what earlier workbooks know, if any came along."""
    from blankettset.addin.check.beginning import begin_workbook, read_earlier

    blankettset = catalog().blankettset(str(asked.said["set"]), str(asked.said.get("niva") or "namnd"))
    namnd = catalog().namnd(str(asked.said["namnd"]))
    with tempfile.TemporaryDirectory() as folder:
        earlier = _laid(folder, map(asked.file, asked.said.get("tidigare", ())))
        previous = read_earlier(earlier, catalog(), keep=bool(asked.said.get("lamna_kvar")))
        path = Path(folder) / f"{namnd.code}_{blankettset.id}.xlsx"
        begun = begin_workbook(path, blankettset, namnd, previous, keep=bool(asked.said.get("lamna_kvar")))
        said = {"fil": path.name, "titel": blankettset.title, "namn": namnd.name, "sagt": begun.sentences()}
        return Answer(said, {path.name: path.read_bytes()})


def _grown(asked: Question) -> Answer:
    """The same workbook built anew, where its lists have room for more rows. Refusal when something in it would be lost."""
    from blankettset.workbook.read.losses import enumerated, losses, typed_over
    from blankettset.workbook.write.build import build

    name, data = asked.file(asked.said["fil"])
    filled = bind(read_workbook(data, name=name), catalog(), name)
    if left := losses(filled):
        raise Refusal(
            f"{name} har innehåll som inte går att föra över: {enumerated(left)}. Rätta det i Excel; inget har skrivits."
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ny.xlsx"
        build(path, filled.set, catalog().namnd(filled.namnd), {**filled.inputs(), **typed_over(filled)})
        return Answer({}, {f"{Path(name).stem}_fler_rader.xlsx": path.read_bytes()})


def _laid(folder: str, files: Iterable[tuple[str, bytes]]) -> list[Path]:
    """The files in a folder each, for two of them may have the same name."""
    paths = []
    for number, (name, data) in enumerate(files):
        place = Path(folder) / f"{number:04}"
        place.mkdir()
        paths.append(place / name)
        paths[-1].write_bytes(data)
    return paths


def _function(asked: Question) -> Answer:
    """A function of the worksheet, by xlwings' own runtime: a whole range in one call."""
    from blankettset.addin.excel import functions  # xlwings takes its time: only what the sheet uses pays for it

    return Answer(functions.call(asked.said))


JOBS: Mapping[str, Callable[[Question], Answer | Steps]] = {
    "validera": _check,
    "validera_varden": _check_values,
    "kontroll": _control,
    "forklara": _explain,
    "stampla": _stamp,
    "konsolidera": _consolidate,
    "val": _choices,
    "ny": _new,
    "fler_rader": _grown,
    "funktion": _function,
}


class Job:
    """A job under way. `kind` says what came of it when step() has given None: svar, vagran or internt."""

    def __init__(self, name: str, said: str, files: Sequence[bytes] = ()) -> None:
        self.kind, self.said, self.files = "", "", dict[str, bytes]()
        self._name = name
        self._steps = _taken(name, said, [bytes(each) for each in files])

    def step(self) -> str | None:
        """Go on to the next resting place: the progress there as JSON, or None when the job is done."""
        try:
            return json.dumps(msgspec.structs.asdict(next(self._steps)), ensure_ascii=False)
        except StopIteration as end:
            self._ended(ANSWER, end.value.said)
            self.files = dict(end.value.files)
        except Refusal as refusal:
            self._ended(REFUSED, str(refusal))
        except Exception as error:
            from blankettset.addin.check.unexpected import report

            self._ended(INTERNAL, report(error, door="webb", command=self._name).text)
        return None

    def close(self) -> None:
        """Give up: nothing is kept."""
        self._steps.close()

    def _ended(self, kind: str, said: Any) -> None:
        self.kind, self.said = kind, json.dumps(said, ensure_ascii=False)


def _taken(name: str, said: str, files: Sequence[bytes]) -> Steps:
    if name not in JOBS:
        raise Refusal(UNKNOWN)
    found = JOBS[name](Question(json.loads(said), files))
    return found if isinstance(found, Answer) else (yield from found)
