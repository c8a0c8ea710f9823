# SPDX-License-Identifier: Apache-2.0
"""The one list of what is read of a machine: names here are the names of attributes on the wire, in this order."""

from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Profile:
    """Raw values, never shown and never sent. None is absence: not there, not readable, or not to be believed."""

    machine: str | None = field(default=None, repr=False)
    """The system's own id of this installation: the key of everything that leaves."""
    os: str | None = field(default=None, repr=False)
    """Family and distribution, which an upgrade leaves as they are."""
    os_version: str | None = field(default=None, repr=False)
    architecture: str | None = field(default=None, repr=False)
    """The machine's, whatever this process is translated from."""
    cpu: str | None = field(default=None, repr=False)
    cpu_count: str | None = field(default=None, repr=False)
    memory: str | None = field(default=None, repr=False)
    """A class: the size that was bought, not what firmware and kernel left of it."""
    hostname: str | None = field(default=None, repr=False)
    product: str | None = field(default=None, repr=False)
    timezone: str | None = field(default=None, repr=False)
    locale: str | None = field(default=None, repr=False)
    app: str | None = field(default=None, repr=False)
    """Client id and the application's own version, where it gives one."""
    display: str | None = field(default=None, repr=False)
    """How many, and a class of the largest."""
    environment: str | None = field(default=None, repr=False)
    """`metal`, `vm KIND` or `container KIND`: so that a clone or a rebuilt container is seen as what it is."""
    key_storage: str | None = field(default=None, repr=False)


ATTRIBUTES: tuple[str, ...] = tuple(each.name for each in fields(Profile))
