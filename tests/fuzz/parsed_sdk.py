# SPDX-License-Identifier: Apache-2.0
"""Readers of the SDK: what the service, a browser, a file or an API's caller sends."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from counterfoil_client import _redirect, _wire
from counterfoil_client._effects import Response
from counterfoil_client._issuer import Issuer
from counterfoil_client.errors import ConfigurationError, KeyStoreError, UnexpectedRedirect, UnexpectedResponse
from counterfoil_client.resource import _jose, read_key_set
from counterfoil_client.stores import file as file_store
from counterfoil_client.stores.key import SoftwareKey
from fuzz.parsed_core import DEVICE, SIGNING, TOKEN
from fuzz.parsing import WRONG, Parser
from support.stage import ISSUER

HOME = _redirect.WayHome("http://127.0.0.1:49152/callback", ISSUER, "the-state", "the-verifier")
SENT = f"http://127.0.0.1:49152/callback?code=abc&state=the-state&iss={ISSUER.replace('/', '%2F').replace(':', '%3A')}"
ANSWERS: dict[type, dict[str, object]] = {
    _wire.Metadata: dict.fromkeys(
        ("issuer", "device_authorization_endpoint", "token_endpoint", "revocation_endpoint"), f"{ISSUER}/x"
    ),
    _wire.TokenGranted: {
        "access_token": "a",
        "token_type": "DPoP",
        "expires_in": 300,
        "scope": "email",
        "session_id": "s",
        "sub": "u",
    },
    _wire.Refusal: {"error": "authorization_pending", "error_description": "wait"},
}
SESSION = (
    b'{"access_token":"a","refresh_token":"r","subject":"u","expires_at":"2026-11-28T09:00:00Z",'
    b'"refresh_at":"2026-11-28T08:59:00Z","scope":"email","session_id":"s","generation":1}'
)


def _answer(shape: Any, body: bytes) -> object:
    return _wire.decode(Response(200, {"content-type": "application/json"}, body), shape)


SDK = [
    Parser(
        "client:_issuer.py:Issuer.parse",
        Issuer.parse,
        (ISSUER, "http://[::1]:8080/path"),
        (ConfigurationError,),
        lambda issuer: issuer.text,
    ),
    Parser(
        "client:_redirect.py:parse_redirect",
        _redirect.parse_redirect,
        ("loopback", "http://127.0.0.1/cb", "com.example.app:/cb", "https://app.example/cb?a=b"),
        (ConfigurationError,),
    ),
    Parser(
        "client:_redirect.py:WayHome.read",
        HOME.read,
        (SENT, SENT.replace("code=abc", "error=access_denied")),
        (UnexpectedRedirect,),
    ),
    *(
        Parser(
            f"client:_wire.py:decode {shape.__name__}",
            partial(_answer, shape),
            (json.dumps(answer).encode(),),
            (UnexpectedResponse,),
        )
        for shape, answer in ANSWERS.items()
    ),
    Parser("client:resource/_jose.py:parse", _jose.parse, (TOKEN, DEVICE.proof("/oauth/token")), (_jose.Malformed,)),
    Parser(
        "client:resource/_jose.py:read_object", _jose.read_object, (b'{"alg":"ES256","n":1.5}',), (_jose.Malformed,)
    ),
    Parser("client:resource/_jose.py:unb64", _jose.unb64, ("", "YQ", "AAAA"), (_jose.Malformed,), _jose.b64),
    Parser(
        "client:resource/_keyset.py:read_key_set",
        read_key_set,
        (json.dumps({"keys": [SIGNING.public_jwk() | {"use": "sig"}]}).encode(),),
        (UnexpectedResponse,),
    ),
    Parser(
        "client:stores/file.py:_parse",
        lambda data: file_store._parse(Path("session.json"), data),
        (SESSION,),
        (KeyStoreError,),
    ),
    Parser(
        "client:stores/key.py:SoftwareKey.from_pem",
        lambda pem: SoftwareKey.from_pem(pem).to_pem(),
        (SoftwareKey.generate().to_pem(),),
        WRONG,
        bytes,
        loose=True,
    ),
]
