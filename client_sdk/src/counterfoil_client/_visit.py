# SPDX-License-Identifier: Apache-2.0
"""What a browser says to the listener and what it is told, as pure text: strict in what is read, static in the answer.

The pages hold no script and name nothing outside of themselves; no byte of a request ever appears in them.
"""

import base64
import hashlib
import re
from http import HTTPStatus

_LINE = re.compile(r"GET (?P<target>/[\x21-\x7e]*) HTTP/1\.[01]")
_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?P<value>[\x20-\x7e\x80-\xff\t]*?)[ \t]*")
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.125rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1.5rem}"
    "h1{font-size:1.75rem;line-height:1.2}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
_HEADERS = (
    "Content-Type: text/html; charset=utf-8",
    "Cache-Control: no-store",
    f"Content-Security-Policy: {_POLICY}",
    "Cross-Origin-Opener-Policy: same-origin",
    "Cross-Origin-Resource-Policy: same-origin",
    "Referrer-Policy: no-referrer",
    "X-Content-Type-Options: nosniff",
    "Connection: close",
)
_WORDS = {
    HTTPStatus.OK: ("You are signed in", "You can close this page and return to the app."),
    HTTPStatus.BAD_GATEWAY: (
        "The sign-in is not finished",
        "Return to the app. If it is still waiting, open the link in the mail again.",
    ),
    HTTPStatus.BAD_REQUEST: ("This is not the answer the app waits for", "Open the newest link in your mail."),
    HTTPStatus.NOT_FOUND: ("There is nothing here", "Open the newest link in your mail."),
}


class BadVisit(Exception):  # noqa: N818 - an answer, not a fault
    """A request that is answered and forgotten."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


def target_of(head: bytes, *, port: int, path: str) -> str:
    """Return path and query of a request that a browser on this machine makes to the path; else raise `BadVisit`.

    `Host` must be the address itself: a page that rebinds its own name to this machine sends that name.
    """
    line, *headers = head.decode("latin-1").split("\r\n")
    found = _LINE.fullmatch(line)
    hosts: list[str] = []
    for header in headers:
        field = _HEADER.fullmatch(header)
        if field is None:
            raise BadVisit(HTTPStatus.BAD_REQUEST)
        if field["name"].lower() == "host":
            hosts.append(field["value"])
    if found is None or hosts not in ([f"127.0.0.1:{port}"], [f"[::1]:{port}"]):
        raise BadVisit(HTTPStatus.BAD_REQUEST)
    if found["target"].partition("?")[0] != path:
        raise BadVisit(HTTPStatus.NOT_FOUND)
    return found["target"]


def page(status: HTTPStatus) -> bytes:
    """The whole answer."""
    title, advice = _WORDS[status]
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{title}</h1><p>{advice}</p></main></body></html>"
    )
    head = (f"HTTP/1.1 {status.value} {status.phrase}", *_HEADERS, f"Content-Length: {len(body.encode())}")
    return "\r\n".join((*head, "", body)).encode()
