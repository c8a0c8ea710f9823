# SPDX-License-Identifier: Apache-2.0
"""The commands about people, beside a service that lets them sign in: each in a process of its own."""

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from counterfoil_service.db.prepared import Statement
from support.processes import RunningService
from support.stage import ISSUER, SECOND, Asked, Stage

ADA = "ada@example.com"
LABEL = "Ada's laptop"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Operator:
    """Types commands at the stage's own database."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        self._here = RunningService(folder, public_url=ISSUER)

    async def told(self, *arguments: str) -> str:
        """What a command prints; it must succeed."""
        return await asyncio.to_thread(self._here.told, *arguments)

    async def json(self, *arguments: str) -> Any:
        """The same, read."""
        return json.loads(await self.told(*arguments, "--json"))

    async def refused(self, *arguments: str) -> str:
        """What a command that fails says: a sentence, no traceback, nothing on standard output."""
        done = await asyncio.to_thread(self._here.cli, *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith("error: ")
        return " ".join(done.stderr.split())

    async def sign_in(self, address: str = ADA, *, client_id: str = "desk-app", device_label: str = LABEL) -> Asked:
        """A person signs in with a new device, on the clock of the commands."""
        self.stage.clock.now = time.time_ns() // 1000
        asked = await self.stage.approved(address, client_id=client_id, device_label=device_label)
        await self.stage.poll(asked, client_id=client_id)
        return asked


@pytest.fixture
def operator(sqlite_stage: Stage, tmp_path: Path) -> Operator:
    return Operator(sqlite_stage, tmp_path)


async def test_a_person_is_invited_listed_disabled_enabled_and_erased(operator: Operator) -> None:
    invited = await operator.json("users", "invite", "Bob@Example.com")
    assert (invited["email"], invited["state"], invited["verified_at"]) == ("Bob@example.com", "invited", None)
    assert "is invited already" in await operator.refused("users", "invite", "bob@example.com")

    await operator.sign_in()
    ada, bob = await operator.json("users", "list")
    assert (ada["email"], ada["state"], ada["sessions"]) == (ADA, "verified", 1)
    assert (bob["email"], bob["state"], bob["sessions"]) == ("Bob@example.com", "invited", 0)
    assert TIME.fullmatch(ada["created_at"])
    assert TIME.fullmatch(ada["verified_at"])

    disabled = await operator.json("users", "disable", ada["subject"])
    assert (disabled["state"], disabled["sessions_ended"], disabled["logins_denied"]) == ("disabled", 1, 0)
    assert "was disabled already" in await operator.told("users", "disable", "ADA@example.com")
    assert "may sign in again" in await operator.told("users", "enable", ADA)
    assert "not disabled" in await operator.refused("users", "enable", ADA)

    assert "add --yes" in await operator.refused("users", "erase", ADA)
    assert len(await operator.json("users", "list")) == 2, "nobody confirmed it"
    told = await operator.told("users", "erase", ADA, "--yes")
    assert "What stays" in told
    assert "ciphertext" in told
    assert [user["email"] for user in await operator.json("users", "list")] == ["Bob@example.com"]
    assert "users list" in await operator.refused("users", "erase", ADA, "--yes")


async def test_an_erased_sign_in_is_still_explained_and_by_nobodys_name(operator: Operator) -> None:
    asked = await operator.sign_in()
    assert ADA in await operator.told("audit", "explain", asked.login_id)
    assert (await operator.json("users", "erase", ADA, "--yes"))["erased"]
    told = await operator.told("audit", "explain", asked.login_id)
    assert "asked for a link for somebody whose details were erased" in told
    assert "ended: the user was erased" in told
    for needle in ("ada", "laptop", "192.0.2.10"):
        assert needle not in told.lower()


async def test_sessions_are_listed_and_ended_one_by_one_by_person_and_all(operator: Operator) -> None:
    await operator.sign_in()
    await operator.sign_in()
    await operator.sign_in("eve@example.com")
    everybodys, adas = await operator.json("sessions", "list"), await operator.json("sessions", "list", ADA)
    assert len(everybodys) == 3
    assert [each["user"] for each in adas] == [ADA, ADA]
    first = adas[-1]
    assert (first["application"], first["client_id"], first["device"]) == ("Desk App", "desk-app", LABEL)
    assert all(TIME.fullmatch(first[name]) for name in ("created_at", "last_used_at", "expires_at"))

    assert await operator.json("sessions", "revoke", first["id"]) == {"ended": [first["id"]]}
    assert "sessions list" in await operator.refused("sessions", "revoke", first["id"])
    assert len((await operator.json("sessions", "revoke", "--user", ADA))["ended"]) == 1
    assert "add --yes" in await operator.refused("sessions", "revoke", "--every")
    assert "Sessions ended: 1." in await operator.told("sessions", "revoke", "--every", "--yes")
    assert await operator.told("sessions", "list") == "No session lives.\n"


@pytest.mark.parametrize(
    "arguments", [(), ("id", "--every", "--yes"), ("--user", ADA, "--every", "--yes"), ("id", "--user", ADA)]
)
async def test_what_is_to_be_revoked_is_said_in_exactly_one_way(operator: Operator, arguments: tuple[str, ...]) -> None:
    assert "exactly one" in await operator.refused("sessions", "revoke", *arguments)


async def test_a_session_that_time_has_ended_is_not_listed(operator: Operator) -> None:
    await operator.sign_in()
    idle = operator.stage.service.services.settings.session_limits.idle
    await operator.stage.database.transact(_aged(idle))
    assert await operator.json("sessions", "list") == []


def _aged(by: int) -> Any:
    statement = Statement(text("UPDATE sessions SET last_used_at = last_used_at - :by"))
    return lambda tx: tx.run(statement, {"by": by})


async def test_a_waiting_device_is_found_enrolled_and_forgotten(operator: Operator) -> None:
    stage = operator.stage
    await stage.add_application("strict", name="Strict", new_devices="refuse")
    asked = await operator.sign_in(client_id="strict")
    (waiting,) = await operator.json("devices", "list", ADA)
    assert (waiting["state"], waiting["label"], waiting["client_id"]) == ("waiting", LABEL, "strict")
    assert waiting["user"] == ADA
    (user,) = await operator.json("users", "list")
    assert user["state"] == "unverified"

    assert "is known from now on" in await operator.told("devices", "enrol", waiting["id"])
    assert "known already" in await operator.refused("devices", "enrol", waiting["id"])
    stage.clock.now += 60 * SECOND
    again = await stage.approved(device=asked.device, client_id="strict")
    assert (await stage.poll(again, client_id="strict")).status_code == 200

    gone = await operator.json("devices", "forget", waiting["id"])
    assert (gone["forgotten"], len(gone["ended"])) == (True, 1)
    assert await operator.told("devices", "list") == "No device yet: the first sign-in with a key makes one.\n"
    assert "devices list" in await operator.refused("devices", "forget", waiting["id"])


async def test_nobody_is_found_by_what_is_no_person(operator: Operator) -> None:
    assert "users list" in await operator.refused("sessions", "list", "nobody@example.com")
    assert "users list" in await operator.refused("devices", "list", "nobody")
    assert "cannot be used" in await operator.refused("users", "invite", "not an address")
    assert "cannot be used" in await operator.refused("sessions", "revoke", "--user", "a@b@c")


async def test_an_auditor_gets_a_token_that_is_shown_once_listed_and_revoked(operator: Operator) -> None:
    made = await operator.json("operators", "add", "Grace@Example.com", "--role", "auditor", "--token")
    assert (made["email"], made["role"]) == ("Grace@example.com", "auditor")
    answer = await operator.stage.client.get("/audit/events", headers={"Authorization": f"Bearer {made['token']}"})
    assert answer.status_code == 200
    (listed,) = await operator.json("operators", "list")
    assert [token["id"] for token in listed["tokens"]] == [made["token_id"]]
    assert TIME.fullmatch(listed["tokens"][0]["last_used_at"])
    assert made["token"] not in await operator.told("operators", "list")
    further = await operator.told("operators", "add", "grace@example.com", "--role", "auditor", "--token")
    assert "cfo_" in further
    assert "is auditor already" in await operator.refused(
        "operators", "add", "grace@example.com", "--role", "operator", "--token"
    )
    assert "opens nothing from now on" in await operator.told("operators", "remove", made["token_id"])
    assert len((await operator.json("operators", "list"))[0]["tokens"]) == 1
    await operator.told("operators", "remove", "GRACE@example.com")
    assert await operator.json("operators", "list") == []
    assert "operators list" in await operator.refused("operators", "remove", "grace@example.com")


async def test_the_role_alone_says_where_to_sign_in_and_makes_neither_token_nor_link(operator: Operator) -> None:
    mailing = RunningService(operator.folder, public_url=ISSUER, mail_url=f"file:{operator.folder / 'mail'}")
    for _ in range(2):
        said = await asyncio.to_thread(mailing.told, "operators", "add", "olga@example.com")
        assert said == "olga@example.com is operator, and signs in with this address at https://id.example/console\n"
    assert await operator.stage.count("operator_tokens") == await operator.stage.count("operator_links") == 0
    added = await operator.stage.rows("SELECT fields FROM audit_events WHERE name = 'operator.added'")
    assert len(added) == 1
    assert '"by":"cli"' in added[0][0]


async def test_where_no_mail_is_set_up_the_role_comes_with_a_link(operator: Operator) -> None:
    made = await operator.json("operators", "add", "olga@example.com")
    assert made["role"] == "operator"
    assert "/console/enter/" in made["link"]
    assert "link" not in await operator.json("operators", "add", "grace@example.com", "--role", "auditor", "--token")


async def test_a_link_into_the_console_is_given_where_it_is_asked_for_and_kills_the_one_before(
    operator: Operator,
) -> None:
    first = await operator.json("operators", "add", "olga@example.com", "--link")
    assert first["link"].startswith("https://id.example/console/enter/")
    assert TIME.fullmatch(first["link_expires_at"])
    assert "token" not in first
    second = await operator.told("operators", "add", "olga@example.com", "--link")
    assert "shown this once" in second
    assert first["link"] not in second
    assert await operator.stage.count("operator_links") == 1
    secret = first["link"].rpartition("/")[2]
    assert (await operator.stage.client.get(f"/console/enter/{secret}")).status_code == 410


async def test_sweeping_by_hand_does_what_is_due_and_pruning_asks_first(operator: Operator) -> None:
    await operator.sign_in()
    assert await operator.told("sweep") == "Swept.\n"
    before = ("audit", "prune", "--before", "2100-01-01T00:00:00.000Z")
    assert "add --yes" in await operator.refused(*before)
    assert await operator.json(*before, "--yes") == {"pruned": 0}, "no whole bundle is sealed yet"
    assert "--before must be a moment" in await operator.refused("audit", "prune", "--before", "yesterday", "--yes")
