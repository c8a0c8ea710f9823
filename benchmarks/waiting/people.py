# SPDX-License-Identifier: Apache-2.0
"""People who asked for a link a moment ago: each with a device, its login, and what opens and approves it."""

import os
import secrets
import time

import msgspec

from benchmarks.harness.bulk import put, settle
from benchmarks.harness.devices import Device
from benchmarks.waiting.sdk_wire import poll_form
from counterfoil_client._fingerprint.digest import encode
from counterfoil_client._fingerprint.profile import Profile
from counterfoil_service.app import system_clock
from counterfoil_service.core import fingerprint, identifiers, link, user_code
from counterfoil_service.core.login import SECOND, State
from counterfoil_service.crypto.fingerprint import evidence_of
from counterfoil_service.crypto.keys import Keys, digest, keyed, seal
from counterfoil_service.db.logins import Login
from counterfoil_service.db.open import open_database
from counterfoil_service.db.unlock import unlock
from counterfoil_service.settings import Secret, Settings

CLIENT_ID = "notes"
LIFETIME = 3600


class Person(msgspec.Struct):
    """One of them. `poll` is the form of its device's polls."""

    device: Device
    email: str
    fingerprint: str
    poll: str = ""
    link: str = ""
    user_code: str = ""


def people(count: int, issuer: str, prefix: str) -> list[Person]:
    """So many, each with a computer of its own; nobody has asked for anything yet."""
    return [Person(Device(), f"{prefix}{number}@example.com", _fingerprint(issuer, number)) for number in range(count)]


def _fingerprint(issuer: str, number: int) -> str:
    """What the SDK makes of an ordinary computer."""
    machine = Profile(
        machine=secrets.token_hex(16),
        os="linux debian",
        os_version="12",
        architecture="x86_64",
        cpu="Some Processor",
        cpu_count="8",
        memory="16",
        hostname=f"desk-{number}",
        product="Some Vendor Some Model",
        timezone="Europe/Vienna",
        locale="de_AT",
        display="1 large",
        environment="metal",
        key_storage="software",
    )
    return encode(machine, issuer, CLIENT_ID, os.urandom(32))


async def add_logins(url: str, settings: Settings, waiting: list[Person]) -> None:
    """The logins of them all, as if each had asked and its mail had come; straight into the database."""
    keys, now = await _keys(url, settings), time.time_ns() // 1000
    rows, mailboxes = list[dict[str, object]](), list[dict[str, object]]()
    for person in waiting:
        login, device_code = _login(person, keys, settings, now)
        rows.append(msgspec.structs.asdict(login) | {"state": login.state.value})
        sealed = seal(keys.seal_mailbox, os.urandom(32), associated=login.mailbox, entropy=os.urandom)
        mailboxes.append({
            "mailbox": login.mailbox, "sealed_key": sealed, "created_at": now, "mail_code_misses": 0,
        })  # fmt: skip
        person.poll = poll_form(CLIENT_ID, device_code, person.fingerprint)
    await put(url, "mailbox_keys", mailboxes)
    await put(url, "logins", rows)
    await settle(url)


async def _keys(url: str, settings: Settings) -> Keys:
    database = await open_database(url)
    try:
        return await unlock(database, settings, clock=system_clock, entropy=os.urandom)
    finally:
        await database.close()


def _login(person: Person, keys: Keys, settings: Settings, now: int) -> tuple[Login, str]:
    """A waiting one, and its device code."""
    device_code, login_id = link.make(os.urandom), identifiers.ulid(now, os.urandom)
    person.link, person.user_code = link.make(os.urandom), user_code.make(os.urandom)
    evidence = evidence_of(fingerprint.parse(person.fingerprint), keys.fingerprint, CLIENT_ID)
    login = Login(
        id=login_id,
        application_id=CLIENT_ID,
        state=State.PENDING,
        decoy=0,
        device_code_hash=digest(device_code),
        link_hash=digest(person.link),
        user_code_hash=keyed(keys.user_code, login_id.encode(), person.user_code.encode()),
        misses=0,
        mailbox=keyed(keys.mailbox, person.email.encode()),
        address=person.email,
        jkt=person.device.jkt,
        device_label=person.email,
        fingerprint=None if evidence is None else evidence.encode(),
        scope="email",
        audience=settings.public_url,
        source_range=os.urandom(32),
        poll_interval=5,
        created_at=now,
        expires_at=now + LIFETIME * SECOND,
    )
    return login, device_code


def settings_of(public_url: str, secret_key: str, database_url: str) -> Settings:
    """The service's, as far as keys depend on them."""
    return Settings(public_url=public_url, secret_key=Secret(secret_key), database_url=Secret(database_url))
