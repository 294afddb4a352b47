"""Other people's packages that the browser needs: pinned, fetched by their own clients, and checked before they are used.

`packages.json` lists each with its registry, version, file and checksum. Nothing of them is kept in this project.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from blankettset.templates.errors import Refusal, reason

LIST = Path(__file__).parent / "packages.json"
FOLDER = "BLANKETT_PAKET"  # environment variable that names a folder of fetched packages
PATIENCE = 300  # seconds for one client


class PackagesMissing(Refusal):
    """The packages cannot be had, or are not the ones that are pinned; str() says which and what to do."""


class Package(msgspec.Struct, frozen=True):
    """One pinned package: `file` is its name as fetched, `sha256` of that file; `licence` and `home` for the list of them."""

    name: str
    version: str
    registry: str
    file: str
    sha256: str
    licence: str
    home: str
    python: tuple[str, ...] = ()  # pip's words for which build of a wheel


def pinned() -> dict[str, Package]:
    """The packages by name."""
    found = msgspec.json.decode(LIST.read_bytes(), type=list[Package])
    return {each.name: each for each in found}


def folder_of_packages() -> Path:
    """Where fetched packages are kept: BLANKETT_PAKET, else the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    return Path(os.environ.get(FOLDER) or Path(home).expanduser() / "blankettset" / "paket")


def fetched(folder: Path, *, may_fetch: bool = True, wanted: Sequence[Package] = ()) -> dict[str, bytes]:
    """Every pinned package's content by name, or of those `wanted`, out of `folder`; what is missing is fetched into it first.

    PackagesMissing when a file is not the pinned one, cannot be fetched, or is missing and `may_fetch` is False.
    """
    packages = wanted or tuple(pinned().values())
    missing = [each for each in packages if not (folder / each.file).is_file()]
    if missing and not may_fetch:
        raise PackagesMissing(
            f"I {folder} saknas {', '.join(each.file for each in missing)}. Hämta dem på en dator med nät: "
            "»blankett webb MAPP --hamta»."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in missing:
            _fetch(each, folder)
        found = {each.name: (folder / each.file).read_bytes() for each in packages}
    except OSError as error:
        raise PackagesMissing(f"Paketen går inte att läsa eller spara i {folder}: {reason(error)}.") from None
    for each in packages:
        if hashlib.sha256(found[each.name]).hexdigest() != each.sha256:
            raise PackagesMissing(
                f"{folder / each.file} är inte det paket som programmet är prövat med (kontrollsumman skiljer). Ta bort filen och hämta den på nytt."
            )
    return found


def _fetch(package: Package, folder: Path) -> None:
    """One package by its registry's own client."""
    if package.registry == "npm":
        client = shutil.which("npm")
        command = [client or "npm", "pack", f"{package.name}@{package.version}", "--pack-destination", str(folder)]
        needed = "npm (följer med Node.js)"
    else:
        client = sys.executable
        command = [client, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(folder),
                   *package.python, f"{package.name}=={package.version}"]  # fmt: skip
        needed = "pip"
    where = f"Hämta {package.file} på en dator med nät med »blankett webb MAPP --hamta», och ange mappen med --paket."
    try:
        if client is None:
            raise FileNotFoundError
        ended = subprocess.run(command, cwd=folder, capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError):
        raise PackagesMissing(f"{package.name} gick inte att hämta: {needed} går inte att köra. {where}") from None
    if ended.returncode or not (folder / package.file).is_file():
        raise PackagesMissing(f"{package.name} {package.version} gick inte att hämta med {needed}. {where}")


def files(archive: bytes, names: Sequence[str] = ()) -> Iterator[tuple[str, bytes]]:
    """The files of an npm package (below its folder package/) or a wheel, in order of name; `names` begins those wanted."""
    found: dict[str, bytes] = {}
    if archive[:2] == b"PK":
        with zipfile.ZipFile(BytesIO(archive)) as wheel:
            found = {info.filename: wheel.read(info) for info in wheel.infolist() if not info.is_dir()}
    else:
        with tarfile.open(fileobj=BytesIO(archive)) as package:
            for member in package:
                content = package.extractfile(member) if member.isfile() else None
                if content is not None:
                    found[member.name.partition("/")[2]] = content.read()
    for name in sorted(found):
        if not names or name.startswith(tuple(names)):
            yield name, found[name]


def licences(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """File name -> content: each package's own licence texts, and a list of what is included."""
    texts: dict[str, bytes] = {}
    lines = ["Det här ingår, utöver programmet självt:", ""]
    for package in pinned().values():
        lines.append(f"{package.name} {package.version} · {package.licence} · {package.home}")
        for name, content in files(contents[package.name]):
            last = name.rpartition("/")[2].upper()
            if last.startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE")) and not last.endswith((".JS", ".PY")):
                texts[f"{package.name.strip('@').replace('/', '-')}-{name.rpartition('/')[2]}"] = content
    return {"INNEHALL.txt": ("\n".join(lines) + "\n").encode(), **texts}


def as_list(packages: Sequence[Package]) -> str:
    """The content of packages.json."""
    plain: list[dict[str, Any]] = [msgspec.structs.asdict(each) for each in packages]
    return json.dumps(plain, ensure_ascii=False, indent=1) + "\n"
