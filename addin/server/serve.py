"""`blankett tillagg`: one command that serves the pane and the inbox, on one's own machine or for the whole city."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import errno
import mimetypes
import os
import secrets
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from uvicorn.config import LOGGING_CONFIG
from uvicorn.protocols.http.h11_impl import H11Protocol

from blankettset.addin.server.api import Api
from blankettset.addin.server.audit import Audit
from blankettset.addin.server.gate import App, Gate, Stop, at_the_threshold
from blankettset.addin.server.jobs import Jobs
from blankettset.addin.server.settings import CannotStart, Settings
from blankettset.addin.server.tokens import Keys
from blankettset.templates.catalog import STAD, catalog
from blankettset.templates.errors import reason

NO_PANE = "Inkorgen är igång, men här finns ingen panel. Skapa den med »blankett webb MAPP» och ange mappen."
HEADER_SECONDS = 15.0
THREADS = 16  # besides one for each worker
MAX_HEADERS = 32 * 1024
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".gz": "application/octet-stream",
}


def application(settings: Settings, folder: Path) -> App:
    """Pane and inbox as one ASGI application. CannotStart when something that the settings name is not there."""
    for ending, kind in TYPES.items():
        mimetypes.add_type(kind, ending)  # Windows' registry may say otherwise
    _require(settings)
    keys = Keys(settings, folder)
    keys.require()
    jobs = Jobs(settings.arbetare, settings.kontrolltid_s)
    api = Api(settings, Gate(settings, secrets.token_urlsafe(32), keys), jobs, Audit(settings.logg))

    @contextlib.asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(settings.arbetare + THREADS))
        await jobs.start()
        try:
            yield
        finally:
            jobs.stop()

    pane: Any = Mount("/", StaticFiles(directory=settings.webb, html=True)) if settings.webb else Route("/", _no_pane)
    app = Starlette(routes=[*api.routes(), pane], lifespan=running, exception_handlers={404: _unknown, 405: _unknown})
    if settings.ursprung:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.ursprung, allow_methods=["GET", "POST"], allow_headers=["Authorization", "Content-Type"]
        )  # fmt: skip
    return at_the_threshold(app, settings)


async def _no_pane(_: Request) -> Response:
    return PlainTextResponse(NO_PANE)


async def _unknown(_: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    return Stop(status, "Sidan finns inte." if status == 404 else "Så kan sidan inte anropas.", "saknas").answer()


def _require(settings: Settings) -> None:
    if not settings.mapp.is_dir():
        raise CannotStart(f"Servern startar inte: inkorgens mapp {settings.mapp} finns inte. Skapa den.")
    if settings.stad is not None:
        if not settings.stad.is_dir():
            raise CannotStart(f"Servern startar inte: stadens mapp {settings.stad} finns inte.")
        os.environ[STAD] = str(settings.stad.resolve())  # holds for the workers too
    catalog()  # a mistake in a definition is said here, and not to the first who delivers
    if (
        settings.webb is not None
        and not (settings.webb / "panel.html").is_file()
        and not (settings.webb / "index.html").is_file()
    ):
        raise CannotStart(f"Servern startar inte: {settings.webb} är ingen mapp från »blankett webb».")
    if settings.certifikat is not None and settings.nyckel is not None:
        _require_certificate(settings.certifikat, settings.nyckel)


def _require_certificate(certificate: Path, key: Path) -> None:
    for path in (certificate, key):
        if not path.is_file():
            raise CannotStart(f"{path} finns inte. Ange certifikatet och nyckeln som PEM-filer.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError):  # also ssl's own errors
        raise CannotStart(
            f"{certificate} och {key} går inte att använda som certifikat och nyckel. Ange PEM-filer utan lösenord som hör ihop."
        ) from None


class Impatient(H11Protocol):
    """Closes a connection that for a while has neither a request going nor sent one whole set of headers."""

    def connection_made(self, transport: Any) -> None:
        """Begin to watch it."""
        super().connection_made(transport)
        self._idle = False
        self._watch()

    def _watch(self) -> None:
        if self.transport.is_closing():
            return
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self._idle:
            self.transport.close()
            return
        self._idle = idle
        self.loop.call_later(HEADER_SECONDS, self._watch)


def serve(settings: Settings, folder: Path) -> None:
    """Run until stopped."""
    app = application(settings, folder)
    _require_free(settings.adress, settings.port)
    scheme = "http" if settings.certifikat is None else "https"
    name = settings.vardnamn[0] if settings.vardnamn else settings.adress
    print(f"Blankettsetets inkorg: {scheme}://{name}:{settings.port}/", file=sys.stderr)
    if settings.sort == "entra" and settings.nycklar == "nat":
        print(f"Inloggningens nycklar hämtas från {Keys(settings, folder).url}", file=sys.stderr)
    logging = copy.deepcopy(LOGGING_CONFIG)
    logging["formatters"]["default"] = {"format": "%(asctime)s %(levelname)s %(message)s"}
    logging["root"] = {"handlers": ["default"], "level": "WARNING"}
    uvicorn.run(
        app, host=settings.adress, port=settings.port, http=Impatient, ws="none", interface="asgi3", log_level="warning",
        log_config=logging, access_log=False, server_header=False, proxy_headers=False, timeout_keep_alive=15,
        timeout_graceful_shutdown=30, h11_max_incomplete_event_size=MAX_HEADERS, limit_concurrency=1000,
        ssl_certfile=settings.certifikat, ssl_keyfile=settings.nyckel,
    )  # fmt: skip


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
            f"Porten {port} på {host} går inte att använda: {why}. Stäng den server som kör, eller välj en annan port."
        ) from None
