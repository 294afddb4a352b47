"""What Excel would refuse in a manifest, found without Excel: Microsoft's own validator needs the internet.

Checks what its schema says of order and lengths, and what no schema sees: names that lead nowhere and functions that the
page does not have. Knows nothing of our server.
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator

ROOT_ORDER = ("Id", "Version", "ProviderName", "DefaultLocale", "DisplayName", "Description", "IconUrl", "HighResolutionIconUrl",
              "SupportUrl", "AppDomains", "Hosts", "Requirements", "DefaultSettings", "Permissions", "VersionOverrides")  # fmt: skip
ORDER = {
    "OfficeApp": ROOT_ORDER,
    "VersionOverrides": ("Description", "Requirements", "Hosts", "Resources", "WebApplicationInfo"),
    "DesktopFormFactor": ("GetStarted", "FunctionFile", "ExtensionPoint"),
    "CustomTab": ("Group", "Label"),
    "Group": ("Label", "Icon", "Control"),
    "Control": ("Label", "Supertip", "Icon", "Action"),
    "Supertip": ("Title", "Description"),
    "Resources": ("Images", "Urls", "ShortStrings", "LongStrings"),
}
REQUIRED = ("Id", "Version", "ProviderName", "DefaultLocale", "DisplayName", "Description", "Hosts", "DefaultSettings", "Permissions")  # fmt: skip
LONGEST = {"ShortStrings": 125, "LongStrings": 250}
LONGEST_ID = 32
SIZES = {"16", "32", "80"}


def name(element: ET.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def faults(text: str, functions: Iterable[str] = ()) -> list[str]:
    """Everything wrong with the manifest, each in a Swedish sentence; empty when nothing is.

    `functions` are the names that the page has given to Office.actions.associate; without any they are not judged.
    """
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        return [f"Manifestet är inte hel XML: {error}."]
    known = set(functions)
    return [
        *_order(root),
        *_head(root),
        *_resources(root),
        *_buttons(root),
        *_functions(root, known),
        *_addresses(root),
    ]


def _order(root: ET.Element) -> Iterator[str]:
    for element in root.iter():
        wanted = ORDER.get(name(element))
        if wanted is None:
            continue
        found = [name(child) for child in element]
        strange = [each for each in found if each not in wanted]
        for each in strange:
            yield f"{each} får inte stå i {name(element)}."
        places = [wanted.index(each) for each in found if each in wanted]
        if places != sorted(places):
            yield f"Delarna av {name(element)} står i fel ordning: {', '.join(found)}."


def _head(root: ET.Element) -> Iterator[str]:
    parts = {name(child): child for child in root}
    yield from (f"{each} saknas." for each in REQUIRED if each not in parts)
    id_ = (parts["Id"].text or "") if "Id" in parts else ""
    try:
        uuid.UUID(id_)
    except ValueError:
        yield f"Id är »{id_}», som inte är något GUID."
    if "Version" in parts and not re.fullmatch(r"\d+(\.\d+){1,3}", parts["Version"].text or ""):
        yield f"Version är »{parts['Version'].text}»; den ska vara som 1.0.0.0."
    if "DefaultLocale" in parts and parts["DefaultLocale"].text != "sv-SE":
        yield f"Språket är {parts['DefaultLocale'].text}, inte sv-SE."


def _resources(root: ET.Element) -> Iterator[str]:
    kinds: dict[str, str] = {}
    for element in root.iter():
        kind = name(element)
        for child in element if kind in ("Images", "Urls", "ShortStrings", "LongStrings") else ():
            id_ = child.attrib.get("id", "")
            value = child.attrib.get("DefaultValue", "")
            if id_ in kinds:
                yield f"Resursen {id_} finns två gånger."
            kinds[id_] = kind
            if len(id_) > LONGEST_ID:
                yield f"Resursens namn {id_} är längre än {LONGEST_ID} tecken."
            if not value:
                yield f"Resursen {id_} är tom."
            if len(value) > LONGEST.get(kind, len(value)):
                yield f"Texten {id_} är {len(value)} tecken; högst {LONGEST[kind]} ryms."
    wanted = {"Image": "Images", "SourceLocation": "Urls", "FunctionFile": "Urls", "Runtime": "Urls", "Label": "ShortStrings",
              "Title": "ShortStrings", "Namespace": "ShortStrings"}  # fmt: skip
    for element in root.iter():
        target = element.attrib.get("resid")
        if target is None:
            continue
        if target not in kinds:
            yield f"Resursen {target} finns inte."
        elif name(element) in wanted and kinds[target] != wanted[name(element)]:
            yield f"{name(element)} pekar på {target}, som står bland {kinds[target]}."


def _buttons(root: ET.Element) -> Iterator[str]:
    ids = Counter(
        e.attrib["id"] for e in root.iter() if name(e) in ("CustomTab", "Group", "Control") and "id" in e.attrib
    )
    yield from (f"{id_} finns {number} gånger." for id_, number in ids.items() if number > 1)
    for element in root.iter():
        if name(element) == "Icon":
            missing = SIZES - {image.attrib.get("size") for image in element}
            yield from (f"En ikon saknar storleken {size}." for size in sorted(missing))


def _functions(root: ET.Element, known: set[str]) -> Iterator[str]:
    named = {element.text or "" for element in root.iter() if name(element) == "FunctionName"}
    if known:
        yield from (f"Knappens funktion {each} finns inte på sidan." for each in sorted(named - known))
        yield from (f"Sidans funktion {each} har ingen knapp." for each in sorted(known - named))


def _addresses(root: ET.Element) -> Iterator[str]:
    bases = set()
    for element in root.iter():
        for value in (element.attrib.get("DefaultValue", ""), element.text or ""):
            if not value.strip().startswith(("http:", "https:")):
                continue
            scheme, _, rest = value.strip().partition("://")
            host = rest.split("/")[0]
            bases.add(host)
            if scheme != "https" and not host.startswith(("127.0.0.1", "localhost", "testserver")):
                yield f"{value.strip()} är inte https, som Excel kräver."
    if len(bases) > 1:
        yield f"Manifestet pekar på flera värdar: {', '.join(sorted(bases))}."
