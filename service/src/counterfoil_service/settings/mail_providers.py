# SPDX-License-Identifier: Apache-2.0
"""Who carries mail, as the operator writes it: one URL a provider, comma-separated, in order of preference.

Credentials stand in the place of a user and are percent-encoded, a comma within them too. Providers that are asked by
HTTP take `?endpoint=URL` for another server than their own.
"""

import re
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote

import msgspec

from counterfoil_service.settings.parsers import LOOPBACK_HOSTS, check_webhook_key, split_url
from counterfoil_service.settings.secret import Secret

Kind = Literal["smtp", "resend", "mailgun", "postmark", "ses", "hook", "file", "console"]
HTTP_KINDS = frozenset({"resend", "mailgun", "postmark", "ses", "hook"})

_RULE = (
    "must be smtp://…, smtps://…, resend://KEY, mailgun://KEY@DOMAIN, postmark://TOKEN, ses://ID:SECRET@REGION, "
    "hook+https://…#whsec_…, file:DIR, console: or none:; several with commas between, and a comma in one as %2C"
)
_VISIBLE = re.compile(r"[!-~]+")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_OPTIONS = {
    "resend": {"endpoint"},
    "mailgun": {"endpoint", "region"},
    "postmark": {"endpoint", "stream"},
    "ses": {"endpoint"},
}
_MAILGUN = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}


class MailProvider(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. `host` is a server, Mailgun's domain or SES's region; `url` is what was written."""

    kind: Kind
    url: Secret
    host: str = ""
    endpoint: str = ""
    """Of those asked by HTTP, without a slash at the end; of a hook, the whole URL."""
    user: str = ""
    """Of SES: the access key's id."""
    key: Secret = Secret("")
    stream: str = ""
    """Of Postmark: the message stream."""

    @property
    def shown(self) -> str:
        """For people, without anything secret."""
        return self.host if self.kind == "smtp" else f"{self.kind} {self.host}".strip()

    def __repr__(self) -> str:
        """Leave the endpoint out: a hook's path may hold a token."""
        return f"MailProvider({self.shown})"


def mail_url(text: str) -> Secret:
    """How mail leaves."""
    read_mail_providers(text)
    return Secret(text)


def read_mail_providers(text: str) -> tuple[MailProvider, ...]:
    """Every provider, each once, none for `none:`; a ValueError names the rule and shows no URL: a key is in it."""
    if text == "none:":
        return ()
    if text == "console:":
        return (MailProvider(kind="console", url=Secret(text)),)
    parts = [part.strip() for part in text.split(",")]
    if {"none:", "console:"} & set(parts):
        raise ValueError("cannot combine console: or none: with another provider: leave it out")
    providers = tuple(_provider(part) for part in parts)
    if len({provider.url for provider in providers}) != len(providers):
        raise ValueError("must name each provider once")
    return providers


def _provider(text: str) -> MailProvider:
    scheme, _, rest = text.partition(":")
    url = Secret(text)
    if scheme == "file" and rest and "\0" not in unquote(rest):
        return MailProvider(kind="file", url=url)
    parts = split_url(text)
    if scheme in {"smtp", "smtps"} and parts.hostname:
        return MailProvider(kind="smtp", url=url, host=parts.hostname)
    if scheme in {"hook+https", "hook+http"} and parts.hostname:
        return _hook(text, parts)
    if scheme not in _OPTIONS or not parts.netloc:
        raise ValueError(_RULE)
    if parts.path or parts.fragment:
        raise ValueError(f"{scheme}:// must end with its credentials and options: write a / in them as %2F, a # as %23")
    options = _options(scheme, parts.query)
    match scheme:
        case "resend":
            made = MailProvider(kind="resend", url=url, endpoint="https://api.resend.com")
            made = msgspec.structs.replace(made, key=_key(parts.netloc))
        case "mailgun":
            made = _mailgun(url, parts.netloc, options)
        case "postmark":
            stream = _named("the message stream of Postmark", options.get("stream", "outbound"))
            made = MailProvider(kind="postmark", url=url, endpoint="https://api.postmarkapp.com")
            made = msgspec.structs.replace(made, key=_key(parts.netloc), stream=stream)
        case _:
            made = _ses(url, parts.netloc)
    endpoint = options.get("endpoint")
    return made if endpoint is None else msgspec.structs.replace(made, endpoint=_endpoint(endpoint))


def _mailgun(url: Secret, netloc: str, options: dict[str, str]) -> MailProvider:
    key, at, domain = netloc.rpartition("@")
    region = options.get("region", "us")
    if not at or region not in _MAILGUN:
        raise ValueError("must be mailgun://KEY@DOMAIN, with ?region=eu where the domain is kept in Europe")
    host = _named("the domain of Mailgun", domain)
    return MailProvider(kind="mailgun", url=url, host=host, endpoint=_MAILGUN[region], key=_key(key))


def _ses(url: Secret, netloc: str) -> MailProvider:
    credentials, at, region = netloc.rpartition("@")
    user, colon, secret = credentials.partition(":")
    if not at or not colon:
        raise ValueError("must be ses://ACCESS_KEY_ID:SECRET@REGION")
    host = _named("the region of SES", region)
    endpoint = f"https://email.{host}.amazonaws.com"
    user = _named("the access key's id", user)
    return MailProvider(kind="ses", url=url, host=host, endpoint=endpoint, user=user, key=_key(secret))


def _hook(text: str, parts: SplitResult) -> MailProvider:
    target = text.partition("#")[0].removeprefix("hook+")
    if parts.username is not None or not _VISIBLE.fullmatch(target):
        raise ValueError("hook+https:// must have no user, and be visible ASCII: percent-encode what is not")
    host = parts.hostname or ""
    if parts.scheme == "hook+http" and host not in LOOPBACK_HOSTS:
        raise ValueError("must post to hook+https: hook+http is for loopback addresses only")
    check_webhook_key(parts.fragment)
    return MailProvider(kind="hook", url=Secret(text), host=host, endpoint=target, key=Secret(parts.fragment))


def _options(scheme: str, query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    if len(options) != len(pairs) or not options.keys() <= _OPTIONS[scheme]:
        raise ValueError(f"{scheme}:// takes these options, each once: {', '.join(sorted(_OPTIONS[scheme]))}")
    return options


def _key(text: str) -> Secret:
    key = unquote(text)
    if not _VISIBLE.fullmatch(key):
        raise ValueError("must give each provider its key, in visible ASCII")
    return Secret(key)


def _named(what: str, text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{what} must be letters, digits and . _ - alone")
    return text


def _endpoint(text: str) -> str:
    parts = split_url(text)
    loopback = parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    if not parts.hostname or not (parts.scheme == "https" or loopback):
        raise ValueError("an endpoint must be an https URL; http is for loopback addresses only")
    if parts.username is not None or parts.query or parts.fragment or not _VISIBLE.fullmatch(text):
        raise ValueError("an endpoint must have no user, query or fragment")
    return text.rstrip("/")
