"""Imports point left only: templates <- workbook <- validators <- addin."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ["templates", "workbook", "validators", "addin"]
EXCEL = {"openpyxl", "xlsxwriter", "xlwings", "python_calamine", "calamine", "pandas"}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_nothing_to_its_right(layer: str) -> None:
    forbidden = set(LAYERS[LAYERS.index(layer) + 1 :]) | {"tests"}
    for path in sorted((ROOT / layer).rglob("*.py")):
        assert not imported(path) & forbidden, path


@pytest.mark.parametrize("path", sorted((ROOT / "validators").rglob("*.py")), ids=lambda p: p.name)
def test_validators_import_no_excel_library_and_no_pandas(path: Path) -> None:
    assert not imported(path) & EXCEL


def test_only_the_addin_may_import_xlwings() -> None:
    for layer in LAYERS[:-1]:
        for path in (ROOT / layer).rglob("*.py"):
            assert "xlwings" not in imported(path), path


def test_help_and_validation_import_nothing_heavy() -> None:
    code = (
        "import sys; from addin.kommandon import main; main(['validera', '--help'], standalone_mode=False); "
        "print(sorted({'pandas','xlsxwriter','cerberus','openpyxl','rich','xlwings','yaml'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert result.stdout.strip().endswith("[]")
