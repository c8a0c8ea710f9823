# SPDX-License-Identifier: Apache-2.0
"""Write openapi.json, the contract for programs, from the table below and the structs of `web/wire.py`.

`python docs/reference/openapi.py`. What people look at (sign-in, `/account`, `/console`) is not in it: pages change.
"""

import json
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from counterfoil_service.core.languages import LANGUAGES
from counterfoil_service.web import wire

PAGE = Path(__file__).parent / "openapi.json"
DESCRIPTION = """\
A profile of OAuth 2.0 that uses the names and errors of RFC 8628: docs/reference/protocol.md says in words what this
document says in schemas. Any answer may be 413 or 431 where a request is too large, 429 where a budget is used up, and
503 where a dependency is down; the last two say when to come back.
"""
JSON, PROBLEM, HTML, TEXT, BYTES = (
    "application/json",
    "application/problem+json",
    "text/html",
    "text/plain",
    "application/octet-stream",
)
FORM = "application/x-www-form-urlencoded"
CHALLENGE = r"^[A-Za-z0-9_-]{43}$"
Spec = dict[str, Any]


def _field(words: str, at_most: int = 1024, **more: object) -> Spec:
    return {"type": "string", "maxLength": at_most, "description": words} | more


CLIENT = {
    "client_id": _field("A registered application."),
    "client_secret": _field("Of a confidential application that sends no Authorization header."),
}
FINGERPRINT = {"device_fingerprint": _field("base64url of the JSON of protocol.md, section 7.", 16_384)}
RETURN = {
    "redirect_uri": _field("One that is registered; with state, code_challenge and its method, or none of them."),
    "state": _field("Comes back as it was."),
    "code_challenge": _field("RFC 7636.", pattern=CHALLENGE),
    "code_challenge_method": _field("RFC 7636.", enum=["S256"]),
}
ASK = (
    CLIENT
    | RETURN
    | FINGERPRINT
    | {
        "login_hint": _field("The e-mail address."),
        "scope": _field("Never more than is registered."),
        "resource": _field("One of the registered audiences (RFC 8707)."),
        "ui_locales": _field(f"BCP 47 tags, the best first: {', '.join(LANGUAGES)}.", 256),
        "device_label": _field("Shown as reported by the device.", 64),
    }
)
GRANTS = {
    "urn:ietf:params:oauth:grant-type:device_code": {
        "device_code": _field("What was answered when a link was asked for.")
    },
    "authorization_code": {
        "code": _field("What the browser brought home."),
        "redirect_uri": _field("The same as before."),
        "code_verifier": _field("RFC 7636."),
    },
    "refresh_token": {"refresh_token": _field("The newest one.")},
}
PROOF: Spec = {
    "name": "DPoP",
    "in": "header",
    "description": "RFC 9449: a proof by the device's key, with the nonce of the last answer.",
    "schema": {"type": "string"},
}
PREFER: Spec = {
    "name": "Prefer",
    "in": "header",
    "description": "wait=N holds a poll for at most min(N, 25) seconds (RFC 7240).",
    "schema": {"type": "string", "pattern": "^wait=[0-9]{1,2}$"},
}
ACCESS: list[Spec] = [{"access_token": []}]
AUDITOR: list[Spec] = [{"auditor_token": []}]
CLIENT_SECRET: list[Spec] = [{}, {"client_secret": []}]


def _form(fields: Spec, required: Iterable[str]) -> Spec:
    return {"type": "object", "properties": fields, "required": list(required)}


def _body(*schemas: Spec) -> Spec:
    schema = schemas[0] if len(schemas) == 1 else {"oneOf": list(schemas)}
    return {"required": True, "content": {FORM: {"schema": schema}}}


def _ref(name: str) -> Spec:
    return {"$ref": f"#/components/schemas/{name}"}


def _says(words: str, media: str | None = None, schema: Spec | None = None) -> Spec:
    return {"description": words} | (
        {} if media is None else {"content": {media: {} if schema is None else {"schema": schema}}}
    )


WORDS = {
    400: "A protocol error; `error` names it.",
    401: "Who asks is not known, or its token is not good.",
    403: "This is not allowed to who asks, or comes from another site.",
    404: "There is nothing here.",
    410: "The link is dead: expired, used, locked, cancelled or never issued.",
    413: "The body is too large.",
    422: "The same page again with what is wrong: a code that does not match, for one.",
    429: "A budget is used up; Retry-After says for how long.",
    431: "The request line and headers are too large.",
    503: "A dependency is down, or there is too much load; Retry-After says when to come back.",
}
ALWAYS = (413, 429, 431, 503)


