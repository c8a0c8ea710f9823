# SPDX-License-Identifier: Apache-2.0
"""Syslog as RFC 5424 has it, with everything that is known of an event in structured data of the operator's own."""

import re
from typing import Final

import msgspec

from counterfoil_service.core.exports.exported import Exported, Level, level_of, members_of, visible

AUDIT_FACILITY: Final = 13
DOCUMENTATION_NUMBER: Final = 32473
_LARGEST_NUMBER: Final = 2**32 - 1
_SEVERITIES: Final[dict[Level, int]] = {"info": 6, "notice": 5, "alert": 4}
_HOSTNAME: Final = re.compile(r"[!-~]{1,255}")
_MSGID: Final = re.compile(r"[!-~]{1,32}")
_BOM: Final = "\ufeff"
_ESCAPED: Final = str.maketrans({each: f"\\{each}" for each in '"\\]'})
_NAME_LETTERS: Final = re.compile(r"[^!#-<>-\\^-~]")


class Origin(msgspec.Struct, frozen=True):
    """Which machine speaks, and the operator's own private enterprise number (RFC 5424 §7.2.2).

    A `ValueError` for 32473, which is there for examples alone (RFC 5612), and for what cannot be one.
    """

    hostname: str
    enterprise: int

    def __post_init__(self) -> None:
        """Refuse what no frame could carry."""
        if not _HOSTNAME.fullmatch(self.hostname):
            raise ValueError("hostname: 1 to 255 visible ASCII characters, or - for none")
        if self.enterprise == DOCUMENTATION_NUMBER or not 0 < self.enterprise <= _LARGEST_NUMBER:
            raise ValueError(
                "enterprise: the number that IANA gave you, see https://www.iana.org/assignments/enterprise-numbers"
            )


def syslog(exported: Exported, origin: Origin) -> str:
    """One frame: facility 13 (log audit), APP-NAME counterfoil, MSGID the event's type, then all of it by name.

    Values are spelt by `visible` first and escaped afterwards (§6.3.3): a receiver that writes them to a file as they
    come still writes one line.
    """
    leaf = exported.leaf
    priority = AUDIT_FACILITY * 8 + _SEVERITIES[level_of(leaf)]
    kind = leaf.type if _MSGID.fullmatch(leaf.type) else "-"
    data = "".join(f' {_name(name)}="{_value(text)}"' for name, text in members_of(exported).items())
    told = leaf.type + (f" ({leaf.reason})" if leaf.reason else "")
    head = f"<{priority}>1 {leaf.time} {origin.hostname} counterfoil - {kind}"
    return f"{head} [counterfoil@{origin.enterprise}{data}] {_BOM}{visible(told)}"


def octet_counted(frame: str) -> bytes:
    """The frame for TCP or TLS: its length in bytes before it (RFC 5425 §4.3, RFC 6587 §3.4.1)."""
    data = frame.encode()
    return b"%d %b" % (len(data), data)


def _value(text: str) -> str:
    return visible(text).translate(_ESCAPED)


def _name(name: str) -> str:
    """SD-NAME: at most 32 visible ASCII characters, none of them `=`, `]` or `"`."""
    return _NAME_LETTERS.sub("_", name)[:32]
