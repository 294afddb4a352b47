"""Reads the definition files of a folder, checked, and keeps them parsed for the next start.

Parsing and Cerberus take tenths of a second for all files, so the checked documents are kept as JSON in the
user's cache folder under a key made of the files' content and of this code. The cache can be thrown away at any
time; it is never needed, only quicker.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
READY = "definitioner.json"  # checked documents that lie where the files would: for the browser, where YAML is not read
_CODE = ("schema.py", "carries.py", "strict_yaml.py", "documents.py")


def read_documents(root: Path) -> dict[str, Any]:
    """Parse and check every definition file under `root`; DefinitionError on the first file with a mistake."""
    from blankettset.templates import schema
    from blankettset.templates.strict_yaml import Document

    documents: dict[str, Any] = {}
    for name, path in _files(root).items():
        document = Document(name, path.read_text(encoding="utf-8"))
        schema.check(document, _schema_for(name))
        documents[name] = document.data
    return documents


def _schema_for(name: str) -> dict[str, Any]:
    from blankettset.templates import carries, schema

    if name.startswith("blanketter/"):
        return schema.BLANKETT
    if name.startswith("parametrar/"):
        return schema.PARAMETERS
    if name.startswith("kf/"):
        return schema.KF
    return {
        "namnder.yaml": schema.NAMNDER,
        "blankettset.yaml": schema.SETS,
        "kallor.yaml": schema.SOURCES,
        "listor.yaml": schema.LISTS,
        "nyckeltal.yaml": schema.NYCKELTAL,
        "rullning.yaml": carries.ROLLING,
    }[name]


def _files(root: Path) -> dict[str, Path]:
    names = ["namnder.yaml", "blankettset.yaml", "kallor.yaml", "listor.yaml", "nyckeltal.yaml", "rullning.yaml"]
    found = {name: root / name for name in names}
    for folder in ("parametrar", "blanketter", "kf"):
        found.update({p.relative_to(root).as_posix(): p for p in sorted((root / folder).rglob("*.yaml"))})
    return found


def _cache_file(root: Path) -> Path:
    digest = hashlib.sha256()
    for name, path in _files(root).items():
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    for name in _CODE:
        digest.update((ROOT / name).read_bytes())
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    return Path(home).expanduser() / "blankettset" / f"definitioner-{digest.hexdigest()[:32]}.json"


def documents(root: Path = ROOT) -> dict[str, Any]:
    """The checked content of every file under `root`, from the cache when they are unchanged. DefinitionError on a mistake."""
    path = root / READY if (root / READY).is_file() else _cache_file(root)
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found
    except (OSError, ValueError):
        pass
    found = read_documents(root)
    _write_cache(path, found)
    return found


def _write_cache(path: Path, documents: Mapping[str, Any]) -> None:
    import tempfile

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob("definitioner-*.json"):
            old.unlink(missing_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            json.dump(documents, file, ensure_ascii=False)
        os.replace(file.name, path)
    except OSError:
        pass  # a read-only home folder only costs time
