"""`blankett tillagg`: the Office.js add-in, served from this machine or an intranet host by xlwings-server.

Nothing is fetched from the internet. The server refuses to start when its functions, scripts or pages are not all there:
xlwings-server itself would start with an empty add-in instead.
"""

from __future__ import annotations

import asyncio
import errno
import inspect
import ipaddress
import logging
import os
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from blankettset.addin.excel.vakt import Refused, checked, is_call
from blankettset.templates.errors import Refusal, reason

PROJECT = Path(__file__).parent / "tillagg"
FUNCTIONS = (
    "AVVIKELSE", "BUDGETFOLJSAMHET", "FORKLARA", "INDIKATORSTATUS", "LOKALBIDRAG", "MALSTATUS", "PRESTATIONSERSATTNING",
    "PROGNOSSAKERHET", "RESULTATOVERFORING", "RISKVARDE", "TOLKA",
)  # fmt: skip
ICONS = ("blankett", "validera", "forklara", "nasta-fynd", "jamfor", "lamna-in", "konsolidera", "panel")
SCRIPTS = ("inkorg", "konsolidera", "lamna_in", "sista_dag", "validera")
PAGES = ("templates/taskpane.html", "templates/manifest.xml", "static/css/style.css",
         *(f"static/js/{name}.js" for name in ("main", "excel", "fynd", "inkorg", "ribbon", "server")),
         *(f"static/images/{name}-{size}.png" for name in ICONS for size in (16, 32, 80)))  # fmt: skip
MAX_UPLOAD = 64 * 1024 * 1024
TOO_LARGE = "Arbetsboken är för stor för att skickas (högst 64 MB)."
SETTINGS = {
    "XLWINGS_PROJECT_DIR": str(PROJECT),
    "XLWINGS_PROJECT_NAME": "Blankettset",
    "XLWINGS_FUNCTIONS_NAMESPACE": "STHLM",
    "XLWINGS_ENVIRONMENT": "prod",  # another name would rename the functions and break stored formulas
    "XLWINGS_ENABLE_SOCKETIO": "false",
    "XLWINGS_ENABLE_HTMX": "false",
    "XLWINGS_ENABLE_BOOTSTRAP": "false",
    "XLWINGS_ENABLE_ALPINEJS_CSP": "false",
    "XLWINGS_ADD_SECURITY_HEADERS": "true",
    "XLWINGS_CORS_ALLOW_ORIGINS": "[]",
    "XLWINGS_CUSTOM_FUNCTIONS_RETRY_CODES": "[502, 503, 504]",
}

