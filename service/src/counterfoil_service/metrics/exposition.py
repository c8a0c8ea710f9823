# SPDX-License-Identifier: Apache-2.0
"""Where Prometheus asks: an address of its own, and never the service's, so that no proxy leads anybody here.

One request at a time, on a thread; who sends none, or takes no answer, is cut off after two seconds.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from counterfoil_service.settings.parsers import Listening

METRICS_PATH: Final = "/metrics"
PATIENCE_SECONDS: Final = 2


class _Handler(BaseHTTPRequestHandler):
    """`server` is ours."""

    timeout = PATIENCE_SECONDS
    server: "_Server"
    server_version, sys_version = "counterfoil", ""

    def do_GET(self) -> None:
        """All figures, in the format that was asked for."""
        if self.path.partition("?")[0] != METRICS_PATH:
            self._answer(404, "text/plain; charset=utf-8", b"Figures are at /metrics.\n")
            return
        encode, media_type = choose_encoder(self.headers.get("Accept", ""))
        self._answer(200, media_type, encode(self.server.registry))

    def _answer(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: it would tell the path that was asked for."""


class _Server(HTTPServer):
    def __init__(self, listening: Listening, registry: CollectorRegistry) -> None:
        self.address_family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
        self.registry = registry
        super().__init__((listening.host, listening.port), _Handler)

    def server_bind(self) -> None:
        """As the library's grandparent does: the library itself asks the DNS what its own address is called."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, *_arguments: object) -> None:
        """Who asked has gone."""


@contextlib.contextmanager
def exposed(listening: Listening, registry: CollectorRegistry) -> Iterator[None]:
    """Answer there until the block ends; raises OSError where that address is not to be had."""
    with _Server(listening, registry) as server:
        thread = threading.Thread(target=server.serve_forever, name="counterfoil-metrics", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
