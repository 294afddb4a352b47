"""What the inbox's server does for those who have come in; the numbers are the rows of the review of the one before it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

pytest.importorskip("uvicorn", reason="tillvalet server är inte installerat")


from blankettset.addin.cli.kommandon import main
from blankettset.addin.inbox.bevis import verify
from tests.inboxserver import WORKBOOK, Server, Tenant, city, is_refused, mine, own, place, stad, tenant
from tests.test_inkorg import CLEAN, books, carrying, clean
from tests.test_new_files import children

JSON = {"Content-Type": "application/json"}


def test_each_role_sees_and_does_its_own(stad: Server, tenant: Tenant) -> None:
    own_, other, slk, second = (
        tenant.token("NAMND.SDN08", oid="a"), tenant.token("NAMND.SDN04", oid="b"), tenant.token("SLK", oid="c"),
        tenant.token("ATTEST.SDN08", oid="d"),
    )  # fmt: skip
    is_refused(stad.deliver(clean("7"), login=other), 403, "behorighet")
    is_refused(stad.deliver(clean("7"), login=tenant.token(oid="e")), 403, "behorighet")
    done = stad.deliver(clean("7"), login=own_)
    assert (done.status, done.json["version"], done.json["av"]) == (201, 1, "Personens Namn"), done.body
    place = {"blankettset": CLEAN, "namnd": "SDN08", "version": 1}
    query = f"set={CLEAN}&namnd=SDN08&version=1"
    for token in (own_, slk, second):
        found = stad.call("GET", f"/api/inlamning?{query}", login=token)
        assert found.json["resultat"]["sammanfattning"]["fel"] == 0, found.body
        assert stad.call("GET", f"/api/inlamning/fil?{query}", login=token).body[:2] == b"PK"
    assert stad.call("GET", f"/api/historik?set={CLEAN}&namnd=SDN08", login=own_).json["handelser"][0]["nr"] == 1
    for path in (
        f"inlamning?{query}",
        f"inlamning/fil?{query}",
        f"historik?set={CLEAN}&namnd=SDN08",
        f"historik?set={CLEAN}",
    ):
        is_refused(stad.call("GET", f"/api/{path}", login=other), 403, "behorighet")
    assert [row["namnd"] for row in stad.call("GET", f"/api/inkorg?set={CLEAN}", login=other).json["rader"]] == [
        "SDN04"
    ]
    for token in (own_, other, second):
        is_refused(stad.post("sista-dag", {"blankettset": CLEAN, "dag": "2024-05-22"}, login=token), 403, "behorighet")
        is_refused(stad.post("aterlamna", {**place, "kommentar": "x"}, login=token), 403, "behorighet")
        is_refused(stad.post("konsolidera", {"blankettset": CLEAN}, login=token), 403, "behorighet")
        is_refused(stad.post("paminn", {"blankettset": CLEAN}, login=token), 403, "behorighet")
        is_refused(stad.call("GET", f"/api/hamta?set={CLEAN}", login=token), 403, "behorighet")
    is_refused(stad.post("attestera", place, login=own_), 403, "behorighet")
    assert stad.post("attestera", place, login=second).status == 200
    row = next(
        row for row in stad.call("GET", f"/api/inkorg?set={CLEAN}", login=slk).json["rader"] if row["namnd"] == "SDN08"
    )
    assert row["versioner"][0]["attesterad"]["av"] == "Personens Namn"
    assert (
        stad.post("sista-dag", {"blankettset": CLEAN, "dag": "2024-05-22"}, login=slk).json["sista_dag"]["dag"]
        == "2024-05-22"
    )
    back = stad.post("aterlamna", {**place, "kommentar": "Summan på rad 3."}, login=slk).json
    assert next(row for row in back["rader"] if row["namnd"] == "SDN08")["status"] == "återlämnad"
    assert stad.deliver(clean("8"), login=own_).json["version"] == 2
    with ZipFile(BytesIO(stad.call("GET", f"/api/hamta?set={CLEAN}", login=slk).body)) as packed:
        assert [name[:16] for name in packed.namelist()] == ["SDN08_2024-T1_v2"]
    city_book = stad.post(
        "konsolidera", {"blankettset": CLEAN, "val": [{"namnd": "SDN08", "version": 1}]}, login=slk
    ).json
    assert (city_book["antal"], city_book["namn"]) == (1, "staden_2024-T1.xlsx")
    assert "SDN08" not in [
        each["namnd"] for each in stad.post("paminn", {"blankettset": CLEAN}, login=slk).json["saknas"]
    ]


def test_12_13_files_follow_the_umask_and_the_logs_hold_no_names(stad: Server, tenant: Tenant) -> None:
    token = tenant.token("NAMND.SDN08", oid="o-13", name='Förfalskat Namn\n{"tid": "2020"}')
    query = "namn=Kalle%20Kontrollant%0A%7B%22a%22%3A1%7D.xlsx&funktion=controller%0Arad"
    assert stad.deliver(clean("13"), login=token, query=query).status == 201
    files = [path for path in (tenant.folder / "inkorg").rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o077 for path in files} == {0}
    log = "".join(path.read_text("utf-8") for path in (tenant.folder / "inkorg" / "logg").iterdir())
    lines = [json.loads(line) for line in log.splitlines()]  # every line is one entry
    for name in ("Namn", "Kalle", "controller", "o-13"):
        assert name not in log
    last = [line for line in lines if line["atgard"] == "lamna-in"][-1]
    assert last["roll"] == "NAMND.SDN08"
    assert (last["namnd"], last["set"], last["resultat"]) == ("SDN08", CLEAN, 201)
    assert re.fullmatch(r"[0-9a-f]{64}", last["hash"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", last["tid"])


# 4: proof


def test_4_verifiera_finds_what_is_broken_and_what_was_taken_away_last(tmp_path: Path) -> None:
    inbox = tmp_path / "inkorg"
    inbox.mkdir()
    runner = CliRunner()
    assert runner.invoke(main, ["verifiera", str(tmp_path / "saknas")]).exit_code == 2
    assert runner.invoke(main, ["verifiera", str(inbox)]).exit_code == 2
    with own(inbox) as server:
        for number in ("1", "2", "3"):
            assert server.deliver(clean(number)).status == 201
        done = runner.invoke(main, ["verifiera", str(inbox)])
        assert (done.exit_code, done.output) == (0, "1 blankettset, 3 inlämningar stämmer med sina kvitton, 0 brott.\n")
        new = next(inbox.rglob("*_v2_*.xlsx"))
        shutil.copy(next(inbox.rglob("*_v1_*.xlsx")), new)
        shown = server.call("GET", f"/api/inkorg?set={CLEAN}").json
        row = next(row for row in shown["rader"] if row["namnd"] == "SDN08")
        assert "är inte den som lämnades in" in row["versioner"][1]["bruten"]
        assert row["status"] == "lämnad"
        shutil.copy(new, next(inbox.rglob("*_v3_*.xlsx")))
        shown = server.call("GET", f"/api/inkorg?set={CLEAN}").json
        assert next(row for row in shown["rader"] if row["namnd"] == "SDN08")["status"] == "bruten"
        assert len(shown["brott"]) == 2
        is_refused(server.post("konsolidera", {"blankettset": CLEAN}), 409, "bruten")
        is_refused(server.call("GET", f"/api/hamta?set={CLEAN}"), 409, "bruten")
        is_refused(server.call("GET", f"/api/inlamning/fil?set={CLEAN}&namnd=SDN08&version=3"), 409, "bruten")
    done = runner.invoke(main, ["verifiera", str(inbox), "--json"])
    assert done.exit_code == 1
    assert len(json.loads(done.output)["brott"]) == 2
    for path in (next(inbox.rglob("*_v3_*.xlsx")), inbox / CLEAN / "00_liggare" / "00003.json"):
        path.unlink()  # the last one leaves no gap in the ledger
    done = runner.invoke(main, ["verifiera", str(inbox)])
    assert done.exit_code == 1
    assert "(kvitto 3) som inte finns i liggaren" in done.output


def test_4_a_signed_inbox_is_told_from_one_made_anew(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    (tmp_path / "inkorg").mkdir()
    keys = {}
    for name in ("egen", "annan"):
        key = Ed25519PrivateKey.generate()
        keys[name] = tmp_path / f"{name}.pem"
        keys[name].write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
        (tmp_path / f"{name}-publik.pem").write_bytes(
            key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
        )
    tenant = Tenant(tmp_path)
    with city(tmp_path, inkorg__signaturnyckel="egen.pem") as server:
        assert server.deliver(clean("1"), login=tenant.token("SLK")).status == 201
    runner, inbox = CliRunner(), str(tmp_path / "inkorg")
    assert runner.invoke(main, ["verifiera", inbox, "--nyckel", str(tmp_path / "egen-publik.pem")]).exit_code == 0
    done = runner.invoke(main, ["verifiera", inbox, "--nyckel", str(tmp_path / "annan-publik.pem")])
    assert done.exit_code == 1
    assert "saknar giltig signatur" in done.output
    assert runner.invoke(main, ["verifiera", inbox, "--nyckel", inbox]).exit_code == 2


# 5, 6: one caller does not stop the others


def test_5_the_server_answers_others_while_a_delivery_waits(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from blankettset.addin.inbox.durable import alone_in\n"
        "with alone_in(Path(sys.argv[1])): print('las', flush=True); time.sleep(60)"
    )
    with own(tmp_path) as server, ThreadPoolExecutor(2) as pool:
        assert server.deliver(clean("1")).status == 201  # the workers are warm
        holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        assert holder.stdout is not None
        holder.stdout.readline()
        waiting = [pool.submit(server.deliver, clean(number)) for number in ("2", "3")]  # as many as there are workers
        slowest = 0.0
        until = time.monotonic() + 2.0
        while time.monotonic() < until:
            began = time.monotonic()
            assert server.call("GET", f"/api/inkorg?set={CLEAN}").status == 200
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.05)
        assert not any(each.done() for each in waiting)
        assert slowest < 3.0
        holder.kill()
        holder.wait()
        holder.stdout.close()
        began = time.monotonic()
        assert sorted(each.result().json["version"] for each in waiting) == [2, 3]
        assert time.monotonic() - began < 14.0


def memory(pid: int) -> int:
    """Resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_6_much_without_a_token_is_refused_before_it_is_read(stad: Server, tenant: Tenant) -> None:
    body = b"{}," * (16 * 1024 * 1024)
    stad.call("GET", "/api/", login=None)
    before = memory(stad.process.pid)
    head = f"POST /api/sista-dag HTTP/1.1\r\nHost: {stad.host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    began = time.monotonic()
    tokens = (("", b"401"), (tenant.token("NAMND.SDN08", oid="n"), b"403"), (tenant.token("SLK"), b"413"))
    for login, status in ((f"Authorization: Bearer {token}\r\n" if token else "", status) for token, status in tokens):
        with socket.create_connection(("127.0.0.1", stad.port), timeout=10) as connection:
            connection.sendall(f"{head}{login}\r\n".encode())
            sent = 0
            with contextlib.suppress(OSError):
                while sent < len(body):
                    sent += connection.send(body[sent : sent + 65536])
            with contextlib.suppress(OSError):
                answer = connection.recv(4096)
                assert answer.split(b" ")[1] == status
        assert sent < 8 * 1024 * 1024  # what the sockets hold, and no more
    assert time.monotonic() - began < 14.0
    assert memory(stad.process.pid) - before < 20 * 1024 * 1024


