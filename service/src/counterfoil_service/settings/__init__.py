# SPDX-License-Identifier: Apache-2.0
"""What an operator may set: frozen Structs, and `load`, which reports every problem at once, each with its way out."""

import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import msgspec

from counterfoil_service.core import argon2_cost, budget, session
from counterfoil_service.core.four_eyes import Act, read_acts
from counterfoil_service.core.login import SECOND
from counterfoil_service.settings import parsers
from counterfoil_service.settings.alert_targets import AlertTarget, read_alert_targets
from counterfoil_service.settings.mail_providers import mail_url
from counterfoil_service.settings.mail_webhooks import MailWebhook, read_mail_webhooks
from counterfoil_service.settings.parsers import DAY, Network
from counterfoil_service.settings.secret import Secret
from counterfoil_service.settings.sinks import Sink, read_sinks
from counterfoil_service.settings.witnesses import Witness, read_witnesses

__all__ = [
    "PREFIX",
    "RECOMMENDED_LINK_TTL",
    "AlertTarget",
    "MailWebhook",
    "Secret",
    "Settings",
    "SettingsError",
    "Sink",
    "Witness",
    "load",
    "read_dotenv",
]

PREFIX = "COUNTERFOIL_"
DEFAULT_DATABASE_URL = "sqlite:///counterfoil.db"
NO_MAIL = "none:"
RECOMMENDED_LINK_TTL = 600
_INJECTED = re.compile(r"_(?:SERVICE_)?(?:HOST|PORT)(?:_|$)")
_LINK_TTL_RANGE = range(5, 3601)
_SESSION_RANGE = range(300, 365 * DAY + 1)
_DELAY_RANGE = range(1, 61)
_LOGIN_RETENTION_RANGE = range(DAY, 3650 * DAY + 1)
_AUDIT_RETENTION_RANGE = range(30 * DAY, 36500 * DAY + 1)

T = TypeVar("T")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The operator contract (protocol.md §8). Field names are the variables' in lower case."""

    public_url: str
    """The issuer, byte for byte; every URL the service writes is built from it."""
    secret_key: Secret
    """At least 32 characters; every other key is derived from it or sealed by it."""
    database_url: Secret = Secret(DEFAULT_DATABASE_URL)
    """`sqlite:///FILE`, or `postgresql://…` for replicas."""
    redis_url: Secret | None = None
    """`redis://…`, `rediss://…`, `valkey://…` or `valkeys://…`: limits and proofs that replicas share."""
    mail_url: Secret = Secret(NO_MAIL)
    """Who carries mail, in order of preference, comma-separated (`mail_providers.read_mail_providers`), or `none:`."""
    mail_from: str = ""
    """Sender; by default `no-reply@` the host of PUBLIC_URL."""
    dkim_selector: str = ""
    """What mail is signed with (`s=`), for `doctor` to look its key up."""
    mail_webhooks: tuple[MailWebhook, ...] = ()
    """Which providers may tell what became of a mail."""
    trusted_proxies: tuple[Network, ...] = ()
    """Networks whose `X-Forwarded-For` entries are believed, read right to left."""
    mmdb_files: tuple[Path, ...] = ()
    """Files that know countries and networks of addresses."""
    templates: Path | None = None
    """A folder whose `mail/` and `pages/` stand before our own templates."""
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
    ipv4_range: Literal["24", "32"] = "24"
    """How many bits of an IPv4 address share one budget of a range; of IPv6 always 64."""
    budgets: budget.Budgets = budget.DEFAULTS
    """`name=count/seconds,…` replaces default limits."""
    four_eyes: tuple[Act, ...] = ()
    """What takes a second operator in the console: `relay`, `erase` or both."""
    login_retention: int = 30 * DAY
    """Seconds for which logins that were used, sessions that ended and mails that went out stay in their tables."""
    audit_delay: int = 2
    """Seconds after which an event is under a signed checkpoint, 1 to 60."""
    audit_retention: int | None = None
    """Seconds after which entries of the audit log are pruned; None: kept."""
    audit_sinks: tuple[Sink, ...] = ()
    """Where the log is pushed to."""
    audit_witnesses: tuple[Witness, ...] = ()
    """Who cosigns the log's checkpoints."""
    alerts: tuple[AlertTarget, ...] = ()
    """Who is told of alerts."""
    metrics: parsers.Listening | None = None
    """Where Prometheus may ask; None: nowhere, and nothing is measured."""
    log: Literal["text", "json"] = "text"
    """How the service's log is written."""

    @property
    def session_limits(self) -> session.Limits:
        """The same two in microseconds."""
        return session.Limits(self.session_idle * SECOND, self.session_lifetime * SECOND)

    @property
    def sends_mail(self) -> bool:
        """Whether a mail can leave; else links wait for an operator until they have expired."""
        return self.mail_url.reveal() != NO_MAIL

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
            "public_url": self._read("PUBLIC_URL", parsers.check_public_url, required=True),
            "secret_key": self._read("SECRET_KEY", parsers.secret_key, required=True),
            "database_url": self._read("DATABASE_URL", parsers.database_url),
            "redis_url": self._read("REDIS_URL", parsers.redis_url),
            "mail_url": self._read("MAIL_URL", mail_url),
            "mail_from": self._read("MAIL_FROM", parsers.mail_from),
            "dkim_selector": self._read("DKIM_SELECTOR", parsers.dkim_selector),
            "mail_webhooks": self._read("MAIL_WEBHOOKS", read_mail_webhooks),
            "trusted_proxies": self._read("TRUSTED_PROXIES", parsers.networks),
            "mmdb_files": self._read("MMDB_FILES", parsers.files),
            "templates": self._read("TEMPLATES", parsers.folder),
            "link_ttl": self._read("LINK_TTL", parsers.seconds(_LINK_TTL_RANGE)),
            "sign_up": self._read("SIGN_UP", parsers.one_of("open", "invited")),
            "session_idle": self._read("SESSION_IDLE", parsers.seconds(_SESSION_RANGE)),
            "session_lifetime": self._read("SESSION_LIFETIME", parsers.seconds(_SESSION_RANGE)),
            "signing_algorithm": self._read("SIGNING_ALGORITHM", parsers.one_of("ES256", "RS256")),
            "mail_code_cost": self._read("MAIL_CODE_COST", argon2_cost.parse),
            "ipv4_range": self._read("IPV4_RANGE", parsers.one_of("24", "32")),
            "budgets": self._read("BUDGETS", budget.parse),
            "four_eyes": self._read("FOUR_EYES", read_acts),
            "login_retention": self._read("LOGIN_RETENTION", parsers.seconds(_LOGIN_RETENTION_RANGE)),
            "audit_delay": self._read("AUDIT_DELAY", parsers.seconds(_DELAY_RANGE)),
            "audit_retention": self._read("AUDIT_RETENTION", parsers.seconds(_AUDIT_RETENTION_RANGE)),
            "audit_sinks": self._read("AUDIT_SINKS", read_sinks),
            "audit_witnesses": self._read("AUDIT_WITNESSES", read_witnesses),
            "alerts": self._read("ALERTS", read_alert_targets),
            "metrics": self._read("METRICS", parsers.listening),
            "log": self._read("LOG", parsers.one_of("text", "json")),
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


