# SPDX-License-Identifier: Apache-2.0
"""Where a browser may be sent with a code: what may be registered, what a request may ask for, what is sent [R51-R59].

A URI is compared as text, byte for byte. Every spelling that two parsers could read in two ways is refused, at the
registration as at the request, so the text that was compared is the place where the browser goes.
"""

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Literal, NoReturn
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal

MAX_URI = 2048
"""Characters of a redirect URI, its query included."""

_LOOPBACK = ("127.0.0.1", "[::1]")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?://(?P<authority>[^/?]*))?(?P<path>[^?]*)(?:\?(?P<query>.*))?"
)
_REVERSE_DOMAIN = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_MAX_PORT = 65_535
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)+")
_QUERY = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?%-]+")
_TRIPLETS = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*")
_HIDDEN = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])")
_HIDDEN_SEPARATOR = re.compile(r"%(?:2[Ff]|5[Cc]|25)")
_OURS = frozenset({"code", "state", "iss", "error", "error_description", "error_uri", "response"})


Kind = Literal["loopback", "https", "scheme"]
"""Of a program that listens on the person's own machine; of a site, or an app that claims its address; an app's own."""


class _Target(msgspec.Struct, frozen=True):
    """A URI taken apart; `port` and `query` None where it has none, `host` empty where it has no authority."""

    scheme: str
    host: str
    port: str | None
    path: str
    query: str | None

    @property
    def loopback(self) -> bool:
        return self.scheme == "http"  # nothing else is let in over http

    @property
    def custom(self) -> bool:
        return self.scheme not in {"http", "https"}


def check_registration(uri: str) -> None:
    """Refuse what may not be registered, by the rule that it breaks."""
    _take_apart(uri)


def kind_of(uri: str) -> Kind:
    """What a URI is that may be registered; a Refusal for one that may not."""
    target = _take_apart(uri)
    if target.loopback:
        return "loopback"
    return "scheme" if target.custom else "https"


def match(registered: Iterable[str], requested: str) -> str:
    """The URI that was asked for, if one of the registered ones allows it; else a Refusal that names the rule.

    Equal text is needed, but for the port of a loopback address, which the system gives an application at its start
    (RFC 8252 §7.3), and for a query behind a custom scheme that is registered without one: the way into the
    application, which comes back as it was sent.
    """
    target = _take_apart(requested)
    if not any(_allows(uri, requested, target) for uri in registered):
        _refuse("it must be registered for this application, letter for letter; only the port of 127.0.0.1 and [::1]"
                " and the query of a custom scheme are free")  # fmt: skip
    return requested


def respond(uri: str, **answer: str | None) -> str:
    """The address that the browser is sent to: `uri` unchanged, and the answer behind its query; None is left out."""
    fields = urlencode({name: value for name, value in answer.items() if value is not None}, quote_via=quote, safe="")
    return f"{uri}{'&' if '?' in uri else '?'}{fields}"


def form_target(uri: str) -> str | None:
    """What `form-action` must name for a redirect to `uri`; None where no policy can, and a link has to do [R31]."""
    target = _take_apart(uri)
    if target.custom or target.host.startswith("["):
        return None
    return f"{target.scheme}://{target.host}{'' if target.port is None else f':{target.port}'}"


def _allows(registered: str, requested: str, target: _Target) -> bool:
    if registered == requested:
        return True
    known = _take_apart(registered)
    if known.loopback:
        return known == msgspec.structs.replace(target, port=known.port)
    return known.custom and known.query is None and requested == f"{registered}?{target.query}"


def _take_apart(uri: str) -> _Target:
    if len(uri) > MAX_URI:
        _refuse(f"at most {MAX_URI} characters")
    if not _VISIBLE.fullmatch(uri):
        _refuse("printable ASCII without blanks; write a name in other letters as punycode")
    if "\\" in uri:
        _refuse("no backslash: write /")
    if "#" in uri:
        _refuse("no fragment: leave out # and what follows it")
    parts = _URI.fullmatch(uri)
    if parts is None:
        _refuse("a whole URI with its scheme is needed")
    scheme, authority = parts["scheme"], parts["authority"]
    if scheme in {"http", "https"}:
        host, port = _place(scheme, authority)
    else:
        _check_custom(scheme, authority)
        host, port = authority or "", None
    _check_path(parts["path"])
    _check_query(parts["query"], custom=scheme not in {"http", "https"})
    return _Target(scheme, host, port, parts["path"], parts["query"])


