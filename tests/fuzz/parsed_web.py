# SPDX-License-Identifier: Apache-2.0
"""Readers of requests, of webhooks and of settings."""

import base64
import ipaddress
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Request

from counterfoil_service.core.destination import own
from counterfoil_service.core.mail_report import Accepted, Provider
from counterfoil_service.core.tlog_proof import TlogProof
from counterfoil_service.crypto import keys
from counterfoil_service.http_post import Answer
from counterfoil_service.mail.transports.http_transport import told
from counterfoil_service.operations.look_up_mailbox import named_by_hash
from counterfoil_service.settings import SettingsError, load
from counterfoil_service.web import caller, clients, forms, polling
from counterfoil_service.web.audit_api import queries
from counterfoil_service.web.browser import cookies, sealed
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.console.audit_proof import verify_proof
from counterfoil_service.web.console.audit_query import AuditQuery
from counterfoil_service.web.mail_hooks import hook, mailgun, postmark, resend, ses
from counterfoil_service.web.mail_hooks.hooks import MailHooks
from counterfoil_service.web.mail_hooks.incoming import Incoming, Unverified
from counterfoil_service.web.mail_hooks.sns import Topic
from fuzz.parsed_core import LOG, NOTE, WITNESS
from fuzz.parsing import REFUSED, WRONG, Parser, finish
from support.mail_reports import TOPIC, Secrets, signed, standard_headers
from support.stage import ISSUER, START
from unit.web.fakes import a_request

SECRETS = Secrets()
MAIL_ID = "01KA0000000000000000000000"
ENVIRON = {"COUNTERFOIL_PUBLIC_URL": ISSUER, "COUNTERFOIL_SECRET_KEY": "5e" * 32}


def _request(headers: Mapping[str, str] | None = None, query: bytes = b"") -> Any:
    raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in (headers or {}).items()]
    scope: Any = {"type": "http", "method": "GET", "path": "/", "query_string": query, "headers": raw, "state": {}}
    return Request(scope)


