"""The inbox over HTTP: what may be asked, of whom, with how much. docs/inkorg.md is its contract."""

from __future__ import annotations

import asyncio
import base64
import datetime
import json
import logging
import secrets
import time
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from blankettset.addin.check.unexpected import report
from blankettset.addin.inbox import inkorg, inlamning
from blankettset.addin.inbox.bevis import Key
from blankettset.addin.inbox.inkorg import NotDelivered
from blankettset.addin.inbox.inlamning import ATTESTANT, NAMND, SLK, Inbox, Who
from blankettset.addin.inbox.ledger import digest
from blankettset.addin.inbox.paminnelse import reminder
from blankettset.addin.server import work
from blankettset.addin.server.audit import Audit
from blankettset.addin.server.gate import Gate, Stop
from blankettset.addin.server.halsa import Health
from blankettset.addin.server.jobs import Failed, Jobs
from blankettset.addin.server.settings import Settings
from blankettset.templates.catalog import catalog
from blankettset.templates.errors import Refusal, reason
from blankettset.workbook.write.files import scratch

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_JSON = 64 * 1024
CHUNK_SECONDS = 15.0
STATUS = {"behorighet": 403, "upptagen": 503, "otillganglig": 503, "bruten": 409, "saknas": 404}
INTERNAL = "Något gick fel på servern. Inget har lämnats in. Försök igen, och hör av dig om felet består."
SLOW = "Uppladdningen tog för lång tid. Försök igen."
Facts = Mapping[str, Any]


class Call(msgspec.Struct):
    """One request: who, and what was sent. `log` is what the audit log shall say of it."""

    who: Who
    facts: Facts
    log: dict[str, Any]
    spooled: Path | None = None

    def text(self, name: str, most: int = 200) -> str:
        """One of the facts as text; empty when it was not sent. Stop when it is too long or no text."""
        value = self.facts.get(name, "")
        if not isinstance(value, str) or len(value) > most:
            raise Stop(400, f"Uppgiften {name} går inte att använda.", "uppgift")
        return value

    def number(self, name: str) -> int:
        """One of the facts as a whole number."""
        value = self.facts.get(name)
        text = value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
        if not text.isdecimal() or len(text) > 6:
            raise Stop(400, f"Uppgiften {name} ska vara ett heltal.", "uppgift")
        return int(text)


