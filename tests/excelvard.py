"""A stand-in for the process of Excel: answers the requests of Microsoft's own client over a real workbook.

The client's batches (`OSF.DDA.RichApi.executeRichApiRequestAsync`) come as JSON with ObjectPaths and Actions; the objects
are those of tests/excelobjekt.py. What they do not know is answered as an error and kept in `faults`, so that no test
passes by it.

Like Excel: a failing action stops its batch and what came before it stays done; a range must be kept alive to be used in
a later batch; a protected sheet refuses; changes, also the add-in's own, are told afterwards. Unlike Excel: nothing is
recalculated, and no text is taken for a date.
"""

from __future__ import annotations

import io
import itertools
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import load_workbook

from tests.excelobjekt import AppRuntime, HostError, Kept, Sheet, Unmodelled, Workbook, member, put, shown

INSTANTIATE, QUERY, METHOD, SET, TRACE = 1, 2, 3, 4, 5
GLOBAL, NEW, CALL, PROPERTY, INDEXER, REFERENCE = 1, 2, 3, 4, 5, 6


class ExcelHost:
    """Excel with one workbook open. `log` is what was done, `refused` what was not, `faults` what this stand-in cannot do."""

    def __init__(self, path: Path) -> None:
        self.name, content = path.name, path.read_bytes()
        self._book, self._values = (
            load_workbook(io.BytesIO(content)),
            load_workbook(io.BytesIO(content), data_only=True),
        )
        self._kept: dict[str, Kept] = {}
        self._numbers = itertools.count()
        self._events: list[dict[str, Any]] = []
        self.log: list[tuple[Any, ...]] = []
        self.faults: list[str] = []
        self.refused: list[str] = []
        self.opened: list[bytes] = []
        self.listening, self.active = False, self._book.active.title
        self.selected = self.sheet(self.active).get_range("A1")

    def sheet(self, name: str) -> Sheet:
        return Sheet(self, name)

    def done(self, what: str) -> list[tuple[Any, ...]]:
        return [each for each in self.log if each[0] == what]

    def type_in(self, sheet: str, address: str, value: Any) -> dict[str, Any]:
        """Someone types into the open workbook. The event to tell of it is returned."""
        area = self.sheet(sheet).get_range(address)
        put(*(area._grid(book)[0][0] for book in (self._book, self._values)), value)
        return self._event(area, "Unknown")

    def filter_rows(self, sheet: str, table: str, rows: range) -> None:
        """Someone filters a table so that these rows are hidden."""
        self._book[sheet].tables[table].autoFilter.add_filter_column(0, ["Ingen"])
        for row in rows:
            self._book[sheet].row_dimensions[row].hidden = True

    def lock(self, sheet: str, password: str) -> None:
        """Someone protects a sheet with a password of their own."""
        self._book[sheet].protection.password = password

    def answer(self, request: str) -> dict[str, Any]:
        """The client's batch (JSON): its answer, and the changes to tell of afterwards."""
        batch = json.loads(request)
        results: list[dict[str, Any]] = []
        said: dict[str, Any] = {"Results": results}
        paths = Paths(self, batch["ObjectPaths"])
        for action in batch["Actions"]:
            try:
                results.append({"ActionId": action["Id"], "Value": paths.act(action)})
            except HostError as error:
                self.refused.append(f"{action['Name']}: {error.code} {error}")
                if isinstance(error, Unmodelled):
                    self.faults.append(str(error))
                said["Error"] = {"Code": error.code, "Message": str(error), "Location": action["Name"]}
                break
            except Exception as error:
                self.faults.append(f"{action}: {error!r}")
                raise
        events, self._events = self._events if self.listening else [], []
        return {"svar": json.dumps(said), "handelser": events}

    def _changed(self, area: Any, what: str) -> None:
        self.log.append((what, area.worksheet.name, area._local))
        self._events.append(self._event(area, "ThisLocalAddin"))

    def _event(self, area: Any, trigger: str) -> dict[str, Any]:
        told = {"changeType": "RangeEdited", "source": "Local", "worksheetId": area.worksheet.id, "address": area._local,
                "triggerSource": trigger}  # fmt: skip
        return {"messageCategory": 65536, "messageType": 10, "targetId": "Workbook", "message": json.dumps(told)}

    def saved(self) -> bytes:
        """The workbook as a file. openpyxl leaves out what formulas gave, so the values as they were opened are put back."""
        out, whole = io.BytesIO(), io.BytesIO()
        self._book.save(out)
        with zipfile.ZipFile(out) as source, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                found = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name)
                content = source.read(name)
                if found:
                    sheet = self._values.worksheets[int(found[1]) - 1]
                    content = with_values(content.decode(), sheet).encode()
                target.writestr(name, content)
        return whole.getvalue()


