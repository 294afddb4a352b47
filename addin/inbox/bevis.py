"""Proof: the inbox checked from end to end against receipts, signatures and the audit log; and the key that signs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from blankettset.addin.inbox import inkorg
from blankettset.addin.inbox.ledger import Signer, digest, read_ledger
from blankettset.templates.errors import Refusal, reason

LOG = "logg"


class NoProof(Refusal):
    """The inbox cannot be checked; str() says why."""


class Proof(msgspec.Struct, frozen=True):
    """What a check of the inbox found: how many deliveries agree with their receipts, and what does not (sentences)."""

    sets: int
    intact: int
    broken: tuple[str, ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """One object for machines."""
        return {
            "set": self.sets, "inlamningar": self.intact, "brott": list(self.broken), "anmarkningar": list(self.notes)
        }  # fmt: skip


def verify(inbox: Path, signer: Signer | None = None, log: Path | None = None) -> Proof:
    """Every delivery and decision against its receipt, the receipts against each other and against the log.

    A receipt taken away at the end of a ledger leaves no gap; the log, which may lie elsewhere, tells of it.
    """
    if not inbox.is_dir():
        raise NoProof(f"{inbox} finns inte. Ange inkorgens mapp.")
    sets = inkorg.sets_in(inbox)
    if not sets:
        raise NoProof(f"{inbox} är ingen inkorg: där finns ingen liggare.")
    broken: list[str] = []
    notes: list[str] = []
    intact = 0
    known: dict[str, dict[str, str]] = {}
    for set_id in sets:
        try:
            found = inkorg.state(inbox, set_id, signer)
        except OSError as error:
            broken.append(f"{set_id} går inte att läsa: {reason(error)}.")
            continue
        intact += sum(not each.bruten for each in found.deliveries)
        broken += found.breaks
        notes += found.notes
        known[set_id] = {str(entry.nr): digest(entry) for entry in found.ledger.entries}
    gone = removed(inbox, signer)
    for logged in _logged(log or inbox / LOG):
        set_id, number, sha256 = logged["set"], logged["nr"], logged["post"]
        if set_id in gone or known.get(set_id, {}).get(number) == sha256:
            continue
        text = f"{set_id}: loggen har en {logged['atgard']} {logged['tid'][:16]} (kvitto {number}) som inte finns i liggaren."
        broken.append(text)
    notes += [
        f"{set_id} är gallrad men ligger kvar: gallringen avbröts. Kör den igen." for set_id in gone if set_id in sets
    ]
    return Proof(len(sets), intact, tuple(broken), tuple(notes))


def removed(inbox: Path, signer: Signer | None = None) -> set[str]:
    """The sets that have been removed after a decision (gallring)."""
    entries = read_ledger(inbox, signer).entries
    return {entry.text("blankettset") for entry in entries if entry.slag == "gallring"}


def _logged(folder: Path) -> Iterator[dict[str, str]]:
    """What the log says was written to a ledger."""
    for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else ():
        for line in path.read_bytes().splitlines():
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                continue  # cut off by a power cut; what was never confirmed is not missed
            if isinstance(found, dict) and found.get("post"):
                yield {name: str(found.get(name, "")) for name in ("atgard", "tid", "set", "nr", "post")}


class Key:
    """An Ed25519 key in a PEM file outside the inbox: a private one signs and checks, a public one only checks."""

    def __init__(self, path: Path) -> None:
        try:
            from cryptography.hazmat.primitives import serialization
            from cryptography.hazmat.primitives.asymmetric import ed25519
        except ImportError:
            raise NoProof("Signaturer kräver tillvalet server: pip install 'blankettset[server]'.") from None
        try:
            content = path.read_bytes()
        except OSError as error:
            raise NoProof(f"Nyckeln {path} går inte att läsa: {reason(error)}.") from None
        self._private: ed25519.Ed25519PrivateKey | None = None
        try:
            if b"PRIVATE KEY" in content:
                private = serialization.load_pem_private_key(content, password=None)
                assert isinstance(private, ed25519.Ed25519PrivateKey)
                self._private, self._public = private, private.public_key()
            else:
                public = serialization.load_pem_public_key(content)
                assert isinstance(public, ed25519.Ed25519PublicKey)
                self._public = public
        except (ValueError, TypeError, AssertionError):
            raise NoProof(
                f"{path} är ingen Ed25519-nyckel i PEM utan lösenord. Skapa en med »openssl genpkey -algorithm ed25519»."
            ) from None

    def sign(self, message: bytes) -> bytes:
        """The signature; NoProof with a public key."""
        if self._private is None:
            raise NoProof("Med en publik nyckel går det bara att kontrollera, inte att skriva i inkorgen.")
        return self._private.sign(message)

    def is_valid(self, message: bytes, signature: bytes) -> bool:
        """True when this key made it."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._public.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def sentences(proof: Proof) -> Iterable[str]:
    """The outcome for people, what is broken first."""
    yield from (f"BRUTEN  {text}" for text in proof.broken)
    yield from (f"OBS     {text}" for text in proof.notes)
    yield (f"{proof.sets} blankettset, {proof.intact} inlämningar stämmer med sina kvitton, {len(proof.broken)} brott.")
