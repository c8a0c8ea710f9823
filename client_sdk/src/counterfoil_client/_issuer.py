# SPDX-License-Identifier: Apache-2.0
"""The address of the service: checked once, so that every other address can be held against it as plain text.

Comparing text, not parsed parts, leaves no room for two parsers to disagree about where a host name ends.
"""

import re
from dataclasses import dataclass

from counterfoil_client.errors import ConfigurationError, UnexpectedResponse

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_LOOPBACK = r"(?:127\.0\.0\.1|\[::1\]|localhost)"
_PATH = r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*"
_ISSUER = re.compile(rf"(?P<origin>(?:https://{_HOST}|http://{_LOOPBACK})(?::[0-9]{{1,5}})?)(?P<path>{_PATH})")
_REST = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")
_MAX_URL = 2048
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Issuer:
    """The configured issuer, its origin and its path."""

    text: str
    origin: str
    path: str

    @classmethod
    def parse(cls, text: str) -> "Issuer":
        """Accept https anywhere and http on this machine; refuse query, fragment, user part and trailing slash."""
        match = _ISSUER.fullmatch(text)
        if match is None or len(text) > _MAX_URL or _port(match["origin"]) > _MAX_PORT:
            raise ConfigurationError(
                f"issuer {text!r} must be https:// (http:// on 127.0.0.1, [::1] or localhost only)"
                " without query, fragment, user name or trailing slash"
            )
        return cls(text, match["origin"], match["path"])

    @property
    def is_local(self) -> bool:
        """Whether it is plain http on this machine, which no proxy must see."""
        return self.text.startswith("http://")

    @property
    def metadata_url(self) -> str:
        """Where RFC 8414 §3.1 puts the metadata: between origin and path."""
        return f"{self.origin}/.well-known/oauth-authorization-server{self.path}"

    def own(self, url: str, name: str) -> str:
        """Return a URL that lies on the issuer's origin; anything else is refused."""
        if len(url) > _MAX_URL or not url.startswith(f"{self.origin}/") or not _REST.fullmatch(url[len(self.origin) :]):
            raise UnexpectedResponse(f"The service names a {name} that is not on its own origin.")
        return url


def _port(origin: str) -> int:
    digits = re.search(r":([0-9]+)$", origin)
    return int(digits[1]) if digits else 0
