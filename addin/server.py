"""`blankett tillagg`: the Office.js add-in, served from this machine or an intranet host by xlwings-server.

Nothing is fetched from the internet. The server refuses to start when its functions, scripts or pages are not all there:
xlwings-server itself would start with an empty add-in instead.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from templates.errors import Refusal

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

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Callable[..., Awaitable[Any]], Callable[..., Awaitable[Any]]], Awaitable[None]]


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
    _require_everything()
    return limited(main.main_app)


def _require_everything() -> None:
    """Stop unless exactly our functions and scripts are what xlwings-server will offer."""
    import custom_functions
    import custom_scripts

    import templates

    if not hasattr(templates, "catalog") and not (Path(templates.__file__ or "").parent / "catalog.py").is_file():
        raise CannotStart("Programmets egna delar hittas inte (templates). Installera programmet på nytt.")
    found = {each.__xlfunc__["name"].upper() for each in vars(custom_functions).values() if hasattr(each, "__xlfunc__")}
    scripts = {name for name, each in vars(custom_scripts).items() if hasattr(each, "__xlscript__")}
    missing = [*sorted(set(FUNCTIONS) - found), *sorted(set(SCRIPTS) - scripts)]
    if missing:
        raise CannotStart(f"Tillägget är inte helt: {', '.join(missing)} saknas. Servern startar inte.")


def limited(app: App) -> App:
    """The application behind a guard: no path out of its folders (404), no more than MAX_UPLOAD bytes (413)."""

    async def guarded(
        scope: Scope, receive: Callable[..., Awaitable[Any]], send: Callable[..., Awaitable[Any]]
    ) -> None:
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


class _TooLarge(Exception):
    pass


def _is_strange(path: str) -> bool:
    """True for a path that could lead out of a folder, on any system: xlwings-server joins it with ours unchecked."""
    return "//" in path or "\\" in path or ":" in path or "\0" in path or ".." in path.split("/")


async def _refuse(send: Callable[..., Awaitable[Any]], status: int, text: str) -> None:
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
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
    application()  # whatever is missing is said here, once, and not by each process
    import uvicorn

    print(f"Blankettset-tillägget: http{'s' if certificate else ''}://{host}:{port}/manifest.xml", file=sys.stderr)
    uvicorn.run("addin.server:application", factory=True, workers=workers, host=host, port=port,
                ssl_certfile=certificate, ssl_keyfile=key, log_level="warning")  # fmt: skip


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
