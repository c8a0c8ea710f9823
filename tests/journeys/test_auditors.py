# SPDX-License-Identifier: Apache-2.0
"""An auditor over real HTTP: a token from the command line, the log as it grows, and proofs that a stranger checks."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import metamorphic_log
import pytest

from counterfoil_service.core.leaf import parse_leaf
from counterfoil_service.core.merkle import leaf_hash
from counterfoil_service.core.tile_files import parse_bundle
from counterfoil_service.core.tlog_proof import TlogProof
from journeys.conftest import OpenDesktop
from journeys.databases import Databases
from support.background import wait_until
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService

GONE_WITHIN = 3.0
"""Seconds in which a process with open streams leaves."""


class Stream:
    """Reads `/audit/stream` line by line in a thread, until the service ends it."""

    def __init__(self, client: httpx2.Client, **headers: str) -> None:
        self.entries: list[tuple[int, bytes]] = []
        self._client, self._headers = client, headers
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        number = 0
        with self._client.stream("GET", "/audit/stream", headers=self._headers) as answer:
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    number = int(value)
                elif name == "data":
                    self.entries.append((number, value.encode()))

    def ended(self) -> bool:
        self._thread.join(GONE_WITHIN)
        return not self._thread.is_alive()


@pytest.fixture
def service(databases: Databases, mail: MailServer, tmp_path: Path) -> Iterator[RunningService]:
    """One of our own, as it is stopped and started again."""
    url = databases.fresh("sqlite", tmp_path)
    with RunningService(tmp_path, database_url=url, mail_url=mail.url) as running:
        yield running


def auditor(service: RunningService) -> httpx2.Client:
    made = json.loads(service.told("operators", "add", "grace@example.com", "--role", "auditor", "--token", "--json"))
    headers = {"Authorization": f"Bearer {made['token']}"}
    return httpx2.Client(base_url=service.address, headers=headers, timeout=30)


def test_an_auditor_follows_a_sign_in_across_a_restart_and_a_stranger_checks_the_proof(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    with auditor(service) as client:
        stream = Stream(client)
        asked = desktop(service).ask(address)
        wait_until(lambda: len(stream.entries) >= 2, "the stream to tell of the request", 10)
        service.stop()
        assert stream.ended(), "a process that leaves ends its streams"
        heard = stream.entries[-1][0]

        service.start()
        phone.approve(mail.letter_to(address).link, asked.user_code)
        assert asked.session().subject
        again = Stream(client, **{"Last-Event-ID": str(heard)})
        wait_until(
            lambda: any(b'"session.created"' in data for _, data in again.entries), "the session's beginning", 10
        )

        numbers = [number for number, _ in stream.entries + again.entries]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "nothing is missing, nothing comes twice"
        ((index, data),) = [each for each in again.entries if b'"session.created"' in each[1]]
        assert parse_leaf(data).login_id == asked.login_id
        assert address not in str(stream.entries + again.entries)

        proof = TlogProof.parse(client.get(f"/audit/proof/{index}").text)
        bundle = client.get(f"/log/tile/entries/000.p/{index + 1}").content
        assert parse_bundle(bundle)[index] == data
        key = json.loads(service.told("audit", "checkpoint", "--json"))["key"]
        metamorphic_log.checkpoint_verify_inclusion(proof.note, [key], index, leaf_hash(data), list(proof.hashes))
        with pytest.raises(metamorphic_log.VerifyError):
            metamorphic_log.checkpoint_verify_inclusion(proof.note, [key], index, leaf_hash(b"no"), list(proof.hashes))
        assert proof.note.startswith(service.public_url.partition("://")[2] + "/log\n")

        told = client.get("/audit/events", params={"login_id": asked.login_id}).json()["events"]
        assert told[-1]["sentence"].startswith(f"desk-app asked for a link for {address}")
        service.told("operators", "remove", "grace@example.com")
        assert again.ended(), "a token that is revoked ends its streams"
        assert client.get("/audit/events").status_code == 401
