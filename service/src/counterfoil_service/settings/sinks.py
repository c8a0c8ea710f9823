# SPDX-License-Identifier: Apache-2.0
"""Where the audit log is pushed to, as the operator writes it: one URL a sink, comma-separated.

`https://HOST/PATH#whsec_BASE64` for a webhook, its key behind the hash where no server ever sees it;
`syslog+tcp://HOST:PORT?enterprise=NUMBER` and `syslog+tls://…` for RFC 5424 over TCP (RFC 6587) and TLS (RFC 5425).
"""

import re
from typing import Literal
from urllib.parse import SplitResult, parse_qsl

import msgspec

from counterfoil_service.settings.parsers import LOOPBACK_HOSTS, check_webhook_key, split_url
from counterfoil_service.settings.secret import Secret

_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_PORTS = {"syslog+tcp": 601, "syslog+tls": 6514}


class Sink(msgspec.Struct, frozen=True, kw_only=True):
    """One receiver. `name` is its URL without the key: its place in the log is kept under it."""

    kind: Literal["webhook", "syslog"]
    name: str
    host: str
    port: int
    tls: bool
    key: Secret | None = None
    """Of a webhook: `whsec_` and base64 (Standard Webhooks)."""
    enterprise: int = 0
    """Of syslog: the operator's own IANA private enterprise number [R137]."""

    def __repr__(self) -> str:
        """Leave the query out: receivers put tokens there."""
        return f"Sink(kind={self.kind!r}, host={self.host!r})"


def read_sinks(text: str) -> tuple[Sink, ...]:
    """Every sink, each once; a ValueError names the rule and shows no URL, as a key may be in it."""
    sinks = tuple(_sink(part.strip()) for part in text.split(",") if part.strip())
    if len({sink.name for sink in sinks}) != len(sinks):
        raise ValueError("must name each sink once")
    return sinks


def _sink(text: str) -> Sink:
    parts = split_url(text)
    if parts.scheme not in {"https", "http", *_PORTS}:
        raise ValueError("must be URLs that begin with https://, syslog+tls:// or syslog+tcp://")
    return _syslog(text, _with_host(parts)) if parts.scheme in _PORTS else read_webhook(text)


def _with_host(parts: SplitResult) -> SplitResult:
    if not parts.hostname or parts.username is not None:
        raise ValueError("must be URLs with a host and without a user")
    return parts


def read_webhook(text: str) -> Sink:
    """One URL of http or https with its key; a ValueError names the rule and shows nothing of it."""
    parts = _with_host(split_url(text))
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise ValueError("must push to https: http is for loopback addresses only")
    check_webhook_key(parts.fragment)
    tls = parts.scheme == "https"
    return Sink(
        kind="webhook",
        name=text.partition("#")[0],
        host=parts.hostname or "",
        port=parts.port or (443 if tls else 80),
        tls=tls,
        key=Secret(parts.fragment),
    )


def _syslog(text: str, parts: SplitResult) -> Sink:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.fragment or parts.path or options.keys() != {"enterprise"} or not _NUMBER.fullmatch(options["enterprise"]):
        raise ValueError("must give syslog your own IANA enterprise number, ?enterprise=NUMBER, and nothing else")
    return Sink(
        kind="syslog",
        name=text,
        host=parts.hostname or "",
        port=parts.port or _PORTS[parts.scheme],
        tls=parts.scheme == "syslog+tls",
        enterprise=int(options["enterprise"]),
    )
