# SPDX-License-Identifier: Apache-2.0
"""The failure kit's own instruments do what they say: a clock is ahead, a wire stalls, flows and is cut."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chaos.clock import PATH, SteppedClock
from chaos.health import DESCRIPTORS, Health
from chaos.wire import Wire, listen
from support.background import LoopThread

ASK = "import time; print(time.time(), time.time_ns() / 1e9, flush=True); input(); print(time.time())"


@pytest.fixture
def wire() -> Iterator[Wire]:
    """To somebody who says everything back."""
    with LoopThread() as loop, closing(socket.create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        with Wire(loop, server.getsockname()[1], listen("127.0.0.1")) as made:
            yield made


def _echo(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_say_back, args=(connection,), daemon=True).start()


def _say_back(connection: socket.socket) -> None:
    with connection:
        try:
            while data := connection.recv(100):
                connection.sendall(data)
        except OSError:
            return


def test_a_process_has_the_time_that_stands_in_the_file_and_notices_when_it_changes(tmp_path: Path) -> None:
    clock = SteppedClock(tmp_path / "clock")
    clock.step(300)
    environ = {**os.environ, **clock.environ, "PYTHONPATH": str(PATH)}
    command = [sys.executable, "-c", ASK]
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ahead = [float(word) - time.time() for word in process.stdout.readline().split()]
        assert [round(each, -1) for each in ahead] == [300, 300]
        clock.step(-300)
        process.stdin.write("\n")
        process.stdin.close()
        assert round(float(process.stdout.readline()) - time.time(), -1) == -300


def test_a_desktop_has_another_time_only_where_everybody_has(tmp_path: Path) -> None:
    clock = SteppedClock(tmp_path / "clock")
    clock.step(-300)
    assert abs(clock.now().timestamp() - time.time()) < 1
    clock.step(-300, everywhere=True)
    assert -301 < clock.now().timestamp() - time.time() < -299


def test_a_wire_that_stalls_keeps_every_byte_until_it_flows_again(wire: Wire) -> None:
    with socket.create_connection(("127.0.0.1", wire.port), timeout=0.2) as near:
        near.sendall(b"one")
        assert near.recv(10) == b"one"
        wire.stall()
        near.sendall(b"two")
        with pytest.raises(TimeoutError):
            near.recv(10)
        wire.flow()
        near.settimeout(5)
        assert near.recv(10) == b"two"


def test_whoever_connects_to_a_stalled_wire_hears_nothing(wire: Wire) -> None:
    wire.stall()
    with socket.create_connection(("127.0.0.1", wire.port), timeout=0.2) as near:
        near.sendall(b"one")
        with pytest.raises(TimeoutError):
            near.recv(10)


def test_a_wire_that_is_cut_resets_what_there_is_and_takes_what_comes(wire: Wire) -> None:
    with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as near:
        near.sendall(b"one")
        assert near.recv(10) == b"one"
        assert wire.cut() == 1
        with pytest.raises(ConnectionResetError):
            near.recv(10)
    with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as near:
        near.sendall(b"two")
        assert near.recv(10) == b"two"


def test_a_process_that_keeps_its_descriptors_is_named(tmp_path: Path) -> None:
    health = Health()
    assert health.look({"this": os.getpid()}, 0) == []
    kept = [tmp_path.joinpath(str(number)).open("wb") for number in range(DESCRIPTORS + 1)]
    found = health.look({"this": os.getpid()}, 0)
    for file in kept:
        file.close()
    assert len(found) == 1
    assert found[0].startswith("this holds ")
    assert health.look({"this": os.getpid()}, 0) == [], "given back"
