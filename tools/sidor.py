"""Writes docs/blanketter, docs/regler and docs/nyckeltal.md from definitions and rules; --check fails when stale."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from blankettset.templates.catalog import catalog
from blankettset.templates.formula import Formula, Written
from blankettset.templates.functions import FUNCTIONS
from blankettset.templates.model import ITEM, Blankett, Blankettset, Column, Kind, Row
from blankettset.validators.registry import SECTIONS, RuleInfo, rules
from tools.traffsakerhet import accuracy_page

SIZES = {
    "own": "Jämförs inte i storlek med radens andra tal.",
    "loose": "Får skilja sig mycket från radens andra tal.",
    "to_date": "En del av året; räknas upp när storleken jämförs.",
}
NOT_SUMMED = "Summeras inte när flera arbetsböcker slås ihop."
DOCS = Path(__file__).parent.parent / "docs"
MADE = "<!-- Skapad av `make docs` ur definitionerna. Ändra där, inte här. -->\n\n"


def pages() -> dict[Path, str]:
    """Every generated page by its path under docs/."""
    found: dict[Path, str] = {}
    layouts: dict[str, tuple[Blankettset, Blankett]] = {}
    used: dict[str, list[str]] = {}
    for set_id, level in catalog().tried:
        bound = catalog().blankettset(set_id, level)
        for form in bound.blanketter.values():
            name = f"{form.id}_{form.layout}"
            layouts.setdefault(name, (bound, form))
            used.setdefault(name, []).append(set_id)
    for name, (bound, form) in layouts.items():
        found[Path("blanketter") / f"{name}.md"] = MADE + form_page(bound, form, used[name])
    found[Path("blanketter/README.md")] = MADE + form_index(layouts, used)
    for code, info in rules().items():
        found[Path("regler") / f"{code}.md"] = MADE + rule_page(info)
    found[Path("regler/README.md")] = MADE + rule_index(rules())
    found[Path("nyckeltal.md")] = MADE + nyckeltal_page()
    found[Path("traffsakerhet.md")] = MADE + accuracy_page(rules())
    return found


def nyckeltal_page() -> str:
    """Every nyckeltal: what Excel's function takes, the formula, the limits in force and where it comes from."""
    lines = [
        "# Nyckeltal och Excelfunktioner",
        "",
        "Samma definitioner används i blanketterna, i kontrollen, vid konsolideringen och av Excel-tilläggets funktioner.",
        "I Excel skrivs de `=STHLM.NAMN(...)`, med ett tal eller ett helt område för varje indata.",
    ]
    for each in catalog().nyckeltal.values():
        lines += ["", f"## {each.id}", "", each.title, "", "| indata | |", "|---|---|"]
        lines += [f"| {given.label} | {given.note} |" for given in each.indata]
        lines += ["", f"Formel: {each.formel}", ""]
        for id_ in each.parametrar:
            parameter = catalog().parameters[id_]
            start, value, source = parameter.values[-1]
            last = f" till {parameter.until[start]}" if start in parameter.until else ""
            shown = f"{value.normalize():f}".replace(".", ",")
            lines.append(f"- {parameter.label}: {shown} {parameter.unit} från {start}{last}. Källa: {source}")
        lines += [""] * bool(each.parametrar)
        lines.append(f"Definition från {each.valid_from}. Källa: {each.source}")
    return "\n".join(lines) + "\n"


def form_index(layouts: Mapping[str, tuple[Blankettset, Blankett]], used: Mapping[str, list[str]]) -> str:
    """The list of forms."""
    lines = ["# Blanketter", "", "| blankett | layout | i seten | källa |", "|---|---|---|---|"]
    for name, (_, form) in sorted(layouts.items(), key=lambda item: (item[1][1].order, item[0])):
        lines.append(f"| [{form.title}]({name}.md) | {form.layout} | {', '.join(used[name])} | {form.source} |")
    return "\n".join(lines) + "\n"


