# SPDX-License-Identifier: Apache-2.0
"""The fake service's protected resource: on another origin than the service, with nonces of its own (RFC 9449 §9)."""

import secrets
from typing import Any

import msgspec

from counterfoil_client._effects import Response
from counterfoil_client._fake_proof import BadProof, check_proof
from counterfoil_client._fake_sessions import FakeSessions
from counterfoil_client._fake_time import FakeTime

ORIGIN = "https://api.example"


class FakeResource:
    """Answers 200 to a good token with a good proof, and 401 with the challenge of RFC 9449 §7.1 to anything else.

    It asks the service about each token, so an ended session is refused at once.
    """

    def __init__(self, sessions: FakeSessions, time: FakeTime) -> None:
        self._sessions = sessions
        self._time = time
        self._seen: set[str] = set()
        self.nonce = secrets.token_urlsafe(12)

    def answer(self, method: str, url: str, headers: dict[str, str]) -> Response:
        """Answer one request."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "dpop" or not token:
            return self._refuse("")
        try:
            plain = url.partition("?")[0]
            thumbprint, claims = check_proof(
                headers.get("dpop", ""), plain, self._time.now(), method=method, access_token=token
            )
        except BadProof:
            return self._refuse("invalid_dpop_proof")
        if claims.jti in self._seen:
            return self._refuse("invalid_dpop_proof")
        self._seen.add(claims.jti)
        if claims.nonce != self.nonce:
            return self._refuse("use_dpop_nonce")
        session = self._sessions.of_token(token, thumbprint)
        if session is None:
            return self._refuse("invalid_token")
        return self._reply(200, {"subject": session.subject, "scope": session.scope}, {})

    def _refuse(self, error: str) -> Response:
        challenge = 'DPoP algs="ES256"' + (f', error="{error}"' if error else "")
        return self._reply(401, {"error": error or "unauthorized"}, {"www-authenticate": challenge})

    def _reply(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> Response:
        common = {"content-type": "application/json", "cache-control": "no-store", "dpop-nonce": self.nonce}
        return Response(status, {**common, **headers}, msgspec.json.encode(body))
