# SPDX-License-Identifier: Apache-2.0
"""The fake service on a real socket of this machine, for clients that are processes of their own."""

import contextlib
import http.server
import threading
from collections.abc import Iterator

from counterfoil_client._effects import Unreachable
from counterfoil_client.testing import FakeService


class _Handler(http.server.BaseHTTPRequestHandler):
    fake: FakeService

    def do_GET(self) -> None:
        self._reply("GET", b"")

    def do_POST(self) -> None:
        self._reply("POST", self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        del format, args

    def _reply(self, method: str, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            found = self.fake._answer(method, f"{self.fake.issuer}{self.path}", headers, body)
        except Unreachable:
            self.close_connection = True
            return
        self.send_response(found.status)
        for name, value in found.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        self.wfile.write(found.body)


@contextlib.contextmanager
def serving() -> Iterator[FakeService]:
    """Give the service; its issuer is where it listens."""
    handler = type("Handler", (_Handler,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    fake = FakeService(f"http://127.0.0.1:{server.server_port}")
    handler.fake = fake  # type: ignore[attr-defined]  # the class is made for this one
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
