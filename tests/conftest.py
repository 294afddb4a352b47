"""Collects tests/rules/*.yaml: one item per case, so that a rule's cases read as figures in and codes out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blankettset.templates.strict_yaml import Document
from blankettset.validators.finding import siffror
from tests import forms


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    if file_path.suffix == ".yaml" and file_path.parent.name == "rules":
        return RuleFile.from_parent(parent, path=file_path)
    return None


def rule_cases(path: Path) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = Document(path.name, path.read_text(encoding="utf-8")).data["fall"]
    return cases


class RuleFile(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        for case in rule_cases(self.path):
            yield RuleCase.from_parent(self, name=case["namn"], case=case)


class WrongFindings(Exception):
    pass


class RuleCase(pytest.Item):
    def __init__(self, *, case: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case

    def runtest(self) -> None:
        set_id = self.case["set"]
        facts = forms.with_values(set_id, self.case.get("varden", ""))
        edits = tuple(forms.edit(forms.key(place), how) for place, how in self.case.get("celler", {}).items())
        found = forms.findings(forms.handed_in(set_id, facts, edits), self.case.get("rapport"))
        wanted = self.case.get("fynd", [])
        if sorted(forms.flatten(found)) != sorted(wanted):
            texts = "\n".join(f"  {finding.code} {hit.text}" for finding in found for hit in finding.hits)
            raise WrongFindings(f"väntat {wanted}\nfunnet {forms.flatten(found)}\n{texts}")
        said = " ".join(
            f"{finding.severity} {hit.text} {hit.action} {siffror(hit)}" for finding in found for hit in finding.hits
        )
        for words in self.case.get("ord", []):
            if words not in said:
                raise WrongFindings(f"»{words}» står inte i meddelandet: {said}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, WrongFindings):
            return f"{self.path.name}: {self.name}\n{excinfo.value}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self.path.stem}: {self.name}"
