# SPDX-License-Identifier: Apache-2.0
"""Bytes over TCP or TLS to a receiver that answers nothing: what it did with them is read off how it closes.

The sender closes first (RFC 5425 §4.4: close_notify). A receiver that then closes in order has read to the end; one
that dies, or closes with something unread, resets the connection. What it did with what it read, nobody can tell.
"""

import asyncio
import fcntl
import socket
import ssl
import struct
import termios
from collections.abc import Callable

_CHUNK = 65_536
_LOOK_SECONDS = 0.01


async def deliver(host: str, port: int, data: bytes, tls: ssl.SSLContext | None) -> None:
    """Over a connection of its own; returns once the receiver has read all of it and closed.

    `tls` None is plain TCP. Raises OSError (among its kinds ssl.SSLError); the caller bounds the time.
    """
    reader, writer = await asyncio.open_connection(host, port)
    try:
        if tls is None:
            writer.write(data)
        else:
            await _Tls(reader, writer, tls, host).deliver(data)
        await writer.drain()
        writer.write_eof()
        while await reader.read(_CHUNK):
            pass
        await _acknowledged(writer)
    finally:
        writer.transport.abort()


async def _acknowledged(writer: asyncio.StreamWriter) -> None:
    """One that closed before the data came looks alike, but its machine acknowledges nothing, and resets in the end."""
    connection = writer.get_extra_info("socket")
    while True:
        if writer.transport.is_closing() or connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise ConnectionResetError
        if not _unacknowledged(connection.fileno()):
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _unacknowledged(descriptor: int) -> int:
    """Bytes that the other machine has not acknowledged (tcp(7), SIOCOUTQ); 0 where the system does not tell."""
    try:
        answer = fcntl.ioctl(descriptor, termios.TIOCOUTQ, struct.pack("i", 0))
    except OSError:
        return 0
    count: int = struct.unpack("i", answer)[0]
    return count


class _Tls:
    """Over streams of ours, as asyncio's own TLS closes both directions at once and does not tell how that went."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext, host: str
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    async def deliver(self, data: bytes) -> None:
        """Handshake, data, close_notify, and the receiver's own; many only close the connection instead."""
        await self._drive(self._tls.do_handshake)
        version = self._tls.version()
        await self._drive(lambda: self._tls.write(data))
        try:
            await self._drive(self._tls.unwrap)
        except ssl.SSLEOFError:
            if not self._let_in(version):
                raise

    def _let_in(self, version: str | None) -> bool:
        """Whether the receiver has finished the handshake, too, and did not close because it would not.

        Before TLS 1.3 it did so first; since then, only what it sends afterwards tells: a ticket (RFC 8446 §4.6.1).
        """
        session = self._tls.session
        return version == "TLSv1.2" or (session is not None and session.has_ticket)

    async def _drive(self, step: Callable[[], object]) -> None:
        while True:
            wants = False
            try:
                step()
            except ssl.SSLWantReadError:
                wants = True
            finally:
                self._writer.write(self._outgoing.read())
            if not wants:
                return
            if received := await self._reader.read(_CHUNK):
                self._incoming.write(received)
            else:
                self._incoming.write_eof()
