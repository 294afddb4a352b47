"""Imports point left only: templates <- workbook <- validators <- addin; and inside workbook between its rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ["templates", "workbook", "validators", "addin"]
ROOMS = {  # what each room may import of its own layer; what is not named stands at the layer's root and may import nothing below it
    "workbook": {
        "calc": set(),
        "layout": {"calc"},
        "xlsx": {"calc", "layout"},
        "read": {"calc", "layout", "xlsx"},
        "carry": {"calc", "layout", "xlsx", "read"},
        "write": {"calc", "layout", "xlsx", "read", "carry"},
        "edit": {"calc", "layout", "xlsx", "read", "write", "carry"},
        "city": {"calc", "layout", "xlsx", "read", "write", "carry"},
        "report": {"calc", "xlsx", "read"},
    },
    "addin": {
        "check": set(),
        "excel": {"check", "inbox"},
        "inbox": {"check"},
        "server": {"check", "inbox"},
        "web": {"check", "excel", "inbox"},
        "cli": {"check", "excel", "inbox", "server", "web"},
    },
}
EXCEL = {"openpyxl", "xlsxwriter", "xlwings", "python_calamine", "calamine", "pandas"}
MODULES = [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    """Dotted names that a module imports: ours without their parent, others by their first part; never for types only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield name.removeprefix("blankettset.") if name.startswith("blankettset.") else name.partition(".")[0]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def module_of(name: str) -> Path | None:
    """The file of ours that an imported dotted name lies in, if any."""
    for parts in (name.split("."), name.split(".")[:-1]):
        path = ROOT.joinpath(*parts).with_suffix(".py")
        if parts and path.is_file():
            return path
    return None


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_module_imports_nothing_to_its_right(path: Path) -> None:
    layer, *rooms = path.relative_to(ROOT).parts[:-1]
    forbidden = {*LAYERS[LAYERS.index(layer) + 1 :], "tests", "tools"}
    own_rooms = ROOMS.get(layer, {})
    for name in imports(path):
        first, _, rest = name.partition(".")
        assert first not in forbidden, name
        room = rest.partition(".")[0]
        if first == layer and room in own_rooms and room not in rooms:
            assert room in own_rooms.get("".join(rooms[:1]), set()), f"{dotted(path)} imports {name}"


def test_no_module_imports_itself_through_others() -> None:
    arrows = {
        path: {found for name in imports(path) if (found := module_of(name)) and found != path} for path in MODULES
    }
    done: set[Path] = set()

    def walk(path: Path, way: tuple[Path, ...]) -> None:
        assert path not in way, " → ".join(map(dotted, (*way[way.index(path) :], path)))
        if path not in done:
            for other in sorted(arrows[path]):
                walk(other, (*way, path))
            done.add(path)

    for path in MODULES:
        walk(path, ())


@pytest.mark.parametrize("path", sorted((ROOT / "validators").rglob("*.py")), ids=lambda p: p.name)
def test_validators_import_no_excel_library_and_no_pandas(path: Path) -> None:
    assert not set(imports(path)) & EXCEL


def test_only_the_addin_may_import_xlwings() -> None:
    for layer in LAYERS[:-1]:
        for path in (ROOT / layer).rglob("*.py"):
            assert "xlwings" not in set(imports(path)), path


def test_every_folder_with_code_is_installed_under_the_one_parent() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {f"blankettset.{dotted(path.parent)}" for path in MODULES}
    assert set(settings["packages"]) == folders
    assert set(settings["package-dir"]) == {f"blankettset.{layer}" for layer in LAYERS}


def test_help_and_validation_import_nothing_heavy() -> None:
    code = (
        "import sys; from blankettset.addin.cli.kommandon import main; "
        "main(['validera', '--help'], standalone_mode=False); "
        "print(sorted({'pandas','xlsxwriter','cerberus','openpyxl','rich','xlwings','yaml'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert result.stdout.strip().endswith("[]")