@pytest.mark.parametrize("length", ["-1", "x", "99999999999", "1e3"])
def test_6_sizes_are_settled_by_the_header_and_by_counting(mine: Server, length: str) -> None:
    answer = mine.call("POST", "/api/lamna-in", b"", {"Content-Type": WORKBOOK, "Content-Length": length})
    assert answer.status in (400, 413)
    big = b"x" * (17 * 1024 * 1024)
    with socket.create_connection(("127.0.0.1", mine.port), timeout=10) as connection:
        connection.sendall(
            f"POST /api/lamna-in HTTP/1.1\r\nHost: {mine.host}\r\nContent-Type: {WORKBOOK}\r\nX-Blankett-Token: {mine.token}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        with contextlib.suppress(OSError):
            for start in range(0, len(big), 65536):
                connection.sendall(b"10000\r\n" + big[start : start + 65536].ljust(65536) + b"\r\n")
        with contextlib.suppress(ConnectionError):
            assert connection.recv(4096).split(b" ")[1] == b"413"
    assert mine.call("GET", "/api/jag").status == 200


def test_6_those_who_send_slowly_are_let_go(tmp_path: Path) -> None:
    quick = "serve.HEADER_SECONDS = 0.5; api.CHUNK_SECONDS = 0.5"
    with own(tmp_path, before=quick) as server:
        head = f"POST /api/lamna-in HTTP/1.1\r\nHost: {server.host}\r\nContent-Type: {WORKBOOK}\r\nX-Blankett-Token: {server.token}\r\nContent-Length: 1000\r\n\r\n"
        for sent, answered in ((head + "x", b"408"), ("POST /api/lam", b""), ("", b"")):
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                connection.sendall(sent.encode())
                began = time.monotonic()
                answer = connection.recv(4096)
                assert time.monotonic() - began < 14.0
                assert (answer.split(b" ")[1] if answer else b"") == answered


def test_6_a_user_who_calls_too_often_waits_and_no_one_else(tmp_path: Path) -> None:
    tenant = Tenant(tmp_path)
    with city(tmp_path, granser__anrop_per_minut=20, granser__inlamningar_per_minut=2) as server:
        busy, other = tenant.token("SLK", oid="a"), tenant.token("SLK", oid="b")
        assert [server.deliver(b"x", login=busy).status for _ in range(4)] == [422, 422, 429, 429]
        answers = [server.call("GET", "/api/jag", login=busy) for _ in range(25)]
        is_refused(answers[-1], 429, "takt")
        assert server.call("GET", "/api/jag", login=other).status == 200


# 8, 13 and what is asked wrongly


def test_8_a_macro_workbook_is_refused_over_the_wire(mine: Server, place: Path) -> None:
    is_refused(mine.deliver(carrying(clean("8"), "xl/vbaProject.bin")), 422, "makro")
    is_refused(mine.deliver(b"PK\x03\x04x"), 422, "oläslig")
    is_refused(mine.deliver(clean("8").replace(b"PK", b"XX", 1)), 422, "oläslig")


@pytest.mark.parametrize(
    ("name", "facts", "status"),
    [
        ("sista-dag", {"blankettset": "../x", "dag": "2024-05-22"}, 422),
        ("sista-dag", {"blankettset": CLEAN, "dag": "i morgon"}, 422),
        ("sista-dag", {"blankettset": 5, "dag": []}, 400),
        ("sista-dag", {}, 422),
        ("aterlamna", {"blankettset": CLEAN, "namnd": "SDN08", "version": "x", "kommentar": "x"}, 400),
        ("aterlamna", {"blankettset": CLEAN, "namnd": "../..", "version": 1, "kommentar": "x"}, 404),
        ("aterlamna", {"blankettset": CLEAN, "namnd": "SDN08", "version": 99, "kommentar": "x" * 5000}, 400),
        ("konsolidera", {"blankettset": CLEAN, "val": "alla"}, 422),
        ("konsolidera", {"blankettset": CLEAN, "val": []}, 422),
        ("konsolidera", {"blankettset": "2024-VB"}, 422),
        ("finns-inte", {}, 404),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_gets_one_sentence(mine: Server, name: str, facts: dict[str, Any], status: int) -> None:
    answer = mine.post(name, facts)
    assert answer.status == status, answer.body
    assert re.fullmatch(r"[A-ZÅÄÖ].*[.]", answer.json["text"])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 60_000, b"\xff", b'{"a": NaN'])
def test_what_is_no_json_gets_one_sentence(mine: Server, body: bytes) -> None:
    is_refused(mine.call("POST", "/api/sista-dag", body, JSON), 400, "uppgift")


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/..%2f..%2fetc/passwd", "/api/../../x", "//etc/passwd", "/c:/x", "/a\\b", "/api/%00"]
)
def test_no_path_leads_out(mine: Server, path: str) -> None:
    assert mine.call("GET", path).status == 404
    assert mine.call("PUT", "/api/jag").status == 405


