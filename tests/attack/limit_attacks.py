# SPDX-License-Identifier: Apache-2.0
"""One attack for each budget: the attacker uses it up and is refused, and the owner is served all the same."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx2

from attack.limit_scene import ADA, HOOK, MAIL_CODE_APP, Scene
from counterfoil_service.crypto.argon2 import hash_secret
from support.auditor import Auditor
from support.device import Device
from support.mail_reports import Secrets, signed, whsec
from support.stage import Stage

ROOM = "mailbox_mails=1000/900,mailbox_daily_mails=1000/86400,mailbox_live_logins=1000/3600,address_range=1000/60"
LIMITED = httpx2.codes.TOO_MANY_REQUESTS
REPORTS = "/hooks/mail/hook"
SECRET = "a secret of the back-end"


@dataclass(frozen=True)
class Fought:
    """What the attacker did and heard, and how the owner fared; both must be True."""

    attack: str
    heard: str
    refused: bool
    owner: str
    served: bool

    @property
    def held(self) -> bool:
        """Whether the budget hit the right people."""
        return self.refused and self.served


@dataclass(frozen=True)
class Attack:
    """What replaces the default budgets, so that they are used up soon, and how it goes."""

    budgets: str
    fight: Callable[[Scene], Awaitable[Fought]]


async def _ask_and_count(at: Stage, scene: Scene, count: int, device: Device | None = None) -> int:
    """Ask for Ada's links, each by a new key unless one is given; how many of them were mailed."""
    mailed = 0
    for _ in range(count):
        mailed += await scene.mailed(await at.start(ADA, device))
        if device is not None:
            at.clock.advance(60)
    return mailed


async def _flood_a_mailbox(scene: Scene, count: int, allowed: int, attack: str) -> Fought:
    known = scene.elsewhere.device()
    await scene.knows(known)
    mailed = await _ask_and_count(scene.attacker, scene, count)
    served = await scene.signs_in(scene.elsewhere, known)
    heard = f"200, and {mailed} of {count} were mailed: the others are decoys"
    return Fought(attack, heard, mailed == allowed, "her known device gets its mail and signs in", served)


async def mailbox_mails(scene: Scene) -> Fought:
    return await _flood_a_mailbox(scene, 6, 3, "asks for links to her address, each by a new key")


async def mailbox_daily_mails(scene: Scene) -> Fought:
    return await _flood_a_mailbox(scene, 8, 4, "goes on all day, at a pace that the short budget allows")


async def mailbox_live_logins(scene: Scene) -> Fought:
    return await _flood_a_mailbox(scene, 5, 3, "keeps as many logins of hers open as can be")


async def mailbox_unanswered(scene: Scene) -> Fought:
    known = scene.elsewhere.device()
    await scene.knows(known)
    mailed = 0
    for _ in range(6):
        mailed += await _ask_and_count(scene.attacker, scene, 1)
        scene.attacker.clock.advance(601)
    rows = "SELECT count(*) FROM audit_events WHERE name = 'mailbox.flooded'"
    alerts = (await scene.elsewhere.rows(rows))[0][0]
    served = await scene.signs_in(scene.elsewhere, known)
    heard = f"200, {mailed} of 6 were mailed, and {alerts} alerts written"
    return Fought(
        "asks again and again for what nobody answers, slowly", heard, mailed == 4 and alerts == 2,
        "her known device gets its mail and signs in", served,
    )  # fmt: skip


async def _flood_by_her_device(scene: Scene, count: int, allowed: int, attack: str) -> Fought:
    stolen = scene.attacker.device()
    await scene.knows(stolen)
    mailed = await _ask_and_count(scene.attacker, scene, count, stolen)
    served = await scene.signs_in(scene.elsewhere, scene.elsewhere.device())
    heard = f"200, and {mailed} of {count} were mailed: the others are decoys"
    return Fought(attack, heard, mailed == allowed, "another device of hers signs in for the first time", served)


async def known_device_mails(scene: Scene) -> Fought:
    return await _flood_by_her_device(scene, 4, 2, "asks by a key of hers that was stolen")


async def known_device_daily_mails(scene: Scene) -> Fought:
    return await _flood_by_her_device(scene, 6, 4, "goes on with it all day")


async def device_key(scene: Scene) -> Fought:
    device = scene.attacker.device()
    await scene.attacker.start(ADA, device)
    answer = await scene.attacker.ask(device, "bob@example.com")
    served = await scene.signs_in(scene.neighbour, scene.neighbour.device())
    return _refused(answer, "asks twice a minute by one key", "another key at the same network, same mailbox", served)