def form_page(bound: Blankettset, form: Blankett, sets: list[str]) -> str:
    """One layout of a form, with years as they stand in the first set that uses it."""
    unit = f"{form.unit}, {form.decimals} decimal(er), tolerans {str(form.tolerance).replace('.', ',')}"
    lines = [
        f"# {form.title}",
        "",
        form.purpose,
        "",
        f"Id `{form.id}`, layout `{form.layout}`. Används i {', '.join(sets)} (år och etiketter här som i {sets[0]}).",
        f"Enhet: {unit if form.unit != '-' else 'inga belopp'}. {form.sign_text}",
        f"Källa: {form.source}. {'Får anges som ej aktuell.' if form.optional else 'Lämnas av alla.'}",
        "",
        "## Kolumner",
        "",
        "| id | rubrik | typ | fylls i av | tom cell | räknas ut | anmärkning |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_column_line(bound, form, column) for column in form.columns]
    if not form.is_list:
        lines += [
            "",
            "## Rader",
            "",
            "| id | rad | är summan av | varav | anmärkning |",
            "|---|---|---|---|---|",
        ]
        lines += [_row_line(form, row) for row in form.rows]
        lines += list(_single_cells(bound, form))
    else:
        lines += [
            "",
            f"Lista med en rad per {form.column_by_id[form.key].label.lower() if form.key else 'post'}.",
        ]
        if form.total_columns:
            labels = ", ".join(form.column_by_id[c].label for c in form.total_columns)
            lines.append(f"Summaraden »{form.total_label}» summerar {labels}.")
    if form.relations:
        lines += ["", "## Samband med andra blanketter", ""]
        lines += sorted({
            f"- [{r.code}](../regler/{r.code}.md): {_formula(bound, r.left)} = {_formula(bound, r.right)}"
            for r in form.relations
            if all(bound.knows(term.ref) for term in r.left + r.right)
        })  # fmt: skip
    return "\n".join(lines) + "\n"


def _column_line(bound: Blankettset, form: Blankett, column: Column) -> str:
    filler = {"namnd": "nämnden", "slk": "SLK", "system": "programmet"}[column.filled_by]
    computed = ""
    if column.formula is not None:
        computed = " ".join(_term_text(term.sign, _local(form, term.ref), i) for i, term in enumerate(column.formula))
    elif column.function is not None:
        names = [_local(form, ref) for ref in column.function.args]
        computed = FUNCTIONS[column.function.name][1].format(*names, alla=", ".join(names))
    blank = (
        ""
        if computed
        else "måste fyllas i"
        if column.required
        else {"noll": "noll", "saknas": "saknas"}[column.blank_means]
    )
    note = " ".join(part for part in (
        column.note, "Får vara i.u." if column.iu else "", f"Plus är {column.positive_means}." if column.positive_means else "",
        SIZES.get(column.size, ""),
        {"negative": "Negativt.", "positive": "Positivt."}.get(column.sign or "", ""),
        "" if column.summed else NOT_SUMMED, "" if column.printed else "Skrivs inte ut.",
    ) if part)  # fmt: skip
    return f"| `{column.id}` | {column.label} | {column.type} | {'' if computed else filler} | {blank} | {computed} | {note} |"


def _term_text(sign: int, name: str, place: int) -> str:
    return ("− " if sign < 0 else "+ " if place else "") + name


def _local(form: Blankett, ref: Written) -> str:
    column = form.column_by_id.get(ref.column or "")
    return column.label if column else str(ref)


def _row_line(form: Blankett, row: Row) -> str:
    if row.heading:
        return f"| | **{row.label}** | | | |"
    total = ""
    if row.formula is not None:
        total = " ".join(_term_text(t.sign, form.row_label(t.ref.row or ""), i) for i, t in enumerate(row.formula))
    part = f"{'hela' if row.varav_full else 'del av'} {form.row_label(row.varav_of)}" if row.varav_of else ""
    return f"| `{row.id}` | {row.label} | {total} | {part} | {' '.join(filter(None, (row.note, '' if row.summed else NOT_SUMMED)))} |"


def _single_cells(bound: Blankettset, form: Blankett) -> Iterator[str]:
    found = []
    for row, column in form.overrides:
        cell = form.cell(row, column)
        if cell.kind is Kind.COMPUTED and cell.formula:
            found.append(f"- {form.row_label(row)}, {form.column_by_id[column].label}: {_formula(bound, cell.formula)}")
    if found:
        yield from ("", "## Enskilda celler", "", *found)


def _formula(bound: Blankettset, formula: Formula) -> str:
    words = []
    for i, term in enumerate(formula):
        ref = term.ref
        form = bound.blanketter[ref.blankett]
        row = "alla rader" if ref.row == "*" else form.row_label(ref.row) if ref.row != ITEM else "raden"
        if ref.where:
            choices = form.column_by_id[ref.where[0]].choices
            row = "rader med " + next(c.label for c in choices if c.id == ref.where[1])
        words.append(_term_text(term.sign, f"{form.title}, {row}, {form.column_by_id[ref.column].label}", i))
    return " ".join(words)


def rule_index(found: Mapping[str, RuleInfo]) -> str:
    """The list of rules."""
    lines = [
        "# Regler",
        "",
        "Fel stoppar inlämning. En varning rättas eller förklaras. En upplysning kräver inget.",
        "",
        "| kod | regel | VP, T1, T2 | VB |",
        "|---|---|---|---|",
    ]
    for code, info in found.items():
        lines.append(f"| [{code}]({code}.md) | {info.title} | {info.severity_in('T1')} | {info.severity_in('VB')} |")
    return "\n".join(lines) + "\n"


def rule_page(info: RuleInfo) -> str:
    """One rule: what it requires, when, how serious it is and why."""
    lines = [f"# {info.code} {info.title}", ""]
    for name in SECTIONS:
        text = info.section(name)
        if text:
            lines += [f"**{name}** {text}", ""]
    lines += [
        "| period | allvar |",
        "|---|---|",
        *(f"| {period} | {info.severity_in(period)} |" for period in ("VP", "T1", "T2", "VB")),
        "",
        *(f"{line}\n" for line in info.use(catalog().regler)),
        f"Källa: {info.source}",
    ]
    return "\n".join(lines) + "\n"


def stale() -> list[str]:
    """Generated pages that are missing, out of date or no longer made."""
    wanted = pages()
    found = [str(path) for path, text in wanted.items() if _read(DOCS / path) != text]
    for folder in ("blanketter", "regler"):
        made = {path for path in wanted if path.parent.name == folder}
        found += [str(p.relative_to(DOCS)) for p in (DOCS / folder).glob("*.md") if p.relative_to(DOCS) not in made]
    return sorted(found)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main() -> int:
    """Write the pages, or with --check say which are stale."""
    if "--check" in sys.argv:
        old = stale()
        for name in old:
            print(f"docs/{name} är inaktuell: kör make docs")
        return 1 if old else 0
    for folder in ("blanketter", "regler"):
        (DOCS / folder).mkdir(parents=True, exist_ok=True)
        for path in (DOCS / folder).glob("*.md"):
            path.unlink()
    for path, text in pages().items():
        (DOCS / path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