_WAYS_OUT = {
    "PUBLIC_URL": "Set it to the address people reach the service at, such as https://id.example",
    "SECRET_KEY": "Make one with `openssl rand -hex 32` and keep it: without it nothing sealed can be read again",
    "DATABASE_URL": f"Leave it out for {DEFAULT_DATABASE_URL}",
    "REDIS_URL": "Such as redis://user:password@redis.example:6379/0; leave it out with one replica",
    "MAIL_URL": "Such as smtp://user:password@mail.example:587 or, in order, resend://KEY,smtps://user:password@b.example"
    "; console: prints mail on the terminal",
    "MAIL_FROM": "Such as Example <sign-in@example.com>",
    "DKIM_SELECTOR": "Such as mail2026: what stands behind s= in the DKIM-Signature of a mail of yours",
    "MAIL_WEBHOOKS": "Such as resend=whsec_BASE64,postmark=USER:PASSWORD; leave it out and no report is taken",
    "TRUSTED_PROXIES": "Such as 10.0.0.0/8,fd00::/8; leave it out where no proxy stands in front",
    "MMDB_FILES": "Such as /srv/GeoLite2-Country.mmdb,/srv/GeoLite2-ASN.mmdb; leave it out and no places are shown",
    "TEMPLATES": "Such as /srv/counterfoil/templates; leave it out for our own",
    "LINK_TTL": f"Leave it out for {RECOMMENDED_LINK_TTL}",
    "SIGN_UP": "Leave it out for open",
    "SESSION_IDLE": "Leave it out for 14 days, 1209600",
    "SESSION_LIFETIME": "Leave it out for 90 days, 7776000",
    "SIGNING_ALGORITHM": "Leave it out for ES256",
    "MAIL_CODE_COST": "Leave it out for passes=3,mebibytes=64,lanes=4",
    "IPV4_RANGE": "Leave it out for 24; 32 where your people share no addresses with strangers",
    "BUDGETS": "Such as address_range=30/60,mailbox_mails=5/900",
    "FOUR_EYES": "Such as relay,erase; leave it out and each operator acts alone",
    "LOGIN_RETENTION": "Leave it out for 30 days, 2592000",
    "AUDIT_DELAY": "Leave it out for 2",
    "AUDIT_RETENTION": "Leave it out and every entry is kept",
    "AUDIT_SINKS": "Such as https://siem.example/events#whsec_BASE64,syslog+tls://logs.example:6514?enterprise=12345",
    "AUDIT_WITNESSES": "Such as witness.example+1a2b3c4d+BASE64 https://witness.example; several with commas between",
    "ALERTS": "Such as mailto:security@example.com,https://chat.example/hook#whsec_BASE64; alerts stand in the console"
    " in any case",
    "METRICS": "Such as 127.0.0.1:9464, where nobody but Prometheus comes; leave it out and nothing is measured",
    "LOG": "Leave it out for text",
}
"""Every setting and how to set it right; the keys are the closed list of variables."""
