# SPDX-License-Identifier: Apache-2.0
"""The listener on real loopback sockets: one answer gets in, everybody else is sent away and the wait goes on."""

import contextlib
import errno
import http.client
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from counterfoil_client import _doors
from counterfoil_client._loopback import Landings, Listener
from counterfoil_client._reception import Limits
from counterfoil_client._redirect import Loopback
from counterfoil_client.errors import ConfigurationError, ServiceRefused, UnexpectedRedirect

GOOD = "?code=good"


class Desk:
    """Takes what the listener lets through: `good` brings the session, `later` does not, `broken` is a refusal."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def receive(self, url: str) -> bool:
        self.urls.append(url)
        if url.endswith("broken"):
            raise ServiceRefused("invalid_client", 401)
        if not url.endswith(("good", "later")):
            raise UnexpectedRedirect
        return url.endswith("good")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def port_of(listener: Listener) -> int:
    port = urlsplit(listener.redirect_uri).port
    assert port is not None
    return port


@contextlib.contextmanager
def listening(desk: Desk, wanted: Loopback | None = None, limits: Limits | None = None) -> Iterator[Listener]:
    listener = Listener(wanted, limits)
    listener.serve(desk.receive, 30)
    try:
        yield listener
    finally:
        listener.close()


@pytest.fixture
def listener(desk: Desk) -> Iterator[Listener]:
    with listening(desk) as opened:
        yield opened


def raw(port: int, text: bytes, host: str = "127.0.0.1") -> bytes:
    """Say something and read until the end; a reset counts as an end."""
    with socket.create_connection((host, port), timeout=10) as line:
        with contextlib.suppress(OSError):
            line.sendall(text)
        heard = b""
        with contextlib.suppress(ConnectionError):
            while chunk := line.recv(4096):
                heard += chunk
        return heard


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def request(listener: Listener, target: str = f"/callback{GOOD}", **changes: str) -> bytes:
    values = {"method": "GET", "host": f"127.0.0.1:{port_of(listener)}", "version": "HTTP/1.1", "more": "", **changes}
    return f"{values['method']} {target} {values['version']}\r\nHost: {values['host']}\r\n{values['more']}\r\n".encode()


def is_closed(port: int) -> bool:
    for host in ("127.0.0.1", "::1"):
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return False
    return True


def ends(thread: threading.Thread | None) -> bool:
    assert thread is not None
    thread.join(10)
    return not thread.is_alive()


def test_the_answer_gets_a_page_and_the_doors_close(listener: Listener, desk: Desk) -> None:
    port = port_of(listener)
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("GET", f"/callback{GOOD}")
    answer = line.getresponse()
    body = answer.read().decode()
    line.close()
    assert answer.status == 200
    assert "You can close this page and return to the app." in body
    assert desk.urls == [f"http://127.0.0.1:{port}/callback{GOOD}"]
    assert ends(listener._thread)
    assert is_closed(port)


def test_the_page_is_static_and_nothing_may_run_in_it_or_be_loaded_by_it(listener: Listener) -> None:
    answer = raw(port_of(listener), request(listener)).decode()
    head, _, body = answer.partition("\r\n\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head.split("\r\n")[1:])}
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["connection"] == "close"
    assert int(headers["content-length"]) == len(body.encode())
    assert not re.search(r"<script|<img|<link|https?:|url\(|@import|\bon\w+=", body)
    assert "color-scheme:light dark" in body
    assert '<html lang="en">' in body
    assert "good" not in answer


@pytest.mark.parametrize(("host", "name"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_both_families_answer_on_one_port(host: str, name: str, desk: Desk) -> None:
    with listening(desk) as opened:
        port = port_of(opened)
        assert status_of(raw(port, request(opened, host=f"{name}:{port}"), host)) == 200
    assert desk.urls == [f"http://127.0.0.1:{port}/callback{GOOD}"]


def test_another_path_may_be_chosen(desk: Desk) -> None:
    with listening(desk, Loopback("[::1]", "/a/b")) as opened:
        assert re.fullmatch(r"http://\[::1\]:\d+/a/b", opened.redirect_uri)
        assert status_of(raw(port_of(opened), request(opened))) == 404
        assert status_of(raw(port_of(opened), request(opened, f"/a/b{GOOD}"))) == 200


HOSTILE: dict[str, tuple[str, dict[str, str], int]] = {
    "another path": (f"/{GOOD}", {}, 404),
    "the path and more": (f"/callback/{GOOD}", {}, 404),
    "the path encoded": (f"/call%62ack{GOOD}", {}, 404),
    "a way around": (f"/x/../callback{GOOD}", {}, 404),
    "a whole URL": (f"http://127.0.0.1/callback{GOOD}", {}, 400),
    "the icon": ("/favicon.ico", {}, 404),
    "no parameters": ("/callback", {}, 400),
    "POST": (f"/callback{GOOD}", {"method": "POST"}, 400),
    "HEAD": (f"/callback{GOOD}", {"method": "HEAD"}, 400),
    "OPTIONS": (f"/callback{GOOD}", {"method": "OPTIONS"}, 400),
    "CONNECT": ("id.example:443", {"method": "CONNECT"}, 400),
    "lower case": (f"/callback{GOOD}", {"method": "get"}, 400),
    "a rebound name": (f"/callback{GOOD}", {"host": "evil.example"}, 400),
    "a rebound name with the port": (f"/callback{GOOD}", {"host": "evil.example:{port}"}, 400),
    "localhost": (f"/callback{GOOD}", {"host": "localhost:{port}"}, 400),
    "no port": (f"/callback{GOOD}", {"host": "127.0.0.1"}, 400),
    "another port": (f"/callback{GOOD}", {"host": "127.0.0.1:1"}, 400),
    "an empty host": (f"/callback{GOOD}", {"host": ""}, 400),
    "two hosts": (f"/callback{GOOD}", {"more": "Host: evil.example\r\n"}, 400),
    "the same host twice": (f"/callback{GOOD}", {"more": "HOST: 127.0.0.1:{port}\r\n"}, 400),
    "a folded line": (f"/callback{GOOD}", {"more": "X: a\r\n b\r\n"}, 400),
    "a line without colon": (f"/callback{GOOD}", {"more": "nonsense\r\n"}, 400),
    "a space before the colon": (f"/callback{GOOD}", {"more": "X : a\r\n"}, 400),
    "HTTP/2": (f"/callback{GOOD}", {"version": "HTTP/2.0"}, 400),
    "no version": (f"/callback{GOOD}", {"version": ""}, 400),
    "a space in the target": (f"/callback?x= {GOOD}", {}, 400),
    "a wrong answer": ("/callback?code=bad", {}, 400),
}


@pytest.mark.parametrize(("target", "changes", "status"), HOSTILE.values(), ids=HOSTILE)
def test_whoever_does_not_bring_the_answer_is_sent_away(
    listener: Listener, desk: Desk, target: str, changes: dict[str, str], status: int
) -> None:
    port = port_of(listener)
    filled = {name: value.replace("{port}", str(port)) for name, value in changes.items()}
    assert status_of(raw(port, request(listener, target, **filled))) == status
    assert [url for url in desk.urls if url.endswith("good")] == []
    assert status_of(raw(port, request(listener))) == 200, "the wait went on"


@pytest.mark.parametrize("text", [b"", b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET\r\n\r\n", b"\xff" * 99])
def test_noise_is_no_request(listener: Listener, desk: Desk, text: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port_of(listener)), timeout=10) as line:
        line.sendall(text)
        line.shutdown(socket.SHUT_WR)
        assert line.recv(4096)[:12] in {b"", b"HTTP/1.1 400"}
    assert desk.urls == []
    assert status_of(raw(port_of(listener), request(listener))) == 200


def test_a_head_without_end_is_cut_off(listener: Listener, desk: Desk) -> None:
    endless = request(listener)[:-2] + b"X: " + b"a" * 9000
    assert raw(port_of(listener), endless)[:12] in {b"", b"HTTP/1.1 400"}
    whole = request(listener, more=f"X: {'a' * 9000}\r\n")
    assert raw(port_of(listener), whole)[:12] in {b"", b"HTTP/1.1 400"}
    assert desk.urls == []
    assert status_of(raw(port_of(listener), request(listener, more=f"X: {'a' * 7000}\r\n"))) == 200


def test_a_head_in_small_pieces_is_read(listener: Listener) -> None:
    with socket.create_connection(("127.0.0.1", port_of(listener)), timeout=10) as line:
        for byte in request(listener):
            line.sendall(bytes([byte]))
        assert line.recv(12) == b"HTTP/1.1 200"


def test_a_slow_head_is_cut_off_and_holds_nobody_up(desk: Desk) -> None:
    with (
        listening(desk, limits=Limits(head_seconds=0.2)) as opened,
        socket.create_connection(("127.0.0.1", port_of(opened)), timeout=10) as slow,
    ):
        slow.sendall(b"GET /callback")
        assert status_of(raw(port_of(opened), request(opened, "/"))) == 404
        assert slow.recv(12) == b"HTTP/1.1 400"
        assert status_of(raw(port_of(opened), request(opened))) == 200


def test_while_all_chairs_are_taken_the_browser_waits_outside_and_comes_in_later(desk: Desk) -> None:
    limits = Limits(head_seconds=0.3, at_once=3)
    with listening(desk, limits=limits) as opened, contextlib.ExitStack() as idle:
        for _ in range(3):
            idle.enter_context(socket.create_connection(("127.0.0.1", port_of(opened)), timeout=10))
        assert status_of(raw(port_of(opened), request(opened))) == 200


def test_with_one_chair_the_second_door_waits_too(desk: Desk) -> None:
    listener = Listener(limits=Limits(at_once=1))
    port = port_of(listener)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as first,
        socket.create_connection(("::1", port), timeout=10) as second,
    ):
        for line in (first, second):
            line.sendall(request(listener, "/"))
        listener.serve(desk.receive, 30)
        for line in (first, second):
            assert line.recv(12) == b"HTTP/1.1 404"
    listener.close()


def test_a_visitor_who_hangs_up_rudely_is_forgotten(listener: Listener) -> None:
    with socket.create_connection(("127.0.0.1", port_of(listener)), timeout=10) as rude:
        rude.sendall(b"GET /")
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert status_of(raw(port_of(listener), request(listener))) == 200


def test_after_the_last_visit_the_doors_close(desk: Desk) -> None:
    with listening(desk, limits=Limits(in_all=4)) as opened:
        for _ in range(4):
            assert status_of(raw(port_of(opened), request(opened, "/"))) == 404
        assert ends(opened._thread)
        assert is_closed(port_of(opened))
    assert desk.urls == []


def test_a_visitor_who_came_before_the_last_is_still_heard(desk: Desk) -> None:
    with listening(desk, limits=Limits(in_all=2)) as opened:
        with socket.create_connection(("127.0.0.1", port_of(opened)), timeout=10) as browser:
            browser.sendall(request(opened)[:20])
            assert status_of(raw(port_of(opened), request(opened, "/"))) == 404
            browser.sendall(request(opened)[20:])
            assert browser.recv(12) == b"HTTP/1.1 200"
        assert ends(opened._thread)


def test_a_code_that_brought_nothing_leaves_the_doors_open(listener: Listener, desk: Desk) -> None:
    answer = raw(port_of(listener), request(listener, "/callback?code=later"))
    assert status_of(answer) == 502
    assert b"Return to the app." in answer
    assert status_of(raw(port_of(listener), request(listener, "/callback?code=broken"))) == 502
    assert status_of(raw(port_of(listener), request(listener))) == 200
    assert len(desk.urls) == 3


def test_two_answers_at_once_are_one_answer(desk: Desk) -> None:
    """Both lie ready when the listener comes back from a redemption that brought nothing."""
    redeeming, go_on = threading.Event(), threading.Event()

    def receive(url: str) -> bool:
        if url.endswith("later"):
            redeeming.set()
            assert go_on.wait(10)
        return desk.receive(url)

    listener = Listener()
    listener.serve(receive, 30)
    port = port_of(listener)
    lines = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(3)]
    assert status_of(raw(port, request(listener, "/"))) == 404, "so all of them are in"
    lines[0].sendall(request(listener, "/callback?code=later"))
    assert redeeming.wait(10)
    for line in lines[1:]:
        line.sendall(request(listener))
    go_on.set()
    heard: list[bytes] = []
    for line in lines:
        with line, contextlib.suppress(ConnectionError):
            heard.append(line.recv(12))
    assert heard.count(b"HTTP/1.1 200") == 1
    assert len(desk.urls) == 2
    assert ends(listener._thread)


def test_closing_closes_at_once_and_again_is_harmless(desk: Desk) -> None:
    listener = Listener()
    listener.serve(desk.receive, 30)
    with socket.create_connection(("127.0.0.1", port_of(listener)), timeout=10) as visitor:
        visitor.sendall(b"GET /")
        listener.close()
        assert is_closed(port_of(listener))
        with contextlib.suppress(ConnectionError):
            assert visitor.recv(10) == b""
    assert ends(listener._thread)
    listener.close()
    listener.dismiss()


def test_closing_before_serving_closes_too() -> None:
    listener = Listener()
    assert not is_closed(port_of(listener))
    listener.close()
    assert is_closed(port_of(listener))


def test_the_doors_close_even_while_a_code_is_being_redeemed() -> None:
    redeeming, go_on = threading.Event(), threading.Event()

    def receive(url: str) -> bool:
        del url
        redeeming.set()
        return go_on.wait(10)

    listener = Listener()
    listener.serve(receive, 30)
    with socket.create_connection(("127.0.0.1", port_of(listener)), timeout=10) as browser:
        browser.sendall(request(listener))
        assert redeeming.wait(10)
        listener.close()
        assert is_closed(port_of(listener))
        go_on.set()
        assert browser.recv(12) == b"HTTP/1.1 200"
    assert ends(listener._thread)


def test_the_listener_ends_with_the_login(desk: Desk) -> None:
    listener = Listener()
    began = time.monotonic()
    listener.serve(desk.receive, 0.2)
    assert ends(listener._thread)
    assert time.monotonic() - began < 5
    assert is_closed(port_of(listener))


def test_the_thread_keeps_no_program_alive(listener: Listener) -> None:
    assert listener._thread is not None
    assert listener._thread.daemon


def refuse(monkeypatch: pytest.MonkeyPatch, refused: str, number: int) -> None:
    real = _doors._bind

    def bind(door: socket.socket, host: str, port: int) -> None:
        if host == refused:
            raise OSError(number, "no")
        real(door, host, port)

    monkeypatch.setattr(_doors, "_bind", bind)


def test_a_machine_with_one_family_listens_on_that(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    refuse(monkeypatch, "::1", errno.EADDRNOTAVAIL)
    with listening(desk, Loopback("[::1]")) as opened:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/callback", opened.redirect_uri)


def test_a_machine_without_the_older_family_says_so_in_the_address(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    refuse(monkeypatch, "127.0.0.1", errno.EADDRNOTAVAIL)
    with listening(desk) as opened:
        assert re.fullmatch(r"http://\[::1\]:\d+/callback", opened.redirect_uri)
        port = port_of(opened)
        assert status_of(raw(port, request(opened, host=f"[::1]:{port}"), "::1")) == 200


def test_a_machine_that_was_built_without_a_family_listens_on_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket

    def make(family: int, kind: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "no")
        return real(family, kind)

    monkeypatch.setattr("socket.socket", make)
    doors = _doors.open_doors()
    monkeypatch.undo()
    _doors.close_doors(doors)
    assert set(doors) == {"127.0.0.1"}


def test_a_port_that_somebody_has_in_the_other_family_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    real = _doors._bind
    taken: list[int] = []

    def bind(door: socket.socket, host: str, port: int) -> None:
        if host == "::1" and len(taken) < 2:
            taken.append(port)
            raise OSError(errno.EADDRINUSE, "taken")
        real(door, host, port)

    monkeypatch.setattr(_doors, "_bind", bind)
    doors = _doors.open_doors()
    ports = {door.getsockname()[1] for door in doors.values()}
    _doors.close_doors(doors)
    assert set(doors) == {"127.0.0.1", "[::1]"}
    assert len(ports) == 1
    assert not ports & set(taken)


def test_a_machine_without_loopback_is_told_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_doors, "_bind", lambda *_: (_ for _ in ()).throw(OSError(errno.EADDRNOTAVAIL, "no")))
    with pytest.raises(ConfigurationError, match="loopback") as caught:
        _doors.open_doors()
    assert "without redirect" in caught.value.hint
    monkeypatch.setattr(_doors, "_bind", lambda *_: (_ for _ in ()).throw(OSError(errno.EACCES, "no")))
    with pytest.raises(ConfigurationError, match="loopback"):
        _doors.open_doors()


def test_a_start_that_fails_leaves_no_door_open() -> None:
    ports: list[int] = []

    def fail() -> None:
        with Landings().prepare("loopback") as place:
            assert place.listener is not None
            ports.append(port_of(place.listener))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert is_closed(ports[0])


def test_nothing_is_opened_where_nothing_is_needed() -> None:
    for redirect in (None, "com.example.app:/x"):
        with Landings().prepare(redirect) as place:
            assert (place.redirect_uri, place.listener) == (redirect, None)