def test_the_pane_is_served_with_safe_headers_or_a_sentence_is(mine: Server, tmp_path: Path) -> None:
    assert mine.call("GET", "/", login=None).body.decode().startswith("Inkorgen är igång, men här finns ingen panel.")
    webb = tmp_path / "webb"
    (webb / "0.4.0-abc" / "motor").mkdir(parents=True)
    (webb / "panel.html").write_text("<h1>panelen</h1>")
    for name in ("a.mjs", "a.wasm", "a.gz"):
        (webb / "0.4.0-abc" / "motor" / name).write_bytes(b"x")
    (tmp_path / "inkorg").mkdir()
    with own(tmp_path / "inkorg", "--webb", str(webb)) as server:
        found = server.call("GET", "/panel.html", login=None)
        assert found.body == b"<h1>panelen</h1>"
        assert found.headers["cache-control"] == "no-cache"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self' https://*.officeapps.live.com" in found.headers["content-security-policy"]
        kinds = {
            name: server.call("GET", f"/0.4.0-abc/motor/{name}", login=None).headers
            for name in ("a.mjs", "a.wasm", "a.gz")
        }
        assert [each["content-type"].partition(";")[0] for each in kinds.values()] == [
            "text/javascript",
            "application/wasm",
            "application/octet-stream",
        ]
        assert {each["cache-control"] for each in kinds.values()} == {"public, max-age=31536000, immutable"}
        assert "content-encoding" not in kinds["a.gz"]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