def _place(scheme: str, authority: str | None) -> tuple[str, str | None]:
    if not authority:
        _refuse("a host is needed behind the //")
    if "@" in authority:
        _refuse("no user name or password: leave out @ and what stands before it")
    bracket = authority.rfind("]") + 1
    name, colon, digits = authority[bracket:].partition(":")
    host, port = authority[:bracket] + name, digits if colon else None
    if port is not None and not (_PORT.fullmatch(port) and int(port) <= _MAX_PORT):
        _refuse("the port must be a number from 1 to 65535")
    if host.lower() != host:
        _refuse("write scheme and host in lower case")
    if host == "localhost" or host.endswith(".localhost"):
        _refuse("localhost may lead anywhere: use 127.0.0.1 or [::1]")
    if scheme == "http" and host not in _LOOPBACK:
        _refuse("plain http is for http://127.0.0.1 and http://[::1] alone; use https for every other host")
    if host not in _LOOPBACK and not _is_host(host):
        _refuse("the host must be a domain name or an address in its usual spelling")
    return host, port


def _is_host(host: str) -> bool:
    """Whether every parser finds the same machine behind it: browsers take `1.1` and `0x7f.1` for IPv4 addresses."""
    try:
        if host.startswith("["):
            return "%" not in host and host == f"[{IPv6Address(host[1:-1]).compressed}]"  # a zone is this machine's
        if _ENDS_IN_NUMBER.fullmatch(host):
            return host == str(IPv4Address(host))
    except AddressValueError:
        return False
    return _HOST.fullmatch(host) is not None


def _check_custom(scheme: str, authority: str | None) -> None:
    if scheme.lower() != scheme:
        _refuse("write scheme and host in lower case")
    if not _REVERSE_DOMAIN.fullmatch(scheme):
        _refuse("a scheme of your own must be a domain of yours in reverse, such as com.example.app (RFC 8252, 7.1)")
    if authority is not None and not _HOST.fullmatch(authority):
        _refuse("behind // a custom scheme takes a plain lower-case name, or leave the // out")


def _check_path(path: str) -> None:
    if not path.startswith("/"):
        _refuse("a path is needed, / at least")
    if "//" in path:
        _refuse("no empty path segment: write one / for two")
    if not (_PATH.fullmatch(path) and _TRIPLETS.fullmatch(path)):
        _refuse("the path may hold the characters of RFC 3986 alone, all others percent-encoded")
    if _HIDDEN.search(path) or _HIDDEN_SEPARATOR.search(path):
        _refuse("no encoded slash, backslash, percent sign or control character in the path")
    if any(unquote_plus(segment) in {".", ".."} for segment in path.split("/")):
        _refuse("no dot segment, plain or encoded: write the path that it leads to")


def _check_query(query: str | None, *, custom: bool) -> None:
    if query is None:
        return
    # Browsers rewrite the apostrophe in the query of a web address, and then it does not come back byte for byte.
    if not (_QUERY.fullmatch(query) and _TRIPLETS.fullmatch(query)) or ("'" in query and not custom):
        _refuse("the query may hold the characters of RFC 3986 alone, all others percent-encoded, and is not empty")
    if _HIDDEN.search(query):
        _refuse("no encoded control character in the query")
    # Frameworks differ in what separates two fields, and in whether `Code` and `code[]` are `code`.
    names = {name for each in "&;" for name, _ in parse_qsl(query, keep_blank_values=True, separator=each)}
    if {name.partition("[")[0].strip().lower() for name in names} & _OURS:
        _refuse("its query may not hold code, state, iss, error or response: the service adds these")


def _refuse(rule: str) -> NoReturn:
    raise Refusal(ErrorCode.INVALID_REQUEST, f"redirect_uri: {rule}")
