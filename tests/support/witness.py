# SPDX-License-Identifier: Apache-2.0
"""A real witness on loopback, written from C2SP tlog-witness and tlog-cosignature, that shares nothing with our client.

Signatures of checkpoints and growth are judged by metamorphic-log. It can be as unwilling as real ones are: `reply` is
sent in place of any answer, `silent` never answers, and what it signs and when can be bent.
"""

import asyncio
import base64
import hashlib
import re
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self

import metamorphic_log
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from counterfoil_service.settings import Witness

_OLD = re.compile(r"old (0|[1-9][0-9]*)")
_MOST_HASHES = 63
_EMPTY = hashlib.sha256(b"").digest()


def http_reply(status: int, body: bytes = b"", **headers: str) -> bytes:
    """An answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def size_reply(size: int) -> bytes:
    """A 409 that names what is known."""
    return http_reply(409, b"%d\n" % size, Content_Type="text/x.tlog.size")


class LoopbackWitness:
    """Knows the logs in `logs`, origin to vkey, and remembers of each what it has `seen`: size and root.

    `clock` gives microseconds UTC.
    """

    REQUEST_LINE = "POST /some/prefix/add-checkpoint HTTP/1.1"

    def __init__(
        self,
        clock: Callable[[], int],
        name: str = "witness.example/w",
        seed: bytes = bytes(32),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._clock, self._name, self._tls = clock, name, tls
        self.own_key = self.signing_key = Ed25519PrivateKey.from_private_bytes(seed)
        self._material = b"\x04" + self.own_key.public_key().public_bytes_raw()
        self._id = hashlib.sha256(f"{name}\n".encode() + self._material).digest()[:4]
        self.logs: dict[str, str] = {}
        self.seen: dict[str, tuple[int, bytes]] = {}
        self.requests: list[str] = []
        self.answered: list[int] = []
        self.reply: bytes | None = None
        self.silent = False
        self.seconds_off = 0
        self.bent: Callable[[str], str] = str
        """What it signs in place of a checkpoint's text."""

    @property
    def vkey(self) -> str:
        """Its public key."""
        return f"{self._name}+{self._id.hex()}+{base64.b64encode(self._material).decode()}"

    @property
    def setting(self) -> Witness:
        """As an operator configures it."""
        return Witness(self.vkey, self.url)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._converse, "127.0.0.1", 0, ssl=self._tls)
        self.url = f"http{'s' if self._tls else ''}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/some/prefix"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Be gone."""
        self._server.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
            length = re.search(r"(?im)^content-length: (\d+)\r$", head)
            assert length is not None
            body = (await reader.readexactly(int(length[1]))).decode()
            self.requests.append(body)
            if self.silent:
                await reader.read()  # until the other side gives up
            elif self.reply is not None:
                writer.write(self.reply)
            else:
                writer.write(self._answer(head.partition("\r\n")[0], body))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, request_line: str, body: str) -> bytes:
        try:
            lines = self.add_checkpoint(request_line, body)
        except _Refused as refused:
            self.answered.append(refused.status)
            return refused.reply
        self.answered.append(200)
        return http_reply(200, lines.encode(), Content_Type="text/plain; charset=utf-8")

    def add_checkpoint(self, request_line: str, request: str) -> str:
        """The cosignature, or a refusal, by the rules of the specification in its order."""
        if request_line != self.REQUEST_LINE:
            raise _Refused(405)
        head, _, note = request.partition("\n\n")
        first, *lines = head.split("\n")
        told = _OLD.fullmatch(first)
        if told is None or len(lines) > _MOST_HASHES:
            raise _Refused(400)
        old, origin = int(told[1]), note.split("\n")[0]
        checkpoint = self._verified(origin, note)
        if old > checkpoint.size:
            raise _Refused(400)
        size, root = self.seen.get(origin, (0, _EMPTY))
        if old != size:
            raise _Refused(409, size_reply(size))
        if old == checkpoint.size and root != checkpoint.root:
            raise _Refused(409)
        proof = [base64.b64decode(line, validate=True) for line in lines]
        if not _grew(old, checkpoint.size, proof, root, checkpoint.root):
            raise _Refused(422)
        self.seen[origin] = checkpoint.size, checkpoint.root
        return self._cosigned(note.partition("\n\n")[0] + "\n")

    def _verified(self, origin: str, note: str) -> metamorphic_log.CheckpointHead:
        if origin not in self.logs:
            raise _Refused(404)
        try:
            return metamorphic_log.checkpoint_verify(note, [self.logs[origin]])
        except metamorphic_log.VerifyError:
            raise _Refused(403) from None

    def _cosigned(self, text: str) -> str:
        time = self._clock() // 1_000_000 + self.seconds_off
        signature = self.signing_key.sign(f"cosignature/v1\ntime {time}\n{self.bent(text)}".encode())
        blob = self._id + time.to_bytes(8, "big") + signature
        return f"\N{EM DASH} {self._name} {base64.b64encode(blob).decode()}\n"


class _Refused(Exception):  # noqa: N818 - an answer, not a fault
    def __init__(self, status: int, reply: bytes | None = None) -> None:
        super().__init__(status)
        self.status, self.reply = status, reply or http_reply(status)


def _grew(old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes) -> bool:
    if old in {0, new}:
        return not proof
    try:
        metamorphic_log.verify_consistency(old, new, proof, old_root, new_root)
    except metamorphic_log.VerifyError:
        return False
    return True