def _refusals(media: str, *statuses: int) -> Spec:
    schema = {JSON: _ref("OAuthError"), PROBLEM: _ref("Problem"), HTML: None}[media]
    answers = {str(status): _says(WORDS[status], media, schema) for status in sorted({*statuses, *ALWAYS})}
    if media == HTML:
        answers["431"] = _says(WORDS[431], PROBLEM, _ref("Problem"))
    return answers


def _operation(name: str, words: str, answers: Spec, **more: object) -> Spec:
    return {"operationId": name, "summary": words, "responses": answers} | more


def _oauth(name: str, words: str, answer: Spec, body: Spec, **more: object) -> Spec:
    """Of an endpoint that an application or its device calls."""
    answers = {"200": answer} | _refusals(JSON, 400, 401)
    return {"post": _operation(name, words, answers, requestBody=body, security=CLIENT_SECRET, **more)}


def _in_path(name: str, words: str, **schema: object) -> Spec:
    return {"name": name, "in": "path", "required": True, "description": words, "schema": {"type": "string"} | schema}


def _in_query(name: str, words: str, **schema: object) -> Spec:
    return {"name": name, "in": "query", "description": words, "schema": {"type": "string"} | schema}


def _tokens() -> Spec:
    bodies = []
    for grant, fields in GRANTS.items():
        own = {"grant_type": _field("Which of the three.", enum=[grant])} | fields
        bodies.append(_form(own | CLIENT | FINGERPRINT, [*own, "client_id"]))
    answer = _says("Tokens; the login is consumed, or the refresh token replaced.", JSON, _ref("Tokens"))
    return _oauth(
        "collect", "Collect what a person approved, or renew it.", answer, _body(*bodies), parameters=[PROOF, PREFER]
    )


def _of_device() -> Spec:
    asked = _says(
        "A login that waits for its person, or a decoy that polls like one.", JSON, _ref("DeviceAuthorization")
    )
    code = CLIENT | FINGERPRINT | {"device_code": _field("Of the login."), "mail_code": _field("The eight digits.")}
    token = {"token": _field("A refresh token, an access token, or a device code.", 16_384)}
    looked = _says(
        "What the token is; inactive for whatever is not good or not the caller's business.",
        JSON,
        _ref("Introspection"),
    )
    return {
        "/oauth/device_authorization": _oauth(
            "start_login", "Ask for a link.", asked, _body(_form(ASK, ["client_id", "login_hint"])), parameters=[PROOF]
        ),
        "/oauth/token": _tokens(),
        "/oauth/mail_code": _oauth(
            "submit_mail_code",
            "Type the digits of the mail into the app that asked.",
            _says("The login is approved; polls collect it.", JSON, {"type": "object", "maxProperties": 0}),
            _body(_form(code, ["client_id", "device_code", "mail_code"])),
            parameters=[PROOF],
        ),
        "/oauth/revoke": _oauth(
            "revoke",
            "End a session, or cancel a login (RFC 7009).",
            _says("Whatever it was, it is dead. The body is empty.", JSON),
            _body(_form(CLIENT | token, ["client_id", "token"])),
            parameters=[PROOF],
        ),
        "/oauth/introspect": _oauth(
            "introspect", "Ask what a token is (RFC 7662).", looked, _body(_form(CLIENT | token, ["token"]))
        ),
    }


def _of_person() -> Spec:
    listed = {
        "type": "object",
        "required": ["sessions"],
        "properties": {"sessions": {"type": "array", "items": _ref("OwnSession")}},
    }
    devices = {
        "type": "object",
        "required": ["devices"],
        "properties": {"devices": {"type": "array", "items": _ref("OwnDevice")}},
    }
    own: Spec = {"security": ACCESS}
    refused = _refusals(PROBLEM, 400, 401)
    changed = {"204": _says("Done.")} | _refusals(PROBLEM, 400, 401, 404)
    action = _form({"action": _field("What to do.", enum=["enrol", "forget"])}, ["action"])
    session, device = _in_path("session_id", "As listed."), _in_path("device_id", "As listed.")
    return {
        "/oauth/userinfo": {
            "get": _operation(
                "userinfo",
                "Who signed in.",
                {"200": _says("The person.", JSON, _ref("UserInfo"))} | _refusals(JSON, 400, 401),
                parameters=[PROOF],
                **own,
            )
        },
        "/me/sessions": {
            "get": _operation(
                "list_sessions",
                "Every living session of the person.",
                {"200": _says("Last used first.", JSON, listed)} | refused,
                parameters=[PROOF],
                **own,
            )
        },
        "/me/sessions/{session_id}": {
            "delete": _operation(
                "end_session",
                "End one; another than its own needs a fresh sign-in.",
                changed,
                parameters=[PROOF, session],
                **own,
            )
        },
        "/me/devices": {
            "get": _operation(
                "list_devices",
                "Every device of the person.",
                {"200": _says("Last seen first.", JSON, devices)} | refused,
                parameters=[PROOF],
                **own,
            )
        },
        "/me/devices/{device_id}": {
            "post": _operation(
                "change_device",
                "Let a waiting device in, or forget one; needs a fresh sign-in.",
                changed,
                parameters=[PROOF, device],
                requestBody=_body(action),
                **own,
            )
        },
    }


