# SPDX-License-Identifier: Apache-2.0
"""The way home of one login: where the browser is sent, and whether a URL that comes back is this login's answer.

Pure checks of text. A URL is compared as it was sent, byte for byte, so that no second parser can read it otherwise.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from counterfoil_client._proof import b64
from counterfoil_client.errors import ConfigurationError, UnexpectedRedirect

SECRET_BYTES = 32
_MAX_URL = 4096
_MAX_FIELDS = 16
_CHARACTERS = r"[A-Za-z0-9._~!$&'()*+,;=:@%/?-]"
_PATH = r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*"
_LOOPBACK = re.compile(rf"http://(?P<host>127\.0\.0\.1|\[::1\])(?P<path>{_PATH})")
_APP_LINK = re.compile(rf"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{{1,5}})?{_PATH}(?:\?{_CHARACTERS}+)?")
_SCHEME = r"[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+"
_DEEP_LINK = re.compile(rf"{_SCHEME}:{_PATH}(?:\?{_CHARACTERS}+)?")
_VISIBLE = re.compile(rf"[\x21-\x7e]{{1,{_MAX_URL}}}")
_OURS = frozenset({"code", "state", "iss", "error", "error_description", "error_uri"})
_RULES = (
    "redirect must be 'loopback', http://127.0.0.1/PATH or http://[::1]/PATH without a port, https://HOST/PATH,"
    " or a reverse-domain scheme such as com.example.app:/PATH; without fragment, user name, or the parameters"
    " code, state, iss and error"
)


@dataclass(frozen=True, slots=True)
class Loopback:
    """A listener on this machine: the address it is reached by if there is a choice, and the path it answers on."""

    host: str = "127.0.0.1"
    path: str = "/callback"


def parse_redirect(text: str) -> Loopback | str:
    """What the application asks for: a listener, or the URL that its operating system brings to it."""
    if text == "loopback":
        return Loopback()
    if match := _LOOPBACK.fullmatch(text):
        return Loopback(match["host"], match["path"])
    own = {name for name, _ in parse_qsl(text.partition("?")[2], keep_blank_values=True)}
    if len(text) > _MAX_URL // 2 or own & _OURS or not (_APP_LINK.fullmatch(text) or _DEEP_LINK.fullmatch(text)):
        raise ConfigurationError(_RULES)
    return text


def check_scheme(scheme: str) -> str:
    """Return a scheme that belongs to whoever owns a domain (RFC 8252 §7.1); any other could be anybody's."""
    if not re.fullmatch(_SCHEME, scheme) or len(scheme) > _MAX_URL // 16:
        raise ConfigurationError(
            "scheme must be a domain name of yours in reverse and lower case, such as com.example.app"
        )
    return scheme


@dataclass(frozen=True, slots=True)
class Carried:
    """What a URL brought home: a code, or an error in its place."""

    code: str | None = field(default=None, repr=False)
    error: str | None = None


@dataclass(slots=True)
class WayHome:
    """What this login sent along, and which codes were tried: each once, for a second time ends the session [R55]."""

    redirect_uri: str
    issuer: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    _begun: dict[str, object] = field(default_factory=dict[str, object], repr=False)
    _settled: list[str] = field(default_factory=list[str], repr=False)
    _unsure: list[str] = field(default_factory=list[str], repr=False)

    @classmethod
    def make(cls, redirect_uri: str, issuer: str, state: bytes, verifier: bytes) -> "WayHome":
        """A way home with fresh secrets of 32 bytes each, which RFC 7636 §4.1 makes 43 characters."""
        return cls(redirect_uri, issuer, b64(state), b64(verifier))

    def form(self) -> tuple[tuple[str, str], ...]:
        """What the service must know at the start (RFC 7636 §4.3)."""
        challenge = b64(hashlib.sha256(self.verifier.encode()).digest())
        return (
            ("redirect_uri", self.redirect_uri),
            ("state", self.state),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        )

    def read(self, url: str) -> Carried:
        """Return what this login's answer carries; for any other URL raise `UnexpectedRedirect` and use nothing up."""
        prefix = f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}"
        if not _VISIBLE.fullmatch(url) or not url.startswith(prefix):
            raise UnexpectedRedirect("The URL is not the address that this sign-in gave to the service.")
        found = _fields(url[len(prefix) :])
        if not hmac.compare_digest(found.get("state", "").encode(), self.state.encode()):
            raise UnexpectedRedirect("The URL belongs to another sign-in: its state is not the one that was sent.")
        if found.get("iss") != self.issuer:
            raise UnexpectedRedirect("The URL comes from another service: its iss is not the configured issuer.")
        if bool(found.get("code")) == bool(found.get("error")):
            raise UnexpectedRedirect("The URL must carry either a code or an error.")
        return Carried(found.get("code"), found.get("error"))

    def begin(self, code: str) -> bool:
        """Take a code for its one redemption; False if somebody took it before."""
        # One atomic step, so of threads that race one wins.
        mine = object()
        return self._begun.setdefault(code, mine) is mine

    def settle(self, code: str, *, sure: bool) -> None:
        """A redemption has come to its end; `sure` when the service said which."""
        self._unsure += [] if sure else [code]
        self._settled.append(code)

    def take_doubt(self) -> bool:
        """Whether a redemption may have come true unheard, told once for each: it may end a later poll, too."""
        try:
            self._unsure.pop()
        except IndexError:
            return False
        return True

    @property
    def settled(self) -> int:
        """How many redemptions came to their end."""
        return len(self._settled)

    @property
    def redeeming(self) -> bool:
        """Whether one is under way."""
        return len(self._begun) > len(self._settled)


def _fields(query: str) -> dict[str, str]:
    """The parameters, each at most once (RFC 6749 §3.1)."""
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except ValueError:
        # Not chained: the text holds a code.
        raise UnexpectedRedirect("The parameters of the URL are malformed.") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnexpectedRedirect("The URL says something twice.")
    return found
