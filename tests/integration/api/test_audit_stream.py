# SPDX-License-Identifier: Apache-2.0
"""`GET /audit/stream`: every entry once and in order, for whoever comes back too (WHATWG HTML §9.2)."""

import asyncio

import pytest

from counterfoil_service.core.leaf import parse_leaf
from counterfoil_service.operations.remove_operator import remove_operator
from counterfoil_service.web.audit_api import stream
from support import acting
from support.auditor import Auditor, seal
from support.event_stream import EventStream
from support.log import grow_log
from support.stage import Stage

Entry = tuple[int, str, bytes]


class Listener(EventStream):
    """An auditor's."""

    def __init__(self, auditor: Auditor, query: str = "", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(auditor.stage, "/audit/stream", query, {"authorization": f"Bearer {auditor.token}"} | named)

    @property
    def entries(self) -> list[Entry]:
        return [(int(block["id"]), block["event"], block["data"].encode()) for block in self.blocks]


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
    await listener.until(lambda each: len(each.blocks) >= end - size)
    entries = listener.entries
    await listener.hang_up()
    told = [parse_leaf(data) for _, _, data in entries]
    assert [number for number, _, _ in entries] == list(range(end - len(entries), end))
    assert [name for _, name, _ in entries] == [leaf.type for leaf in told]
    assert begun.login_id in {leaf.login_id for leaf in told}
    assert "bob@example.com" not in listener.text.decode()


async def test_whoever_comes_back_with_the_last_id_misses_nothing_and_hears_nothing_twice(auditor: Auditor) -> None:
    first = Listener(auditor, "from_index=0")
    await first.until(lambda each: len(each.blocks) >= 3)
    heard = first.entries
    await first.hang_up()
    last = heard[1][0]
    await acting.ask(auditor.stage, "bob@example.com", "bobs")
    size = await seal(auditor.stage)
    second = Listener(auditor, "from_index=0", last_event_id=str(last))
    await second.until(lambda each: len(each.blocks) >= size - last - 1)
    entries = second.entries
    await second.hang_up()
    assert [number for number, _, _ in entries][: size - last - 1] == list(range(last + 1, size))


async def test_a_long_backlog_comes_whole(auditor: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_BATCH", 7)
    await grow_log(auditor.stage.database, 60)
    size = await seal(auditor.stage)
    listener = Listener(auditor, "from_index=0")
    await listener.until(lambda each: len(each.blocks) >= size)
    entries = listener.entries
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
