# SPDX-License-Identifier: Apache-2.0
"""What only a bare socket shows: clients hide the body of a HEAD, and refuse to send what attackers send."""

import contextlib
import re
import socket

import pytest

from journeys.conftest import OpenDesktop
from support.mailserver import MailServer
from support.processes import RunningService


def test_head_of_a_live_link_has_no_body(
    service: RunningService, mail: MailServer, desktop: OpenDesktop, address: str
) -> None:
    desktop(service).ask(address, wait=False)
    path = mail.letter_to(address).link.removeprefix(service.public_url)

    head, body = _say(service, _request("HEAD", path))
    got, page = _say(service, _request("GET", path))
    assert _status(head) == _status(got) == 200
    assert body == b""
    assert b"Sign in to" in page
    assert _lengths(head) == _lengths(got) == [str(len(page)).encode()]
    assert _status(_say(service, _request("HEAD", path[:-1] + "_"))[0]) == 410


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /check-mail HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /check-mail HTTP/1.1\r\nHost: x\r\n" + b"X-Many: 1\r\n" * 5_000 + b"\r\n",
        b"GET /l/" + b"A" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /check-mail HTTP/1.1\r\nHost: x\r\nX-Endless: " + b"a" * 4_000_000,
        b"POST /l HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + b"a" * 40_000,
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\nbroken",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not http at all\r\n\r\n",
    ],
    ids=["long header", "many headers", "long target", "endless header", "long body", "smuggling", "not http"],
)
def test_an_oversized_or_broken_request_is_refused_and_the_process_lives(
    service: RunningService, request_bytes: bytes
) -> None:
    head, _ = _say(service, request_bytes)
    assert head == b"" or 400 <= _status(head) < 500
    assert _status(_say(service, _request("GET", "/health/ready"))[0]) == 200


def test_no_answer_names_what_serves_it(service: RunningService) -> None:
    for path in ("/check-mail", "/l/nothing", "/oauth/token", "/nowhere"):
        head, body = _say(service, _request("GET", path))
        assert not re.search(rb"(?im)^(server|x-powered-by|via):", head)
        assert not re.search(rb"(?i)uvicorn|litestar|python", head + body)


def _request(method: str, path: str) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()


def _say(service: RunningService, data: bytes) -> tuple[bytes, bytes]:
    """Head and body of whatever comes back, until it is whole or the other side closes."""
    heard = b""
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as line:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(data)
        with contextlib.suppress(ConnectionResetError):
            while not _whole(heard) and (more := line.recv(65536)):
                heard += more
    head, _, body = heard.partition(b"\r\n\r\n")
    return head, body


def _whole(heard: bytes) -> bool:
    """Whether a refusal has come to its end: its sender may keep the line open. Other answers end with the line."""
    head, end, body = heard.partition(b"\r\n\r\n")
    return bool(end) and 400 <= _status(head) < 500 and len(body) >= int((_lengths(head) or [b"0"])[0])


def _status(head: bytes) -> int:
    return int(head.split(b" ", 2)[1])


def _lengths(head: bytes) -> list[bytes]:
    return [
        line.partition(b":")[2].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    ]
