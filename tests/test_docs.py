"""Docs keep up with the code: generated pages, glossary, commands, links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from blankettset.addin.cli.kommandon import main
from blankettset.templates.catalog import catalog
from blankettset.validators.registry import SECTIONS, rules
from tools import sidor

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def test_the_generated_pages_are_up_to_date() -> None:
    assert sidor.stale() == []


def test_every_id_is_built_of_words_in_the_glossary() -> None:
    words = set(re.findall(r"^\|[^|]+\| `(\w+)` \|", (DOCS / "ordlista.md").read_text("utf-8"), re.M))
    ids: set[str] = set()
    for key in catalog().tried:
        for form in catalog().blankettset(*key).blanketter.values():
            ids |= {form.id, *form.row_by_id, *form.column_by_id}
            ids |= {choice.id for column in form.columns for choice in column.choices if choice.id.islower()}
    parts = {part for id_ in ids for part in id_.split("_")}
    parts |= {part for id_ in catalog().parameters for part in re.split(r"[._]", id_)}
    assert parts - words == set()


def test_every_command_in_the_readme_exists_with_help() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    named = set(re.findall(r"`blankett (\w+)", text)) | set(re.findall(r"bin/blankett (\w+)", text))
    assert named == set(main.commands)
    for command in main.commands.values():
        assert command.help


@pytest.mark.parametrize(
    "page", [*sorted(DOCS.glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda p: p.name
)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_the_handledning_names_real_commands_and_options() -> None:
    for line in re.findall(r"`blankett ([^`]+)`", (DOCS / "handledning.md").read_text("utf-8")):
        words = shlex.split(line)
        result = CliRunner().invoke(main, [words[0], "--help"])
        assert result.exit_code == 0, line
        for option in (word for word in words if word.startswith("--")):
            assert option in result.output, line


@pytest.mark.parametrize("code", list(rules()))
def test_a_rule_says_what_it_requires(code: str) -> None:
    info = rules()[code]
    assert info.doc.startswith(f"{code}: ")
    for section in SECTIONS:
        assert info.section(section), f"{code} saknar {section}"
    assert info.source
    assert info.title


def test_every_rule_has_cases() -> None:
    from tests import test_foregaende, test_layouts_out, test_omgivning, test_rullning, test_samling, test_structure

    files = {path.stem for path in (ROOT / "tests" / "rules").glob("*.yaml")}
    elsewhere = (
        test_rullning.COVERED
        | test_structure.COVERED
        | test_samling.COVERED
        | test_foregaende.COVERED
        | test_layouts_out.COVERED
        | test_omgivning.COVERED
    )
    assert files | elsewhere == set(rules())


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "rules").glob("*.yaml")), ids=lambda p: p.stem)
def test_a_rules_cases_are_both_valid_and_invalid(path: Path) -> None:
    from tests.conftest import rule_cases

    hit = [any(row.startswith(path.stem) for row in case.get("fynd", [])) for case in rule_cases(path)]
    spoken = (ROOT / "tests" / "test_causes.py").read_text(encoding="utf-8")  # where a rule speaks of a whole list
    assert any(hit) or f'"{path.stem}"' in spoken, "inget fall där regeln slår"
    assert not all(hit), "inget fall där regeln är tyst"
