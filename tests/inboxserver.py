"""Real inbox servers for tests: started as a user starts them, spoken to over sockets, with logins of a tenant of our own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TENANT, CLIENT = "11111111-2222-3333-4444-555555555555", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
START = "import sys; from blankettset.addin.server import serve, api; {}; from blankettset.addin.cli.kommandon import main; main(sys.argv[1:])"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Answer:
    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """A running server."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], host: str) -> None:
        self.port, self.process, self.host = port, process, host
        self.token = ""

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, *, login: str | None = "own"
    ) -> Answer:  # fmt: skip
        """One request; `login` is a bearer token, None for none, or the token of this start."""
        given = {"Host": self.host, **(headers or {})}
        if login == "own" and self.token:
            given.setdefault("X-Blankett-Token", self.token)
        elif login not in (None, "own"):
            given["Authorization"] = f"Bearer {login}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def deliver(
        self, data: bytes, *, login: str | None = "own", query: str = "namn=bok.xlsx&funktion=controller"
    ) -> Answer:
        return self.call("POST", f"/api/lamna-in?{query}", data, {"Content-Type": WORKBOOK}, login=login)

    def post(self, name: str, facts: Mapping[str, Any], *, login: str | None = "own", **headers: str) -> Answer:
        return self.call(
            "POST",
            f"/api/{name}",
            json.dumps(facts).encode(),
            {"Content-Type": "application/json", **headers},
            login=login,
        )


@contextlib.contextmanager
def started(
    *args: str, host: str = "", before: str = "pass", port: int = 0, umask: int | None = None
) -> Iterator[Server]:
    """`blankett tillagg` with these options, answering; `before` is Python run first, to shorten times."""
    port = port or free_port()
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", START.format(before), "tillagg", *args]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
        **({} if umask is None else {"umask": umask}),
    )  # fmt: skip
    server = Server(port, process, host or f"127.0.0.1:{port}")
    try:
        for _ in range(300):
            if process.poll() is not None:
                raise AssertionError(process.stdout.read().decode() if process.stdout else "")
            with contextlib.suppress(OSError, http.client.HTTPException):
                found = server.call("GET", "/api/", login=None).json["inloggning"]
                server.token = found.get("token", "")
                break
            time.sleep(0.1)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


@contextlib.contextmanager
def own(inbox: Path, *more: str, before: str = "pass") -> Iterator[Server]:
    """A server on one's own machine."""
    port = free_port()
    with started("--inkorg", str(inbox), "--port", str(port), *more, port=port, before=before) as server:
        yield server


class Tenant:
    """Stands in for Entra ID: keys and tokens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.write_keys("k1")

    def write_keys(self, *names: str) -> None:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        keys = [{**public, "kid": name, "use": "sig"} for name in names]
        (self.folder / "nycklar.json").write_text(json.dumps({"keys": keys}))

    def token(
        self, *roles: str, oid: str = "o1", key: Any = None, kid: str = "k1", without: str = "", **changed: Any
    ) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER, "aud": CLIENT, "tid": TENANT, "oid": oid, "name": "Personens Namn", "roles": list(roles), "scp": "access_as_user",
            "iat": now - 10, "nbf": now - 10, "exp": now + 600, "ver": "2.0", **changed,
        }  # fmt: skip
        claims.pop(without, None)
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": kid})


def configuration(folder: Path, port: int, **changed: Any) -> str:
    """A complete configuration with logins, as TOML."""
    sections: dict[str, dict[str, Any]] = {
        "server": {"adress": "127.0.0.1", "port": port, "vardnamn": ["blankett.exempel.se"]},
        "inkorg": {"mapp": "inkorg"},
        "inloggning": {"sort": "entra", "tenant": TENANT, "klient": CLIENT, "nycklar": "nycklar.json"},
        "granser": {},
    }
    for name, value in changed.items():
        section, _, key = name.partition("__")
        sections.setdefault(section, {})[key] = value
    (folder / "inkorg").mkdir(exist_ok=True)
    return "\n".join(
        f"[{name}]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in each.items())
        for name, each in sections.items()
    )


@contextlib.contextmanager
def city(folder: Path, before: str = "pass", umask: int | None = None, **changed: Any) -> Iterator[Server]:
    """A server with logins."""
    port = free_port()
    path = folder / f"inkorg-{port}.toml"
    path.write_text(configuration(folder, port, **changed), encoding="utf-8")
    with started(
        "--installning", str(path), host="blankett.exempel.se", port=port, before=before, umask=umask
    ) as server:
        yield server


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("egen")


@pytest.fixture(scope="module")
def mine(place: Path) -> Iterator[Server]:
    (place / "inkorg").mkdir()
    with own(place / "inkorg") as server:
        yield server


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    return Tenant(tmp_path_factory.mktemp("stad"))


@pytest.fixture(scope="module")
def stad(tenant: Tenant) -> Iterator[Server]:
    with city(tenant.folder, umask=0o077, server__proxyer=["127.0.0.1"]) as server:
        yield server


def is_refused(answer: Any, status: int, kod: str) -> None:
    assert (answer.status, answer.json["kod"]) == (status, kod), answer.body
    assert re.fullmatch(r"\S.*[.]", answer.json["text"])
