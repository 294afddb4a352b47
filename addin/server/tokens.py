"""Tokens from Entra ID: issuer, audience, tenant, time, scope and signature checked on every call; the keys' whereabouts."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from threading import Lock
from typing import Any

import jwt

from blankettset.addin.inbox.inlamning import Who
from blankettset.addin.server.settings import CannotStart, Settings

FRESH, PATIENCE, RETRY = 12 * 3600.0, 10.0, 60.0  # seconds: keys are kept, a fetch may take, between fetches
LEEWAY = 60  # seconds that two clocks may differ
MAX_KEYS = 1024 * 1024
NEEDED = ["exp", "iat", "nbf", "iss", "aud", "tid", "oid", "scp"]


class NotLoggedIn(Exception):
    """The token does not hold; str() is one Swedish sentence."""


class NoKeys(Exception):
    """The keys that tokens are checked with cannot be had just now."""


class Keys:
    """Entra's public keys by id: from a file, read again when it changes, or from the network, kept half a day.

    An unknown key id makes us ask again, at most once a minute, whoever asks.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.url = f"https://login.microsoftonline.com/{settings.tenant}/discovery/v2.0/keys"
        self.file = None if settings.nycklar == "nat" else folder / settings.nycklar
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read = self._tried = float("-inf")
        self._stamp = 0
        self._lock = Lock()

    def find(self, key_id: str) -> jwt.PyJWK:
        """The key. NotLoggedIn when there is none of that id; NoKeys when they cannot be had."""
        with self._lock:
            if self.file is not None:
                self._from_file()
            elif key_id not in self._keys or time.monotonic() - self._read > FRESH:
                self._from_network()
            if not self._keys:
                raise NoKeys
            if key_id not in self._keys:
                raise NotLoggedIn("Inloggningen är utfärdad med en okänd nyckel. Logga in på nytt.")
            return self._keys[key_id]

    def _from_file(self) -> None:
        assert self.file is not None
        try:
            stamp = self.file.stat().st_mtime_ns
            if stamp != self._stamp:
                self._keys, self._stamp = _parsed(self.file.read_bytes()), stamp
        except (OSError, ValueError):
            return  # what was read before still holds

    def _from_network(self) -> None:
        if time.monotonic() - self._tried < RETRY:
            return
        self._tried = time.monotonic()
        try:
            with urllib.request.urlopen(self.url, timeout=PATIENCE) as answer:
                self._keys = _parsed(answer.read(MAX_KEYS))
            self._read = time.monotonic()
        except (OSError, ValueError):
            return

    def are_there(self) -> bool:
        """True when tokens can be checked just now."""
        with self._lock:
            if self.file is not None:
                self._from_file()
            elif not self._keys:
                self._from_network()
            return bool(self._keys)

    def require(self) -> None:
        """CannotStart when a key file was named and holds no keys."""
        if self.file is not None and not self.are_there():
            raise CannotStart(
                f"Servern startar inte: {self.file} innehåller inga nycklar. Spara {self.url} som filen (JWKS)."
            )


def _parsed(content: bytes) -> dict[str, jwt.PyJWK]:
    """The RSA keys of a JWKS that sign. ValueError when it is none."""
    found = json.loads(content)
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list):
        raise ValueError
    made = {}
    for each in keys:
        if isinstance(each, dict) and each.get("kty") == "RSA" and each.get("use", "sig") == "sig" and each.get("kid"):
            try:
                made[str(each["kid"])] = jwt.PyJWK(each, algorithm="RS256")
            except jwt.PyJWTError:
                continue
    return made


def who_from(token: str, settings: Settings, keys: Keys) -> Who:
    """Whose token it is. NotLoggedIn unless it is this app's, this tenant's, for a person, and holds now."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != "RS256":
            raise NotLoggedIn("Inloggningen godtas inte. Logga in på nytt.")
        claims: dict[str, Any] = jwt.decode(
            token,
            keys.find(str(header.get("kid"))).key,
            algorithms=["RS256"],
            audience=[
                f"{front}{settings.klient}"
                for front in ("", "api://", *(f"api://{each}/" for each in settings.vardnamn))
            ],
            issuer=settings.issuer,
            leeway=LEEWAY,
            options={"require": NEEDED},
        )
    except jwt.ExpiredSignatureError:
        raise NotLoggedIn("Inloggningen har gått ut. Logga in på nytt.") from None
    except (jwt.PyJWTError, ValueError, TypeError):
        raise NotLoggedIn("Inloggningen godtas inte. Logga in på nytt.") from None
    roles, scopes = claims.get("roles", []), claims["scp"]
    if claims["tid"] != settings.tenant or not isinstance(scopes, str) or settings.omfattning not in scopes.split():
        raise NotLoggedIn("Inloggningen gäller inte inkorgen. Logga in på nytt.")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise NotLoggedIn("Inloggningen godtas inte. Logga in på nytt.")
    name = claims.get("name")
    return Who(str(name)[:80] if name else "", tuple(roles), str(claims["oid"]))
