"""Formulas that reckon with themselves, by way of whichever cells and sheets: Excel's value of them cannot be relied on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blankettset.workbook.layout.formula_text import references
from blankettset.workbook.xlsx.raw import Place, RawBook, name_key

Node = tuple[str, int, int]
MAX_NODES = 50_000  # formulas looked at


def circular(raw: RawBook, starts: Iterable[tuple[str, Place]]) -> set[tuple[str, Place]]:
    """Those of the cells (sheet and place) that stand in a circle of formulas."""
    graph = _Graph(raw)
    in_circle: set[Node] = set()
    names = {(name_key(sheet), *place): (sheet, place) for sheet, place in starts}
    for node in names:
        if node not in graph.index:
            in_circle |= graph.circles_from(node)
    return {start for node, start in names.items() if node in in_circle}


class _Graph:
    """Formulas and what they read, walked by Tarjan's way of finding strongly connected parts, without recursion."""

    def __init__(self, raw: RawBook) -> None:
        self.formulas: dict[Node, str] = {}
        self.columns: dict[tuple[str, int], list[int]] = {}
        for sheet in raw.sheets:
            key = name_key(sheet.name)
            for (row, column), cell in sheet.cells.items():
                if cell.formula is not None:
                    self.formulas[key, row, column] = cell.formula
                    self.columns.setdefault((key, column), []).append(row)
        self.index: dict[Node, int] = {}
        self.low: dict[Node, int] = {}

    def read_by(self, node: Node) -> Iterator[Node]:
        """The formulas that a formula reads."""
        for sheet, (top, left), (bottom, right) in references(self.formulas[node]):
            key = node[0] if sheet is None else name_key(sheet)
            for column in range(min(left, right), max(left, right) + 1):
                for row in self.columns.get((key, column), ()):
                    if min(top, bottom) <= row <= max(top, bottom):
                        yield key, row, column

    def circles_from(self, start: Node) -> set[Node]:
        """All nodes in circles that can be reached from `start`."""
        found: set[Node] = set()
        stack: list[Node] = []
        on_stack: set[Node] = set()
        work: list[tuple[Node, Iterator[Node]]] = []

        def enter(node: Node) -> None:
            self.index[node] = self.low[node] = len(self.index)
            stack.append(node)
            on_stack.add(node)
            work.append((node, self.read_by(node)))

        if start in self.formulas:
            enter(start)
        while work:
            node, reads = work[-1]
            for other in reads:
                if other == node:
                    found.add(node)
                elif other not in self.index and len(self.index) < MAX_NODES:
                    enter(other)
                    break
                elif other in on_stack:
                    self.low[node] = min(self.low[node], self.index[other])
            else:
                work.pop()
                if work:
                    self.low[work[-1][0]] = min(self.low[work[-1][0]], self.low[node])
                if self.low[node] == self.index[node]:
                    part = _from(stack, node)
                    del stack[len(stack) - len(part) :]
                    on_stack -= set(part)
                    if len(part) > 1:
                        found |= set(part)
        return found


def _from(stack: list[Node], node: Node) -> list[Node]:
    at = len(stack) - 1
    while stack[at] != node:
        at -= 1
    return stack[at:]
