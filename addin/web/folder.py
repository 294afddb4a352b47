"""`blankett webb MAPP`: the pane and the page as static files, to be laid on any host.

Everything that a page loads lies in a folder named by its content and is never changed, so that a page that is open goes
on with the version it began with. The few files above it say which version that is.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

import msgspec

from blankettset.addin.web import contents
from blankettset.addin.web.packages import fetched, licences
from blankettset.templates.errors import Refusal, reason
from blankettset.workbook.write.files import WriteError, new_file

CDN = "https://appsforoffice.microsoft.com/lib/1/hosted/office.js"
LOCAL = "https://127.0.0.1:8765"  # where blankett tillagg serves it on one's own machine
MARK = "version.json"
PAGES = ("index.html", "panel.html", "manifest.xml", "sw.js", "funktioner.js", "web.config")


class Built(msgspec.Struct, frozen=True):
    """A folder that has been made: its version, and the bytes that the pane and the page load the first time."""

    folder: Path
    version: str
    files: int
    bytes: int
    pane: int
    page: int


class NoAddress(Refusal):
    """The address cannot be one that Excel loads an add-in from; str() says why."""


def origin(address: str) -> str:
    """Scheme and host of the address where the folder is to lie. NoAddress for one that Excel would refuse."""
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise NoAddress(f"Adressen »{address}» går inte att använda. Ange den som https://server/mapp, utan ? och #.")
    return f"{parts.scheme}://{parts.netloc}"


def build_folder(
    target: Path,
    packages: Path,
    *,
    address: str = LOCAL,
    cdn: bool = False,
    replace: bool = False,
    may_fetch: bool = True,
) -> Built:
    """Make the folder, or with `replace` lay a new version in one that this command has made; the version before stays.

    `packages` is where the fetched packages lie; `cdn` takes office.js from Microsoft instead of from the folder.
    """
    host = origin(address)
    if target.exists() and (not target.is_dir() or (any(target.iterdir()) and not (target / MARK).is_file())):
        raise WriteError(f"{target} finns redan och är ingen mapp som blankett webb har gjort. Välj ett annat namn.")
    if (target / MARK).is_file() and not replace:
        raise WriteError(f"{target} finns redan. Lägg till --ersatt för att lägga en ny version där.")
    content = fetched(packages, may_fetch=may_fetch)
    loaded = contents.engine(content, functions=True)
    parts = {**contents.modules(content), **({} if cdn else contents.office(content)),
             **{f"motor/{each.name}.gz": each.stored for each in loaded},
             **{f"licenser/{name}": text for name, text in licences(content).items()}}  # fmt: skip
    parts["app/version.js"] = engine_script(loaded)
    version = _version(parts)
    words = {
        "version": version,
        "address": address.rstrip("/"),
        "origin": host,
        "office": CDN if cdn else f"{version}/office/office.js",
        "officehost": " https://appsforoffice.microsoft.com" if cdn else "",
        "program": contents.program_version(),
    }
    pages = {name: _page(name, words) for name in PAGES}
    pages["funktioner.json"] = json.dumps(contents.metadata(), ensure_ascii=False, indent=1).encode()
    pages |= {f"bilder/{path.name}": path.read_bytes() for path in (contents.STATIC / "images").glob("*.png")}
    try:
        before = _known(target)
        _write({f"{version}/{name}": text for name, text in parts.items()}, target)
        pages[MARK] = json.dumps({"version": version, "program": words["program"], "fore": before}, indent=1).encode()
        _write(pages, target)  # last: until now the version before was what a page would load
        for old in target.iterdir():
            if re.fullmatch(r"v[0-9a-f]{12}", old.name) and old.name not in (version, before):
                shutil.rmtree(old)
    except OSError as error:
        raise WriteError(f"Mappen {target} går inte att skriva ({reason(error)}).") from None
    sizes = {path.relative_to(target).as_posix(): path.stat().st_size for path in target.rglob("*") if path.is_file()}
    first = {name.partition("/")[2]: size for name, size in sizes.items() if name.startswith(version)}
    return Built(
        target, version, len(sizes), sum(sizes.values()), _loads(first, "page/", ""), _loads(first, "pane/", "xlwings")
    )


def _loads(sizes: Mapping[str, int], other: str, without: str) -> int:
    """Bytes that one of the two loads the first time: not the other's scripts, licences or other hosts' clients."""
    return sum(
        size
        for name, size in sizes.items()
        if name.startswith(("app/", "motor/", "fluent/"))
        and f"app/{other}" not in name
        and not (without and without in name)
    )


def _version(parts: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(parts):
        digest.update(name.encode() + b"\0" + hashlib.sha256(parts[name]).digest())
    return f"v{digest.hexdigest()[:12]}"


def _known(target: Path) -> str:
    """The version that lies there already, if any."""
    try:
        return str(json.loads((target / MARK).read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def engine_script(loaded: list[contents.EngineFile]) -> bytes:
    """What the engine loads, as a script of its own: its files with size and checksum."""
    listed = [{"name": each.name, "bytes": len(each.stored), "sha256": each.sha256} for each in loaded]
    said = {"program": contents.program_version(), "files": listed}
    return f"export const built = {json.dumps(said, indent=1)};\n".encode()


def _page(name: str, words: Mapping[str, str]) -> bytes:
    return Template((contents.STATIC / name).read_text(encoding="utf-8")).substitute(words).encode()


def _write(parts: Mapping[str, bytes], target: Path) -> None:
    """Each file whole or not at all; one that is there already as it should be is left."""
    for name, content in parts.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.read_bytes() == content:
            continue
        with new_file(path, replace=True) as temporary:
            temporary.write_bytes(content)