def _of_link() -> Spec:
    secret = _in_path("secret", "The link's last part.")
    decision = _form(
        {
            "secret": _field("The link's last part.", 16_384),
            "action": _field("What the person decides.", enum=["approve", "reject", "report", "here"]),
            "user_code": _field("Six letters that only the asking device shows.", 16_384),
        },
        ["secret", "action"],
    )
    ending = _form({"secret": _field("The link's last part.", 16_384)}, ["secret"])
    page = {"200": _says("A page; nothing has changed.", HTML)} | _refusals(HTML, 410)
    home = _says("Back to the application, with a code.") | {
        "headers": {"Location": {"required": True, "schema": {"type": "string"}}}
    }
    decided = {"200": _says("Decided.", HTML), "303": home} | _refusals(HTML, 400, 403, 410, 422)
    return {
        "/l/{secret}": {"get": _operation("open_link", "The page of a mailed link.", page, parameters=[secret])},
        "/l": {
            "post": _operation(
                "decide", "Approve, reject, report, or go on here.", decided, requestBody=_body(decision)
            )
        },
        "/n/{secret}": {
            "get": _operation("open_notice", "The page of a notice of a new device.", page, parameters=[secret])
        },
        "/n": {
            "post": _operation(
                "end_noticed_session",
                "End the session that a notice tells of.",
                {"200": _says("Ended.", HTML)} | _refusals(HTML, 400, 403, 410),
                requestBody=_body(ending),
            )
        },
        "/check-mail": {
            "get": _operation(
                "check_mail",
                "What a device may show as its verification address.",
                {"200": _says("A page.", HTML)} | _refusals(HTML),
            )
        },
    }


def _of_auditor() -> Spec:
    moment = {"format": "date-time"}
    parameters = [
        _in_query("since", "From this moment on.", **moment),
        _in_query("until", "Before this moment.", **moment),
        *(_in_query(name, "As events show it.") for name in ("login_id", "subject", "application_id", "jkt", "name")),
        _in_query("outcome", "How it went.", enum=["success", "failure"]),
        _in_query("source", "An address or network; stands for the /24 or /48 that is kept."),
        _in_query("cursor", "`next` of the page before."),
        _in_query("limit", "Events a page.", type="integer", minimum=1, maximum=1000),
    ]
    events = {"type": "array", "items": _ref("Event")}
    found = {"type": "object", "required": ["events"], "properties": {"events": events, "next": {"type": "string"}}}
    told = {
        "type": "object",
        "required": ["login_id", "events"],
        "properties": {"login_id": {"type": "string"}, "events": events},
    }
    refused, missing = _refusals(PROBLEM, 400, 401, 403), _refusals(PROBLEM, 400, 401, 403, 404)
    note = {"200": _says("The newest signed note.", TEXT)} | missing
    after = {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}, "description": "Go on behind it."}
    own: Spec = {"security": AUDITOR}
    return {
        "/audit/events": {
            "get": _operation(
                "list_events",
                "Events, newest first.",
                {"200": _says("A page of them.", JSON, found)} | refused,
                parameters=parameters,
                **own,
            )
        },
        "/audit/logins/{login_id}": {
            "get": _operation(
                "tell_login",
                "The story of one login.",
                {"200": _says("Its events as they happened.", JSON, told)} | missing,
                parameters=[_in_path("login_id", "As the device was told.")],
                **own,
            )
        },
        "/audit/stream": {
            "get": _operation(
                "follow_log",
                "The log as it grows.",
                {"200": _says("Server-sent events.", "text/event-stream")} | refused,
                parameters=[_in_query("from_index", "The first entry."), after],
                **own,
            )
        },
        "/audit/checkpoint": {"get": _operation("show_checkpoint", "The newest checkpoint.", note, **own)},
        "/log/checkpoint": {
            "get": _operation("show_checkpoint_of_tiles", "The same, where C2SP tlog-tiles has it.", note, **own)
        },
        "/audit/proof/{index}": {
            "get": _operation(
                "show_proof",
                "A c2sp.org/tlog-proof@v1 of one entry.",
                {"200": _says("The proof.", TEXT)} | missing,
                parameters=[_in_path("index", "Its place, from 0.")],
                **own,
            )
        },
        "/log/tile/{path}": {
            "get": _operation(
                "show_tile",
                "Hashes or entries, as C2SP tlog-tiles names them.",
                {"200": _says("The tile.", BYTES)} | missing,
                parameters=[_in_path("path", "LEVEL/N[.p/W] or entries/N[.p/W].")],
                **own,
            )
        },
    }


