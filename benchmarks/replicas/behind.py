# SPDX-License-Identifier: Apache-2.0
"""Replicas behind nginx on a database of their own, spoken to as if they were one service."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from benchmarks.harness.bulk import settle
from benchmarks.harness.client import Client, each
from benchmarks.harness.devices import Device
from benchmarks.harness.wrk import CONNECTIONS, request_bytes
from benchmarks.replicas.letterbox import Letterbox
from benchmarks.replicas.meter import Meter
from benchmarks.sign_in.ours import FORM, GRANT, RAISED, TOKEN, WITH_PROOF, Ours, SignIn
from journeys.replicas import Replicas, replicas
from support.processes import RunningService


class Behind(Ours):
    """`meter` reads what they use; `refresh_tokens` are those of whoever signed in, by device."""

    def __init__(self, running: Replicas, letterbox: Letterbox, postmaster: int) -> None:
        super().__init__(running.services[0], None)
        self._letterbox, self._url = letterbox, running.url
        self.address = running.address
        self.replicas = running.services
        self.meter = Meter(running.url, [each.pid for each in running.services], running.balancer.pid, postmaster)
        self.refresh_tokens: dict[Device, str] = {}

    async def settled(self) -> None:
        """Once nothing is under way any more, and PostgreSQL knows how large its tables are."""
        await self.meter.settled()
        await settle(self._url)

    async def renew(self, people: list[SignIn]) -> None:
        """Each renews the tokens of its session once."""
        await self.renew_nonce()
        await each(self.address, CONNECTIONS, people, self._renew)

    async def begin(self, people: list[SignIn]) -> None:
        """Links are asked for, and are in the mails."""
        await self._all(people, self._start)
        await self._take_links(people)

    async def approve(self, person: SignIn, client: Client) -> None:
        """By whichever replica the client leads to."""
        await self._approve(client, person)

    def held_poll(self, person: SignIn) -> bytes:
        """A poll that waits."""
        form = {"client_id": WITH_PROOF, "grant_type": GRANT, "device_code": person.device_code}
        return self._at_token(person.device, form, Prefer="wait=25")

    async def _take_links(self, people: Sequence[SignIn]) -> None:
        """Once every mail is sent."""
        await self.meter.settled()
        for person in people:
            person.link = self._letterbox.links.pop(person.address)
        self._letterbox.links.clear()

    async def _collect(self, client: Client, person: SignIn) -> None:
        form = {"client_id": WITH_PROOF, "grant_type": GRANT, "device_code": person.device_code}
        await self._tokens(client, person, form)

    async def _renew(self, client: Client, person: SignIn) -> None:
        form = {"client_id": WITH_PROOF, "grant_type": "refresh_token"}
        await self._tokens(client, person, {**form, "refresh_token": self.refresh_tokens[person.device]})

    async def _tokens(self, client: Client, person: SignIn, form: dict[str, str]) -> None:
        answer = await client.send(self._at_token(person.device, form))
        told = msgspec.json.decode(answer.body)
        if "access_token" not in told:
            raise ValueError(f"no tokens but {answer.status}: {answer.body[:300]!r}")
        person.token, self.refresh_tokens[person.device] = told["access_token"], told["refresh_token"]

    def _at_token(self, device: Device, form: dict[str, str], **headers: str) -> bytes:
        url = self.address + TOKEN
        proof = device.proof("POST", url, self._nonce)
        return request_bytes(url, "POST", {"Content-Type": FORM, "DPoP": proof, **headers}, urlencode(form))


@contextmanager
def behind(folder: Path, database_url: str, count: int, letterbox: Letterbox, postmaster: int) -> Iterator[Behind]:
    """So many of them, started and stopped."""
    setup = RunningService(folder / "setup", database_url=database_url)
    setup.told("migrate")
    setup.told("applications", "add", "Notes", "--client-id", WITH_PROOF)
    settings = {
        "mail_url": f"smtp://127.0.0.1:{letterbox.port}",
        "budgets": RAISED,
        "link_ttl": "3600",
        "trusted_proxies": "127.0.0.0/8",
    }
    with replicas(folder, database_url, count, loaded=True, **settings) as running:
        yield Behind(running, letterbox, postmaster)
