# SPDX-License-Identifier: Apache-2.0
"""`just bench-watching`: what a request pays for being watched, around an application that answers at once.

The quickest of several rounds, in microseconds of the processor a request. Each way has a process of its own, as the
client of Prometheus looks once whether several count together.
"""

import asyncio
import io
import logging
import os
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

from counterfoil_service.logs import JsonLines, TextLines
from counterfoil_service.metrics.measuring import Measuring
from counterfoil_service.observing import Observer
from counterfoil_service.web.gate import REQUEST_ID, Gate

if TYPE_CHECKING:
    from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send

REQUESTS = 5_000
ROUNDS = 7
WAYS = ("no log", "text log", "json log", "text log, figures", "text log, figures of several", "text log, traces")
_ANSWER: Any = (
    {"type": "http.response.start", "status": 200, "headers": []},
    {"type": "http.response.body", "body": b"{}"},
)
_HEADERS = [(b"host", b"id.example"), (b"dpop", b"x" * 400), (b"user-agent", b"x" * 60)]


class _Nowhere(io.StringIO):
    def write(self, text: str, /) -> int:
        return len(text)


async def _app(scope: "Scope", _receive: "Receive", send: "Send") -> None:
    scope["path_template"] = "/oauth/token"
    for message in _ANSWER:
        await send(message)


async def _receive() -> "HTTPReceiveMessage":
    return {"type": "http.disconnect"}


async def _send(_message: "Message") -> None:
    return


def _watched(way: str) -> "ASGIApp":
    log = logging.getLogger("counterfoil.access")
    log.propagate, log.disabled = False, way == "no log"
    handler = logging.StreamHandler(_Nowhere())
    handler.setFormatter(JsonLines() if way == "json log" else TextLines("%(asctime)s %(levelname)s %(message)s"))
    log.handlers = [handler]
    log.setLevel(logging.INFO)
    observer = Observer()
    if "figures" in way:
        measuring = Measuring()
        measuring.begin(["/oauth/token"], ["smtp"])
        observer = measuring.metrics
    app: Any = Gate(_app, observer)
    if "traces" in way:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        from counterfoil_service.tracing.spans import Tracing

        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(InMemorySpanExporter()))
        return Tracing(provider).around(app, REQUEST_ID)
    return app  # type: ignore[no-any-return]  # it is one


async def _round(app: "ASGIApp") -> float:
    began = time.thread_time()
    for _ in range(REQUESTS):
        scope: Any = {"type": "http", "method": "POST", "path": "/oauth/token", "raw_path": b"/oauth/token"}
        scope |= {"query_string": b"", "headers": _HEADERS, "state": {}}
        await app(scope, _receive, _send)
    return (time.thread_time() - began) / REQUESTS * 1e6


async def _measure(way: str) -> float:
    app = _watched(way)
    await _round(app)
    return min([await _round(app) for _ in range(ROUNDS)])


def main() -> None:
    """Each way in a process of its own."""
    if len(sys.argv) > 1:
        print(f"{asyncio.run(_measure(sys.argv[1])):.1f}")
        return
    print(f"{'way':32}{'µs a request':>14}")
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            several = {"PROMETHEUS_MULTIPROC_DIR": folder} if way.endswith("several") else {}
            command = [sys.executable, __file__, way]
            done = subprocess.run(command, env=os.environ | several, capture_output=True, text=True, check=True)
        print(f"{way:32}{done.stdout.strip():>14}")


if __name__ == "__main__":
    main()