class Paths:
    """A batch's objects, found by following their paths once."""

    def __init__(self, host: ExcelHost, paths: dict[str, Any]) -> None:
        self._host, self._paths = host, paths
        self._found: dict[int, Any] = {}

    def find(self, number: int) -> Any:
        if number not in self._found:
            self._found[number] = self._follow(self._paths[str(number)])
        return self._found[number]

    def _arguments(self, holder: dict[str, Any]) -> list[Any]:
        given = holder.get("ArgumentInfo") or {}
        if any(given.get("ReferencedObjectPathIds") or ()):
            raise Unmodelled("ta emot objekt som argument")
        arguments = list(given.get("Arguments") or ())
        while arguments and arguments[-1] is None:
            arguments.pop()
        return arguments

    def _follow(self, path: dict[str, Any]) -> Any:
        kind, name = path["ObjectPathType"], path["Name"]
        if kind == GLOBAL:
            return Workbook(self._host)
        if kind == NEW and name == "Microsoft.AppRuntime.AppRuntimeService":
            return AppRuntime(self._host)
        if kind == NEW:
            raise Unmodelled(f"skapa {name}")
        if kind == REFERENCE:
            if name not in self._host._kept:
                raise HostError("InvalidObjectPath", f"Objektet finns inte längre: {name}")
            return self._host._kept[name]
        parent = self.find(path["ParentObjectPathId"])
        if parent is None and name.endswith("OrNullObject"):
            return None
        if parent is None:
            raise HostError("ItemNotFound", "Den begärda resursen finns inte.")
        if kind == INDEXER:
            return parent.get_item(*self._arguments(path))
        if kind == PROPERTY:
            return parent._wire(name)
        if kind == CALL:
            return parent._wire(name)(*self._arguments(path))
        raise Unmodelled(f"sökvägar av slaget {kind}")

    def act(self, action: dict[str, Any]) -> Any:
        kind, name = action["ActionType"], action["Name"]
        if kind == TRACE:  # the client waits for the answer, so as to know that the batch has come that far
            return None
        node = self.find(action["ObjectPathId"])
        if kind == INSTANTIATE:
            return None if node is None else node._identity()
        if kind == QUERY:
            asked = action["QueryInfo"]
            if set(asked) - {"Select"}:
                raise Unmodelled(f"frågor med {sorted(asked)}")
            return None if node is None else node._read(asked.get("Select") or [])
        if node is None and name == "_KeepReference":
            return None
        if node is None:
            raise HostError("ItemNotFound", "Den begärda resursen finns inte.")
        if kind == METHOD:
            return node._wire(name)(*self._arguments(action))
        if kind == SET:
            node._wire(name)
            (value,) = action["ArgumentInfo"]["Arguments"]
            if getattr(getattr(type(node), member(name), None), "fset", None) is None:
                raise Unmodelled(f"sätta {type(node).__name__}.{name}")
            setattr(node, member(name), value)
            return None
        raise Unmodelled(f"handlingar av slaget {kind}")


def with_values(xml: str, computed: Any) -> str:
    """A sheet's text with the values of its formulas."""

    def filled(found: re.Match[str]) -> str:
        value = shown(computed[found[1]].value)
        kind = "b" if isinstance(value, bool) else "e" if computed[found[1]].data_type == "e" else "str"
        mark = f' t="{kind}"' if isinstance(value, bool | str) else ""
        text = str(int(value)) if isinstance(value, bool) else escape(str(value))
        return f'<c r="{found[1]}"{found[2]}{mark}>{found[3]}<v>{text}</v></c>'

    return re.sub(
        r'<c r="([A-Z]+\d+)"([^>]*)>(<f[ >](?:(?!</c>).)*?</f>)(?:<v ?/>|<v></v>)</c>', filled, xml, flags=re.DOTALL
    )
