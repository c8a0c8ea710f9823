# SPDX-License-Identifier: Apache-2.0
"""Whether two URLs are one (RFC 3986 §6.2.2, §6.2.3): what a proof was made for, against what the API is called."""

import re
from dataclasses import dataclass
from functools import lru_cache

_LONGEST = 4096
# RFC 3986 appendix B, for http alone. urllib would drop tabs and line breaks inside a URL without a word.
_SPLIT = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]+)(?P<path>[^?#]*)(?:[?#][!-~]*)?", re.IGNORECASE)
_AUTHORITY = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)(?::(?P<port>[0-9]{0,5}))?"
)
_PATH = re.compile(r"(?:/[!-~]*)?")
# HTTP clients send some of these as they are, though RFC 3986 §3.3 has no place for them in a path.
_UNFIT = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9._~!$&'()*+,;=:@/%-]")
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """A URL without query and fragment, in its one normal form."""

    scheme: str
    host: str
    port: int
    path: str


@lru_cache(maxsize=256)
def target_of(url: str) -> Target | None:
    """The normal form of an http(s) URL; None where it is none, or names a user."""
    split = _SPLIT.fullmatch(url) if len(url) <= _LONGEST else None
    authority = _AUTHORITY.fullmatch(split["authority"]) if split else None
    if split is None or authority is None or not _PATH.fullmatch(split["path"]):
        return None
    scheme = split["scheme"].lower()
    port = int(authority["port"]) if authority["port"] else _DEFAULT_PORTS[scheme]
    return Target(scheme, _plain(authority["host"]).lower(), port, _resolved(_plain(_escaped(split["path"]))))


def _escaped(path: str) -> str:
    """With an escape for each character that RFC 3986 does not allow, and for a percent sign that begins none."""
    return _UNFIT.sub(lambda unfit: f"%{ord(unfit[0]):02X}", path)


def _plain(text: str) -> str:
    """Escapes in capitals, and none for a character that needs none."""
    return _ESCAPED.sub(_unescaped, text)


def _unescaped(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if _UNRESERVED.fullmatch(character) else escape[0].upper()


def _resolved(path: str) -> str:
    """Without dot segments (RFC 3986 §5.2.4); an empty path is the root."""
    kept: list[str] = []
    last = ""
    for last in path.removeprefix("/").split("/"):
        if last == "..":
            del kept[-1:]
        elif last != ".":
            kept.append(last)
    if last in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
