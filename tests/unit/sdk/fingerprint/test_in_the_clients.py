# SPDX-License-Identifier: Apache-2.0
"""Both clients: when the machine is read, which requests carry what, and how an application turns it off."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2
import pytest

from counterfoil_client import AsyncClient, Client, ConfigurationError, KeyringStore, MemoryStore, Session
from counterfoil_client._fake_time import FakeTime
from counterfoil_client._fingerprint.description import Description
from counterfoil_client._fingerprint.digest import encode
from counterfoil_client._fingerprint.profile import Profile
from counterfoil_client.stores import DeviceKey, SoftwareKey
from counterfoil_client.testing import FakeService
from unit.sdk.signed_in import LIFE
from unit.sdk.stage import ISSUER

LAPTOP = Profile(machine="6f1d0b7c2e9a4f53b8c07d61e2a94f03", os="linux ubuntu", os_version="22.04", hostname="ada")
UPGRADED = Profile(machine="6f1d0b7c2e9a4f53b8c07d61e2a94f03", os="linux ubuntu", os_version="24.04", hostname="ada")
DEEP = "com.example.app:/signed-in"
FIELD = "device_fingerprint"


@dataclass
class Machine(FakeTime):
    """A machine that a test sets, and that counts how often it is read, and where."""

    described: Profile = LAPTOP
    reads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def profile(self) -> Profile:
        self.reads.append(threading.current_thread())
        return self.described


class Stage:
    """A fake service whose clients live on a machine that the test sets; `sent` are the forms they posted."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.kind = kind
        self.machine = Machine()
        self.fake = FakeService()
        self.fake._time = self.machine
        self.sent: list[dict[str, str]] = []
        self.store = MemoryStore()
        self.options = options
        real = self.fake._logins, self.fake._sessions, self.fake._redirects, self.fake._resource
        for each in real:
            each._time = self.machine

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            self.sent.append(dict(httpx2.QueryParams(request.content.decode())))
        headers = {name.lower(): value for name, value in request.headers.items()}
        found = self.fake._answer(request.method, str(request.url), headers, request.content)
        return httpx2.Response(found.status, headers=dict(found.headers), content=found.body)

    def client(self) -> Client:
        http = httpx2.Client(transport=httpx2.MockTransport(self._handle))
        options: dict[str, Any] = {"store": self.store, "surroundings": self.machine, **self.options}
        return Client(ISSUER, "desktop", http=http, **options)

    def async_client(self) -> AsyncClient:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(self._handle))
        options: dict[str, Any] = {"store": self.store, "surroundings": self.machine, **self.options}
        return AsyncClient(ISSUER, "desktop", http=http, **options)

    def sign_in(self, before_the_wait: Callable[[], object] = lambda: None) -> Session:
        """Ask twice, so that there is more than one question; the person approves in between."""

        def decide(step: Any) -> None:
            if step.attempt == 2:
                self.fake.approve(self.fake.last_login.login_id)

        if self.kind == "sync":
            login = self.client().start_login("ada@example.com")
            before_the_wait()
            return login.wait(on_progress=decide)

        async def story() -> Session:
            login = await self.async_client().start_login("ada@example.com")
            before_the_wait()
            return await login.wait(on_progress=decide)

        return asyncio.run(story())

    def load(self) -> Session | None:
        if self.kind == "sync":
            return self.client().load_session()
        return asyncio.run(self.async_client().load_session())

    def come_home(self) -> bool:
        """The person opens the link on this machine."""
        if self.kind == "sync":
            login = self.client().start_login("ada@example.com", redirect=DEEP)
            return login.handle_redirect(self.fake.return_here(login.login_id))

        async def story() -> bool:
            login = await self.async_client().start_login("ada@example.com", redirect=DEEP)
            return await login.handle_redirect(self.fake.return_here(login.login_id))

        return asyncio.run(story())

    def text(self, machine: Profile, **application: str) -> str:
        key = self.store.key_for(ISSUER, "desktop")
        values = {name: getattr(machine, name) for name in ("machine", "os", "os_version", "hostname")}
        whole = Profile(**values, **{"key_storage": "software", **application})
        return encode(whole, ISSUER, "desktop", key.point[0])

    def fields(self) -> list[str | None]:
        """One for each request that got past the nonce."""
        return [form.get(FIELD) for form in self.sent]


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_a_login_describes_the_machine_once_and_says_the_same_with_each_request(kind: str) -> None:
    stage = Stage(kind)
    stage.sign_in(lambda: setattr(stage.machine, "described", UPGRADED))
    assert len(stage.sent) >= 3, "the request for a link and two questions"
    assert set(stage.fields()) == {stage.text(LAPTOP)}
    assert len(stage.machine.reads) == 1
    assert stage.fake.last_login.device_fingerprint == stage.text(LAPTOP)
    assert stage.text(LAPTOP) not in repr(stage.fake.last_login)