async def address_range(scene: Scene) -> Fought:
    known = scene.neighbour.device()
    await scene.knows(known)
    answers = [await scene.attacker.ask(scene.attacker.device(), f"v{number}@example.com") for number in range(11)]
    served = await scene.signs_in(scene.neighbour, known)
    served = served and await scene.signs_in(scene.elsewhere, scene.elsewhere.device(), "bob@example.com")
    owner = "a known device behind the same address, and anybody elsewhere"
    return _refused(answers[-1], "asks for eleven people's links in a minute", owner, served)


async def application(scene: Scene) -> Fought:
    known = scene.elsewhere.device()
    await scene.knows(known)
    answers = [await scene.attacker.ask(scene.attacker.device(), f"v{number}@example.com") for number in range(4)]
    served = await scene.signs_in(scene.elsewhere, known)
    other = await scene.elsewhere.ask(scene.elsewhere.device(), client_id=MAIL_CODE_APP)
    served = served and other.status_code == httpx2.codes.OK
    owner = "known devices of that application, and everybody of others"
    return _refused(answers[-1], "asks in one application's name", owner, served)


async def service(scene: Scene) -> Fought:
    known = scene.elsewhere.device()
    await scene.knows(known)
    answers = [await scene.attacker.ask(scene.attacker.device(), f"v{number}@example.com") for number in range(4)]
    served = await scene.signs_in(scene.elsewhere, known)
    return _refused(answers[-1], "asks as a botnet would", "known devices", served)


async def link_opens(scene: Scene) -> Fought:
    asked = await scene.elsewhere.start()
    secret = await scene.elsewhere.secret()
    answers = [await scene.attacker.open(secret) for _ in range(6)]
    page = await scene.elsewhere.open(secret)
    done = await scene.neighbour.decide(secret, "approve", asked.user_code)
    served = page.status_code == done.status_code == httpx2.codes.OK
    owner = "opens the link elsewhere, and may approve beside the scanner too"
    return _refused(answers[-1], "a scanner opens her link over and over", owner, served)


async def range_opens(scene: Scene) -> Fought:
    await scene.elsewhere.start()
    secret = await scene.elsewhere.secret()
    answers = [await scene.attacker.open("A" * 42 + letter) for letter in "ABCDEF"]
    served = (await scene.neighbour.open(secret)).status_code == httpx2.codes.OK
    return _refused(answers[-1], "guesses links", "opens hers at the same network", served)


async def link_tries(scene: Scene) -> Fought:
    asked = await scene.elsewhere.start()
    secret = await scene.elsewhere.secret()
    answers = [await scene.attacker.decide(secret, "approve", "") for _ in range(6)]
    served = (await scene.elsewhere.decide(secret, "approve", asked.user_code)).status_code == httpx2.codes.OK
    return _refused(answers[-1], "a scanner sends the form over and over", "approves elsewhere", served)


async def range_tries(scene: Scene) -> Fought:
    asked = await scene.elsewhere.start()
    secret = await scene.elsewhere.secret()
    answers = [await scene.attacker.decide("A" * 42 + letter, "approve", "BBBBBB") for letter in "ABCDEF"]
    served = (await scene.neighbour.decide(secret, "approve", asked.user_code)).status_code == httpx2.codes.OK
    return _refused(answers[-1], "sends codes to links that it guesses", "approves at the same network", served)


async def mail_code_tries(scene: Scene) -> Fought:
    asked = await scene.elsewhere.start(client_id=MAIL_CODE_APP)
    thief = scene.attacker.device()
    form = {"client_id": MAIL_CODE_APP, "device_code": asked.device_code, "mail_code": "12345678"}
    answers = [await thief.post(scene.attacker.client, "/oauth/mail_code", form) for _ in range(4)]
    honest = await asked.device.post(scene.neighbour.client, "/oauth/mail_code", form)
    served = honest.json()["error"] == "code_mismatch"
    return _refused(answers[-1], "a key sends code after code", "her own device is heard", served)


async def key_polls(scene: Scene) -> Fought:
    asked, patient = await scene.attacker.start(), await scene.neighbour.start("bob@example.com")
    answers = [await scene.attacker.poll(asked) for _ in range(8)]
    raised = (await scene.elsewhere.rows("SELECT max(poll_interval) FROM logins"))[0][0]
    served = (await scene.neighbour.poll(patient)).json()["error"] == "authorization_pending"
    fought = _refused(answers[-1], "polls without a pause", "her device polls at its pace, same network", served)
    return fought if raised <= 5 + 5 * 6 else _refused(answers[0], fought.attack, fought.owner, served)