def _of_machines() -> Spec:
    provider = _in_path("provider", "resend, mailgun, postmark, ses or hook, where MAIL_WEBHOOKS names it.")
    report = {"required": True, "content": {media: {"schema": {}} for media in (JSON, FORM, TEXT)}}
    taken = {"200": _says("Genuine, of use or not.", TEXT)} | _refusals(PROBLEM, 400, 401, 404)
    where = [
        {"name": name, "in": "header", "schema": {"type": "string"}, "description": "From the proxy."}
        for name in ("X-Original-URL", "X-Forwarded-Uri")
    ]
    lead = {"Location": {"required": True, "schema": {"type": "string"}, "description": "The sign-in."}}
    unknown = _says("Nobody is signed in.") | {"headers": lead}
    asked = {"204": _says("Remote-User says who."), "302": unknown, "401": unknown} | _refusals(HTML, 400, 403)
    ready = {"200": _says("It is.", JSON)} | _refusals(PROBLEM)
    return {
        "/.well-known/oauth-authorization-server": {
            "get": _operation(
                "metadata", "RFC 8414.", {"200": _says("What works.", JSON, _ref("Metadata"))} | _refusals(PROBLEM)
            )
        },
        "/.well-known/jwks.json": {
            "get": _operation(
                "key_set",
                "RFC 7517.",
                {"200": _says("Keys that verify access tokens.", JSON, _ref("KeySet"))} | _refusals(PROBLEM),
            )
        },
        "/auth/forward": {"get": _operation("forward_auth", "A proxy asks who is signed in.", asked, parameters=where)},
        "/hooks/mail/{provider}": {
            "post": _operation(
                "receive_report",
                "A provider tells what became of a mail.",
                taken,
                parameters=[provider],
                requestBody=report,
            )
        },
        "/health/live": {"get": _operation("live", "The process answers.", ready)},
        "/health/ready": {"get": _operation("ready", "It can serve.", ready)},
    }


def _schemas() -> Spec:
    structs = [
        wire.DeviceAuthorization,
        wire.Tokens,
        wire.UserInfo,
        wire.OwnSession,
        wire.OwnDevice,
        wire.OAuthError,
        wire.Problem,
    ]
    _, found = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    text: Spec = {"type": "string"}
    loose: Spec = {"type": "object", "additionalProperties": True}
    names = ["issuer", "token_endpoint", "device_authorization_endpoint", "jwks_uri", "authorization_endpoint"]
    event = {
        "index": {"type": ["integer", "null"], "minimum": 0},
        "time": text,
        "name": text,
        "outcome": {"enum": ["success", "failure"]},
        "sentence": text,
    }
    return found | {
        "Introspection": {
            "type": "object",
            "required": ["active"],
            "properties": {"active": {"type": "boolean"}, "sub": text, "client_id": text, "exp": {"type": "integer"}},
        },
        "Metadata": {"type": "object", "required": names, "properties": dict.fromkeys(names, text)},
        "KeySet": {
            "type": "object",
            "required": ["keys"],
            "properties": {
                "keys": {"type": "array", "minItems": 1, "items": loose | {"required": ["kty", "kid", "alg", "use"]}}
            },
        },
        "Event": {
            "type": "object",
            "required": list(event),
            "properties": event | {"fields": loose, "personal": loose},
        },
    }


def document() -> Spec:
    """The whole document, OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Counterfoil",
            "version": metadata.version("counterfoil-service"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": DESCRIPTION,
        },
        "servers": [{"url": "https://id.example"}],
        "paths": _of_device() | _of_person() | _of_link() | _of_auditor() | _of_machines(),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "access_token": {
                    "type": "http",
                    "scheme": "DPoP",
                    "description": "RFC 9449, section 7; Bearer where it is bound to no key.",
                },
                "auditor_token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Of an operator with the role auditor.",
                },
                "client_secret": {"type": "http", "scheme": "basic", "description": "Of a confidential application."},
            },
        },
    }


def text() -> str:
    """As it is kept."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
