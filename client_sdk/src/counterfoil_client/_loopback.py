# SPDX-License-Identifier: Apache-2.0
"""Listen on this machine for the browser that comes home, on one thread for both kinds of client (RFC 8252 §7.3).

Anybody on the machine may knock, and any web page in its browser. Whoever does not bring this login's answer is sent
away without an effect. When the last visit is used up the doors close: the code that a person types still works.
"""

import contextlib
import socket
import threading
import time
import weakref
from collections.abc import Callable, Generator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

from counterfoil_client._doors import Doors, close_doors, open_doors
from counterfoil_client._reception import Limits, Reception
from counterfoil_client._redirect import Loopback, parse_redirect
from counterfoil_client._visit import BadVisit, target_of
from counterfoil_client.errors import CounterfoilError, UnexpectedRedirect

_GRACE = 1.0

Receive: TypeAlias = Callable[[str], bool]
"""Takes the URL that came home; True when it brought the session. `UnexpectedRedirect` for any other URL."""


class Listener:
    """Bound when made; lets visitors in from `serve` until the answer came, `close`, or the end of the login."""

    def __init__(self, wanted: Loopback | None = None, limits: Limits | None = None) -> None:
        target = Loopback() if wanted is None else wanted
        self._limits = Limits() if limits is None else limits
        self._doors: Doors = open_doors()
        host = target.host if target.host in self._doors else next(iter(self._doors))
        self._path = target.path
        self._port: int = self._doors[host].getsockname()[1]
        self._origin = f"http://{host}:{self._port}"
        self._ear, self._bell = socket.socketpair()
        self._bell.settimeout(0)
        self._thread: threading.Thread | None = None
        self._open = True

    @property
    def redirect_uri(self) -> str:
        """The address to give to the service."""
        return f"{self._origin}{self._path}"

    def serve(self, receive: Receive, seconds: float) -> None:
        """Receive for so many seconds at most, on a thread that keeps no program alive."""
        until = time.monotonic() + seconds
        self._thread = threading.Thread(
            target=self._work, args=(receive, until), name="counterfoil-loopback", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Close the doors; a page on its way to the browser is finished."""
        self.dismiss()
        if self._thread is not None:
            self._thread.join(_GRACE)
        # Should the thread still be redeeming, nobody else comes in meanwhile.
        close_doors(self._doors)

    def dismiss(self) -> None:
        """Ask the thread to end, without waiting for it: safe wherever a garbage collector may run."""
        self._open = False
        with contextlib.suppress(OSError):
            self._bell.send(b"!")
        if self._thread is None:
            self._put_away()

    def _work(self, receive: Receive, until: float) -> None:
        try:
            reception = Reception(self._doors, self._ear, lambda head: self._judge(head, receive), self._limits)
            reception.run(lambda: self._open, until)
        finally:
            self._put_away()

    def _put_away(self) -> None:
        close_doors(self._doors)
        self._ear.close()
        self._bell.close()

    def _judge(self, head: bytes, receive: Receive) -> HTTPStatus:
        """What a request deserves. Once one brought the session, nobody else is let in."""
        try:
            target = target_of(head, port=self._port, path=self._path)
            arrived = receive(f"{self._origin}{target}")
        except BadVisit as bad:
            return bad.status
        except UnexpectedRedirect:
            return HTTPStatus.BAD_REQUEST
        except CounterfoilError:
            # The poll meets the same trouble, and tells the application.
            return HTTPStatus.BAD_GATEWAY
        self._open = self._open and not arrived
        return HTTPStatus.OK if arrived else HTTPStatus.BAD_GATEWAY


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the browser is to come home: an address, and the listener behind it if that is ours."""

    redirect_uri: str | None = None
    listener: Listener | None = None


class Landings:
    """The ways home of one client's logins: none of them outlives the connections that it would redeem a code by."""

    def __init__(self) -> None:
        self._listeners: weakref.WeakSet[Listener] = weakref.WeakSet()

    @contextlib.contextmanager
    def prepare(self, redirect: str | None) -> Generator[Landing]:
        """Open what the application asks for; a listener is closed again if the start of the login fails."""
        wanted = None if redirect is None else parse_redirect(redirect)
        if not isinstance(wanted, Loopback):
            yield Landing(wanted)
            return
        listener = Listener(wanted)
        self._listeners.add(listener)
        try:
            yield Landing(listener.redirect_uri, listener)
        except BaseException:
            listener.close()
            raise

    def close(self) -> None:
        """Close all that are still open, without waiting for them."""
        for listener in tuple(self._listeners):
            listener.dismiss()