def test_a_code_that_came_home_carries_the_same(kind: str) -> None:
    stage = Stage(kind)
    assert stage.come_home()
    assert stage.sent[-1]["grant_type"] == "authorization_code"
    assert set(stage.fields()) == {stage.text(LAPTOP)}
    assert len(stage.machine.reads) == 1


def test_each_refresh_describes_the_machine_anew_also_for_a_session_that_was_stored(kind: str) -> None:
    stage = Stage(kind)
    stage.sign_in()
    stage.machine.described = UPGRADED
    stage.sent.clear()
    for _ in range(2):
        stage.machine.advance(LIFE)
        session = stage.load()
        assert session is not None
    assert [form["grant_type"] for form in stage.sent] == ["refresh_token"] * len(stage.sent)
    assert set(stage.fields()) == {stage.text(UPGRADED)}
    assert len(stage.machine.reads) == 3
    assert stage.text(UPGRADED) != stage.text(LAPTOP)


def test_a_session_that_needs_no_refresh_reads_nothing(kind: str) -> None:
    stage = Stage(kind)
    stage.sign_in()
    assert stage.load() is not None
    assert len(stage.machine.reads) == 1


def test_a_loop_is_not_held_up_by_reading() -> None:
    stage = Stage("async")
    stage.sign_in()
    stage.machine.advance(LIFE)
    stage.load()
    assert len(stage.machine.reads) == 2
    assert threading.main_thread() not in stage.machine.reads


def test_turned_off_nothing_is_read_and_nothing_is_sent(kind: str) -> None:
    stage = Stage(kind, fingerprint=False, app_version="1.2.3")
    stage.sign_in()
    stage.machine.advance(LIFE)
    assert stage.load() is not None
    assert stage.come_home()
    assert stage.machine.reads == []
    assert set(stage.fields()) == {None}
    assert stage.fake.last_login.device_fingerprint is None


def test_the_applications_version_becomes_part_of_it(kind: str) -> None:
    stage = Stage(kind, app_version="1.2.3")
    stage.sign_in()
    assert set(stage.fields()) == {stage.text(LAPTOP, app="desktop 1.2.3")}


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("version", ["", "1.2\n3", "1.2.3-ü", "x" * 65, "\x00"])
@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_an_impossible_version_is_refused_at_once(client: type[Client], version: str, wanted: bool) -> None:  # noqa: FBT001 - a table
    with pytest.raises(ConfigurationError, match="app_version"):
        client(ISSUER, "desktop", store=MemoryStore(), app_version=version, fingerprint=wanted)
    client(ISSUER, "desktop", store=MemoryStore(), app_version="x" * 64, fingerprint=wanted)


class Chip(SoftwareKey):
    """A key that says it cannot be copied."""

    storage: Literal["software", "hardware"] = "hardware"


class Kept(MemoryStore):
    """A store that says where it is."""

    def __init__(self, location: Any) -> None:
        super().__init__()
        self.location = location


class Bare:
    """A store of an application's own, which says nothing but the key."""

    def key_for(self, issuer: str, client_id: str) -> DeviceKey:
        raise NotImplementedError


SOFTWARE = SoftwareKey.generate()
CHIP = Chip.generate()


@pytest.mark.parametrize(
    ("store", "key", "storage"),
    [
        (MemoryStore(), SOFTWARE, "software"),
        (Kept("keyring"), SOFTWARE, "keyring"),
        (Kept("file"), SOFTWARE, "software"),
        (Kept("keyring"), CHIP, "hardware"),
        (Bare(), SOFTWARE, "software"),
        (Bare(), CHIP, "hardware"),
    ],
)
def test_where_the_key_lies_is_told_truthfully(store: Any, key: DeviceKey, storage: str) -> None:
    description = Description.make(store, None, wanted=True)
    assert description is not None
    assert description.complete(Profile(), "desktop", key) == Profile(key_storage=storage)


def test_a_keyring_that_fell_back_to_a_file_says_software(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyring.get_keyring", type("Nothing", (), {"priority": 0}))
    store = KeyringStore(MemoryStore())
    description = Description.make(store, None, wanted=True)
    assert description is not None
    key = store.key_for(ISSUER, "desktop")
    assert description.complete(Profile(), "desktop", key).key_storage == "software"


def test_an_application_may_not_hand_in_a_text_of_its_own() -> None:
    start: Any = FakeService().client().start_login
    with pytest.raises(TypeError, match="device_fingerprint"):
        start("ada@example.com", device_fingerprint="eyJ2IjoxfQ")


def test_the_fake_service_plays_the_same_machine_wherever_a_test_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> Profile:
        raise AssertionError("an application's test reads the machine it runs on")

    monkeypatch.setattr("counterfoil_client._surroundings.collect", read)
    fake = FakeService()
    fake.client(store=MemoryStore()).start_login("ada@example.com")
    fake.client(store=MemoryStore()).start_login("ada@example.com")
    told = {login.device_fingerprint for login in fake.logins}
    assert len(told) == 1
    assert None not in told
