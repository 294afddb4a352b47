"""What the browser gets of us and of others: our code as an archive, and the parts of each package that are used."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import inspect
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from blankettset.addin.excel.formelfunktioner import FUNCTIONS
from blankettset.addin.web.packages import files
from blankettset.templates.catalog import catalog
from blankettset.templates.documents import READY

STATIC = Path(__file__).parent / "static"
LAYERS = ("templates", "workbook", "validators", "addin")
LEFT_OUT = ("addin/cli/", "addin/web/static/", "addin/server/", "templates/filings/")
DEFINITIONS = (".yaml", ".yml")  # go along as JSON, ready-made
MADE = (2024, 1, 1, 0, 0, 0)  # the same content gives the same archive
OFFICE = ("dist/office.js", "dist/excel-", "dist/sv-se/office_strings.js", "dist/en-us/office_strings.js", "dist/custom-functions-runtime.js",
          "dist/o15apptofilemappingtable.js", "dist/telemetry/", "dist/ariatelemetry/", "dist/es6-promise.js")  # fmt: skip
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs")
RUNTIME = ("pyodide.asm.wasm", "python_stdlib.zip")


class EngineFile(msgspec.Struct, frozen=True):
    """A file that the engine loads: its name there, its content, and that content as it is stored."""

    name: str
    content: bytes
    stored: bytes

    @property
    def sha256(self) -> str:
        """Of the content."""
        return hashlib.sha256(self.content).hexdigest()


def our_code() -> dict[str, bytes]:
    """Our installed packages as the browser unpacks them, with the definitions checked and ready-made."""
    found: dict[str, bytes] = {}
    for layer in LAYERS:
        root = Path(str(importlib.import_module(f"blankettset.{layer}").__file__)).parent
        for path in root.rglob("*"):
            name = f"{layer}/{path.relative_to(root).as_posix()}"
            if (
                path.is_file()
                and "__pycache__" not in name
                and path.suffix not in DEFINITIONS
                and not name.startswith(LEFT_OUT)
            ):
                found[f"blankettset/{name}"] = path.read_bytes()
    version = f"Metadata-Version: 2.1\nName: blankettset\nVersion: {program_version()}\n"
    found["blankettset.dist-info/METADATA"] = version.encode()
    found[f"blankettset/templates/{READY}"] = json.dumps(catalog().documents, ensure_ascii=False).encode()
    return found


def archive(contents: Mapping[str, bytes]) -> bytes:
    """A ZIP of these files, uncompressed: it is compressed as a whole."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(contents):
            target.writestr(zipfile.ZipInfo(name, MADE), contents[name])
    return out.getvalue()


def squeezed(content: bytes) -> bytes:
    """As gzip, without time or name in it."""
    return gzip.compress(content, 9, mtime=0)


def engine(packages: Mapping[str, bytes], *, functions: bool) -> list[EngineFile]:
    """What the engine loads; with `functions` also xlwings, which only the pane needs."""
    runtime = dict(files(packages["pyodide"], RUNTIME))
    lock = json.loads(dict(files(packages["pyodide"], ("pyodide-lock.json",)))["pyodide-lock.json"])
    runtime["pyodide-lock.json"] = json.dumps({"info": lock["info"], "packages": {}}).encode()
    program = {**our_code(), **_wheels(packages, ("msgspec", "xlsxwriter"))}
    runtime["blankettset.zip"] = archive(program)
    if functions:
        runtime["xlwings.zip"] = archive(_wheels(packages, ("xlwings",)))
    return [EngineFile(name, content, squeezed(content)) for name, content in sorted(runtime.items())]


def _wheels(packages: Mapping[str, bytes], names: Iterable[str]) -> dict[str, bytes]:
    """Wheels without what is not read when they run: programs for other systems, tests, stubs."""
    return {
        name: content
        for each in names
        for name, content in files(packages[each])
        if not name.endswith(
            (".pyi", ".xlam", ".xlsm", ".xltx", ".exe", ".dll", ".js", ".bas", ".xlsb", ".applescript")
        )
    }


def modules(packages: Mapping[str, bytes]) -> dict[str, bytes]:
    """Path in the version's folder -> content: scripts and styles, ours and others', that pages ask for by name."""
    found = {f"app/{path.relative_to(STATIC).as_posix()}": path.read_bytes()
             for path in STATIC.rglob("*") if path.suffix in (".js", ".css") and path.parent != STATIC}  # fmt: skip
    found |= {f"motor/{name}": content for name, content in files(packages["pyodide"], PYODIDE) if name in PYODIDE}
    fluent = dict(files(packages["@fluentui/web-components"], ("dist/web-components.min.js",)))
    found["fluent/web-components.min.js"] = fluent["dist/web-components.min.js"]
    login = dict(files(packages["@azure/msal-browser"], ("lib/msal-browser.min.js",)))
    found["msal/msal-browser.min.js"] = without_maps(login["lib/msal-browser.min.js"])
    for name, content in files(packages["@fluentui/tokens"], ("lib/",)):
        if name.endswith(".js"):
            found[f"fluent/tokens/{name.removeprefix('lib/')}"] = without_maps(content)
    return found


def office(packages: Mapping[str, bytes]) -> dict[str, bytes]:
    """Microsoft's client for Excel in Swedish, as its loader asks for it below its own folder."""
    return {
        f"office/{name.removeprefix('dist/')}": content
        for name, content in files(packages["@microsoft/office-js"], OFFICE)
        if name.endswith(".js") and ".debug." not in name
    }


def without_maps(content: bytes) -> bytes:
    """A script without the address of its source map, which is not included."""
    return re.sub(rb"\n//# sourceMappingURL=[^\n]*", b"", content)


def metadata() -> dict[str, Any]:
    """What Excel is told of the functions, in the words of templates/nyckeltal.yaml."""
    functions = []
    for name, function in FUNCTIONS.items():
        known = catalog().nyckeltal[name]
        given = inspect.signature(function).parameters
        parameters: list[dict[str, Any]] = [
            {
                "name": each.id,
                "description": each.note,
                "type": "any",
                "dimensionality": "matrix",
                **({"optional": True} if given[each.id].default is None else {}),
            }
            for each in known.indata
        ]
        functions.append({"id": name, "name": name, "description": known.title, "parameters": parameters,
                          "result": {"type": "any", "dimensionality": "matrix"}})  # fmt: skip
    return {"allowCustomDataForDataTypeAny": True, "allowErrorForDataTypeAny": True, "functions": functions}


def program_version() -> str:
    """The program's own version, as pip knows it."""
    from importlib.metadata import version

    return version("blankettset")
