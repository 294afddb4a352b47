"""Speed as ratios in one run on the same files (`make benchmark`): against the floor, and against the usual libraries.

The floor is inflating the parts of the workbook and letting expat walk through them with no handlers. The usual way is
openpyxl (values and formulas are two loads), pandas and a Cerberus document built from the definition, with the same
required cells and types as ours. Medians; not a test, for a busy machine is no bug.
"""

from __future__ import annotations

import gc
import io
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

from blankettset.addin.check.konsolidering import consolidate
from blankettset.addin.cli.exempel import filings, synthetic_city
from blankettset.templates.catalog import catalog
from blankettset.validators.registry import rules
from blankettset.validators.validate import validate
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.facts import read_facts
from blankettset.workbook.read.xlsx_reader import read_workbook
from blankettset.workbook.write.build import build
from tests.forms import namnd_of

SET = "2024-T1"


def median(run: Callable[[], object], times: int) -> float:
    """The median time of some runs, in milliseconds; one run first to warm up."""
    run()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return 1000 * statistics.median(taken)


def floor(data: bytes) -> None:
    """Inflate and parse, nothing more."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        for part in file.infolist():
            if part.filename.endswith((".xml", ".rels", ".vml")):
                expat.ParserCreate().Parse(file.read(part), True)


def usual(data: bytes) -> None:
    """The same job with openpyxl, pandas and Cerberus: values, formulas, types and required cells."""
    import cerberus
    import openpyxl
    import pandas as pd

    values = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(data))
    for form in catalog().blankettset(SET).blanketter.values():
        frame = pd.DataFrame(list(values[form.sheet].values))
        written = pd.DataFrame(list(formulas[form.sheet].values))
        overwritten = written.map(lambda cell: isinstance(cell, str) and cell.startswith("=")) & frame.notna()
        overwritten.sum().sum()
        if form.is_list:
            continue
        rows = frame[frame[0].isin([row.id for row in form.rows])].set_index(0)
        schema = {
            f"{row.id}.{column.id}": {"type": "float" if form.cell(row.id, column.id).type.is_number else "string",
                                      "coerce": (float if form.cell(row.id, column.id).type.is_number else str),
                                      "nullable": True, "required": form.cell(row.id, column.id).required}
            for row in form.rows for column in form.columns
        }  # fmt: skip
        ids = list(frame.iloc[0])
        document = {
            f"{row_id}.{ids[i]}": value
            for row_id, row in rows.iterrows()
            for i, value in enumerate(row, start=1)
            if i < len(ids) and isinstance(ids[i], str) and f"{row_id}.{ids[i]}" in schema and pd.notna(value)
        }
        checker = cerberus.Validator(schema, allow_unknown=True)
        checker.validate(document)
        for row in form.rows:
            if row.formula is not None:
                for column in ids[2:]:
                    parts = [document.get(f"{term.ref.row}.{column}") for term in row.formula]
                    sum(float(p) for p in parts if isinstance(p, float))


def process(*args: str | Path) -> float:
    """The median time of a whole process, in seconds."""

    def run() -> None:
        subprocess.run(args, stdout=subprocess.DEVNULL, check=False)

    return median(run, 15) / 1000


OF_CHILDREN = (  # the largest of a command's processes, whatever this one has started before
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def many(folder: Path, number: int) -> tuple[float, float]:
    """Seconds and peak MiB of consolidating `number` filings of the same set in one process of its own."""
    source = (folder / "set.xlsx").read_bytes()
    target = folder / "manga"
    target.mkdir()
    for i in range(number):
        (target / f"{i:04}.xlsx").write_bytes(source)
    start = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "blankettset.addin.cli.kommandon",
        "konsolidera",
        str(target),
        "-o",
        str(folder / "manga.xlsx"),
    ]
    measured = subprocess.run([sys.executable, "-c", OF_CHILDREN, *command], capture_output=True, text=True, check=True)
    return time.perf_counter() - start, int(measured.stdout.split()[-1]) / 1024


def in_browser(path: Path, folder: Path) -> None:
    """The engine in Chromium: the folder's size, from opening the pane to usable, and from Validera to findings."""
    from playwright.sync_api import sync_playwright

    from blankettset.addin.web.folder import build_folder
    from blankettset.addin.web.packages import folder_of_packages
    from blankettset.addin.web.single import build_single
    from tests.static_host import served
    from tests.web.conftest import CHROMIUM, Opened
    from tests.web.pane import in_excel

    packages = folder_of_packages()
    built = build_folder(folder / "webb", packages)
    single = build_single(folder / "sida.html", packages)
    line("mappen från blankett webb; panelen läser; sidan läser",
         f"{built.bytes / 1e6:.1f} MB; {built.pane / 1e6:.1f} MB; {built.page / 1e6:.1f} MB", "-")  # fmt: skip
    with served(built.folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        ready, checked = [], []
        for _ in range(5):
            with in_excel(browser, address, path) as pane:
                ready.append(float(pane.page.evaluate("document.documentElement.dataset.klar")))
                start = time.perf_counter()
                pane.page.click("#validera")
                pane.until("document.querySelectorAll('.fynd').length > 0")
                checked.append(time.perf_counter() - start)
        line("panelen öppnas till klar, hela motorn", f"{statistics.median(ready):.1f} s", "< 5 s")
        line("Validera till fynd i panelen", f"{statistics.median(checked):.2f} s", "< 1 s")
        page = Opened(browser.new_page(), "file:")
        page.page.goto((folder / "sida.html").as_uri())
        page.ready()
        alone = float(page.page.evaluate("document.documentElement.dataset.klar"))
        line(f"en enda fil ({single / 1e6:.1f} MB), öppnad till klar", f"{alone:.1f} s", "< 3 s")


def line(what: str, value: str, goal: str) -> None:
    """One line of the report."""
    print(f"{what:<62} {value:>12}   mål {goal}", flush=True)


def main(number: int) -> None:
    """Measure and print."""
    gc.set_threshold(100_000)  # as the commands do
    folder = Path(tempfile.mkdtemp())
    real = next(f for f in filings() if f.name.startswith(SET))
    blankettset = catalog().blankettset(SET)
    path = folder / "set.xlsx"
    build(path, blankettset, catalog().namnd(namnd_of(SET)), read_facts(real / "DATA.csv", blankettset))
    data = path.read_bytes()
    rules()
    bare = median(lambda: floor(data), 31)
    ours = median(lambda: read_workbook(data), 31)
    judged = median(lambda: validate(read_filled(data, catalog())), 31)
    others = median(lambda: usual(data), 5)
    print(f"Ett set: {len(data) / 1000:.0f} kB; golvet (zip + expat) {bare:.1f} ms")
    line("läsning av värden, formler och fel, gånger golvet", f"{ours / bare:.1f}", "≤ 4 (helst 2,2)")
    line("läsning och alla regler, gånger golvet", f"{judged / bare:.1f}", "≤ 6 (helst 3,5)")
    line("pandas + openpyxl + Cerberus, gånger vår läsning och regler", f"{others / judged:.1f}", "≥ 6")
    python = process(sys.executable, "-c", "pass")
    line("python själv, hel process", f"{python:.3f} s", "-")
    blankett = Path(sys.executable).with_name("blankett")
    line("blankett --help, hel process", f"{process(blankett, '--help'):.3f} s", "< 0,15 s")
    line("blankett validera, hel process", f"{process(blankett, 'validera', path):.3f} s", "< 0,25 s")
    (folder / "stad").mkdir()
    synthetic_city(folder / "stad")
    city = median(lambda: consolidate([folder / "stad"], folder / "stad.xlsx", replace=True), 3) / 1000
    count = len(list((folder / "stad").glob("*.xlsx")))
    line(f"{count} nämnder till en arbetsbok", f"{city:.2f} s", "< 1,5 s (14)")
    seconds, mebibytes = many(folder, number)
    line(f"{number} set till en arbetsbok", f"{seconds:.1f} s", "< 30 s (1 000)")
    line("minne, största process", f"{mebibytes:.0f} MiB", "150 MiB")
    in_browser(path, folder)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
