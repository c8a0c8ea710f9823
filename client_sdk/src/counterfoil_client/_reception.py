# SPDX-License-Identifier: Apache-2.0
"""Let visitors in by all doors at once, on one thread: each has little time and little room, and few come in in all."""

import contextlib
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeAlias

from counterfoil_client._doors import Doors, close_doors
from counterfoil_client._visit import page

_END = b"\r\n\r\n"
_CHUNK = 4096
_LEFTOVER = 64 * 1024
_SENDING = 1.0

Judge: TypeAlias = Callable[[bytes], HTTPStatus]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much visitors may take."""

    head_bytes: int = 8192
    head_seconds: float = 5.0
    at_once: int = 8
    in_all: int = 50


@dataclass(slots=True, eq=False)
class _Visitor:
    """One connection and what it has said so far."""

    line: socket.socket
    deadline: float
    head: bytearray = field(default_factory=bytearray, repr=False)


class Reception:
    """Hears every visitor's head, has it judged, and answers with a page."""

    def __init__(self, doors: Doors, ear: socket.socket, judge: Judge, limits: Limits) -> None:
        self._doors = doors
        self._ear = ear
        self._judge = judge
        self._limits = limits
        self._watch = selectors.DefaultSelector()
        self._visitors: set[_Visitor] = set()
        self._admitted = 0
        self._ajar = False

    def run(self, is_open: Callable[[], bool], until: float) -> None:
        """Receive until nobody is awaited any more; the doors are closed then."""
        try:
            self._watch.register(self._ear, selectors.EVENT_READ)
            while is_open() and time.monotonic() < until and (self._visitors or not self._is_used_up()):
                self._mind_the_doors()
                self._round(until, is_open)
        finally:
            close_doors(self._doors)
            for visitor in self._visitors:
                visitor.line.close()
            self._watch.close()

    def _is_used_up(self) -> bool:
        return self._admitted >= self._limits.in_all

    def _mind_the_doors(self) -> None:
        """Open them only while there is a free chair; those outside wait in the system's queue."""
        free = len(self._visitors) < self._limits.at_once and not self._is_used_up()
        if free == self._ajar:
            return
        self._ajar = free
        for door in self._doors.values():
            if free:
                self._watch.register(door, selectors.EVENT_READ)
            else:
                self._watch.unregister(door)
        if self._is_used_up():
            close_doors(self._doors)

    def _round(self, until: float, is_open: Callable[[], bool]) -> None:
        ends = min([until, *(visitor.deadline for visitor in self._visitors)])
        for key, _ in self._watch.select(max(0.0, ends - time.monotonic())):
            if not is_open():
                return
            if isinstance(key.data, _Visitor):
                self._hear(key.data)
            elif key.fileobj is not self._ear:
                self._admit(key.fileobj)
        for visitor in [one for one in self._visitors if one.deadline <= time.monotonic()]:
            self._answer(visitor, HTTPStatus.BAD_REQUEST)

    def _admit(self, door: object) -> None:
        if not isinstance(door, socket.socket) or len(self._visitors) >= self._limits.at_once or self._is_used_up():
            return
        with contextlib.suppress(OSError):
            line, _ = door.accept()
            line.settimeout(0)
            self._admitted += 1
            visitor = _Visitor(line, time.monotonic() + self._limits.head_seconds)
            self._visitors.add(visitor)
            self._watch.register(line, selectors.EVENT_READ, visitor)

    def _hear(self, visitor: _Visitor) -> None:
        said = b""
        with contextlib.suppress(OSError):
            said = visitor.line.recv(_CHUNK)
        visitor.head += said
        head, end, _ = bytes(visitor.head).partition(_END)
        if len(head) > self._limits.head_bytes:
            self._answer(visitor, HTTPStatus.BAD_REQUEST)
        elif end:
            self._answer(visitor, self._judge(head))
        elif not said:
            self._see_off(visitor)

    def _answer(self, visitor: _Visitor, status: HTTPStatus) -> None:
        """Send the page; what the visitor still says is read once, for a reset would take the page away."""
        with contextlib.suppress(OSError):
            visitor.line.settimeout(_SENDING)
            visitor.line.sendall(page(status))
            visitor.line.shutdown(socket.SHUT_WR)
            visitor.line.settimeout(0)
            visitor.line.recv(_LEFTOVER)
        self._see_off(visitor)

    def _see_off(self, visitor: _Visitor) -> None:
        self._visitors.discard(visitor)
        self._watch.unregister(visitor.line)
        visitor.line.close()
