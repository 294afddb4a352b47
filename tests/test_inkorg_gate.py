"""Who comes in to the inbox's server; the numbers are the rows of the review of the one before it."""

from __future__ import annotations

import base64
import contextlib
import hmac
import http.server
import json
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("uvicorn", reason="tillvalet server är inte installerat")

from cryptography.hazmat.primitives.asymmetric import rsa

from blankettset.addin.cli.kommandon import main
from blankettset.addin.server.settings import SETTINGS, CannotStart, read_settings, settings, template
from tests.inboxserver import (
    CLIENT,
    WORKBOOK,
    Server,
    Tenant,
    city,
    configuration,
    is_refused,
    mine,
    own,
    place,
    stad,
    tenant,
)
from tests.test_inkorg import CLEAN, clean

JSON = {"Content-Type": "application/json"}


# 1: only a complete configuration opens an address that others reach


def fault(text: str, tmp_path: Path) -> str:
    path = tmp_path / "inkorg.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CannotStart) as stopped:
        read_settings(path)
    return str(stopped.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"inloggning__sort": ""}, "inloggning.sort saknas"),
        ({"inloggning__sort": "custom"}, 'inloggning.sort ska vara "entra" eller "ingen"'),
        ({"inloggning__sort": ["entraid"]}, "inloggning.sort ska vara en text"),
        ({"inloggning__sort": "ingen", "server__adress": "0.0.0.0"}, "utan inloggning startar servern bara på den egna datorn"),
        ({"inloggning__tenant": ""}, "inloggning.tenant saknas"),
        ({"inloggning__tenant": "common"}, "ska vara ett GUID, inte common"),
        ({"inloggning__klient": ""}, "inloggning.klient saknas"),
        ({"inloggning__tennant": "x"}, "inloggning.tennant finns inte; menade du »tenant»"),
        ({"inlogning__sort": "entra"}, "avsnittet [inlogning] finns inte; menade du »inloggning»"),
        ({"server__vardnamn": []}, "server.vardnamn saknas"),
        ({"server__vardnamn": ["*"]}, "utan https://, port och *"),
        ({"server__adress": "0.0.0.0"}, "server.certifikat saknas: utan HTTPS"),
        ({"server__certifikat": "c.pem"}, "anges båda eller ingen"),
        ({"server__port": 0}, "server.port ska vara ett heltal"),
        ({"server__port": True}, "server.port ska vara ett heltal"),
        ({"inkorg__mapp": ""}, "inkorg.mapp saknas"),
        ({"server__ursprung": ["http://x.se"]}, "server.ursprung ska vara adresser som https://"),
    ],
)  # fmt: skip
def test_1_an_incomplete_configuration_does_not_start_and_says_what_is_missing(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    text = fault(configuration(tmp_path, 8443, **change), tmp_path)
    assert text.startswith("Servern startar inte: ")
    assert said in text


def test_1_every_fault_is_said_at_once_and_what_is_no_toml_too(tmp_path: Path) -> None:
    text = fault(template(), tmp_path)
    assert [line.partition(" ")[0] + line.partition(" ")[2].partition(" ")[0] for line in text.splitlines()[1:]] == [
        "-inkorg.mapp", "-inloggning.sort"
    ]  # fmt: skip
    assert ", rad 2 går inte att förstå" in fault("[server]\nadress = x\n", tmp_path)
    with pytest.raises(CannotStart, match="går inte att läsa: den finns inte"):
        read_settings(tmp_path / "saknas.toml")


def test_1_the_template_explains_every_setting_and_is_complete_when_what_is_asked_for_is_filled_in(
    tmp_path: Path,
) -> None:
    text = template()
    for section, declared in SETTINGS.items():
        assert f"[{section}]" in text
        for key, setting in declared.items():
            assert setting.text in text
            assert re.search(rf"^(# )?{key} = ", text, re.MULTILINE)
    for key, value in (("mapp", "inkorg"), ("sort", "ingen")):
        text = re.sub(rf'^{key} = ""$', f'{key} = "{value}"', text, flags=re.MULTILINE)
    path = tmp_path / "inkorg.toml"
    path.write_text(text, "utf-8")
    found = read_settings(path)
    assert (found.adress, found.mapp, found.logg) == ("127.0.0.1", tmp_path / "inkorg", tmp_path / "inkorg" / "logg")


@pytest.mark.parametrize("value", ["[ ]", " []", "null", '["nonsens"]', '["custom"]', '["entraid"]', "[]", ""])
def test_1_without_a_configuration_no_other_machine_is_served_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("XLWINGS_AUTH_PROVIDERS", value)
    for address in ("0.0.0.0", "::", "10.0.0.1", "blankett.exempel.se"):
        done = CliRunner().invoke(main, ["tillagg", "--inkorg", str(tmp_path), "--adress", address])
        assert done.exit_code == 2
        assert "utan inloggning startar servern bara på den egna datorn" in done.output


def test_1_what_the_configuration_names_must_be_there(tmp_path: Path, tenant: Tenant) -> None:
    for change, said in (
        ({"inkorg__mapp": "finns inte"}, "inkorgens mapp"),
        ({"server__webb": "."}, "är ingen mapp från »blankett webb»"),
        ({"server__certifikat": "c.pem", "server__nyckel": "n.pem"}, "c.pem finns inte"),
        ({"inkorg__stad": "finns inte"}, "stadens mapp"),
        ({}, "nycklar.json innehåller inga nycklar"),
        ({"inloggning__nycklar": "nat", "inkorg__signaturnyckel": "n.pem"}, "n.pem går inte att läsa: den finns inte"),
    ):
        (tmp_path / "inkorg.toml").write_text(configuration(tmp_path, 8443, **change), "utf-8")
        done = CliRunner().invoke(main, ["tillagg", "--installning", str(tmp_path / "inkorg.toml")])
        assert done.exit_code == 2, done.output
        assert said in done.output


# 1, 7: who is who


@pytest.mark.parametrize(
    ("how", "kod"),
    [
        ({}, ""),
        ({"aud": f"api://{CLIENT}"}, ""),
        ({"aud": f"api://blankett.exempel.se/{CLIENT}"}, ""),
        ({"aud": f"api://annan.exempel.se/{CLIENT}"}, "inloggning"),
        ({"aud": "99999999-bbbb-cccc-dddd-eeeeeeeeeeee"}, "inloggning"),  # another app's
        ({"iss": "https://login.microsoftonline.com/99999999-2222-3333-4444-555555555555/v2.0"}, "inloggning"),
        ({"iss": "https://sts.windows.net/11111111-2222-3333-4444-555555555555/"}, "inloggning"),
        ({"tid": "99999999-2222-3333-4444-555555555555"}, "inloggning"),  # another tenant's
        ({"exp": 1}, "inloggning"),
        ({"nbf": 4_000_000_000}, "inloggning"),
        ({"scp": "annat"}, "inloggning"),
        ({"without": "scp"}, "inloggning"),  # an id token, or an app's own
        ({"without": "exp"}, "inloggning"),
        ({"without": "nbf"}, "inloggning"),
        ({"without": "oid"}, "inloggning"),
        ({"roles": "SLK"}, "inloggning"),
        ({"kid": "okänd"}, "inloggning"),
        ({"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}, "inloggning"),
    ],
)  # fmt: skip
def test_7_a_token_is_checked_whole_on_every_call(stad: Server, tenant: Tenant, how: dict[str, Any], kod: str) -> None:
    changed = {key: value for key, value in how.items() if key not in ("key", "kid", "without")}
    known = {key: value for key, value in how.items() if key in ("key", "kid", "without")}
    token = tenant.token("SLK", **known, **changed) if "roles" not in changed else tenant.token(**known, **changed)
    answer = stad.call("GET", "/api/jag", headers={"X-Forwarded-For": f"10.1.{len(str(how))}.1"}, login=token)
    if kod:
        is_refused(answer, 401, kod)
    else:
        assert answer.json == {"namn": "Personens Namn", "slk": True, "namnder": [], "attest": []}


def signed_with_the_public_key(claims: dict[str, Any], public: bytes) -> str:
    """HS256 with what everybody knows as the secret."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=")
        for each in ({"alg": "HS256", "kid": "k1"}, claims)
    ]
    signature = hmac.new(public, b".".join(parts), "sha256").digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_7_forged_and_missing_tokens_are_refused_and_too_many_slow_down(stad: Server, tenant: Tenant) -> None:
    import jwt

    claims = jwt.decode(tenant.token("SLK"), options={"verify_signature": False})
    public = (tenant.folder / "nycklar.json").read_bytes()
    forged = [
        jwt.encode(claims, "", algorithm="none"),
        signed_with_the_public_key(claims, public),
        "", "x", "a.b.c", "x" * 8000, tenant.token("SLK") + "x",
    ]  # fmt: skip
    there = {"X-Forwarded-For": "10.9.9.9"}
    for token in forged:
        is_refused(stad.call("GET", "/api/jag", headers=there, login=token), 401, "inloggning")
    answers = [stad.call("GET", "/api/jag", headers=there, login="x").status for _ in range(40)]
    assert answers[-1] == 429
    assert (
        stad.call("GET", "/api/jag", headers={"X-Forwarded-For": "10.9.9.8"}, login=tenant.token("SLK")).status == 200
    )


def test_7_keys_are_read_again_when_the_file_changes_and_their_loss_is_no_500(tmp_path: Path) -> None:
    tenant = Tenant(tmp_path)
    with city(tmp_path) as server:
        old = tenant.token("SLK")
        assert server.call("GET", "/api/jag", login=old).status == 200
        tenant.write_keys("k2")
        is_refused(server.call("GET", "/api/jag", login=old), 401, "inloggning")
        assert server.call("GET", "/api/jag", login=tenant.token("SLK", kid="k2")).status == 200
        (tmp_path / "nycklar.json").write_text("inget")  # half a file on its way: what was read before holds
        assert server.call("GET", "/api/jag", login=tenant.token("SLK", kid="k2")).status == 200


def test_7_without_a_way_to_the_keys_a_login_is_a_sentence_and_health_says_so(tmp_path: Path, tenant: Tenant) -> None:
    unreachable = "from blankettset.addin.server import tokens; tokens.urllib.request.urlopen = lambda *a, **k: (_ for _ in ()).throw(OSError('ingen väg'))"
    with city(tmp_path, before=unreachable, inloggning__nycklar="nat") as server:
        is_refused(server.call("GET", "/api/jag", login=tenant.token("SLK")), 503, "nycklar")
        health = server.call("GET", "/api/halsa", login=None)
        assert (health.status, health.json["text"]) == (
            503,
            "Entra ID:s nycklar kan inte läsas, så ingen kan logga in.",
        )


# 2, 3: the own machine's server answers its own page alone


@pytest.mark.parametrize(
    ("headers", "status", "kod"),
    [
        ({"Host": "ond.exempel.se"}, 421, "vard"),
        ({"Host": "127.0.0.1"}, 421, "vard"),
        ({"Host": "127.0.0.1:1"}, 421, "vard"),
        ({"X-Forwarded-For": "10.0.0.1"}, 403, "proxy"),
        ({"X-Forwarded-Host": "x"}, 403, "proxy"),
        ({"Forwarded": "for=10.0.0.1"}, 403, "proxy"),
        ({"Via": "1.1 x"}, 403, "proxy"),
        ({"X-Real-IP": "10.0.0.1"}, 403, "proxy"),
        ({"Origin": "https://ond.exempel.se"}, 403, "ursprung"),
        ({"Origin": "null"}, 403, "ursprung"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "ursprung"),
        ({"Sec-Fetch-Site": "same-site"}, 403, "ursprung"),
        ({"X-Blankett-Token": "fel"}, 401, "inloggning"),
        ({"X-Blankett-Token": ""}, 401, "inloggning"),
    ],
)  # fmt: skip
def test_2_3_foreign_hosts_proxies_pages_and_starts_are_refused(
    mine: Server, place: Path, headers: dict[str, str], status: int, kod: str
) -> None:
    before = sorted((place / "inkorg").rglob("*.json"))
    for method, path, body, kind in (
        ("POST", "/api/sista-dag", b'{"blankettset": "2024-T1", "dag": "2024-05-22"}', "application/json"),
        ("POST", "/api/lamna-in?namn=x.xlsx&funktion=x", clean(), WORKBOOK),
        ("GET", "/api/inkorg", None, ""),
    ):
        is_refused(mine.call(method, path, body, {**JSON, "Content-Type": kind, **headers}), status, kod)
    assert sorted((place / "inkorg").rglob("*.json")) == before
    if kod != "inloggning":  # nor is the token given away
        is_refused(mine.call("GET", "/api/", headers=headers, login=None), status, kod)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_3_only_the_kinds_that_a_foreign_page_cannot_send_are_read(mine: Server, kind: str) -> None:
    is_refused(mine.call("POST", "/api/sista-dag", b"{}", {"Content-Type": kind}), 415, "slag")
    is_refused(mine.call("POST", "/api/lamna-in", clean(), {"Content-Type": kind}), 415, "slag")


def test_3_the_token_is_new_with_every_start(mine: Server, tmp_path: Path) -> None:
    with own(tmp_path) as other:
        assert other.token != mine.token
        is_refused(
            other.call("GET", "/api/jag", headers={"X-Blankett-Token": mine.token}, login=None), 401, "inloggning"
        )


@contextlib.contextmanager
def hostile_page(script: str) -> Iterator[str]:
    page = f"<!doctype html><meta charset=utf-8><body><script>{script}</script>".encode()

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_address[1]}/"
        served.shutdown()


HOSTILE = """
const at = "%s", told = [];
const body = JSON.stringify({blankettset: "2024-T1", dag: "2024-01-01"});
async function attempt(name, work) {
  try { told.push([name, await work()]); } catch (error) { told.push([name, "nekat"]); }
}
const post = (type, more) => () => fetch(at + "api/sista-dag", {method: "POST", body, headers: type ? {"Content-Type": type} : {}, ...more}).then((r) => r.text());
(async () => {
  await attempt("läsa token", () => fetch(at + "api/").then((r) => r.text()));
  await attempt("läsa utan cors", () => fetch(at + "api/", {mode: "no-cors"}).then((r) => r.text()));
  await attempt("text", post("text/plain"));
  await attempt("utan cors", post("text/plain", {mode: "no-cors"}));
  await attempt("json", post("application/json"));
  await attempt("token", () => fetch(at + "api/sista-dag", {method: "POST", body, headers: {"Content-Type": "application/json", "X-Blankett-Token": "x"}}).then((r) => r.text()));
  await attempt("beacon", async () => String(navigator.sendBeacon(at + "api/sista-dag", new Blob([body], {type: "text/plain"}))));
  const frame = document.createElement("iframe"); frame.name = "ram"; document.body.append(frame);
  const form = document.createElement("form"); form.method = "POST"; form.action = at + "api/sista-dag"; form.enctype = "text/plain"; form.target = "ram";
  const field = document.createElement("input"); field.name = body.slice(0, -1) + ',"x":"'; field.value = '"}'; form.append(field); document.body.append(form); form.submit();
  const script = document.createElement("script"); script.src = at + "api/"; document.body.append(script);
  await new Promise((done) => setTimeout(done, 1500));
  await attempt("ramen", async () => frame.contentDocument.body.textContent);
  document.title = JSON.stringify(told);
})();
"""


@pytest.mark.webb
@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium finns inte på den här maskinen")
@pytest.mark.parametrize("host", ["127.0.0.1", "ond.exempel.se"], ids=["foreign page", "foreign name"])
def test_3_a_real_browser_on_a_hostile_page_changes_and_learns_nothing(mine: Server, place: Path, host: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    before = sorted(path.name for path in (place / "inkorg").rglob("*.json"))
    at = f"http://{host}:{mine.port}/"
    with hostile_page(HOSTILE % at) as page, playwright.sync_playwright() as run:
        arguments = ["--no-sandbox", "--host-resolver-rules=MAP ond.exempel.se 127.0.0.1"]
        browser = run.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        try:
            tab = browser.new_page()
            tab.goto(page)
            tab.wait_for_function("document.title.startsWith('[')", timeout=30_000)
            told = dict(json.loads(tab.title()))
            tab.goto(at + "api/")  # the same name from the page itself: rebinding
            seen = tab.content()
        finally:
            browser.close()
    assert mine.token not in json.dumps(told)
    assert told["läsa token"] == told["json"] == told["token"] == told["ramen"] == "nekat"
    assert {told["läsa utan cors"], told["utan cors"]} <= {"", "nekat"}  # opaque: nothing can be read
    assert (mine.token in seen) == (host == "127.0.0.1")
    assert sorted(path.name for path in (place / "inkorg").rglob("*.json")) == before
    assert mine.call("GET", f"/api/inkorg?set={CLEAN}").json["sista_dag"] is None


def test_settings_read_from_the_command_line_are_checked_alike() -> None:
    with pytest.raises(CannotStart, match=r"server\.prot finns inte"):
        settings({"server": {"prot": 1}, "inkorg": {"mapp": "x"}, "inloggning": {"sort": "ingen"}}, "x", Path())
