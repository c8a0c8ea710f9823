# SPDX-License-Identifier: Apache-2.0
"""Open one port on both loopback families, so that nobody else can answer on the other (RFC 8252 §8.3)."""

import contextlib
import errno
import socket

from counterfoil_client.errors import ConfigurationError

Doors = dict[str, socket.socket]
"""Listening sockets by the host name that a URL gives them."""

_TRIES = 20
_WAITING = 16
_ABSENT = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ENOPROTOOPT})


def open_doors() -> Doors:
    """Bind an ephemeral port on 127.0.0.1 and, where the machine has it, on ::1; on ::1 alone where it must be."""
    for _ in range(_TRIES):
        doors: Doors = {}
        try:
            _open(doors, "127.0.0.1", socket.AF_INET, "127.0.0.1", 0)
            port = next(iter(doors.values())).getsockname()[1] if doors else 0
            _open(doors, "[::1]", socket.AF_INET6, "::1", port)
        except OSError:
            # Somebody has this number in the other family.
            close_doors(doors)
            continue
        if doors:
            return doors
        break
    raise ConfigurationError(
        "redirect: no port can be opened on this machine's loopback address",
        hint="Start the sign-in without redirect: the person then types the code.",
    )


def close_doors(doors: Doors) -> None:
    """Close them all; again is harmless."""
    for door in doors.values():
        with contextlib.suppress(OSError):
            door.close()


def _open(doors: Doors, name: str, family: socket.AddressFamily, host: str, port: int) -> None:
    """Add one door, unless the machine lacks the family."""
    try:
        door = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        return
    try:
        _bind(door, host, port)
    except OSError as error:
        door.close()
        if error.errno not in _ABSENT:
            raise
    else:
        doors[name] = door


def _bind(door: socket.socket, host: str, port: int) -> None:
    # Windows alone lets another program bind the same port unless told not to; typeshed knows the name there alone.
    exclusive: int | None = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
    if exclusive is not None:
        door.setsockopt(socket.SOL_SOCKET, exclusive, 1)
    door.bind((host, port))
    door.listen(_WAITING)
    door.settimeout(0)
