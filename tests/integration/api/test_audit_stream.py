# SPDX-License-Identifier: Apache-2.0
"""`GET /audit/stream`: every entry once and in order, for whoever comes back too (WHATWG HTML §9.2)."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from counterfoil_service.core.leaf import parse_leaf
from counterfoil_service.operations.remove_operator import remove_operator
from counterfoil_service.web.audit_api import stream
from support import acting
from support.auditor import Auditor, seal
from support.log import grow_log
from support.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

Entry = tuple[int, str, bytes]


class Listener:
    """One connection, heard message by message; `gone` is its end by the client."""

    def __init__(self, auditor: Auditor, query: str = "", **headers: str) -> None:
        self.status = 0
        self.text = b""
        self.gone = asyncio.Event()
        self._heard = asyncio.Event()
        sent = {"authorization": f"Bearer {auditor.token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        headers_sent = [(name.encode(), value.encode()) for name, value in sent.items()]
        self._scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": "/audit/stream",
            "raw_path": b"/audit/stream",
            "query_string": query.encode(),
            "root_path": "",
            "extensions": {},
            "client": ("127.0.0.1", 1),
            "server": ("id.example", 443),
            "headers": headers_sent,
        }
        self._body_read = False
        self.task = asyncio.create_task(auditor.stage.service.app(self._scope, self._receive, self._send))  # type: ignore[arg-type]  # the messages are ASGI's

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
    def entries(self) -> list[Entry]:
        blocks = [dict(line.split(b": ", 1) for line in block.split(b"\n")) for block in self.text.split(b"\n\n")
                  if block.startswith(b"id: ")]  # fmt: skip
        return [(int(block[b"id"]), block[b"event"].decode(), block[b"data"]) for block in blocks]

    async def until(self, heard: "Callable[[Listener], bool]") -> list[Entry]:
        async with asyncio.timeout(10):
            while not heard(self):
                self._heard.clear()
                await self._heard.wait()
        return self.entries

    async def hang_up(self) -> None:
        self.gone.set()
        async with asyncio.timeout(10):
            await self.task


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LOOK_SECONDS", 0.005)


@pytest.fixture
async def auditor(stage: Stage) -> Auditor:
    hired = await Auditor.hired(stage)
    await acting.ask(stage)
    await seal(stage)
    return hired


async def test_whoever_listens_hears_what_comes_and_not_what_was(auditor: Auditor) -> None:
    listener = Listener(auditor)
    await listener.until(lambda each: b"retry" in each.text)
    size = await seal(auditor.stage)
    begun = await acting.ask(auditor.stage, "bob@example.com", "bobs")
    end = await seal(auditor.stage)
    entries = await listener.until(lambda each: len(each.entries) >= end - size)
    await listener.hang_up()
    told = [parse_leaf(data) for _, _, data in entries]
    assert [number for number, _, _ in entries] == list(range(end - len(entries), end))
    assert [name for _, name, _ in entries] == [leaf.type for leaf in told]
    assert begun.login_id in {leaf.login_id for leaf in told}
    assert "bob@example.com" not in listener.text.decode()


async def test_whoever_comes_back_with_the_last_id_misses_nothing_and_hears_nothing_twice(auditor: Auditor) -> None:
    first = Listener(auditor, "from_index=0")
    heard = await first.until(lambda each: len(each.entries) >= 3)
    await first.hang_up()
    last = heard[1][0]
    await acting.ask(auditor.stage, "bob@example.com", "bobs")
    size = await seal(auditor.stage)
    second = Listener(auditor, "from_index=0", last_event_id=str(last))
    entries = await second.until(lambda each: len(each.entries) >= size - last - 1)
    await second.hang_up()
    assert [number for number, _, _ in entries][: size - last - 1] == list(range(last + 1, size))


async def test_a_long_backlog_comes_whole(auditor: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_BATCH", 7)
    await grow_log(auditor.stage.database, 60)
    size = await seal(auditor.stage)
    listener = Listener(auditor, "from_index=0")
    entries = await listener.until(lambda each: len(each.entries) >= size)
    await listener.hang_up()
    assert [number for number, _, _ in entries][:size] == list(range(size))


async def test_a_token_that_is_revoked_ends_the_stream(auditor: Auditor) -> None:
    listener = Listener(auditor)
    await listener.until(lambda each: b"retry" in each.text)
    await auditor.stage.database.write(remove_operator, auditor.token_id)
    async with asyncio.timeout(10):
        await listener.task
    assert listener.status == 200


async def test_a_process_that_leaves_ends_its_streams(auditor: Auditor) -> None:
    listener = Listener(auditor)
    await listener.until(lambda each: b"retry" in each.text)
    auditor.stage.service.services.hub.drain()
    async with asyncio.timeout(10):
        await listener.task


async def test_where_nothing_happens_a_comment_keeps_the_connection_alive(auditor: Auditor) -> None:
    await seal(auditor.stage)
    listener = Listener(auditor)
    await listener.until(lambda each: b"\n\n:\n\n" in each.text)
    await listener.hang_up()


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("from_index=-1", {}),
        (f"from_index={2**53}", {}),
        ("", {"last_event_id": str(2**53 - 1)}),
        ("from_index=x", {}),
        ("form_index=1", {}),
        ("", {"last_event_id": "x"}),
    ],
)
async def test_a_place_that_cannot_be_read_is_refused(auditor: Auditor, query: str, headers: dict[str, str]) -> None:
    listener = Listener(auditor, query, **headers)
    await listener.task
    assert listener.status == 400
    assert b"invalid_request" in listener.text
