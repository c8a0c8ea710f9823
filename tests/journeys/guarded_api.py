# SPDX-License-Identifier: Apache-2.0
"""An API over real HTTP that knows no framework: each request is judged by a `ResourceServer` or two."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from counterfoil_client._surroundings import Surroundings
from counterfoil_client.resource import Introspection, NotAuthorized, ResourceServer
from support.processes import RunningService, free_port

ALGORITHMS = ("ES256", "RS256")


class LaterClock(Surroundings):
    """The real clock, until a story says that minutes have passed since the keys were fetched."""

    ahead = 0.0

    def monotonic(self) -> float:
        """What decides how old the keys are."""
        return super().monotonic() + self.ahead


class GuardedApi:
    """`/local` is judged by the published keys alone, `/live` asks the issuer about each token as well."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.clock = LaterClock()
        self._servers: dict[str, ResourceServer] = {}

    @contextmanager
    def guarding(self, service: RunningService, introspection: Introspection) -> Iterator["GuardedApi"]:
        """Listen until the block ends."""
        self._servers = {
            "/local": self._server(service.public_url, None),
            "/live": self._server(service.public_url, introspection),
        }
        server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
            for each in self._servers.values():
                each.close()

    def answer(self, path: str, headers: list[tuple[str, str]]) -> tuple[int, dict[str, str], dict[str, str]]:
        """Status, headers and body for a GET."""
        try:
            caller = self._servers[path].check("GET", path, headers)
        except NotAuthorized as no:
            return no.status, no.headers, no.body
        return 200, {}, {"sub": caller.subject}

    def _server(self, issuer: str, introspection: Introspection | None) -> ResourceServer:
        return ResourceServer(
            issuer, url=self.url, algorithms=ALGORITHMS, introspection=introspection, surroundings=self.clock
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = api.answer(self.path, list(self.headers.items()))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        return Handler
