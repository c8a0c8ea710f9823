# SPDX-License-Identifier: Apache-2.0
"""How the text of each variable is read: the value, or a ValueError that names the rule and never shows a secret."""

import base64
import ipaddress
import os
import re
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec

from counterfoil_service.settings.secret import Secret

DAY = 86_400
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
_MIN_SECRET_LENGTH = 32
_WEBHOOK_KEY = "whsec_"
_WEBHOOK_KEY_BYTES = range(24, 65)
# No more than a mail program takes for one link from end to end, and every proxy passes on unchanged.
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9\-._~:/\[\]]+")
_SELECTOR = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?)*"
)
_LONGEST_SELECTOR = 100
_SECONDS = re.compile(r"[0-9]{1,10}")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_LAST_PORT = 65535
_BRACKETED = 6

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def check_public_url(text: str) -> str:
    """The issuer, or a ValueError that names the rule (RFC 8414 §2)."""
    parts = split_url(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError("must be an absolute https URL")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise ValueError("http is for loopback addresses only, use https")
    if parts.query or parts.fragment or "?" in text or "#" in text or parts.username is not None:
        raise ValueError("must have no query, fragment or user")
    if text.endswith("/"):
        raise ValueError("must not end with a slash")
    if not _PLAIN_URL.fullmatch(text):
        raise ValueError("must be plain ASCII: the scheme in lower case, then letters, digits and . _ ~ - / alone")
    if parts.netloc.endswith((":", ".")):
        raise ValueError("must end its host without a dot, and have a port behind a colon or no colon")
    return text


def secret_key(text: str) -> Secret:
    """At least 32 characters."""
    if len(text) < _MIN_SECRET_LENGTH:
        raise ValueError(f"must have at least {_MIN_SECRET_LENGTH} characters, has {len(text)}")
    return Secret(text)


def database_url(text: str) -> Secret:
    """A file of SQLite, or a server of PostgreSQL."""
    if not text.startswith(("sqlite:///", "postgresql://", "postgres://")) or text == "sqlite:///":
        raise ValueError("must start with sqlite:/// and name a file, or with postgresql://")
    if text == "sqlite:///:memory:":
        raise ValueError("must name a file: a database in memory is another one for each connection")
    if not text.startswith("sqlite"):
        authority = re.split(r"[/?#]", text.partition("://")[2], maxsplit=1)[0]
        if "#" in text or ("@" in text and "@" not in authority):
            raise ValueError("must have the special characters of user and password percent-encoded")
    return Secret(text)


def redis_url(text: str) -> Secret:
    """A server of Redis or Valkey."""
    if not text.startswith(("redis://", "rediss://", "valkey://", "valkeys://")) or not split_url(text).hostname:
        raise ValueError("must start with redis://, rediss://, valkey:// or valkeys:// and name a host")
    return Secret(text)


def split_url(text: str) -> SplitResult:
    """`urlsplit`, whose own errors quote what they cannot read: here a password may stand."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL: percent-encode special characters, and give a port from 0 to 65535") from None
    return parts


def is_webhook_key(text: str) -> bool:
    """Whether it is `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks)."""
    try:
        key = base64.b64decode(text.removeprefix(_WEBHOOK_KEY), validate=True)
    except ValueError:
        return False
    return text.startswith(_WEBHOOK_KEY) and len(key) in _WEBHOOK_KEY_BYTES


def check_webhook_key(text: str) -> None:
    """That it is one, or a ValueError that does not show it."""
    if not is_webhook_key(text):
        raise ValueError("must give a webhook its key behind a hash: #whsec_ and base64 of 24 to 64 bytes")


def mail_from(text: str) -> str:
    """The sender (RFC 5322 §3.6.2)."""
    local, _, domain = parseaddr(text)[1].rpartition("@")
    if not local or not domain or not text.isprintable():
        raise ValueError("must hold an e-mail address and no line break")
    return text


def dkim_selector(text: str) -> str:
    """RFC 6376 §3.1."""
    if len(text) > _LONGEST_SELECTOR or not _SELECTOR.fullmatch(text):
        raise ValueError("must be the selector alone: letters, digits and hyphens, with dots between")
    return text.lower()


def networks(text: str) -> tuple[Network, ...]:
    """CIDRs, comma-separated."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be comma-separated CIDR networks without host bits") from None


def files(text: str) -> tuple[Path, ...]:
    """Paths of files that are there, comma-separated."""
    paths = tuple(Path(part.strip()) for part in text.split(",") if part.strip())
    if missing := [str(path) for path in paths if not os.path.isfile(path)]:  # noqa: PTH113 - it never raises
        raise ValueError(f"names what is no file: {', '.join(map(repr, missing))}")
    return paths


def folder(text: str) -> Path:
    """A folder that is there, as an absolute path."""
    path = Path(text)
    if not os.path.isdir(path):  # noqa: PTH112 - it never raises
        raise ValueError("names what is no folder")
    return path.absolute()


class Listening(msgspec.Struct, frozen=True):
    """An address of this machine, and a port."""

    host: str
    port: int


def listening(text: str) -> Listening:
    """`127.0.0.1:9464` or `[::1]:9464`: an address and no name, so that it is plain who can reach it."""
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        raise ValueError("must be an IP address and a port, HOST:PORT") from None
    if (address.version == _BRACKETED) == (bare == host) or not _PORT.fullmatch(port) or int(port) > _LAST_PORT:
        raise ValueError("must be an IP address, of IPv6 in brackets, and a port from 1 to 65535")
    return Listening(bare, int(port))


def seconds(allowed: range) -> Callable[[str], int]:
    """A reader of whole seconds within `allowed`."""

    def parse(text: str) -> int:
        if not _SECONDS.fullmatch(text) or int(text) not in allowed:
            raise ValueError(f"must be whole seconds from {allowed[0]} to {allowed[-1]}")
        return int(text)

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    """A reader of one of these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be {' or '.join(words)}")
        return text

    return parse
