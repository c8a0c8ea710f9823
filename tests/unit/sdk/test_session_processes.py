# SPDX-License-Identifier: Apache-2.0
"""Two processes, one file: one chain of refresh tokens, and no token is ever used twice."""

import subprocess
import sys
import threading
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counterfoil_client import Client, FileStore
from counterfoil_client.testing import FakeService
from unit.sdk.fake_server import serving
from unit.sdk.signed_in import LIFE, sign_in

ROUNDS = 6

PROCESS = f"""
import asyncio, sys
from counterfoil_client import AsyncClient, Client, FileStore
from counterfoil_client._fake_time import FakeTime
from counterfoil_client.session import state_of

kind, issuer, directory = sys.argv[1:]
time, store = FakeTime(), FileStore(directory)

def turn():
    sys.stdin.readline()
    time.advance({LIFE})

def tell(session):
    print(state_of(session).held.generation, session.access_token[:6], flush=True)

if kind == "sync":
    client = Client(issuer, "desktop", store=store, surroundings=time)
    session = client.load_session()
    tell(session)
    for _ in range({ROUNDS}):
        turn()
        session.auth._keeper.fresh(state_of(session))
        tell(session)
else:
    async def story():
        client = AsyncClient(issuer, "desktop", store=store, surroundings=time)
        session = await client.load_session()
        tell(session)
        for _ in range({ROUNDS}):
            await asyncio.to_thread(turn)
            await session.auth._keeper.afresh(state_of(session))
            tell(session)
    asyncio.run(story())
"""


def start(kind: str, fake: FakeService, directory: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PROCESS, kind, fake.issuer, str(directory)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def answer(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_processes_keep_one_chain(tmp_path: Path) -> None:
    with serving() as fake:
        sign_in(fake, Client(fake.issuer, "desktop", store=FileStore(tmp_path / "kept")))
        both = [start(kind, fake, tmp_path / "kept") for kind in ("sync", "async")]
        assert len({answer(process) for process in both}) == 1
        for number in range(1, ROUNDS + 1):
            fake.advance(LIFE)
            for process in both:
                go(process)
            found = {answer(process) for process in both}
            assert len(found) == 1, "both have the same pair"
            assert found.pop().startswith(f"{number} ")
        assert [process.wait(60) for process in both] == [0, 0]
        for process in both:
            process.__exit__(None, None, None)
    (session,) = fake.sessions
    assert (session.refreshes, session.ended, len(session.refresh_tokens)) == (ROUNDS, False, ROUNDS + 1)


def test_a_process_killed_amid_a_refresh_leaves_a_session_for_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service has made the next pair, and nobody saved it."""
    store = FileStore(tmp_path / "kept")
    with serving() as fake:
        session = sign_in(fake, Client(fake.issuer, "desktop", store=store, surroundings=fake._time))
        killed = start("sync", fake, tmp_path / "kept")
        answer(killed)
        granted, dead = threading.Event(), threading.Event()
        real = fake._post

        def swallowed(*question: Any) -> Any:
            found = real(*question)
            if found.status == HTTPStatus.OK:
                granted.set()
                assert dead.wait(30)
            return found

        with monkeypatch.context() as amid:
            amid.setattr(fake, "_post", swallowed)
            fake.advance(LIFE)
            go(killed)
            assert granted.wait(30)
            killed.kill()
            killed.communicate(timeout=60)
            dead.set()
        again = Client(fake.issuer, "desktop", store=store, surroundings=fake._time).load_session()
        assert again is not None
        assert again.session_id == session.session_id
        assert not fake.sessions[0].ended
    assert (fake.sessions[0].refreshes, len(fake.sessions[0].refresh_tokens)) == (2, 2)
    (path,) = (tmp_path / "kept").glob("*.session")
    assert msgspec.json.decode(path.read_bytes())["generation"] == 1
