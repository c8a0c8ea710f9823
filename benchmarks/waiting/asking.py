# SPDX-License-Identifier: Apache-2.0
"""Some people ask for their links for real, as the SDK does, and take them from their mails."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.harness.client import Client, each
from benchmarks.waiting.people import CLIENT_ID, Person
from benchmarks.waiting.sdk_wire import ASK, TOKEN, ask_form, discover, poll_form, post
from counterfoil_service.cli.demo.mailbox import link_in, read_mails

_AT_ONCE = 4
_MAIL_SECONDS = 60


async def newest_nonce(address: str) -> str:
    """What the next proof must hold."""
    client = Client(address)
    answer = await client.ask("POST", TOKEN)
    client.close()
    return answer.headers["dpop-nonce"]


async def ask_for_links(address: str, mails: Path, asking: Sequence[Person], nonce: str) -> None:
    """Each looks up where to ask, asks with a proof, and waits for the mail."""

    async def ask(client: Client, person: Person) -> None:
        await client.send(discover(address))
        form = ask_form(CLIENT_ID, person.email, person.email, person.fingerprint)
        answer = await client.send(post(address + ASK, person.device.proof("POST", address + ASK, nonce), form))
        told = msgspec.json.decode(answer.body)
        person.user_code = told["user_code"]
        person.poll = poll_form(CLIENT_ID, told["device_code"], person.fingerprint)

    await each(address, _AT_ONCE, asking, ask)
    missing, until = {person.email: person for person in asking}, time.monotonic() + _MAIL_SECONDS
    while missing:
        if time.monotonic() > until:
            raise TimeoutError(f"{len(missing)} mails did not come within {_MAIL_SECONDS} s")
        await asyncio.sleep(0.1)
        for mail in read_mails(mails):
            person = missing.pop(str(mail["To"]), None)
            if person is not None:
                person.link = (link_in(mail) or "").rpartition("/")[2]
