# SPDX-License-Identifier: Apache-2.0
"""A web application on loopback that sends browsers to `/oauth/authorize` and notes what comes back to it."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2

from support.background import wait_until
from support.processes import RunningService

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT_URI = "http://127.0.0.1/callback"


class WebSite:
    """One application with a secret. Its page has the application's name as heading."""

    def __init__(self, service: RunningService, name: str) -> None:
        self.service = service
        self.name = name
        self.client_id = name.lower()
        self.answers: list[dict[str, str]] = []
        options = ("--confidential", "--dpop", "optional", "--redirect-uri", REDIRECT_URI, "--json")
        added = json.loads(service.told("applications", "add", name, "--client-id", self.client_id, *options))
        self.secret = str(added["client_secret"])
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(name, self.answers))
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.redirect_uri = f"{self.origin}/callback"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def asks(self, **changes: str) -> str:
        """Where it sends a browser."""
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": "st 1&x=%",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes
        return f"{self.service.public_url}/oauth/authorize?{urlencode(query)}"

    def answer(self, seconds: float = 15) -> dict[str, str]:
        """What came back since the last time; it must be one answer, to the question that was asked."""
        wait_until(lambda: self.answers, f"a browser to come back to {self.name}", seconds)
        (answer,) = self.answers
        self.answers.clear()
        assert (answer.pop("state"), answer.pop("iss")) == ("st 1&x=%", self.service.public_url)
        return answer

    def redeem(self, code: str) -> httpx2.Response:
        """What the token endpoint says to a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
        }
        url = f"{self.service.public_url}/oauth/token"
        return httpx2.post(url, data=form, auth=(self.client_id, self.secret), trust_env=False)


def _handler(name: str, answers: list[dict[str, str]]) -> type[BaseHTTPRequestHandler]:
    page = f"<!doctype html><html lang=en><title>{name}</title><link rel=icon href=data:,><h1>{name}</h1>".encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/callback":
                answers.append(dict(parse_qsl(parts.query, strict_parsing=True)))
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    return Handler