class Api:
    """The doors of the inbox, for one running server."""

    def __init__(self, settings: Settings, gate: Gate, jobs: Jobs, audit: Audit) -> None:
        self.settings, self.gate, self.jobs, self.audit = settings, gate, jobs, audit
        key = settings.signaturnyckel
        self.inbox = Inbox(settings.mapp, Key(key) if key is not None else None)
        self.where = (settings.mapp, key)
        self.health = Health(settings, gate.keys)
        self._under_way = 0

    def routes(self) -> list[Route]:
        """Every door with its method; what is not named is refused before anything of it is read."""
        slk = {"sista-dag", "aterlamna", "paminn", "konsolidera", "hamta"}
        gets = {"jag": self.me, "inkorg": self.overview, "inlamning": self.delivery, "inlamning/fil": self.file,
                "historik": self.history, "hamta": self.fetch}  # fmt: skip
        posts = {"sista-dag": self.last_day, "aterlamna": self.send_back, "attestera": self.attest, "paminn": self.remind,
                 "konsolidera": self.consolidate}  # fmt: skip
        return [
            Route("/api/", self.door("start", self.start, "GET", login=False), methods=["GET"]),
            Route("/api/halsa", self.door("halsa", self.alive, "GET", login=False), methods=["GET"]),
            Route("/api/lamna-in", self.door("lamna-in", self.hand_in, "WORKBOOK", needs=NAMND), methods=["POST"]),
            *(
                Route(f"/api/{name}", self.door(name, act, kind, needs=SLK if name in slk else ""), methods=[method])
                for method, kind, doors in (("GET", "GET", gets), ("POST", "JSON", posts))
                for name, act in doors.items()
            ),
        ]

    def door(
        self, name: str, act: Callable[[Call], Awaitable[Response]], kind: str, *, login: bool = True, needs: str = ""
    ) -> Callable[[Request], Awaitable[Response]]:
        """The way in to one door: page, login, pace, size and kind are settled before the body is read; then it is logged."""

        async def endpoint(request: Request) -> Response:
            began, call, unread = time.monotonic(), Call(Who("", ()), {}, {}), kind != "GET"
            taken = 0
            try:
                self.gate.require_own_page(request.headers)
                if login:
                    call.who = await asyncio.to_thread(self.gate.who, request)
                self._require_pace(request, call.who, kind, login)
                _require_role(call.who, needs)
                self._require_kind(request, kind)
                call.facts = dict(request.query_params)
                if kind == "JSON":
                    call.facts = await self._json(request)
                elif kind == "WORKBOOK":
                    self._require_room()
                    taken = 1
                    self._under_way += 1
                    call.spooled = await self._spooled(request)
                unread = False
                answer = await act(call)
            except Stop as stop:
                answer = stop.answer()
                call.log["kod"] = stop.body["kod"]
            except NotDelivered as refusal:
                more = {"resultat": refusal.result} if refusal.result is not None else {}
                call.log["kod"] = refusal.kod
                answer = JSONResponse({"text": str(refusal), "kod": refusal.kod, **more}, STATUS.get(refusal.kod, 422))
            except Refusal as refusal:
                call.log["kod"] = "oläslig"
                answer = JSONResponse({"text": str(refusal), "kod": "oläslig"}, 422)
            except ClientDisconnect:
                answer = Response(status_code=400)
            except Failed:
                answer = JSONResponse({"text": INTERNAL, "kod": "internt"}, 500)
            except OSError as error:
                text = f"Inkorgen går inte att läsa: {reason(error)}. Säg till den som sköter servern."
                answer = JSONResponse({"text": text, "kod": "otillganglig"}, 503)
            except Exception as error:
                logging.getLogger(__name__).error(report(error, door="inkorgen", command=name).text)
                answer = JSONResponse({"text": INTERNAL, "kod": "internt"}, 500)
            finally:
                self._under_way -= taken
                if call.spooled is not None:
                    call.spooled.unlink(missing_ok=True)
            if unread:
                answer.headers["Connection"] = "close"  # what the client had left to send is not read
            if answer.status_code != 429 and (login or answer.status_code >= 400):  # a flood does not fill the disk
                await asyncio.to_thread(self._log, name, kind, call, answer.status_code, began)
            return answer

        return endpoint

    def _require_pace(self, request: Request, who: Who, kind: str, login: bool) -> None:
        limits, key = self.settings, who.id or self.gate.address(request)
        self.gate.require_rate("anrop" if login else "öppet", key, limits.anrop_per_minut)
        if kind == "WORKBOOK":
            self.gate.require_rate("inlämning", key, limits.inlamningar_per_minut)

    def _require_room(self) -> None:
        if self._under_way >= self.settings.samtidiga:
            raise Stop(503, "Många lämnar in just nu. Vänta en minut och försök igen.", "upptagen")

    def _require_kind(self, request: Request, kind: str) -> None:
        """The body's type and stated size, from the headers."""
        if kind == "GET":
            return
        given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = WORKBOOK if kind == "WORKBOOK" else "application/json"
        if given != wanted:
            raise Stop(415, f"Anropet ska skickas som {wanted}.", "slag")
        length = request.headers.get("content-length", "0")
        most = self.settings.arbetsbok_mb * 1024 * 1024 if kind == "WORKBOOK" else MAX_JSON
        if not length.isdecimal() or int(length) > most:
            raise self._too_large(most)

    def _too_large(self, most: int) -> Stop:
        size = f"{most // 1024 // 1024} MB" if most > MAX_JSON else f"{most // 1024} kB"
        return Stop(413, f"Det som skickades är för stort (högst {size}).", "storlek")

    async def _chunks(self, request: Request, most: int, keep: Callable[[bytes], Any]) -> None:
        """The body piece by piece, no more than `most`, in no more than the time there is."""
        until = time.monotonic() + self.settings.lastid_s
        left, stream = most, request.stream()
        while True:
            try:
                async with asyncio.timeout(min(CHUNK_SECONDS, max(0.01, until - time.monotonic()))):
                    chunk = await anext(stream, None)
            except TimeoutError:
                raise Stop(408, SLOW, "tid") from None
            if chunk is None:
                return
            left -= len(chunk)
            if left < 0:
                raise self._too_large(most)
            if chunk:
                await asyncio.to_thread(keep, chunk)

    async def _json(self, request: Request) -> Facts:
        pieces: list[bytes] = []
        await self._chunks(request, MAX_JSON, pieces.append)
        try:
            found = json.loads(b"".join(pieces))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Stop(400, "Anropet kom inte fram helt. Läs in sidan på nytt och försök igen.", "uppgift")
        return found

    async def _spooled(self, request: Request) -> Path:
        """The workbook on disk, so that many at once take no memory."""
        path = scratch() / f"{secrets.token_hex(8)}.xlsx"
        try:
            with path.open("xb") as file:
                await self._chunks(request, self.settings.arbetsbok_mb * 1024 * 1024, file.write)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path

    def _log(self, name: str, kind: str, call: Call, status: int, began: float) -> None:
        took = round((time.monotonic() - began) * 1000)
        try:
            self.audit.write(
                person=call.who.id,
                certain=kind != "GET",
                roll=call.who.role,
                atgard=name,
                resultat=status,
                ms=took,
                **call.log,
            )
        except OSError as error:
            logging.getLogger(__name__).error("the audit log cannot be written: %s", error.strerror)

    # what is asked

    async def start(self, call: Call) -> Response:
        """What the pane needs before anybody has logged in."""
        own = self.settings
        login = (
            {"sort": "ingen", "token": self.gate.token}
            if own.sort == "ingen"
            else {"sort": "entra", "tenant": own.tenant, "klient": own.klient, "utgivare": own.issuer,
                  "omfattning": f"api://{own.klient}/{own.omfattning}"}
        )  # fmt: skip
        return JSONResponse({"inkorg": True, "version": version("blankettset"), "inloggning": login})

    async def alive(self, call: Call) -> Response:
        """Whether the inbox can be written just now, tried."""
        trouble = await asyncio.to_thread(self.health.trouble)
        return JSONResponse({"lage": "fel", "text": trouble} if trouble else {"lage": "ok"}, 503 if trouble else 200)

    async def me(self, call: Call) -> Response:
        """The user's name and what they may do."""
        who = call.who
        return JSONResponse({
            "namn": who.name, "slk": who.is_slk, "namnder": who.namnder(), "attest": who.namnder(ATTESTANT)
        })  # fmt: skip

    async def hand_in(self, call: Call) -> Response:
        """Deliver the workbook that was sent."""
        assert call.spooled is not None
        name = call.text("namn") or "arbetsboken.xlsx"
        who = call.who
        if who.roles is None:
            who = Who(" ".join(call.text("av").split())[:80], None)
        found = await self.jobs.run(
            work.hand_in, *self.where, call.spooled, name, who, call.text("funktion"), datetime.datetime.now()
        )
        call.log |= found.pop("logg")
        return JSONResponse(found, 201)

    async def overview(self, call: Call) -> Response:
        """A set's status."""
        return JSONResponse(
            await asyncio.to_thread(self._overview, call, call.text("set"), call.text("niva") or "namnd")
        )

    def _overview(self, call: Call, set_id: str, niva: str = "namnd") -> dict[str, Any]:
        today = datetime.date.today()
        known = [info for info in catalog().periods.every(today.year + 1) if info.level == niva]
        sets = [info.id for info in known]
        lying = sorted((each for each in inkorg.sets_in(self.settings.mapp) if each in sets), key=inkorg.when)
        closed = [info.id for info in known if info.report_date <= today.isoformat()]
        chosen = inkorg.known_set(set_id, niva) if set_id else (lying or closed or [""])[-1]
        found = self.inbox.state(inkorg.known_set(chosen, niva))
        only = None if call.who.is_slk else call.who.namnder() or []
        call.log |= {"set": chosen}
        return {
            "blankettset": chosen, "set": sets, "sista_dag": found.last_day,
            "rader": inkorg.overview(found, today, niva, only),
            "brott": found.breaks if call.who.is_slk else [],
            "anmarkningar": found.notes if call.who.is_slk else [],
        }  # fmt: skip

    def _delivery(self, call: Call) -> tuple[inkorg.State, inkorg.Delivery]:
        """The delivery that was asked for, and its set. Only SLK and the nämnd itself may see it."""
        set_id = call.text("set") or call.text("blankettset")
        namnd, enhet, number = call.text("namnd"), call.text("enhet"), call.number("version")
        if not (call.who.is_slk or call.who.may(namnd) or call.who.may(namnd, ATTESTANT)):
            raise NotDelivered("Du har inte behörighet till den nämndens inlämningar.", "behorighet")
        niva = "enhet" if enhet else "namnd"
        found = self.inbox.state(inkorg.known_set(set_id, niva))
        delivery = next((each for each in found.versions(namnd, enhet, niva) if each.version == number), None)
        if delivery is None:
            raise NotDelivered(
                f"Version {number} från {namnd[:8]} finns inte i inkorgen. Visa inkorgen igen.", "saknas"
            )
        call.log |= {"set": set_id, "namnd": namnd, "version": number, "hash": delivery.fil_sha256}
        return found, delivery

    async def delivery(self, call: Call) -> Response:
        """A delivery with its findings and history."""
        found, delivery = await asyncio.to_thread(self._delivery, call)
        result = None if delivery.bruten else await self.jobs.run(work.open_delivery, *self.where, delivery)
        return JSONResponse({
            "inlamning": {**delivery.shown(), "namnd": delivery.namnd, "enhet": delivery.enhet},
            "resultat": result, "historik": inkorg.history(found, delivery.namnd),
        })  # fmt: skip

    async def file(self, call: Call) -> Response:
        """The delivered workbook, when it is the one that was delivered."""
        _, delivery = await asyncio.to_thread(self._delivery, call)
        if delivery.bruten:
            raise NotDelivered(delivery.bruten, "bruten")
        path = inkorg.path_of(self.settings.mapp, delivery)
        return FileResponse(
            path, media_type=WORKBOOK, filename=f"{delivery.namnd}_{delivery.blankettset}_v{delivery.version}.xlsx"
        )

    async def history(self, call: Call) -> Response:
        """Every decision about a set; a nämnd sees those about itself."""
        namnd = call.text("namnd")
        if not call.who.is_slk and not call.who.may(namnd):
            raise NotDelivered("Du har inte behörighet till den nämndens historik.", "behorighet")
        found = await asyncio.to_thread(self.inbox.state, inkorg.known_set(call.text("set")))
        return JSONResponse({"handelser": inkorg.history(found, namnd)})

    async def fetch(self, call: Call) -> Response:
        """Every nämnd's latest, verified, in one zip file."""
        set_id = inkorg.known_set(call.text("set"))
        target = scratch() / f"{secrets.token_hex(8)}.zip"
        await asyncio.to_thread(self._zip, set_id, target)
        call.log |= {"set": set_id}
        return Sent(target, media_type="application/zip", filename=f"inkorgen_{set_id}.zip")

    def _zip(self, set_id: str, target: Path) -> None:
        files = inkorg.chosen(self.settings.mapp, self.inbox.state(set_id))
        with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as packed:
            for path in files:
                packed.write(path, path.name)

    async def last_day(self, call: Call) -> Response:
        """Decide the last day."""
        set_id, day = call.text("blankettset"), call.text("dag")
        return await self._decided(
            call, set_id, lambda now: inlamning.decide_last_day(self.inbox, set_id, day, call.who, now)
        )

    async def send_back(self, call: Call) -> Response:
        """Send a delivery back."""
        comment = call.text("kommentar", inlamning.MAX_COMMENT)
        _, delivery = await asyncio.to_thread(self._delivery, call)
        return await self._decided(
            call, delivery.blankettset, lambda now: inlamning.send_back(self.inbox, delivery, comment, call.who, now)
        )

    async def attest(self, call: Call) -> Response:
        """Attest a delivery that another person made."""
        _, delivery = await asyncio.to_thread(self._delivery, call)
        return await self._decided(
            call, delivery.blankettset, lambda now: inlamning.attest(self.inbox, delivery, call.who, now)
        )

    async def _decided(self, call: Call, set_id: str, decide: Callable[[datetime.datetime], Any]) -> Response:
        entry = await asyncio.to_thread(decide, datetime.datetime.now())
        call.log |= {"set": set_id, "nr": entry.nr, "post": digest(entry)}
        return JSONResponse(await asyncio.to_thread(self._overview, call, set_id))

    async def remind(self, call: Call) -> Response:
        """Who has not delivered, as a list to copy, a link and a letter; that SLK reminded is kept in the ledger."""
        set_id = inkorg.known_set(call.text("blankettset"))
        found = await asyncio.to_thread(self.inbox.state, set_id)
        made = reminder(found, datetime.date.today(), self.settings.adresser)
        if made["saknas"]:
            facts = {"namnder": [each["namnd"] for each in made["saknas"]]}
            entry = await asyncio.to_thread(
                self.inbox.decide, set_id, inkorg.PAMINNELSE, call.who, datetime.datetime.now(), facts
            )
            call.log |= {"set": set_id, "nr": entry.nr, "post": digest(entry)}
        return JSONResponse(made)

    async def consolidate(self, call: Call) -> Response:
        """The city's workbook, in a process of its own."""
        set_id, wanted = inkorg.known_set(call.text("blankettset")), _wanted(call.facts.get("val"))
        target = scratch() / f"{secrets.token_hex(8)}.xlsx"
        try:
            found = await self.jobs.run_alone(work.consolidated, *self.where, set_id, wanted, target)
            content = await asyncio.to_thread(target.read_bytes)
        finally:
            target.unlink(missing_ok=True)
        call.log |= {"set": set_id, "filer": found.pop("filer")}
        return JSONResponse({**found, "innehall": base64.b64encode(content).decode()})


class Sent(FileResponse):
    """A temporary file, removed when it has been sent."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            Path(self.path).unlink(missing_ok=True)


def _require_role(who: Who, needs: str) -> None:
    """The kind of role that a door needs; whose nämnd it is about is known first when the workbook has been read."""
    if needs and not who.is_slk and (needs == SLK or not who.namnder()):
        text = "Bara stadsledningskontoret gör det." if needs == SLK else "Du har ingen roll som får lämna in."
        raise NotDelivered(text, "behorighet")


def _wanted(sent: Any) -> dict[str, int] | None:
    """Nämnd -> version as the pane sent them; None when it sent no choice."""
    if sent is None:
        return None
    try:
        return {str(each["namnd"]): int(each["version"]) for each in sent}
    except (KeyError, TypeError, ValueError):
        raise NotDelivered("Valet av nämnder kom inte fram. Visa inkorgen och välj igen.") from None
