"""What a nämnd's report prints of its workbook, and in which order: goals with texts and tables, then the economy's forms."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from blankettset.templates.model import LIST_TOTAL, Blankett, Column, Kind, Type
from blankettset.workbook.calc.evaluate import Key, NotComputable
from blankettset.workbook.calc.values import format_number
from blankettset.workbook.read.filled import FilledForm, FilledSet
from blankettset.workbook.report.writer import Skrivare, Tabell, without_empty

TITLES = {
    "VP": "Verksamhetsplan {ar}",
    "T1": "Tertialrapport 1 {ar}",
    "T2": "Tertialrapport 2 {ar}",
    "VB": "Verksamhetsberättelse {ar}",
}
LEVELS = {
    "inriktningsmal": ("KF:s inriktningsmål", 2),
    "kf_mal": ("KF:s mål för verksamhetsområdet", 3),
    "namndmal": ("Nämndmål", 4),
    "enhetsmal": ("Enhetsmål", 4),
}
TEXTS = ("beskrivning", "forvantat_resultat", "arbetssatt", "resursanvandning", "uppfoljning", "utveckling", "analys")
GOALS, BELOW = ("mal", "enhetsmal"), ("indikatorer", "aktiviteter")
LEFT_OUT = ("forsattsblad", "forklaringar", "kontroll", "nyckeltal", *GOALS, *BELOW)


def write_report(filled: FilledSet, path: Path, template: Path | None = None) -> None:
    """The report's tables, status symbols and texts as a Word document at `path`, which is overwritten."""
    out = Skrivare(template)
    title = title_of(filled)
    out.title(title)
    forms = {form.form.id: form for form in filled.forms.values() if form.present and not form.is_empty}
    if any(form in forms for form in GOALS):
        out.heading("Uppföljning av mål" if filled.set.period != "VP" else "Mål", 1)
        _goals(filled, forms, out)
    rest = [form for form in forms.values() if form.form.id not in LEFT_OUT]
    for group, name in (
        ("ekonomi", "Uppföljning av ekonomi"),
        ("verksamhet", "Verksamhetsvolymer"),
        ("personal", "Personal"),
        ("kontroll", "Kontroll"),
    ):
        own = [form for form in rest if form.form.group == group]
        if own:
            out.heading(name, 1)
        for form in own:
            out.heading(form.form.title, 2)
            table = form_table(filled, form)
            if table is not None:
                out.table(table)
            for column, key, text in _long_texts(filled, form):
                out.text(f"{filled.set.blanketter[key[0]].row_label(key[1])}, {column.name.lower()}: {text}")
    out.save(path, when=filled.set.report_date, title=title)


def title_of(filled: FilledSet) -> str:
    """ "Tertialrapport 1 2024 för Kungsholmens stadsdelsnämnd"."""
    namnd = filled.set.namnder.get(filled.namnd)
    name = namnd.name if namnd is not None else filled.namnd
    own = f"{name}s" if not name.endswith(("s", "n")) or name.endswith("holmen") else name
    unit = filled.facts.get(("forsattsblad", "enhet", "uppgift"))
    whose = f"{unit}, {own} stadsdelsnämnd" if isinstance(unit, str) and unit else f"{own} stadsdelsnämnd"
    return f"{TITLES[filled.set.period].format(ar=filled.set.year)} för {whose}"


def shown(filled: FilledSet, key: Key) -> str:
    """A cell as the report prints it: Swedish figures, labels of choices, the text of a text."""
    form = filled.set.blanketter[key[0]]
    cell = form.cell(key[1], key[2])
    if cell.kind is Kind.NOT_APPLICABLE:
        return ""
    value = filled.facts.get(key)
    if value is None and cell.kind is Kind.COMPUTED:
        try:
            value = filled.evaluation.expected(key)
        except NotComputable:
            value = None
    if isinstance(value, Decimal):
        return format_number(value, form.decimals_of(key[1], key[2]))
    return cell.shown(value) if isinstance(value, str) else ""


