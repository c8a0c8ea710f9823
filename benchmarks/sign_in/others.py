# SPDX-License-Identifier: Apache-2.0
"""The peers, run as their own documentation says: Better Auth on Node, Django with django-sesame on gunicorn."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.harness.client import Client, each
from benchmarks.harness.processes import SERVER_CORE, on_core
from benchmarks.harness.wrk import CONNECTIONS, request_bytes
from support.processes import free_port

START_SECONDS = 30
JSON = {"Content-Type": "application/json"}
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Peer:
    """A running one. `paths` say where it takes what."""

    def __init__(self, address: str, process: "subprocess.Popen[bytes]", paths: Mapping[str, str]) -> None:
        self.address, self._process, self._paths = address, process, paths

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def asks(self, addresses: Sequence[str]) -> list[bytes]:
        """Requests for a link."""
        url = self.address + self._paths["send"]
        return [request_bytes(url, "POST", JSON, f'{{"email":"{address}"}}') for address in addresses]

    async def taken(self) -> list[str]:
        """The links mailed since the last time."""
        client = Client(self.address)
        answer = await client.ask("GET", "/taken")
        client.close()
        return answer.body.decode().split()

    def openings(self, links: Sequence[str]) -> list[bytes]:
        """Requests that open links."""
        return [request_bytes(self.address + self._paths["verify"] + link, "GET", {}) for link in links]

    async def ask(self, addresses: Sequence[str]) -> None:
        """Ask for links, which nobody opens."""
        await each(self.address, CONNECTIONS, self.asks(addresses), _right)

    async def sign_in(self, addresses: Sequence[str]) -> list[str]:
        """Whole sign-ins; a cookie for each."""
        await self.ask(addresses)
        cookies: list[str] = []

        async def opened(client: Client, request: bytes) -> None:
            answer = await client.send(request)
            cookies.append(answer.headers["set-cookie"].partition(";")[0])

        await each(self.address, CONNECTIONS, self.openings(await self.taken()), opened)
        return cookies

    def questions(self, cookies: Sequence[str], count: int) -> list[bytes]:
        """Who-am-I requests by those who signed in, in turn."""
        url = self.address + self._paths["session"]
        return [request_bytes(url, "GET", {"Cookie": cookies[number % len(cookies)]}) for number in range(count)]

    async def polls(self, count: int) -> list[bytes]:
        """Polls of as many pending device authorizations, which are asked for first."""
        codes: list[str] = []
        asked = request_bytes(self.address + self._paths["device"], "POST", JSON, '{"client_id":"notes"}')

        async def ask(client: Client, request: bytes) -> None:
            codes.append(msgspec.json.decode((await client.send(request)).body)["device_code"])

        await each(self.address, CONNECTIONS, [asked] * count, ask)
        url, form = self.address + self._paths["poll"], {"client_id": "notes", "grant_type": DEVICE_GRANT}
        return [
            request_bytes(url, "POST", JSON, msgspec.json.encode({**form, "device_code": code}).decode())
            for code in codes
        ]


async def _right(client: Client, request: bytes) -> None:
    answer = await client.send(request)
    if answer.status != http.client.OK:
        raise ValueError(f"a peer answered {answer.status}: {answer.body[:300]!r}")


BETTER_AUTH = {
    "send": "/api/auth/sign-in/magic-link",
    "verify": "/api/auth/magic-link/verify?token=",
    "session": "/api/auth/get-session",
    "device": "/api/auth/device/code",
    "poll": "/api/auth/device/token",
}
DJANGO_SESAME = {"send": "/send", "verify": "/verify?token=", "session": "/session"}


@contextmanager
def better_auth(folder: Path, database: str) -> Iterator[Peer]:
    """`folder` holds its installed packages; `database` is a file or a PostgreSQL URL."""
    with _running(["node", "server.mjs"], folder, BETTER_AUTH, DATABASE=database, NODE_ENV="production") as peer:
        yield peer


@contextmanager
def django_sesame(folder: Path, python: Path, database: str) -> Iterator[Peer]:
    """`python` is that of an environment with its packages."""
    gunicorn = [str(python.parent / "gunicorn"), "app:application", "--workers=1", "--threads=8", "--keep-alive=30"]
    with _running([*gunicorn, "--worker-class=gthread", "--bind=127.0.0.1:{port}"], folder, DJANGO_SESAME,
                  DATABASE=database) as peer:  # fmt: skip
        yield peer


@contextmanager
def bare() -> Iterator[Peer]:
    """A Litestar application that does nothing but answer."""
    folder = Path(__file__).parent / "peers"
    with _running([sys.executable, "bare.py", "{port}"], folder, {}) as peer:
        yield peer


@contextmanager
def _running(command: Sequence[str], folder: Path, paths: Mapping[str, str], **environ: str) -> Iterator[Peer]:
    port = free_port()
    with on_core(SERVER_CORE):
        process = subprocess.Popen(
            [part.format(port=port) for part in command],
            cwd=folder,
            env=os.environ | environ | {"PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    try:
        await_answer(port, process)
        yield Peer(f"http://127.0.0.1:{port}", process, paths)
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def await_answer(port: int, process: "subprocess.Popen[bytes]", path: str = "/health") -> None:
    """Until it says 200."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ChildProcessError(f"{process.args!r} ended with {process.returncode}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.005)
        finally:
            connection.close()
    raise TimeoutError(f"{process.args!r} did not answer within {START_SECONDS} s")