INTERNAL = "Något gick fel på servern. Försök igen, och hör av dig om felet består."
INJECTED = ("book", "user")  # what xlwings gives a script besides what is sent
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[..., Awaitable[Any]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class CannotStart(Refusal):
    """The add-in's server cannot start; str() says why, in one Swedish sentence."""


def application(project: Path = PROJECT) -> App:
    """The whole add-in as an ASGI application, checked. CannotStart when something in it is missing."""
    missing = [page for page in PAGES if not (project / page).is_file()]
    if missing:
        raise CannotStart(f"Tillägget är inte helt: {', '.join(missing)} saknas. Installera programmet på nytt.")
    for name, value in {**SETTINGS, "XLWINGS_PROJECT_DIR": str(project)}.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("XLWINGS_LICENSE_KEY", "noncommercial")
    try:
        from xlwings_server import main
    except ImportError as error:
        raise CannotStart(
            f"Excel-tillägget är inte installerat ({error.name} saknas). Installera med: pip install 'blankettset[excel]'."
        ) from None
    except Exception as error:  # xlwings' own LicenseError is defined in the module that fails to load
        if type(error).__name__ != "LicenseError":
            raise
        raise CannotStart(
            "Licensnyckeln i XLWINGS_LICENSE_KEY godtas inte av xlwings. Se README om licensen."
        ) from None
    return limited(main.main_app, *_require_everything())


def _require_everything() -> tuple[Mapping[str, tuple[int, int]], Mapping[str, int]]:
    """Stop unless our functions and scripts are what xlwings-server will offer; how many arguments each of them takes."""
    import custom_functions
    import custom_scripts

    found = {each.__xlfunc__["name"].upper() for each in vars(custom_functions).values() if hasattr(each, "__xlfunc__")}
    scripts = {name for name, each in vars(custom_scripts).items() if hasattr(each, "__xlscript__")}
    missing = [*sorted(set(FUNCTIONS) - found), *sorted(set(SCRIPTS) - scripts)]
    if missing:
        raise CannotStart(f"Tillägget är inte helt: {', '.join(missing)} saknas. Servern startar inte.")
    return (
        {name: _arguments(getattr(custom_functions, name)) for name in FUNCTIONS},
        {name: _arguments(getattr(custom_scripts, name))[1] for name in SCRIPTS},
    )


def _arguments(function: Callable[..., Any]) -> tuple[int, int]:
    """The least and most arguments that can be sent."""
    sent = [each for name, each in inspect.signature(function).parameters.items() if name not in INJECTED]
    return sum(each.default is inspect.Parameter.empty for each in sent), len(sent)


def limited(
    app: App, functions: Mapping[str, tuple[int, int]] | None = None, scripts: Mapping[str, int] | None = None
) -> App:
    """The application behind a guard: no path out of its folders (404), no more than MAX_UPLOAD bytes (413).

    With `functions` and `scripts`, calls that are not ours get one Swedish sentence (400 or 404) and go no further.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if _is_strange(scope["path"]):
            await _refuse(send, 404, "Sidan finns inte.")
            return
        stated = dict(scope.get("headers") or ()).get(b"content-length", b"0")
        if not stated.isdigit() or int(stated) > MAX_UPLOAD:
            await _refuse(send, 413, TOO_LARGE)
            return
        if functions is not None and is_call(scope["method"], scope["path"]):
            await _called(app, scope, receive, send, functions, scripts or {})
            return
        left = MAX_UPLOAD

        async def counted() -> Any:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise _TooLarge
            return message

        try:
            await app(scope, counted, send)
        except _TooLarge:
            await _refuse(send, 413, TOO_LARGE)

    return guarded


async def _called(
    app: App,
    scope: Scope,
    receive: Receive,
    send: Send,
    functions: Mapping[str, tuple[int, int]],
    scripts: Mapping[str, int],
) -> None:
    """A call with its whole body read and checked; an internal error is answered with a sentence too."""
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return  # the client went away
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        more = message.get("more_body", False)
        if size > MAX_UPLOAD:
            await _refuse(send, 413, TOO_LARGE)
            return
    try:
        body = await asyncio.to_thread(checked, scope["path"], b"".join(pieces), functions, scripts)
    except Refused as refusal:
        await _refuse(send, refusal.status, refusal.text, refusal.kind)
        return
    own = {b"content-type": b"application/json", b"content-length": str(len(body)).encode()}
    kept = [(name, value) for name, value in scope["headers"] if name not in (*own, b"transfer-encoding")]
    given = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replayed() -> Any:
        return next(given, None) or await receive()

    failed = False

    async def answered(message: MutableMapping[str, Any]) -> None:
        nonlocal failed
        if message["type"] == "http.response.start" and message["status"] == 500:
            failed = True
            await _refuse(send, 500, INTERNAL)
        if not failed:
            await send(message)

    try:
        await app({**scope, "headers": [*kept, *own.items()]}, replayed, answered)
    except Exception:
        if not failed:
            raise
        logging.getLogger(__name__).exception("internal error in %s", scope["path"])


class _TooLarge(Exception):
    pass


def _is_strange(path: str) -> bool:
    """True for a path that could lead out of a folder, on any system: xlwings-server joins it with ours unchecked."""
    return "//" in path or "\\" in path or ":" in path or "\0" in path or ".." in path.split("/")


async def _refuse(send: Send, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
    body = text.encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def serve(host: str, port: int, certificate: Path | None, key: Path | None, workers: int = 1) -> None:
    """Run until stopped, in `workers` processes. Without a login only this machine may reach it."""
    if (certificate is None) != (key is None):
        raise CannotStart("Ange både --certifikat och --nyckel, eller ingendera.")
    for path in (certificate, key):
        if path is not None and not path.is_file():
            raise CannotStart(f"{path} finns inte. Ange certifikatet och nyckeln som PEM-filer.")
    if not _is_loopback(host) and os.environ.get("XLWINGS_AUTH_PROVIDERS", "[]") in ("", "[]"):
        raise CannotStart(
            f"Servern startar inte på {host} utan inloggning. Ställ in Entra ID (XLWINGS_AUTH_PROVIDERS), eller använd 127.0.0.1."
        )
    _require_certificate(certificate, key)
    _require_free(host, port)
    application()  # whatever is missing is said here, once, and not by each process
    import uvicorn

    print(f"Blankettset-tillägget: http{'s' if certificate else ''}://{host}:{port}/manifest.xml", file=sys.stderr)
    uvicorn.run("blankettset.addin.excel.server:application", factory=True, workers=workers, host=host, port=port,
                ssl_certfile=certificate, ssl_keyfile=key, log_level="warning")  # fmt: skip


def _require_certificate(certificate: Path | None, key: Path | None) -> None:
    if certificate is None or key is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError):  # also ssl's own errors
        raise CannotStart(
            f"{certificate} och {key} går inte att använda som certifikat och nyckel. Ange PEM-filer utan lösenord som hör ihop."
        ) from None


def _require_free(host: str, port: int) -> None:
    """Stop here when the port cannot be had: uvicorn would say so in English among its own lines."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as attempt:
            if os.name != "nt":
                attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind(place)
    except socket.gaierror:
        raise CannotStart(f"Adressen {host} finns inte på den här datorn.") from None
    except OSError as error:
        why = "den är upptagen" if error.errno == errno.EADDRINUSE else reason(error)
        raise CannotStart(
            f"Porten {port} på {host} går inte att använda: {why}. Stäng den server som kör, eller välj en annan med --port."
        ) from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