def test_the_workers_judge_by_the_citys_own_folder(tmp_path: Path) -> None:
    (tmp_path / "stad").mkdir()
    (tmp_path / "stad" / "LÄS_MIG.md").write_text("mappen är tom", "utf-8")
    tenant = Tenant(tmp_path)
    with city(tmp_path, inkorg__stad="stad") as server:
        workers = [
            pid for pid in children(server.process.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        assert workers
        for pid in workers:
            assert f"BLANKETT_STAD={tmp_path / 'stad'}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
        assert server.deliver(clean("1"), login=tenant.token("SLK")).status == 201


def test_health_tries_the_inbox(tmp_path: Path) -> None:
    (tmp_path / "inkorg").mkdir()
    with own(tmp_path / "inkorg", before="from blankettset.addin.server import halsa; halsa.OFTEN = 0") as server:
        assert server.call("GET", "/api/halsa", login=None).json == {"lage": "ok"}
        assert [path.name for path in (tmp_path / "inkorg").iterdir() if path.name.startswith(".prov")] == []
        shutil.rmtree(tmp_path / "inkorg")
        (tmp_path / "inkorg").write_text("en fil")
        answer = server.call("GET", "/api/halsa", login=None)
        assert (answer.status, answer.json["lage"]) == (503, "fel")


def test_a_worker_that_is_killed_costs_one_delivery_and_parents_take_their_workers_along(tmp_path: Path) -> None:
    with own(tmp_path) as server:
        assert server.deliver(clean("1")).status == 201
        workers = [
            pid for pid in children(server.process.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        assert server.deliver(clean("2")).status in (201, 500)
        assert server.deliver(clean("3")).status == 201
        workers = children(server.process.pid)
        server.process.kill()
        server.process.wait()
        until = time.monotonic() + 14.0
        while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < until:
            time.sleep(0.05)
        assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    assert verify(tmp_path).broken == ()


def test_the_recipes_name_real_commands_and_settings() -> None:
    folder = Path(__file__).parent.parent / "docs" / "drift"
    for path in folder.iterdir():
        text = path.read_text("utf-8")
        for line in re.findall(r"blankett(?:\.exe)? (tillagg|verifiera|gallra)([^`\n]*)", text):
            options = CliRunner().invoke(main, [line[0], "--help"]).output
            for option in re.findall(r"--[a-z-]+", line[1]):
                assert option in options, (path.name, option)
    unit = (folder / "blankett-inkorg.service").read_text("utf-8")
    if shutil.which("systemd-analyze"):
        done = subprocess.run(
            ["systemd-analyze", "verify", str(folder / "blankett-inkorg.service")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Unknown" not in done.stderr
    assert "UMask=0077" in unit


def test_parallel_deliveries_over_two_servers_get_a_version_each(tmp_path: Path) -> None:
    with own(tmp_path) as one, own(tmp_path) as other, ThreadPoolExecutor(8) as pool:
        pairs = zip([one, other] * 4, books(8), strict=True)
        answers = list(pool.map(lambda pair: pair[0].deliver(pair[1]), pairs))
    assert sorted(each.json["version"] for each in answers) == list(range(1, 9))
    found = verify(tmp_path)
    assert (found.intact, found.broken, found.notes) == (8, (), ())
