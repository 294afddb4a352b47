"""`blankett sida -o blankettkontroll.html`: the page as one file, that works by double-click from a disk, without network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from string import Template

from blankettset.addin.web import contents
from blankettset.addin.web.folder import engine_script
from blankettset.addin.web.packages import fetched
from blankettset.workbook.write.files import new_file

PARTS = (
    "app/common/",
    "app/engine/core.js",
    "app/engine/client.js",
    "app/engine/local.js",
    "app/page/",
    "fluent/",
    "motor/",
)


def build_single(target: Path, packages: Path, *, replace: bool = False, may_fetch: bool = True) -> int:
    """Write the file; returns its size in bytes. `packages` is where the fetched packages lie."""
    content = fetched(packages, may_fetch=may_fetch)
    loaded = contents.engine(content, functions=False)
    scripts = {name: text for name, text in contents.modules(content).items() if name.startswith(PARTS)}
    style = scripts.pop("app/common/style.css").decode()
    scripts["app/version.js"] = engine_script(loaded)
    boot = (contents.STATIC / "unpack.js").read_text(encoding="utf-8")
    words = {
        "hash": base64.b64encode(hashlib.sha256(boot.encode()).digest()).decode(),
        "style": style,
        "packed": base64.b64encode(
            _packed({**scripts, **{f"fil/{each.name}": each.content for each in loaded}})
        ).decode(),
        "boot": boot,
    }
    page = Template((contents.STATIC / "single.html").read_text(encoding="utf-8")).substitute(words).encode()
    with new_file(target, replace=replace) as temporary:
        temporary.write_bytes(page)
    return len(page)


def _packed(parts: Mapping[str, bytes]) -> bytes:
    """Length of the list, the list of names with lengths, and the parts one after the other, squeezed as a whole."""
    names = json.dumps([[name, len(parts[name])] for name in sorted(parts)]).encode()
    return contents.squeezed(len(names).to_bytes(4, "big") + names + b"".join(parts[name] for name in sorted(parts)))
