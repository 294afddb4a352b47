"""Versions and checksums of what is installed: requirements/core.txt and requirements/dev.txt, and an SBOM from the first.

`python -m tools.lock` resolves anew (by pip-tools, in an environment of its own) what pyproject.toml asks for; `--check`
fails when a package that pyproject.toml names is not locked; `--sbom FILE` writes CycloneDX JSON of core.txt.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "requirements"
EXTRAS = {"core.txt": (), "dev.txt": ("dev",)}


def _tool(folder: Path, package: str, command: list[str]) -> None:
    """Run a command of a package that is installed for this once."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", package], check=True)
    subprocess.run([python, *command], cwd=ROOT, check=True)


def lock() -> None:
    """Write both files from pyproject.toml."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, extras in EXTRAS.items():
            options = [f"--extra={each}" for each in extras]
            command = ["-m", "piptools", "compile", "-q", "--generate-hashes", "--strip-extras", "--allow-unsafe", "--no-header",
                       "--no-emit-index-url", "--no-emit-find-links", "--no-annotate", *options, "-o", f"requirements/{name}", "pyproject.toml"]  # fmt: skip
            _tool(Path(folder) / name, "pip-tools", command)
            path = FOLDER / name
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if not line.startswith(("#", "blankettset @"))]  # the project's own extras
            path.write_text("".join(kept), encoding="utf-8")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def missing() -> list[str]:
    """Packages that pyproject.toml names and a file does not lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = []
    for name, extras in EXTRAS.items():
        wanted = [*project["dependencies"]]
        for extra in extras:
            wanted += project["optional-dependencies"][extra]
        text = (FOLDER / name).read_text(encoding="utf-8")
        locked = {_plain(each) for each in re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE)}
        names = [re.split(r"[<>=!\[ ;]", each, maxsplit=1)[0] for each in wanted]
        found += [
            f"requirements/{name}: {each}" for each in names if each != "blankettset" and _plain(each) not in locked
        ]
    return found


def main() -> int:
    """Exit status 1 when --check finds something that is not locked."""
    options = argparse.ArgumentParser()
    options.add_argument("--check", action="store_true")
    options.add_argument("--sbom", type=Path)
    given = options.parse_args()
    if given.check:
        if found := missing():
            print("Inte låsta (kör make lock):", *found, sep="\n  ")
            return 1
    elif given.sbom:
        given.sbom.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            command = ["-m", "cyclonedx_py", "requirements", "requirements/core.txt", "--output-reproducible", "-o", str(given.sbom.resolve())]  # fmt: skip
            _tool(Path(folder) / "sbom", "cyclonedx-bom", command)
    else:
        lock()
    return 0


if __name__ == "__main__":
    sys.exit(main())