async def range_refusals(scene: Scene) -> Fought:
    approved = await scene.neighbour.approved()
    answers = list[httpx2.Response]()
    for _ in range(6):
        stranger = await scene.attacker.start(f"x{len(answers)}@example.com")
        form = {"grant_type": "refresh_token", "refresh_token": "guess", "client_id": "desk-app"}
        answers.append(await stranger.device.post(scene.attacker.client, "/oauth/token", form))
    served = (await scene.neighbour.poll(approved)).status_code == httpx2.codes.OK
    return _refused(answers[-1], "tries tokens and codes", "collects her tokens at the same network", served)


async def client_secrets(scene: Scene) -> Fought:
    await scene.elsewhere.add_application("back-end", secret_hash=hash_secret(SECRET))
    form = {"token": "x"}

    async def introspect(at: Stage, secret: str) -> httpx2.Response:
        return await at.client.post("/oauth/introspect", data=form, auth=("back-end", secret))

    await introspect(scene.neighbour, SECRET)
    answers = [await introspect(scene.attacker, f"guess {number}") for number in range(5)]
    later = [await introspect(at, SECRET) for at in (scene.neighbour, scene.elsewhere)]
    served = all(each.status_code == httpx2.codes.OK for each in later)
    owner = "the back-end elsewhere, and beside it if it was right before"
    return _refused(answers[-1], "tries an application's secrets", owner, served)


async def range_operators(scene: Scene) -> Fought:
    auditor = await Auditor.hired(scene.neighbour)
    headers = {"Authorization": f"Bearer cfo_{'A' * 43}"}
    answers = [await scene.attacker.client.get("/audit/events", headers=headers) for _ in range(5)]
    served = (await auditor.get("/audit/events")).status_code == httpx2.codes.OK
    return _refused(answers[-1], "tries tokens at the audit log", "an auditor at the same network", served)


async def range_reports(scene: Scene) -> Fought:
    asked = await scene.elsewhere.start()
    await scene.elsewhere.mails()
    ((mail_id,),) = await scene.elsewhere.rows("SELECT id FROM outbox")

    async def report(at: Stage, event_id: str, secrets: Secrets) -> httpx2.Response:
        headers, body = signed("hook", "delivered", mail_id, event_id=event_id, now=at.clock(), secrets=secrets)
        return await at.client.post(REPORTS, headers=headers, content=body)

    forger = Secrets(hook=whsec("another secret"))
    answers = [await report(scene.attacker, f"forged-{number}", forger) for number in range(5)]
    genuine = await report(scene.neighbour, "genuine", HOOK)
    told = "mail.delivered" in await scene.elsewhere.names(asked.login_id)
    served = genuine.status_code == httpx2.codes.OK and told
    return _refused(answers[-1], "forges delivery reports", "the provider's own report, from beside", served)


def _refused(answer: httpx2.Response, attack: str, owner: str, served: bool) -> Fought:  # noqa: FBT001 - a fact
    wait, left = answer.headers.get("retry-after"), answer.headers.get("ratelimit", "")
    told = answer.status_code == LIMITED and wait is not None and f";r=0;t={wait}" in left
    return Fought(attack, f"{answer.status_code}, again in {wait} s", told, owner, served)


# One of the day's five went to her known device, when it was new.
ATTACKS: Mapping[str, Attack] = {
    "mailbox_mails": Attack("address_range=1000/60,mailbox_live_logins=1000/3600", mailbox_mails),
    "mailbox_daily_mails": Attack(f"{ROOM},mailbox_daily_mails=5/86400", mailbox_daily_mails),
    "mailbox_live_logins": Attack(f"{ROOM},mailbox_live_logins=3/3600", mailbox_live_logins),
    "mailbox_unanswered": Attack(f"{ROOM},mailbox_mails=2/600,mailbox_unanswered=3/86400", mailbox_unanswered),
    "known_device_mails": Attack(f"{ROOM},known_device_mails=2/900", known_device_mails),
    "known_device_daily_mails": Attack(f"{ROOM},known_device_daily_mails=4/86400", known_device_daily_mails),
    "device_key": Attack("", device_key),
    "address_range": Attack("", address_range),
    "application": Attack(f"{ROOM},application=3/60", application),
    "service": Attack(f"{ROOM},service=3/60", service),
    "link_opens": Attack("link_opens=5/60", link_opens),
    "range_opens": Attack("range_opens=5/60", range_opens),
    "link_tries": Attack("link_tries=5/60", link_tries),
    "range_tries": Attack("range_tries=5/60", range_tries),
    "mail_code_tries": Attack("mail_code_tries=3/60", mail_code_tries),
    "key_polls": Attack("key_polls=5/60", key_polls),
    "range_refusals": Attack(f"{ROOM},range_refusals=5/60", range_refusals),
    "client_secrets": Attack("client_secrets=3/60", client_secrets),
    "range_reports": Attack("range_reports=3/60", range_reports),
    "range_operators": Attack("range_operators=3/60", range_operators),
}
"""By the budget's name: every one has its row."""
