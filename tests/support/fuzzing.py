# SPDX-License-Identifier: Apache-2.0
"""What every fuzzer needs: how many examples, and a service in which something lives that random values can meet."""

import os
from collections import Counter
from dataclasses import dataclass, fields

from hypothesis import HealthCheck, settings

from counterfoil_service.core.budget import Budget, Budgets
from counterfoil_service.crypto.argon2 import hash_secret
from counterfoil_service.crypto.keys import unseal
from support import acting
from support.auditor import Auditor, seal
from support.device import Device
from support.http import primed
from support.mail_reports import Secrets
from support.stage import Asked, Stage
from support.way_home import LOOPBACK, REGISTERED, VERIFIER, home_fields

Tally = Counter[str]
SCALE = float(os.environ.get("FUZZ_SCALE", "1"))
SHOP, SHOP_SECRET = "shop", "the secret of a shop"
ROOMY = Budgets(**{each: Budget(10**8, 1) for each in Budgets.__struct_fields__})
"""Nobody is told to wait: what is behind the budgets is to be met."""


def examples(few: int) -> settings:
    """Of a test that tries `few` in `just test`."""
    return settings(
        max_examples=max(1, round(few * SCALE)),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@dataclass
class Living:
    """What one device and its person hold: a login in one of its states, and all that belongs to it."""

    device: Device
    client_id: str
    device_code: str
    user_code: str
    secret: str
    code: str
    refresh_token: str
    access_token: str
    session_id: str
    device_id: str
    login_id: str
    notice: str = ""

    def value(self, name: str) -> str | None:
        """What a field of this name takes, where this one has it."""
        own = {each.name: str(getattr(self, each.name)) for each in fields(self) if each.name != "device"}
        own |= {"token": self.refresh_token or self.device_code, "code_verifier": VERIFIER, "redirect_uri": LOOPBACK}
        own |= {
            "mail_code": "12345678",
            "login_hint": "ada@example.com",
            "client_secret": SHOP_SECRET,
            "provider": "hook",
        }
        own |= {"index": "0", "path": "0/000.p/1", "device_label": "A desk"}
        return own.get(name) or None


STATES = ("pending", "approved", "redeemable", "signed_in", "denied")


async def living(stage: Stage, state: str) -> Living:
    """A login that has come so far."""
    stage.clock.advance(1)
    device = primed(stage)
    asked = await stage.start(device=device, client_id="home-app", **home_fields())
    secret = await acting.secret_of(stage, asked.login_id)
    found = Living(device, "home-app", asked.device_code, asked.user_code, secret, "", "", "", "", "", asked.login_id)
    if state == "denied":
        await stage.decide(secret, "reject")
    elif state == "redeemable":
        found.code = (await stage.decide(secret, "here")).headers["location"].partition("code=")[2].partition("&")[0]
    elif state != "pending":
        await stage.decide(secret, "approve", asked.user_code)
        if state == "signed_in":
            await _collect(stage, asked, found)
    return found


async def _collect(stage: Stage, asked: Asked, found: Living) -> None:
    answer = await stage.poll(asked, client_id="home-app")
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    found.refresh_token, found.access_token = tokens["refresh_token"], tokens["access_token"]
    found.session_id = tokens["session_id"]
    found.notice = await _notice(stage, found.login_id)
    ((found.device_id,),) = await acting.query(
        stage, "SELECT device_id FROM sessions WHERE id = :id", id=found.session_id
    )


async def _notice(stage: Stage, login_id: str) -> str:
    """The secret of the notice of a new device."""
    sql = "SELECT id, sealed_secret FROM outbox WHERE login_id = :id AND kind = 'notice'"
    ((mail_id, sealed),) = await acting.query(stage, sql, id=login_id)
    return unseal(stage.service.services.keys.seal_outbox, sealed, associated=mail_id.encode()).decode()


@dataclass
class World:
    """A stage with applications of every kind, an auditor, and providers that report."""

    stage: Stage
    auditor: Auditor
    secrets: Secrets


async def populate(stage: Stage, secrets: Secrets) -> World:
    """Fill it."""
    await stage.add_application("home-app", redirect_uris=REGISTERED)
    await stage.add_application("code-app", mail_code=True)
    await stage.add_application(SHOP, secret_hash=hash_secret(SHOP_SECRET), redirect_uris=REGISTERED)
    await stage.add_application("open-app", dpop="optional")
    auditor = await Auditor.hired(stage)
    await living(stage, "signed_in")
    await seal(stage)
    return World(stage, auditor, secrets)
