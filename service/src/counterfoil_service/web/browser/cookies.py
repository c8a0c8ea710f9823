# SPDX-License-Identifier: Apache-2.0
"""Our two cookies: which browser this is, and whom it signs in. Both are secrets, of which hashes alone are stored.

`__Host-` lets no other host of the domain plant one (RFC 6265bis §4.1.3.2), if names are compared as they are. Lax and
not Strict: people come here from their mail and from applications, and would else arrive as strangers [R29].
"""

from typing import Final

from litestar.datastructures import Cookie

from counterfoil_service.core import link
from counterfoil_service.crypto.keys import digest
from counterfoil_service.web.services import AnyRequest

SESSION_COOKIE: Final = "__Host-counterfoil"
BROWSER_COOKIE: Final = "__Host-counterfoil-browser"
BROWSER_SECONDS: Final = 400 * 86_400
"""As long as browsers keep a cookie at all (RFC 6265bis §5.5)."""


def browser_of(request: AnyRequest) -> str | None:
    """The browser's name of itself; None where it has none yet, or one that we never gave."""
    return _read(request, BROWSER_COOKIE)


def browser_hash_of(request: AnyRequest) -> bytes | None:
    """What stands for the browser in the database."""
    browser = browser_of(request)
    return None if browser is None else digest(browser)


def session_of(request: AnyRequest) -> str | None:
    """What signs this browser in, perhaps."""
    return _read(request, SESSION_COOKIE)


def browser_cookie(value: str) -> Cookie:
    """Names the browser, for another 400 days."""
    return _cookie(BROWSER_COOKIE, value, BROWSER_SECONDS)


def session_cookie(value: str, seconds: int) -> Cookie:
    """Signs the browser in."""
    return _cookie(SESSION_COOKIE, value, seconds)


def no_session_cookie() -> Cookie:
    """Signs it out."""
    return _cookie(SESSION_COOKIE, "", 0)


def read_cookie(request: AnyRequest, name: str) -> str | None:
    """The cookie of exactly this name; None where there is none, or more than one.

    Not the framework's parser: it strips blanks beyond ASCII from names, and takes the last of two. A browser lets any
    host of the domain plant a cookie that is named like ours behind such a blank.
    """
    pairs = [
        pair.strip(" \t").partition("=")
        for header in request.headers.getall("cookie", [])
        for pair in header.split(";")
    ]
    values = [value for found, _, value in pairs if found == name]
    return values[0] if len(values) == 1 else None


def _read(request: AnyRequest, name: str) -> str | None:
    value = read_cookie(request, name) or ""
    return value if link.well_formed(value) else None


def _cookie(name: str, value: str, seconds: int) -> Cookie:
    return Cookie(name, value=value, path="/", max_age=seconds, secure=True, httponly=True, samesite="lax")
