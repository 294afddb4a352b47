"""The inbox's configuration file: every setting declared once, with its explanation; the template, the check and the reading
are made from that. A file that is not complete does not start a server."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from blankettset.templates.errors import Refusal, reason
from blankettset.templates.schema import nearest


class CannotStart(Refusal):
    """The server cannot start; str() says what is missing or wrong, in Swedish."""


class Setting(msgspec.Struct, frozen=True):
    """One setting: its kind, what it is when it is left out (None: it must be given) and what it means."""

    kind: type
    default: Any
    text: str
    needed_with: str = ""  # only where [inloggning] sort is this


SETTINGS: Mapping[str, Mapping[str, Setting]] = {
    "server": {
        "adress": Setting(str, "127.0.0.1", "Adressen som servern lyssnar på. 0.0.0.0 är alla; kräver inloggning."),
        "port": Setting(int, 8765, "Porten."),
        "vardnamn": Setting(list, [], "Namnen som användarna når servern med, till exempel [\"blankett.stad.example\"].", "entra"),
        "certifikat": Setting(str, "", "Certifikatet för HTTPS, en PEM-fil. Tomt bakom en proxy som sköter HTTPS."),
        "nyckel": Setting(str, "", "Certifikatets nyckel, en PEM-fil utan lösenord."),
        "proxyer": Setting(list, [], "Adresserna till omvända proxyer som får ange användarens adress (X-Forwarded-For)."),
        "webb": Setting(str, "", "Mappen som »blankett webb» har skrivit: panelen och sidan. Tomt: bara inkorgen."),
        "ursprung": Setting(list, [], "Andra webbplatser som panelen får ligga på, till exempel [\"https://panel.stad.example\"]."),
        "arbetare": Setting(int, 2, "Processer som kontrollerar inlämningar."),
    },
    "inkorg": {
        "mapp": Setting(str, None, "Mappen för inlämningar. Bara tjänstens konto ska kunna skriva i den."),
        "stad": Setting(str, "", "Stadens mapp med egna blanketter, mål och parametrar (»blankett stad ny»). Tomt: de som följer med."),
        "logg": Setting(str, "", "Mappen för granskningsloggen. Tomt: logg i inkorgen; lägg den helst på en annan disk."),
        "signaturnyckel": Setting(str, "", "Ed25519-nyckel (PEM) som signerar kvitton. Tomt: kvitton kedjas men signeras inte."),
    },
    "inloggning": {
        "sort": Setting(str, None, "\"entra\" (Entra ID), eller \"ingen\": bara på den egna datorn (127.0.0.1)."),
        "tenant": Setting(str, "", "Stadens katalog-id (tenant) i Entra ID, ett GUID.", "entra"),
        "klient": Setting(str, "", "Appens program-id (client id) i Entra ID, ett GUID.", "entra"),
        "omfattning": Setting(str, "access_as_user", "Appens exponerade behörighet (scope), som panelen ber om."),
        "nycklar": Setting(str, "nat", "\"nat\": Entras nycklar hämtas från login.microsoftonline.com. Annars en fil med dem (JWKS)."),
    },
    "granser": {
        "arbetsbok_mb": Setting(int, 16, "Största arbetsbok som tas emot, i MB."),
        "anrop_per_minut": Setting(int, 240, "Anrop per användare och minut."),
        "inlamningar_per_minut": Setting(int, 30, "Inlämningar per användare och minut."),
        "samtidiga": Setting(int, 200, "Inlämningar som väntar eller kontrolleras samtidigt."),
        "lastid_s": Setting(int, 60, "Längsta tid för att ta emot en arbetsbok, i sekunder."),
        "kontrolltid_s": Setting(int, 180, "Längsta tid för en kontroll eller konsolidering, i sekunder."),
    },
    "paminnelse": {
        "adresser": Setting(dict, {}, "Funktionsbrevlåda per nämndkod, till exempel {SDN08 = \"funktion@stad.example\"}."),
    },
}  # fmt: skip
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
KINDS = {str: "en text", int: "ett heltal större än noll", list: "en lista med texter", dict: "en tabell med texter"}


class Settings(msgspec.Struct, frozen=True):
    """A complete configuration."""

    adress: str
    port: int
    vardnamn: tuple[str, ...]
    certifikat: Path | None
    nyckel: Path | None
    proxyer: tuple[str, ...]
    webb: Path | None
    ursprung: tuple[str, ...]
    arbetare: int
    mapp: Path
    stad: Path | None
    logg: Path
    signaturnyckel: Path | None
    sort: Literal["entra", "ingen"]
    tenant: str
    klient: str
    omfattning: str
    nycklar: str
    arbetsbok_mb: int
    anrop_per_minut: int
    inlamningar_per_minut: int
    samtidiga: int
    lastid_s: int
    kontrolltid_s: int
    adresser: Mapping[str, str]

    @property
    def origins(self) -> tuple[str, ...]:
        """How a browser names pages that this server serves."""
        schemes = ("https", "http") if self.certifikat is None else ("https",)
        return tuple(f"{scheme}://{host}" for host in self.hosts for scheme in schemes)

    @property
    def hosts(self) -> tuple[str, ...]:
        """What the header Host may be."""
        names = ("127.0.0.1", "localhost", "[::1]", self.adress) if self.sort == "ingen" else self.vardnamn
        plain = self.sort == "entra" or self.port in (80, 443)
        return (*(f"{name}:{self.port}" for name in names), *(names if plain else ()))

    @property
    def issuer(self) -> str:
        """Who issues the tokens."""
        return f"https://login.microsoftonline.com/{self.tenant}/v2.0"


def read_settings(path: Path) -> Settings:
    """The configuration file, complete. CannotStart otherwise; every fault in one message, a line each."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CannotStart(f"Inställningsfilen {path} går inte att läsa: {reason(error)}.") from None
    except UnicodeDecodeError:
        raise CannotStart(f"Inställningsfilen {path} är inte sparad som UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f", rad {line[1]}" if line else ""
        raise CannotStart(
            f"Inställningsfilen {path}{where} går inte att förstå: den ska vara skriven som mallen (TOML)."
        ) from None
    return settings(raw, str(path), path.parent)


def settings(raw: Mapping[str, Any], name: str, folder: Path) -> Settings:
    """The settings of a parsed file; relative paths start in `folder`."""
    faults: list[str] = []
    values: dict[str, Any] = {}
    for section in raw.keys() - SETTINGS.keys():
        faults.append(f"avsnittet [{section}] finns inte{nearest(section, list(SETTINGS)) or '.'}")
    for section, declared in SETTINGS.items():
        given = raw.get(section, {})
        if not isinstance(given, dict):
            faults.append(f"[{section}] ska vara ett avsnitt.")
            continue
        for key in given.keys() - declared.keys():
            faults.append(f"{section}.{key} finns inte{nearest(key, list(declared)) or '.'}")
        for key, setting in declared.items():
            values[key] = given.get(key, setting.default)
            if key in given and not _is_of(values[key], setting.kind):
                faults.append(f"{section}.{key} ska vara {KINDS[setting.kind]}.")
            elif values[key] is None or (key in given and values[key] == "" and setting.default is None):
                faults.append(f"{section}.{key} saknas. {setting.text}")
    if not faults:
        for section, declared in SETTINGS.items():
            faults += [
                f"{section}.{key} saknas. {setting.text}"
                for key, setting in declared.items()
                if setting.needed_with and setting.needed_with == values["sort"] and not values[key]
            ]
        faults += [text for is_wrong, text in _CHECKS if is_wrong(values)]
    if faults:
        raise CannotStart(
            f"Servern startar inte: {name} är inte fullständig.\n" + "\n".join(f"- {text}" for text in faults)
        )
    made: dict[str, Any] = {
        key: (folder / value if value else None) if key in PATHS else tuple(value) if isinstance(value, list) else value
        for key, value in values.items()
    }
    made["logg"] = made["logg"] or made["mapp"] / "logg"
    return Settings(**made)


PATHS = {"certifikat", "nyckel", "webb", "mapp", "stad", "logg", "signaturnyckel"}


def _is_of(value: Any, kind: type) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    if kind is list:
        return isinstance(value, list) and all(isinstance(each, str) and each.strip() for each in value)
    if kind is dict:
        return isinstance(value, dict) and all(isinstance(each, str) and each.strip() for each in value.values())
    return isinstance(value, kind)


def is_loopback(address: str) -> bool:
    """True for an address that only this machine reaches."""
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _is_origin(text: str) -> bool:
    return re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?", text) is not None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_CHECKS: tuple[tuple[Callable[[Mapping[str, Any]], bool], str], ...] = (
    (lambda v: v["sort"] not in ("entra", "ingen"), "inloggning.sort ska vara \"entra\" eller \"ingen\"."),
    (lambda v: v["sort"] == "ingen" and not is_loopback(v["adress"]),
     "server.adress: utan inloggning startar servern bara på den egna datorn (127.0.0.1). Ställ in inloggning.sort = \"entra\"."),
    (lambda v: v["sort"] == "ingen" and bool(v["proxyer"] or v["ursprung"]),
     "server.proxyer och server.ursprung kräver inloggning."),
    (lambda v: v["sort"] == "entra" and bool(v["tenant"]) and not _GUID.fullmatch(v["tenant"]),
     "inloggning.tenant ska vara ett GUID, inte common eller ett namn."),
    (lambda v: v["sort"] == "entra" and bool(v["klient"]) and not _GUID.fullmatch(v["klient"]), "inloggning.klient ska vara ett GUID."),
    (lambda v: bool(v["certifikat"]) != bool(v["nyckel"]), "server.certifikat och server.nyckel anges båda eller ingen."),
    (lambda v: v["sort"] == "entra" and not v["certifikat"] and not is_loopback(v["adress"]) and not v["proxyer"],
     "server.certifikat saknas: utan HTTPS kan inloggningar avlyssnas. Ange certifikat och nyckel, eller proxyn som sköter HTTPS."),
    (lambda v: not all(map(_is_origin, v["ursprung"])), "server.ursprung ska vara adresser som https://panel.stad.example, utan sökväg."),
    (lambda v: not all(map(_is_address, v["proxyer"])), "server.proxyer ska vara IP-adresser."),
    (lambda v: any(re.search(r"[/:*\s]", each) for each in v["vardnamn"]), "server.vardnamn ska vara namn utan https://, port och *."),
    (lambda v: v["port"] > 65535, "server.port ska vara högst 65535."),
)  # fmt: skip


def template() -> str:
    """A configuration file with every setting explained; those that must be given stand open."""
    lines = [
        "# Inställningar för blankettsetets inkorg. Rader som börjar med # är förklaringar eller det som gäller utan dem."
    ]
    for section, declared in SETTINGS.items():
        lines += ["", f"[{section}]"]
        for key, setting in declared.items():
            must = setting.default is None or setting.needed_with
            when = f' Krävs med sort = "{setting.needed_with}".' if setting.needed_with else " Krävs." if must else ""
            lines.append(f"# {setting.text}{when}")
            lines.append(f"{'' if must else '# '}{key} = {_toml(setting.default, setting.kind)}")
    return "\n".join(lines) + "\n"


def _toml(value: Any, kind: type) -> str:
    if kind is dict:
        return "{" + ", ".join(f'{key} = "{text}"' for key, text in (value or {}).items()) + "}"
    if kind is list:
        return "[" + ", ".join(f'"{each}"' for each in value or ()) + "]"
    return str(value) if kind is int else f'"{value or ""}"'
