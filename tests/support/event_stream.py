# SPDX-License-Identifier: Apache-2.0
"""A client of server-sent events that hears message by message, and hangs up when it likes."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from support.stage import Stage


class EventStream:
    """One connection; `gone` is its end by the client."""

    def __init__(self, stage: Stage, path: str, query: str, headers: Mapping[str, str]) -> None:
        self.status = 0
        self.text = b""
        self.gone = asyncio.Event()
        self._heard = asyncio.Event()
        self._scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "extensions": {},
            "client": ("127.0.0.1", 1),
            "server": ("id.example", 443),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        self._body_read = False
        self.task = asyncio.create_task(stage.service.app(self._scope, self._receive, self._send))  # type: ignore[arg-type]  # the messages are ASGI's

    async def _receive(self) -> dict[str, Any]:
        if not self._body_read:
            self._body_read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.text += message.get("body", b"")
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.gone.set()  # as servers tell it once the answer is complete
        self._heard.set()

    @property
    def blocks(self) -> list[dict[str, str]]:
        """What has an id, by the names of its lines."""
        texts = [block for block in self.text.decode().split("\n\n") if block.startswith("id: ")]
        return [dict(line.split(": ", 1) for line in block.split("\n")) for block in texts]

    async def until(self, heard: "Callable[[EventStream], bool]") -> list[dict[str, str]]:
        """Wait for it, ten seconds at most."""
        async with asyncio.timeout(10):
            while not heard(self):
                self._heard.clear()
                await self._heard.wait()
        return self.blocks

    async def hang_up(self) -> None:
        """As a browser does that goes on to another page."""
        self.gone.set()
        await self.over()

    async def over(self) -> None:
        """Wait until the service has ended it."""
        async with asyncio.timeout(10):
            await self.task
