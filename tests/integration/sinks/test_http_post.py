# SPDX-License-Identifier: Apache-2.0
"""One POST to whoever listens: an answer that is whole, small and in time, or an error that says which it was not."""

import asyncio
import time

import pytest

from counterfoil_service.http_post import Answer, NotHttpError, get, post
from support.receivers import listening

LIMIT = 1000


async def answered(reply: bytes, *, seconds: float = 5, pieces: int = 65_536) -> Answer:
    """What comes of a server that reads the request and says this, in pieces, then closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(4) == b"body"
        for at in range(0, len(reply), pieces):
            writer.write(reply[at : at + pieces])
            await writer.drain()
            await asyncio.sleep(0.02 if pieces == 1 else 0)
        writer.close()
        await writer.wait_closed()

    async with listening(talk) as port:
        url = f"http://127.0.0.1:{port}/there?is=it"
        return await post(url, body=b"body", headers={"X-One": "1"}, timeout=seconds, limit=LIMIT)


async def test_what_is_only_read_is_asked_for_without_a_body_and_no_redirect_is_followed() -> None:
    seen = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 2\r\n\r\nhi")
        await writer.drain()

    async with listening(keep) as port:
        answer = await get(f"http://127.0.0.1:{port}/there?is=it", timeout=5, limit=2)
    assert (answer.status, answer.body) == (302, b"hi")
    assert seen == [f"GET /there?is=it HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()]


async def test_the_request_is_one_that_any_server_reads() -> None:
    seen = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readexactly(len(expected) + 4))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()

    async with listening(keep) as port:
        expected = (
            f"POST /?x HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 4\r\nConnection: close\r\nX-One: 1\r\n\r\n"
        )
        await post(f"http://127.0.0.1:{port}?x", body=b"body", headers={"X-One": "1"}, timeout=5, limit=0)
    assert seen == [expected.encode() + b"body"]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nx-a: 2\r\n\r\nhi", (200, "1, 2", b"hi")),
        (b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n", (500, None, b"hi!")),
        (b"HTTP/1.0 410 Gone\r\n\r\nuntil the end", (410, None, b"until the end")),
        (b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 204 None\r\n\r\n", (204, None, b"")),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", (302, None, b"")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * LIMIT, (200, None, b"x" * LIMIT)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * (LIMIT + 1), (200, None, None)),
    ],
)
async def test_an_answer_is_told_as_it_is_and_a_body_beyond_the_limit_not_at_all(
    reply: bytes, expected: tuple[int, str | None, bytes | None]
) -> None:
    answer = await answered(reply)
    assert (answer.status, answer.headers.get("x-a"), answer.body) == expected


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 O",
        b"220 mail.example ESMTP\r\n",
        b"\x16\x03\x01\x00\x00",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000,
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
async def test_what_is_no_whole_answer_is_none(reply: bytes) -> None:
    with pytest.raises(NotHttpError):
        await answered(reply)


async def test_an_answer_without_an_end_is_read_no_further_than_its_limit() -> None:
    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with listening(flood) as port:
        answer = await post(f"http://127.0.0.1:{port}", body=b"", headers={}, timeout=5, limit=LIMIT)
    assert (answer.status, answer.body) == (200, None)


async def test_an_answer_that_drips_ends_with_the_time_that_there_is() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await answered(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 500, seconds=0.3, pieces=1)
    assert time.monotonic() - began < 2
