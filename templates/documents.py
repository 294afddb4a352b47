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
from typing import TYPE_CHECKING, Any

from blankettset.templates.errors import DefinitionError, reason

if TYPE_CHECKING:
    from blankettset.templates.strict_yaml import Document

ROOT = Path(__file__).parent
KEPT = 8  # earlier contents in the cache: several folders may be in use
READY = "definitioner.json"  # checked documents that lie where the files would: for the browser, where YAML is not read


def read_documents(root: Path = ROOT, stad: Path | None = None) -> dict[str, Document]:
    """Parse every definition file under `root`, with the city's folder over it, and check each against its schema.

    DefinitionError on the first bad file.
    """
    found = {name: read_document(name, path) for name, path in _files(root).items()}
    if stad is None:
        return found
    from blankettset.templates import city

    return city.over(found, {name: read_document(name, path) for name, path in city.files(stad).items()})


def read_document(name: str, path: Path) -> Document:
    """Parse one definition file and check it against its schema. DefinitionError when it is bad."""
    from blankettset.templates import schema
    from blankettset.templates.strict_yaml import Document

    try:
        document = Document(name, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DefinitionError(f"{name} går inte att läsa: {reason(error)}.") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise DefinitionError(f"{name}, rad {line}: texten är inte UTF-8. Spara filen som UTF-8.") from None
    schema.check(document, _schema_for(name))
    return document


def _schema_for(name: str) -> dict[str, Any]:
    from blankettset.templates import carries, schema

    if name.startswith("blanketter/"):
        return schema.BLANKETT
    if name.startswith("parametrar/"):
        return schema.PARAMETERS
    if name.startswith("kf/"):
        return schema.KF
    if name.startswith("ord/"):
        return schema.WORDS
    return {
        "namnder.yaml": schema.NAMNDER,
        "blankettset.yaml": schema.SETS,
        "kallor.yaml": schema.SOURCES,
        "listor.yaml": schema.LISTS,
        "nyckeltal.yaml": schema.NYCKELTAL,
        "regler.yaml": schema.REGLER,
        "rullning.yaml": carries.ROLLING,
    }[name]


def _files(root: Path) -> dict[str, Path]:
    names = [
        "namnder.yaml",
        "blankettset.yaml",
        "kallor.yaml",
        "listor.yaml",
        "nyckeltal.yaml",
        "regler.yaml",
        "rullning.yaml",
    ]
    found = {name: root / name for name in names}
    for folder in ("parametrar", "blanketter", "kf", "ord"):
        found.update({p.relative_to(root).as_posix(): p for p in sorted((root / folder).rglob("*.yaml"))})
    return found


def _cache_file(root: Path, stad: Path | None) -> Path:
    digest = hashlib.sha256()
    for folder in (root, stad):
        for name, path in (_files(folder) if folder else {}).items():
            digest.update(name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b"") + b"\0")
    for code in sorted(ROOT.glob("*.py")):  # what checks and binds
        digest.update(code.read_bytes())
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    return Path(home).expanduser() / "blankettset" / f"definitioner-{digest.hexdigest()[:32]}.json"


def kept_documents(root: Path, stad: Path | None = None) -> dict[str, Any] | None:
    """The content of every file as it was when it was last checked, when no file has changed since."""
    path = root / READY if stad is None and (root / READY).is_file() else _cache_file(root, stad)
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found


def keep_documents(root: Path, documents: Mapping[str, Any], stad: Path | None = None) -> None:
    """Keep what has been checked; what cannot be written is only slower next time."""
    _write_cache(_cache_file(root, stad), documents)


def _write_cache(path: Path, documents: Mapping[str, Any]) -> None:
    import tempfile

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        earlier = sorted(path.parent.glob("definitioner-*.json"), key=lambda each: each.stat().st_mtime)
        for old in earlier[:-KEPT]:
            old.unlink(missing_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            json.dump(documents, file, ensure_ascii=False)
        os.replace(file.name, path)
    except OSError:
        pass  # a read-only home folder only costs time
