"""Strict types of the installed names, over the checkout's own files: `python -m tools.types`.

The folders at the root are imported as `blankettset.*`; mypy reads no import hooks, so it is given a folder of links.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINKS = ROOT / "build" / "typed" / "blankettset"


def main() -> int:
    """Make the links and run mypy with the settings of pyproject.toml; its exit status."""
    LINKS.mkdir(parents=True, exist_ok=True)
    for name in ("templates", "workbook", "validators", "addin"):
        link = LINKS / name
        if not link.is_symlink() and link.exists():
            shutil.rmtree(link)
        if not link.exists():
            try:
                link.symlink_to(ROOT / name, target_is_directory=True)
            except OSError:  # Windows without the right to make links
                shutil.copytree(ROOT / name, link)
    return subprocess.run([sys.executable, "-m", "mypy", *sys.argv[1:]], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