def _setting(name: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        return load(ENVIRON | {f"COUNTERFOIL_{name}": text})

    return read


def _hook(provider: str) -> Any:
    return MailHooks(SECRETS.webhooks).schemes[provider]


def _accepted(provider: str, headers: Mapping[str, str], body: bytes) -> Accepted:
    found: Accepted = finish(_hook(provider).accept(Incoming(headers, body, START)))
    return found


def _genuine(provider: Provider) -> tuple[str | bytes, ...]:
    bodies = []
    for kind in ("delivered", "bounced", "complained", "deferred"):
        try:
            bodies.append(signed(provider, kind, MAIL_ID, event_id="e1", now=START, secrets=SECRETS)[1])
        except KeyError:
            continue
    return tuple(bodies)


def _signed_standard(provider: str, family: str) -> Callable[[bytes], object]:
    """The body signed as it is, so that what is behind the signature is met."""
    key = getattr(SECRETS, provider)
    return lambda body: _accepted(provider, standard_headers(key, body, "e1", START, family), body)


def _unsigned_mailgun(body: bytes) -> object:
    return _accepted("mailgun", {}, body)


def _postmark(body: bytes) -> object:
    credentials = base64.b64encode(SECRETS.postmark.encode()).decode()
    return _accepted("postmark", {"authorization": f"Basic {credentials}"}, body)


async def _certificate(_url: str) -> Answer:
    return Answer(200, {}, SECRETS.signer.certificate)


def _sns(body: bytes) -> object:
    topic = Topic(TOPIC, SECRETS.authority, _certificate)
    return finish(ses.Ses(topic).accept(Incoming({}, body, START)))


def _headers_of(provider: Provider, name: str) -> Callable[[str], object]:
    headers, body = signed(provider, "bounced", MAIL_ID, event_id="e1", now=START, secrets=SECRETS)
    return lambda text: _accepted(provider, headers | {name: text}, body)


def _queried(text: str) -> object:
    return queries.read_query(_request(query=text.encode()))


def _console_query(text: str) -> object:
    return AuditQuery.read(dict(parse_qsl(text)))


def _cookie(header: str) -> object:
    return cookies.read_cookie(_request({"cookie": header}), cookies.SESSION_COOKIE)


def _forwarded(header: str) -> object:
    networks = (ipaddress.ip_network("10.0.0.0/8"),)
    return caller.forwarded_source(ipaddress.ip_address("10.0.0.1"), [header], networks)


def _agent(header: str) -> str:
    return caller.user_agent_of(_request({"user-agent": header}))


def _form(body: bytes) -> object:
    return forms.parse_form(body)._fields


def _urlencoded(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


SIGNED = signed("hook", "bounced", MAIL_ID, event_id="e1", now=START, secrets=SECRETS)
SEALED: Any = SimpleNamespace(
    keys=SimpleNamespace(seal_request=bytes(32)),
    clock=lambda: START,
    database=SimpleNamespace(context=lambda: SimpleNamespace(entropy=bytes)),
)
BROWSER = "A" * 43


def _destination(sealed_text: str) -> object:
    return sealed.open_destination(a_request([], **vars(SEALED)), sealed_text, BROWSER)


def _sealed_destination() -> str:
    return sealed.seal_destination(a_request([], **vars(SEALED)), own("/account"), BROWSER)


def _unsealed(data: bytes) -> bytes:
    return keys.unseal(bytes(32), data, associated=b"place")


def _proof(note: str) -> object:
    try:
        proof = TlogProof(index=2, hashes=(bytes(32),) * 3, note=note)
    except ValueError:
        return None
    return verify_proof(bytes(32), proof, LOG.vkey, ())


AUDIT_QUERY = (
    "since=2026-11-20T09:15:02Z&until=2026-11-21T00:00:00%2B01:00&outcome=success&limit=5&cursor=1-2&source=192.0.2.1"
)
FORM = b"client_id=desk-app&login_hint=ada%40example.com&scope="
WEB = [
    Parser("web/audit_api/queries.py:read_query", _queried, (AUDIT_QUERY, "name=login.approved"), REFUSED),
    Parser(
        "web/audit_api/queries.py:local_moment",
        queries.local_moment,
        ("2026-11-20T09:15", "2026-11-20T09:15:02Z"),
        WRONG,
    ),
    Parser("web/browser/cookies.py:read_cookie", _cookie, (f"{cookies.SESSION_COOKIE}={'A' * 43}; other=1",)),
    Parser(
        "web/browser/query.py:Query.__init__",
        Query,
        (b"client_id=desk-app&state=a%20b&prompt=",),
        REFUSED,
    ),
    Parser(
        "web/caller.py:forwarded_source", _forwarded, ("203.0.113.7, 10.0.0.2", "[2001:db8::1]:443", "203.0.113.7:80")
    ),
    Parser("web/caller.py:user_agent_of", _agent, ("Mozilla/5.0 (X11; Linux x86_64)",)),
    Parser(
        "web/clients.py:_basic",
        clients._basic,
        ("Basic " + base64.b64encode(b"api:an+API%27s+secret").decode(),),
        REFUSED,
    ),
    Parser(
        "web/console/audit_query.py:AuditQuery.read", _console_query, (AUDIT_QUERY, "since=2026-11-20T09:15"), REFUSED
    ),
    Parser("web/console/audit_proof.py:verify_proof", _proof, (NOTE,)),
    Parser("web/browser/sealed.py:open_destination", _destination, (_sealed_destination(),), REFUSED),
    Parser(
        "crypto/keys.py:unseal",
        _unsealed,
        (keys.seal(bytes(32), b"text", associated=b"place", entropy=bytes),),
        (keys.CannotUnseal,),
    ),
    Parser(
        "mail/transports/http_transport.py:told",
        lambda body: told(Answer(200, {}, body)),
        (b'{"message":"Invalid Domain"}', b"{}"),
    ),
    Parser("operations/look_up_mailbox.py:named_by_hash", named_by_hash, ("A" * 43,)),
    Parser("web/forms.py:parse_form", _form, (FORM, b""), REFUSED, _urlencoded, loose=True),
    Parser(
        "web/polling.py:preferred_wait", polling.preferred_wait, ("wait=25", "respond-async, wait=10", "wait=99999")
    ),
    Parser("web/mail_hooks/hook.py:Hook.accept", _signed_standard("hook", "webhook"), _genuine("hook"), (Unverified,)),
    Parser("web/mail_hooks/hook.py:decode", hook.decode, _genuine("hook")),
    Parser(
        "web/mail_hooks/resend.py:Resend.accept", _signed_standard("resend", "svix"), _genuine("resend"), (Unverified,)
    ),
    Parser("web/mail_hooks/resend.py:decode", resend.decode, _genuine("resend")),
    Parser("web/mail_hooks/mailgun.py:Mailgun.accept", _unsigned_mailgun, _genuine("mailgun"), (Unverified,)),
    Parser(
        "web/mail_hooks/mailgun.py:decode",
        lambda body: mailgun.decode(json_of(body).get("event-data")),
        _genuine("mailgun"),
    ),
    Parser("web/mail_hooks/postmark.py:Postmark.accept", _postmark, _genuine("postmark"), (Unverified,)),
    Parser("web/mail_hooks/postmark.py:decode", lambda body: postmark.decode(json_of(body)), _genuine("postmark")),
    Parser("web/mail_hooks/ses.py:Ses.accept", _sns, _genuine("ses"), (Unverified,)),
    Parser("web/mail_hooks/ses.py:decode", lambda body: ses.decode(json_of(body).get("Message", "")), _genuine("ses")),
    Parser(
        "web/mail_hooks/standard.py:signed_id",
        _headers_of("hook", "webhook-signature"),
        (SIGNED[0]["webhook-signature"], "v1,YQ== v1,YWE="),
        (Unverified,),
    ),
    Parser(
        "web/mail_hooks/standard.py:_headers",
        _headers_of("hook", "webhook-timestamp"),
        (str(START // 1_000_000),),
        (Unverified,),
    ),
    Parser(
        "web/mail_hooks/postmark.py:Postmark.accept authorization",
        _headers_of("postmark", "authorization"),
        ("Basic " + base64.b64encode(SECRETS.postmark.encode()).decode(),),
        (Unverified,),
    ),
]


def json_of(body: bytes) -> Any:
    """An object, whatever it was."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {"event-data": found, "Message": json.dumps(found)}


VALUES: dict[str, tuple[str, ...]] = {
    "PUBLIC_URL": (ISSUER, "https://id.example:8443/sign/in", "http://127.0.0.1:8080"),
    "SECRET_KEY": ("5e" * 32, "correct horse battery staple, four words"),
    "DATABASE_URL": ("sqlite:///counterfoil.db", "postgresql://a:b@db.example:5432/counterfoil?sslmode=require"),
    "REDIS_URL": ("redis://cache.example:6379/1", "valkeys://u:p@cache.example"),
    "MAIL_URL": (
        "smtp://user:pa%40ss@mail.example:587",
        "resend://re_1,mailgun://k@d.example",
        "ses://ID:SECRET@eu-west-1",
        "hook+https://h.example/x#whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
        "none:",
        "file:mail",
        "console:",
    ),
    "MAIL_FROM": ("Counterfoil <sign-in@id.example>", "sign-in@id.example"),
    "DKIM_SELECTOR": ("key1",),
    "MAIL_WEBHOOKS": (f"resend={SECRETS.resend},mailgun={SECRETS.mailgun}", f"ses={TOPIC},postmark={SECRETS.postmark}"),
    "TRUSTED_PROXIES": ("10.0.0.0/8,127.0.0.1/32,::1/128",),
    "LINK_TTL": ("600",),
    "SIGN_UP": ("open", "invited"),
    "SESSION_IDLE": ("1209600",),
    "SESSION_LIFETIME": ("7776000",),
    "SIGNING_ALGORITHM": ("ES256", "RS256"),
    "MAIL_CODE_COST": ("passes=3,mebibytes=64,lanes=4",),
    "IPV4_RANGE": ("24", "32"),
    "BUDGETS": ("address_range=10/60,service=5/1",),
    "FOUR_EYES": ("relay,erase",),
    "LOGIN_RETENTION": ("2592000",),
    "AUDIT_DELAY": ("2",),
    "AUDIT_RETENTION": ("31536000",),
    "AUDIT_SINKS": (
        "https://siem.example/in#whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
        "syslog+tls://siem.example:6514?enterprise=12345,syslog+tcp://127.0.0.1:601?enterprise=1",
    ),
    "AUDIT_WITNESSES": (f"{WITNESS.vkey} https://witness.example/",),
    "ALERTS": ("mailto:ops@example.com", "https://h.example/alerts#whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"),
    "METRICS": ("127.0.0.1:9464", "[::1]:9464"),
    "LOG": ("text", "json"),
    "MMDB_FILES": (__file__,),
    "TEMPLATES": (str(Path(__file__).parent),),
}
"""Of every setting good values, the first of each without a file where one can do without."""

SETTINGS = [Parser(f"settings:{name}", _setting(name), seeds, (SettingsError,)) for name, seeds in VALUES.items()]
