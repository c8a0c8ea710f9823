# SPDX-License-Identifier: Apache-2.0
"""Readers of `core`, `crypto` and `audit`."""

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path

import jwt as pyjwt

from counterfoil_service.audit import entries_file, evidence, log_folder, resume
from counterfoil_service.core import (
    address_range,
    argon2_cost,
    budget,
    checkpoint,
    colour,
    email_address,
    fingerprint,
    four_eyes,
    identifiers,
    languages,
    leaf,
    link,
    mail_code,
    pkce,
    redirects,
    return_path,
    tile_files,
    user_code,
)
from counterfoil_service.core import evidence as device_evidence
from counterfoil_service.core.add_checkpoint import known_size
from counterfoil_service.core.alerting import AlertCursor
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.event_filter import Cursor
from counterfoil_service.core.mail_dns import dkim, examine, why_not
from counterfoil_service.core.mail_report import document_of
from counterfoil_service.core.row_cursor import RowCursor
from counterfoil_service.core.tlog_proof import TlogProof
from counterfoil_service.crypto import cosignatures, dpop, jwt, notes, policy
from counterfoil_service.crypto.argon2 import verify_secret
from counterfoil_service.crypto.jwt import SigningKey
from counterfoil_service.crypto.nonces import Nonces
from counterfoil_service.crypto.notes import COSIGNATURE, BadNote, NoteKey, VerifierKey
from fuzz.parsing import REFUSED, WRONG, Parser
from support.device import Device
from support.http import fingerprint as fingerprint_field
from support.stage import ISSUER, START

LOG = NoteKey("log.example/audit", bytes(range(32)))
WITNESS = NoteKey("witness.example", bytes(range(1, 33)), COSIGNATURE)
BODY = Checkpoint(LOG.name, 5, bytes(32)).body()
NOTE = LOG.sign(BODY)
PROOF = TlogProof(index=2, hashes=(bytes(32), bytes(32), bytes(32)), note=NOTE)
POLICY = f"log {LOG.vkey}\nwitness a {WITNESS.vkey}\ngroup g 1 a\nquorum g\n"
LEAF = leaf.leaf_bytes(
    leaf.leaf_of(AuditEvent(name=EventName.KEY_ROTATED), event_id=bytes(16), time=START, sealed=None)
)
NONCES = Nonces(bytes(32))
DEVICE = Device(ISSUER, lambda: START, nonce=NONCES.current(START))
SIGNING = SigningKey.generate("ES256", lambda count: bytes(range(count)))
TOKEN = jwt.sign({"sub": "somebody"}, SIGNING)
RESUME = resume._spelt(
    {
        "v": 1,
        "source": "database",
        "key": LOG.vkey,
        "time": "2026-11-20T09:15:02.114Z",
        "size": 0,
        "edge": [],
        "sound": 0,
        "pruning": {"count": 0, "first": 0, "end": 0, "below": 0},
        "against": {},
    }
)
HASHED = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaA"
ULID = "01KA0000000000000000000000"


def _examined(text: str) -> object:
    """Every record of a domain says this."""
    asking = examine("example.org", "key")
    try:
        next(asking)
        for _ in range(100):
            asking.send((text, text))
    except StopIteration as done:
        return done.value
    raise AssertionError("it asks without an end")


def _proven(text: str) -> object:
    return dpop.verify([text], method="POST", url=f"{ISSUER}/oauth/token", now=START, nonces=NONCES)


def _lines(data: bytes) -> list[bytes]:
    rest = [data]

    def readline(limit: int) -> bytes:
        line, found, _ = rest[0].partition(b"\n")
        taken = (line + found)[:limit]
        rest[0] = rest[0][len(taken) :]
        return taken

    lines: Iterator[bytes] = entries_file._lines(readline)
    return [entries_file._checked(line, index) for index, line in enumerate(lines)]


def _bundle(data: Sequence[bytes]) -> bytes:
    return tile_files.entry_bundle(data)


def _tile_path(found: tuple[int | None, int, int]) -> str:
    level, index, width = found
    return tile_files.entries_path(index, width) if level is None else tile_files.tile_path(level, index, width)