def form_table(filled: FilledSet, form: FilledForm) -> Tabell | None:
    """The form as a table: its label or key first, then its printed columns that hold anything; None for an empty one."""
    blankett = form.form
    columns = [c for c in blankett.columns if c.printed and c.type is not Type.LANGTEXT and c.id != blankett.key]
    rows = list(form.items) if blankett.is_list else [row.id for row in blankett.rows]
    if blankett.is_list and blankett.total_columns:
        rows.append(LIST_TOTAL)
    texts = [
        (_label(filled, blankett, row), *(shown(filled, (blankett.id, row, c.id)) for c in columns)) for row in rows
    ]
    unit = f" ({blankett.unit})" if blankett.unit not in ("-", "") else ""
    first = blankett.column_by_id[blankett.key].name if blankett.is_list and blankett.key else ""
    head, body = without_empty((first, *(c.name for c in columns)), texts)
    if len(head) < 2 or not body:
        return None
    sums = frozenset(
        i for i, row in enumerate(rows) if row == LIST_TOTAL or (not blankett.is_list and blankett.row_by_id[row].total)
    )
    parts = frozenset(i for i, row in enumerate(rows) if not blankett.is_list and blankett.row_by_id[row].varav_of)
    return Tabell(f"{blankett.title}{unit}", head, body, sums, parts)


def _label(filled: FilledSet, form: Blankett, row: str) -> str:
    key = filled.facts.get((form.id, row, form.key or "")) if form.is_list else None
    return key if isinstance(key, str) else form.row_label(row)


def _long_texts(filled: FilledSet, form: FilledForm) -> Iterator[tuple[Column, Key, str]]:
    rows = list(form.items) if form.form.is_list else [row.id for row in form.form.rows]
    for column in form.form.columns:
        if column.type is Type.LANGTEXT and column.id != form.form.key:
            for row in rows:
                text = filled.facts.get((form.form.id, row, column.id))
                if isinstance(text, str) and text.strip():
                    yield column, (form.form.id, row, column.id), text


def _goals(filled: FilledSet, forms: dict[str, FilledForm], out: Skrivare) -> None:
    goals = [
        (str(filled.facts.get((form, row, "nummer"), "")), form, row)
        for form in GOALS
        if form in forms
        for row in forms[form].items
    ]
    for number, form, row in sorted(goals, key=lambda goal: _order(goal[0])):
        level = str(filled.facts.get((form, row, "niva"), "enhetsmal" if form == "enhetsmal" else ""))
        word, depth = LEVELS.get(level, ("Mål", 4))
        out.heading(f"{word}: {number} {shown(filled, (form, row, 'titel'))}", depth)
        status = shown(filled, (form, row, "status")) if "status" in filled.set.blanketter[form].column_by_id else ""
        if status:
            out.text(status)
        for column in TEXTS:
            defined = filled.set.blanketter[form].column_by_id.get(column)
            text = filled.facts.get((form, row, column))
            if defined is not None and isinstance(text, str) and text.strip():
                out.heading(defined.name, 4)
                out.text(text)
        for below in BELOW:
            if below in forms:
                _below(filled, forms[below], number, out)


def _order(number: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in number.split("."))


def _below(filled: FilledSet, form: FilledForm, number: str, out: Skrivare) -> None:
    blankett = form.form
    rows = [row for row in form.items if filled.facts.get((blankett.id, row, "mal")) == number]
    if not rows:
        return
    skipped = ("mal", "riktning", "konsuppdelad", "enhet", "forslag", "lage", blankett.key)
    columns = [c for c in blankett.columns if c.printed and c.id not in skipped and c.type is not Type.LANGTEXT]
    texts = [
        (_label(filled, blankett, row), *(shown(filled, (blankett.id, row, c.id)) for c in columns)) for row in rows
    ]
    name = blankett.column_by_id[blankett.key].name if blankett.key else ""
    head, body = without_empty((name, *(c.name for c in columns)), texts)
    out.table(Tabell(f"{blankett.title}, mål {number}", head, body))
    for column in ("avvikelse", "analys", "kommentar"):
        if column in blankett.column_by_id:
            for row in rows:
                text = filled.facts.get((blankett.id, row, column))
                if isinstance(text, str) and text.strip():
                    out.text(f"{blankett.column_by_id[column].name}, {_label(filled, blankett, row)}:")
                    out.text(text)
