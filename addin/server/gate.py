"""Who may come in: decided by the request's headers alone, before a byte of its body is read."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse

from blankettset.addin.inbox.inlamning import Who
from blankettset.addin.server.settings import Settings
from blankettset.addin.server.tokens import Keys, NoKeys, NotLoggedIn, who_from

TOKEN = "x-blankett-token"
FORWARDED = ("forwarded", "via", "x-real-ip", "x-original-host")
FAILURES = 30  # logins that fail, per address and minute
FRAMES = "'self' https://*.officeapps.live.com https://*.cloud.microsoft https://*.sharepoint.com https://*.office.com"
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Stop(Exception):
    """The request goes no further: its status, one Swedish sentence, which kind, and what else the answer holds."""

    def __init__(self, status: int, text: str, kod: str, **more: Any) -> None:
        super().__init__(text)
        self.status, self.body = status, {"text": text, "kod": kod, **more}

    def answer(self) -> JSONResponse:
        """As the client gets it; what it had left to send is not read."""
        return JSONResponse(self.body, self.status, {"Connection": "close"})


class Rates:
    """So many calls a minute and key, refilled evenly; the keys least recently seen are forgotten."""

    def __init__(self, most: int = 10_000) -> None:
        self._left: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._most = most

    def take(self, kind: str, key: str, per_minute: int, cost: float = 1.0) -> bool:
        """True while there is a call left; with cost 0 only asked."""
        now = time.monotonic()
        left, when = self._left.pop((kind, key), (float(per_minute), now))
        left = min(per_minute, left + (now - when) * per_minute / 60)
        allowed = left >= 1.0
        self._left[kind, key] = (left - cost if allowed else left, now)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return allowed


class Gate:
    """Lets a caller in, or raises Stop."""

    def __init__(self, settings: Settings, token: str, keys: Keys) -> None:
        self.settings, self.token, self.keys = settings, token, keys
        self.rates = Rates()

    def require_own_page(self, headers: Headers) -> None:
        """Only pages that this server serves, or that the configuration names, may call."""
        origin = headers.get("origin")
        allowed = {*self.settings.origins, *self.settings.ursprung}
        site = headers.get("sec-fetch-site", "same-origin")
        if (origin is not None and origin not in allowed) or (
            site not in ("same-origin", "none") and origin not in self.settings.ursprung
        ):
            raise Stop(403, "Anropet kommer från en främmande webbplats och utförs inte.", "ursprung")

    def address(self, request: Request) -> str:
        """Where the call comes from; told by a proxy only when it is one of ours."""
        given = request.client.host if request.client else ""
        if given in self.settings.proxyer:
            told = [each.strip() for each in request.headers.get("x-forwarded-for", "").split(",")]
            return next((each for each in reversed(told) if each and each not in self.settings.proxyer), given)
        return given

    def who(self, request: Request) -> Who:
        """Who calls. May wait for the network the first time: not for the event loop."""
        settings, address = self.settings, self.address(request)
        if settings.sort == "ingen":
            if not hmac.compare_digest(request.headers.get(TOKEN, "").encode(), self.token.encode()):
                raise Stop(401, "Sidan hör till en tidigare start av servern. Läs in den på nytt.", "inloggning")
            return Who("", None)
        if not self.rates.take("fel", address, FAILURES, cost=0):
            raise Stop(429, "För många misslyckade inloggningar. Vänta en minut och försök igen.", "takt")
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            if kind.lower() != "bearer" or not token:
                raise NotLoggedIn("Logga in för att använda inkorgen.")
            return who_from(token.strip(), settings, self.keys)
        except NotLoggedIn as error:
            self.rates.take("fel", address, FAILURES)
            raise Stop(401, str(error), "inloggning") from None
        except NoKeys:
            text = "Inloggningen går inte att kontrollera just nu: Entra ID:s nycklar kan inte läsas. Säg till den som sköter servern."
            raise Stop(503, text, "nycklar") from None

    def require_rate(self, kind: str, key: str, per_minute: int) -> None:
        """Stop when this user or address calls too often."""
        if not self.rates.take(kind, key, per_minute):
            raise Stop(429, "För många anrop på kort tid. Vänta en stund och försök igen.", "takt")


def at_the_threshold(app: App, settings: Settings) -> App:
    """What holds for every request, pages too: a known Host, no proxy where there is no login, no odd path; safe headers."""
    immutable = settings.webb is not None

    async def entered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        path = scope["path"]

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), path, settings, immutable)
            await send(message)

        stop = _odd(path) or _foreign(headers, settings, scope.get("http_version", ""))
        await (stop.answer() if stop else app)(scope, receive, guarded)

    return entered


def _odd(path: str) -> Stop | None:
    """A path that could lead out of a folder on some system."""
    odd = "//" in path or "\\" in path or ":" in path or "\0" in path or {".", ".."} & set(path.split("/"))
    return Stop(404, "Sidan finns inte.", "saknas") if odd else None


def _foreign(headers: Headers, settings: Settings, http: str) -> Stop | None:
    hosts = headers.getlist("host")
    if len(hosts) != 1 or hosts[0].lower() not in settings.hosts:
        return Stop(421, "Adressen hör inte till den här servern.", "vard")
    if settings.sort == "ingen":
        told = [name for name in headers if name.startswith("x-forwarded") or name in FORWARDED]
        if told or http == "1.0":  # as some proxies speak; no browser does
            text = "Servern körs utan inloggning och tar inte emot anrop genom en proxy. Ställ in inloggning."
            return Stop(403, text, "proxy")
    return None


def _add(headers: MutableHeaders, path: str, settings: Settings, immutable: bool) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Content-Security-Policy"] = f"frame-ancestors {FRAMES}; object-src 'none'; base-uri 'self'"
    if settings.certifikat is not None and settings.sort == "entra":
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if path.startswith("/api/"):
        headers["Cache-Control"] = "no-store"
    elif immutable:
        versioned = len(Path(path).parts) > 3  # /<version>/app/x: such a file never changes
        headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
