# SPDX-License-Identifier: Apache-2.0
"""What the benchmark's desktops send is what our SDK sends, byte for byte: a real conversation is recorded here."""

import asyncio
import contextlib
from urllib.parse import parse_qs

import msgspec
import pytest

from benchmarks.harness.devices import Device
from benchmarks.waiting.people import people
from benchmarks.waiting.sdk_wire import ASK, LONGEST_HOLD, METADATA, TOKEN, ask_form, discover, poll_form, post
from counterfoil_client import AsyncClient, MemoryStore
from counterfoil_client._flows.wait import GRANT_TYPE
from counterfoil_client._flows.wait import LONGEST_HOLD as SDK_HOLD
from counterfoil_service.core.identifiers import unbase64url

CLIENT_ID, EMAIL, NONCE = "notes", "ann+1@example.com", "a-nonce"


class Recorder:
    """A service that asks for a nonce, starts a login and grants tokens; it keeps what it was sent."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.address = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]
                request = head + await reader.readexactly(int(length or 0))
                self.requests.append(request)
                status, answer = self._answer(request)
                body = msgspec.json.encode(answer)
                writer.write(
                    f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nDPoP-Nonce: {NONCE}\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
        writer.close()

    def _answer(self, request: bytes) -> tuple[int, dict[str, object]]:
        if request.startswith(b"GET"):
            names = {
                "device_authorization_endpoint": ASK, "token_endpoint": TOKEN, "revocation_endpoint": "/oauth/revoke",
            }  # fmt: skip
            return 200, {"issuer": self.address, **{name: self.address + path for name, path in names.items()}}
        if ASK.encode() in request:
            return 200, {
                "device_code": "the-device-code", "user_code": "BCD-FGH", "expires_in": 600, "interval": 5,
                "verification_uri": f"{self.address}/check-mail", "login_id": "1", "poll_wait_max": 25,
            }  # fmt: skip
        return 200, {
            "access_token": "t", "token_type": "DPoP", "expires_in": 300, "scope": "", "session_id": "1", "sub": "1",
        }  # fmt: skip


@pytest.fixture
async def recorded() -> Recorder:
    recorder = Recorder()
    server = await asyncio.start_server(recorder.serve, "127.0.0.1", 0)
    recorder.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with AsyncClient(recorder.address, CLIENT_ID, store=MemoryStore()) as client:
        pending = await client.start_login(EMAIL, device_label="Ann's desk")
        await pending.wait()
    server.close()
    return recorder


def proof_in(request: bytes) -> str:
    return request.partition(b"\r\nDPoP: ")[2].partition(b"\r\n")[0].decode()


def form_in(request: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.partition(b"\r\n\r\n")[2].decode()).items()}


async def test_the_three_requests_of_a_sign_in_are_the_sdks_own_bytes(recorded: Recorder) -> None:
    metadata, asked, polled = recorded.requests
    url, told = recorded.address, form_in(asked)
    assert metadata.startswith(f"GET {METADATA} ".encode())
    assert discover(url) == metadata
    form = ask_form(CLIENT_ID, EMAIL, "Ann's desk", told["device_fingerprint"])
    assert post(url + ASK, proof_in(asked), form) == asked
    form = poll_form(CLIENT_ID, "the-device-code", told["device_fingerprint"])
    assert post(url + TOKEN, proof_in(polled), form, LONGEST_HOLD) == polled


async def test_a_proof_holds_what_the_sdks_holds_in_its_order(recorded: Recorder) -> None:
    polled = recorded.requests[2]
    theirs = proof_in(polled).split(".")
    ours = Device().proof("POST", recorded.address + TOKEN, NONCE).split(".")
    for part in (0, 1):
        one, other = (msgspec.json.decode(unbase64url(proof[part])) for proof in (theirs, ours))
        assert list(one) == list(other)
        assert [type(value) for value in one.values()] == [type(value) for value in other.values()]
        told_again = [name for name in ("typ", "alg", "htm", "htu", "nonce") if name in one]
        assert [one[name] for name in told_again] == [other[name] for name in told_again]
    assert [len(part) for part in theirs] == [len(part) for part in ours]


async def test_made_up_computers_say_as_much_of_themselves_as_real_ones(recorded: Recorder) -> None:
    real = msgspec.json.decode(unbase64url(form_in(recorded.requests[1])["device_fingerprint"]))
    made_up = msgspec.json.decode(unbase64url(people(1, recorded.address, "x")[0].fingerprint))
    assert made_up.keys() == real.keys()
    assert len(made_up["attributes"]) >= len(real["attributes"])


def test_the_sdk_asks_to_be_held_as_long() -> None:
    assert (LONGEST_HOLD, poll_form("", "", "")[:10]) == (SDK_HOLD, "grant_type")
    assert GRANT_TYPE in parse_qs(poll_form("a", "b", "c"))["grant_type"]
