# SPDX-License-Identifier: Apache-2.0
"""What an operator may set: frozen Structs, and `load`, which reports every problem at once, each with its way out."""

import difflib
import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec

from counterfoil_service.core import argon2_cost, budget, session
from counterfoil_service.core.login import SECOND

PREFIX = "COUNTERFOIL_"
DEFAULT_DATABASE_URL = "sqlite:///counterfoil.db"
MIN_SECRET_LENGTH = 32
LINK_TTL_RANGE = range(5, 3601)
RECOMMENDED_LINK_TTL = 600
DAY = 86_400
SESSION_RANGE = range(300, 365 * DAY + 1)
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
# No more than a mail program takes for one link from end to end, and every proxy passes on unchanged.
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9\-._~:/\[\]]+")
_INJECTED = re.compile(r"_(?:SERVICE_)?(?:HOST|PORT)(?:_|$)")
_SECONDS = re.compile(r"[0-9]{1,9}")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
T = TypeVar("T")


class Secret:
    """A text that no repr, log or error shows."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The operator contract (protocol.md §8). Field names are the variables' in lower case."""

    public_url: str
    """The issuer, byte for byte; every URL the service writes is built from it."""
    secret_key: Secret
    """At least 32 characters; every other key is derived from it or sealed by it."""
    database_url: Secret = Secret(DEFAULT_DATABASE_URL)
    """`sqlite:///FILE`, or `postgresql://…` for replicas."""
    mail_url: Secret = Secret("none:")
    """`smtp://user:pass@host:port`, `smtps://…`, `file:DIR`, `console:` or `none:`."""
    mail_from: str = ""
    """Sender; by default `no-reply@` the host of PUBLIC_URL."""
    trusted_proxies: tuple[Network, ...] = ()
    """Networks whose `X-Forwarded-For` entries are believed, read right to left."""
    mmdb_files: tuple[Path, ...] = ()
    """Files that know countries and networks of addresses."""
    link_ttl: int = RECOMMENDED_LINK_TTL
    """Seconds a link lives, 5 to 3600."""
    sign_up: Literal["open", "invited"] = "open"
    """Whether an address nobody invited may sign in."""
    session_idle: int = 14 * DAY
    """Seconds a session may go unused, 300 to 31536000."""
    session_lifetime: int = 90 * DAY
    """Seconds a session lives at most, 300 to 31536000."""
    signing_algorithm: Literal["ES256", "RS256"] = "ES256"
    """What signs access tokens; another algorithm than before takes over once verifiers know its key."""
    mail_code_cost: argon2_cost.Argon2Cost = argon2_cost.DEFAULT
    """`passes=…,mebibytes=…,lanes=…`: what argon2id costs for a code in the mail."""
    budgets: budget.Budgets = budget.DEFAULTS
    """`name=count/seconds,…` replaces default limits."""

    @property
    def session_limits(self) -> session.Limits:
        """The same two in microseconds."""
        return session.Limits(self.session_idle * SECOND, self.session_lifetime * SECOND)

    @property
    def sender(self) -> str:
        """The From address."""
        host = urlsplit(self.public_url).hostname or ""
        return self.mail_from or f"Counterfoil <no-reply@{'localhost' if ':' in host else host}>"


