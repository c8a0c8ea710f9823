# SPDX-License-Identifier: Apache-2.0
"""A name server of a test's own: UDP on loopback, TXT records from a table, and every name that it was asked for."""

import socket
import threading
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from support.zone import Zone, texts_at

_LONGEST_STRING = 255


class DnsServer:
    """`rcode` answers all with that error; `silent` answers nothing at all."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[str] = []
        self.rcode: dns.rcode.Rcode | None = None
        self.silent = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, name="dns", daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._socket.getsockname()
        return str(host), int(port)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # An empty datagram is no question: it wakes the thread to leave.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.address)
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, sender = self._socket.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            self.asked.append(query.question[0].name.to_text(omit_final_dot=True))
            if not self.silent:
                self._socket.sendto(self._answer(query).to_wire(max_size=65_535), sender)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query, recursion_available=True)
        response.flags |= dns.flags.RA
        question = query.question[0]
        if self.rcode is not None:
            response.set_rcode(self.rcode)
            return response
        texts = texts_at(self.zone, question.name.to_text(omit_final_dot=True))
        if not texts:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.TXT:
            response.answer.append(
                dns.rrset.from_text_list(question.name, 60, "IN", "TXT", [_strings(each) for each in texts])
            )
        return response


def _strings(text: str) -> str:
    """In pieces of at most 255 octets, as a zone file has them."""
    pieces = [text[start : start + _LONGEST_STRING] for start in range(0, len(text), _LONGEST_STRING)] or [""]
    return " ".join('"{}"'.format(piece.replace("\\", "\\\\").replace('"', '\\"')) for piece in pieces)