_FINGERPRINT = fingerprint_field()
CORE = [
    Parser("core/address_range.py:coarse", address_range.coarse, ("203.0.113.7", "2001:db8::1", "::ffff:192.0.2.1")),
    Parser(
        "core/address_range.py:coarse_range",
        address_range.coarse_range,
        ("203.0.113.7", "2001:db8:1::/48", "10.0.0.0/25"),
        WRONG,
        str,
        loose=True,
    ),
    Parser(
        "core/add_checkpoint.py:known_size",
        lambda body: known_size({"content-type": "text/x.tlog.size"}, body),
        (b"12\n", b"0\n"),
        WRONG,
    ),
    Parser(
        "core/alerting.py:AlertCursor.parse",
        AlertCursor.parse,
        ("1795000000000000-" + ULID, "1-2", ULID),
        (),
        lambda found: "" if found is None else found.text(),
        loose=True,
    ),
    Parser("core/argon2_cost.py:parse", argon2_cost.parse, ("passes=3,mebibytes=64,lanes=4", "lanes=1"), WRONG),
    Parser("core/budget.py:parse", budget.parse, ("address_range=10/60,service=5/1", "device_key=1/60"), WRONG),
    Parser("core/checkpoint.py:Checkpoint.parse", Checkpoint.parse, (BODY,), WRONG, Checkpoint.body),
    Parser(
        "core/checkpoint.py:parse_base64",
        checkpoint.parse_base64,
        ("", "YQ==", base64.b64encode(bytes(32)).decode()),
        WRONG,
        checkpoint.base64_text,
    ),
    Parser("core/checkpoint.py:parse_decimal", checkpoint.parse_decimal, ("0", "42", str(2**63 - 1)), WRONG, str),
    Parser("core/colour.py:is_colour", colour.is_colour, ("#0a5c36", "#FFFFFF")),
    Parser(
        "core/email_address.py:parse",
        email_address.parse,
        ("ada@example.com", "Ada.B+tag@EXAMPLE.com", "josé@exämple.org", '"a b"@example.com'),
        REFUSED,
        lambda found: found.mailing,
        loose=True,
    ),
    Parser(
        "core/event_filter.py:Cursor.parse",
        Cursor.parse,
        ("1795000000000000-12", "0-0"),
        WRONG,
        Cursor.text,
        loose=True,
    ),
    Parser("core/evidence.py:decoded", device_evidence.decoded, ('{"stable":"a","attributes":{}}',), (ValueError,)),
    Parser("core/fingerprint.py:parse", fingerprint.parse, (_FINGERPRINT,), REFUSED),
    Parser(
        "core/four_eyes.py:read_acts",
        four_eyes.read_acts,
        ("relay", "relay,erase", "erase"),
        WRONG,
        ",".join,
        loose=True,
    ),
    Parser("core/identifiers.py:is_subject", identifiers.is_subject, ("A" * 22,)),
    Parser("core/identifiers.py:is_ulid", identifiers.is_ulid, (ULID,)),
    Parser("core/identifiers.py:ulid_time", identifiers.ulid_time, (ULID,), WRONG),
    Parser(
        "core/identifiers.py:unbase64url",
        identifiers.unbase64url,
        ("", "YQ", "AAAA", "A" * 43),
        WRONG,
        identifiers.base64url,
    ),
    Parser(
        "core/languages.py:of_accept_language", languages.of_accept_language, ("de-AT,de;q=0.9,en;q=0.5", "*", "fr;q=0")
    ),
    Parser("core/languages.py:of_ui_locales", languages.of_ui_locales, ("fr-CA en", "ar")),
    Parser("core/leaf.py:microseconds", leaf.microseconds, ("2026-11-20T09:15:02.114Z",), WRONG, leaf.rfc3339),
    Parser("core/leaf.py:milliseconds", leaf.milliseconds, ("2026-11-20T09:15:02.114Z",), WRONG),
    Parser("core/leaf.py:parse_leaf", leaf.parse_leaf, (LEAF,), WRONG, leaf.leaf_bytes),
    Parser("core/link.py:well_formed", link.well_formed, ("A" * 43,)),
    Parser(
        "core/mail_code.py:normalise",
        mail_code.normalise,
        ("1234 5678", "12345678"),
        (),
        lambda found: found or "",
        loose=True,
    ),
    Parser(
        "core/mail_dns/__init__.py:examine",
        _examined,
        (
            "v=spf1 include:_spf.example.net -all",
            "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ==",
            "v=DMARC1; p=reject; adkim=s; np=none; t=y",
        ),
    ),
    Parser("core/mail_dns/__init__.py:why_not", why_not, ("example.org", "[192.0.2.1]", "localhost")),
    Parser(
        "core/mail_dns/dkim.py:rsa_bits",
        dkim.rsa_bits,
        (bytes.fromhex("30090202ff010203010001"), bytes.fromhex("3082010a0282010100")),
    ),
    Parser("core/mail_report.py:document_of", document_of, (b'{"type":"mail.bounced","data":{}}', b"[1]")),
    Parser("core/pkce.py:check_challenge", lambda text: pkce.check_challenge(text, "S256"), ("A" * 43,), REFUSED),
    Parser("core/pkce.py:check_state", pkce.check_state, ("af0ifjsldkj",), REFUSED),
    Parser(
        "core/pkce.py:check_verifier", pkce.check_verifier, ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",), REFUSED
    ),
    Parser(
        "core/redirects.py:kind_of",
        redirects.kind_of,
        (
            "https://app.example/callback?a=b",
            "http://127.0.0.1:49152/callback",
            "http://[::1]/callback",
            "com.example.app:/callback",
        ),
        REFUSED,
    ),
    Parser(
        "core/return_path.py:check_return_path", return_path.check_return_path, ("/console?a=b#c", "/"), REFUSED, str
    ),
    Parser(
        "core/row_cursor.py:RowCursor.parse",
        RowCursor.parse,
        ("1795000000000000-" + ULID, "1-a"),
        WRONG,
        RowCursor.text,
        loose=True,
    ),
    Parser(
        "core/tile_files.py:parse_bundle",
        tile_files.parse_bundle,
        (_bundle([b"a", b"bc"]), _bundle([LEAF])),
        WRONG,
        _bundle,
    ),
    Parser("core/tile_files.py:split_bundle", tile_files.split_bundle, (_bundle([b"a", b"bc"]),)),
    Parser(
        "core/tile_files.py:parse_tile_path",
        tile_files.parse_tile_path,
        ("tile/0/000", "tile/1/x001/067.p/8", "tile/entries/x123/x456/789"),
        WRONG,
        _tile_path,
    ),
    Parser("core/tlog_proof.py:TlogProof.parse", TlogProof.parse, (PROOF.text(),), WRONG, TlogProof.text),
    Parser(
        "core/user_code.py:normalise",
        user_code.normalise,
        ("WDJ-BMJ", "wdjbmj"),
        (),
        lambda found: found or "",
        loose=True,
    ),
    Parser("core/witness_policy.py:parse_policy", policy.read_policy, (POLICY.encode(),), WRONG),
    Parser("crypto/argon2.py:verify_secret", lambda text: verify_secret(HASHED, text), ("a secret",)),
    Parser(
        "crypto/cosignatures.py:cosignature_line",
        lambda data: cosignatures.cosignature_line(data, NOTE, WITNESS.vkey),
        (WITNESS.cosign(BODY, START // 1_000_000).encode(),),
        (BadNote,),
    ),
    Parser(
        "crypto/dpop.py:verify",
        _proven,
        (DEVICE.proof("/oauth/token"), DEVICE.proof("/oauth/token", nonce=None), pyjwt.encode({}, "k" * 32)),
        REFUSED,
    ),
    Parser(
        "crypto/dpop.py:_normalised",
        dpop._normalised,
        (f"{ISSUER}/oauth/token", "HTTPS://ID.example:443/a/../b/%7euser"),
        (),
        lambda found: found or "",
        loose=True,
    ),
    Parser(
        "crypto/jwt.py:SigningKey.from_private_bytes",
        SigningKey.from_private_bytes,
        (SIGNING.private_bytes(),),
        WRONG,
        SigningKey.private_bytes,
    ),
    Parser("crypto/jwt.py:verified", lambda text: jwt.verified(text, {SIGNING.kid: SIGNING}), (TOKEN,)),
    Parser("crypto/nonces.py:Nonces.accepts", lambda text: NONCES.accepts(text, START), (NONCES.current(START),)),
    Parser(
        "crypto/notes.py:VerifierKey.parse",
        VerifierKey.parse,
        (LOG.vkey, WITNESS.vkey),
        (BadNote,),
        lambda key: key.text,
    ),
    Parser("crypto/notes.py:signers", lambda note: notes.signers(note, [LOG.vkey]), (NOTE, NOTE.encode()), (BadNote,)),
    Parser(
        "crypto/policy.py:judge",
        lambda note: policy.judge(note, policy.read_policy(POLICY.encode())),
        (NOTE,),
        (BadNote,),
    ),
    Parser("crypto/policy.py:read_policy", policy.read_policy, (POLICY.encode(),), WRONG),
    Parser("audit/entries_file.py:_lines", _lines, (LEAF + b"\n" + LEAF + b"\n",), (evidence.AlteredError,)),
    Parser(
        "audit/evidence.py:read_checkpoint",
        lambda note: evidence.read_checkpoint(note, LOG.vkey),
        (NOTE,),
        (evidence.AlteredError,),
    ),
    Parser("audit/log_folder.py:split_notes", log_folder.split_notes, (log_folder.join_notes([NOTE, NOTE]), "")),
    Parser(
        "audit/resume.py:_read", lambda data: resume._read(data, Path("resume.json")), (RESUME,), (resume.ResumeError,)
    ),
]
