# SPDX-License-Identifier: Apache-2.0
"""Access tokens as an API without our code reads them: by PyJWT, against the keys that the service publishes now."""

import json
import urllib.request
from typing import Any

import jwt

from support.processes import RunningService


def verified(service: RunningService, token: str, algorithm: str = "ES256", audience: str | None = None) -> Any:
    """The claims of a token that is good in every respect."""
    with urllib.request.urlopen(f"{service.address}/.well-known/jwks.json", timeout=10) as answer:
        keys = jwt.PyJWKSet.from_dict(json.load(answer))
    header = jwt.get_unverified_header(token)
    assert (header["typ"], header["alg"]) == ("at+jwt", algorithm)
    issuer = service.public_url
    return jwt.decode(token, keys[header["kid"]], algorithms=[algorithm], audience=audience or issuer, issuer=issuer)