class SettingsError(Exception):
    """Every problem at once, one line each: the variable, the rule, the way out; never a value that may be secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(environ: Mapping[str, str]) -> Settings:
    """Settings from the environment; raises SettingsError with all that is wrong."""
    return _Reader(environ).settings()


def read_dotenv(path: Path) -> dict[str, str]:
    """`NAME=value` lines of a development .env; blank lines and # comments are passed over."""
    if not path.is_file():
        return {}
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#") and "=" in line)
    return {name.removeprefix("export ").strip(): value.strip().strip("\"'") for name, value in pairs}


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def settings(self) -> Settings:
        self._report_misspelt()
        values = {
            "public_url": self._read("PUBLIC_URL", check_public_url, required=True),
            "secret_key": self._read("SECRET_KEY", _secret_key, required=True),
            "database_url": self._read("DATABASE_URL", _database_url),
            "mail_url": self._read("MAIL_URL", _mail_url),
            "mail_from": self._read("MAIL_FROM", _mail_from),
            "trusted_proxies": self._read("TRUSTED_PROXIES", _networks),
            "mmdb_files": self._read("MMDB_FILES", _files),
            "link_ttl": self._read("LINK_TTL", _seconds(LINK_TTL_RANGE)),
            "sign_up": self._read("SIGN_UP", _one_of("open", "invited")),
            "session_idle": self._read("SESSION_IDLE", _seconds(SESSION_RANGE)),
            "session_lifetime": self._read("SESSION_LIFETIME", _seconds(SESSION_RANGE)),
            "signing_algorithm": self._read("SIGNING_ALGORITHM", _one_of("ES256", "RS256")),
            "mail_code_cost": self._read("MAIL_CODE_COST", argon2_cost.parse),
            "budgets": self._read("BUDGETS", budget.parse),
        }
        if self.problems:
            raise SettingsError(self.problems)
        return Settings(**{name: value for name, value in values.items() if value is not None})  # type: ignore[arg-type]  # each was parsed by its own function

    def _read(self, name: str, parse: Callable[[str], T], *, required: bool = False) -> T | None:
        text = self._text(name)
        if text is None:
            if required and not self.environ.get(f"{PREFIX}{name}_FILE"):
                self.problems.append(f"{PREFIX}{name} is required: {_WAYS_OUT[name]}")
            return None
        try:
            return parse(text)
        except ValueError as error:
            self.problems.append(f"{PREFIX}{name}: {error}. {_WAYS_OUT[name]}")
            return None

    def _text(self, name: str) -> str | None:
        file_name = f"{PREFIX}{name}_FILE"
        if path := self.environ.get(file_name):
            if self.environ.get(PREFIX + name):
                self.problems.append(f"{PREFIX}{name} and {file_name} are both set: keep one of them")
            try:
                return Path(path).read_text("utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError):
                self.problems.append(f"{file_name} names a file that cannot be read: check its path and permissions")
                return None
        return self.environ.get(PREFIX + name) or None

    def _report_misspelt(self) -> None:
        known = [f"{PREFIX}{name}{suffix}" for name in _WAYS_OUT for suffix in ("", "_FILE")]
        for name in sorted(self.environ):
            close = difflib.get_close_matches(name, known, 1, 0.85) if name.startswith(PREFIX) else []
            # A name that is like none of ours is left alone, and so is what orchestrators inject for a service's name.
            if close and name not in known and not _INJECTED.search(name):
                self.problems.append(f"{name} is not a setting: did you mean {close[0]}?")
        if self.environ.get(f"{PREFIX}REDIS_URL"):
            self.problems.append(f"{PREFIX}REDIS_URL is not used by this release: leave it out")


def check_public_url(text: str) -> str:
    """The issuer, or a ValueError that names the rule (RFC 8414 §2)."""
    parts = _split(text)
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


def _secret_key(text: str) -> Secret:
    if len(text) < MIN_SECRET_LENGTH:
        raise ValueError(f"must have at least {MIN_SECRET_LENGTH} characters, has {len(text)}")
    return Secret(text)


def _database_url(text: str) -> Secret:
    if not text.startswith(("sqlite:///", "postgresql://", "postgres://")) or text == "sqlite:///":
        raise ValueError("must start with sqlite:/// and name a file, or with postgresql://")
    if text == "sqlite:///:memory:":
        raise ValueError("must name a file: a database in memory is another one for each connection")
    if not text.startswith("sqlite"):
        authority = re.split(r"[/?#]", text.partition("://")[2], maxsplit=1)[0]
        if "#" in text or ("@" in text and "@" not in authority):
            raise ValueError("must have the special characters of user and password percent-encoded")
    return Secret(text)


def _mail_url(text: str) -> Secret:
    scheme, _, rest = text.partition(":")
    if scheme in {"console", "none"} and not rest:
        return Secret(text)
    if scheme == "file" and rest:
        return Secret(text)
    if scheme in {"smtp", "smtps"} and _split(text).hostname:
        return Secret(text)
    raise ValueError("must be smtp://…, smtps://…, file:DIR, console: or none:")


def _split(text: str) -> SplitResult:
    """`urlsplit`, whose own errors quote what they cannot read: here a password may stand."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL: percent-encode special characters, and give a port from 0 to 65535") from None
    return parts


def _mail_from(text: str) -> str:
    local, _, domain = parseaddr(text)[1].rpartition("@")
    if not local or not domain or not text.isprintable():
        raise ValueError("must hold an e-mail address and no line break")
    return text


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be comma-separated CIDR networks without host bits") from None


def _files(text: str) -> tuple[Path, ...]:
    paths = tuple(Path(part.strip()) for part in text.split(",") if part.strip())
    if missing := [str(path) for path in paths if not os.path.isfile(path)]:  # noqa: PTH113 - it never raises
        raise ValueError(f"names what is no file: {', '.join(map(repr, missing))}")
    return paths


def _seconds(allowed: range) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not _SECONDS.fullmatch(text) or int(text) not in allowed:
            raise ValueError(f"must be whole seconds from {allowed[0]} to {allowed[-1]}")
        return int(text)

    return parse


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be {' or '.join(words)}")
        return text

    return parse


_WAYS_OUT = {
    "PUBLIC_URL": "Set it to the address people reach the service at, such as https://id.example",
    "SECRET_KEY": "Make one with `openssl rand -hex 32` and keep it: without it nothing sealed can be read again",
    "DATABASE_URL": f"Leave it out for {DEFAULT_DATABASE_URL}",
    "MAIL_URL": "Such as smtp://user:password@mail.example:587; console: prints mail on the terminal",
    "MAIL_FROM": "Such as Example <sign-in@example.com>",
    "TRUSTED_PROXIES": "Such as 10.0.0.0/8,fd00::/8; leave it out where no proxy stands in front",
    "MMDB_FILES": "Such as /srv/GeoLite2-Country.mmdb,/srv/GeoLite2-ASN.mmdb; leave it out and no places are shown",
    "LINK_TTL": f"Leave it out for {RECOMMENDED_LINK_TTL}",
    "SIGN_UP": "Leave it out for open",
    "SESSION_IDLE": "Leave it out for 14 days, 1209600",
    "SESSION_LIFETIME": "Leave it out for 90 days, 7776000",
    "SIGNING_ALGORITHM": "Leave it out for ES256",
    "MAIL_CODE_COST": "Leave it out for passes=3,mebibytes=64,lanes=4",
    "BUDGETS": "Such as address_range=30/60,mailbox_mails=5/900",
}
"""Every setting and how to set it right; the keys are the closed list of variables."""
