# SPDX-License-Identifier: Apache-2.0
"""Opening the link: it shows the facts, changes nothing, and a dead one is like every other dead one [R18, R30-R34]."""

import base64
import hashlib
import re

import httpx2
import pytest

from support.http import content, execute, is_page, nothing_written, refused
from support.stage import Asked, Stage

SCANNERS = [
    "",
    "Mozilla/5.0 (compatible; Microsoft Office; Microsoft Outlook 16.0)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0 Safari/537.36",
    "Proofpoint URL Defense",
    "BarracudaCentral/1.0",
    "GoogleImageProxy",
    "curl/8.9",
    "x" * 3000,
    "line\x80\x9bbreaks",
]
HEADERS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
    "strict-transport-security": "max-age=31536000",
    "cross-origin-resource-policy": "same-origin",
}


async def _read(stage: Stage, secret: str, method: str, agent: str) -> httpx2.Response:
    headers = {b"user-agent": agent.encode("latin-1"), b"sec-fetch-site": b"cross-site", b"origin": b"null"}
    return await stage.client.request(method, f"/l/{secret}", headers=headers)


async def test_fifty_gets_and_fifty_heads_change_nothing_and_the_link_still_works(stage: Stage) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    before = await content(stage)
    for number in range(50):
        agent = SCANNERS[number % len(SCANNERS)]
        assert (await _read(stage, secret, "GET", agent)).status_code == 200
        assert (await _read(stage, secret, "HEAD", agent)).status_code == 200
    after = await content(stage)

    opened = after.pop("audit_events")[len(before.pop("audit_events")) :]
    assert after == before
    assert len(opened) == 100
    stored = [entry.event for entry in await stage.events(asked.login_id)]
    methods = [event.fields["method"] for event in stored if event.name.value == "login.link_opened"]
    assert methods == ["GET", "HEAD"] * 50
    assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 200
    assert (await stage.poll(asked)).status_code == 200


async def test_head_answers_like_get_without_a_body(sqlite_stage: Stage) -> None:
    await sqlite_stage.start()
    for secret, status in ((await sqlite_stage.secret(), 200), ("A" * 43, 410), ("x", 410)):
        get, head = await sqlite_stage.open(secret), await sqlite_stage.open(secret, "HEAD")
        assert (get.status_code, head.status_code) == (status, status)
        assert head.content == b""
        assert head.headers == get.headers


async def test_what_the_opener_is_is_recorded_and_sealed(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    await _read(sqlite_stage, await sqlite_stage.secret(), "GET", "evil\x9b\x85agent" + "x" * 2000)
    entry = (await sqlite_stage.events(asked.login_id))[-1]
    assert entry.personal is not None
    assert entry.personal["source"] == "192.0.2.10"
    assert entry.personal["user_agent"].startswith("evil??agentx")
    assert len(entry.personal["user_agent"]) == 512
    (row,) = await sqlite_stage.rows("SELECT fields, sealed FROM audit_events ORDER BY position DESC LIMIT 1")
    assert b"192.0.2" not in row[1]
    assert "192.0.2" not in row[0]


async def _dead_links(stage: Stage) -> dict[str, str]:
    """One secret for every way in which a link can be dead."""
    links: dict[str, str] = {}

    async def started(name: str) -> Asked:
        stage.clock.advance(1)
        asked = await stage.start(f"{name}@example.com")
        links[name] = await stage.secret()
        return asked

    await started("expired")
    await execute(stage, "UPDATE logins SET expires_at = created_at + 1")
    used = await started("used")
    await stage.decide(links["used"], "approve", used.user_code)
    assert (await stage.poll(used)).status_code == 200
    locked = await started("locked")
    for _ in range(3):
        await stage.decide(links["locked"], "approve", "BBBBBB" if locked.user_code != "BBB-BBB" else "CCCCCC")
    cancelled = await started("cancelled")
    form = {"client_id": "desk-app", "token": cancelled.device_code}
    assert (await cancelled.device.post(stage.client, "/oauth/revoke", form)).status_code == 200
    await started("rejected")
    await stage.decide(links["rejected"], "reject")
    superseded = await started("superseded")
    stage.clock.advance(60)
    await stage.start("superseded@example.com", superseded.device)
    approved = await started("approved")
    await stage.decide(links["approved"], "approve", approved.user_code)
    states = {row[0] for row in await stage.rows("SELECT state FROM logins")}
    assert states == {"pending", "consumed", "locked", "cancelled", "denied", "approved"}
    return links | {"never issued": "A" * 43}


MALFORMED = ["a", "A" * 42, "A" * 44, "A" * 42 + "B", "A" * 42 + "=", "%00", "%ff%fe", "..%2f..", "a%2fb", "%2e%2e",
             "é" * 10, "A" * 9000, "<script>", "A" * 43 + "%0a", "A" * 43 + "%20", "-", "null", "l"]  # fmt: skip


async def test_every_dead_link_gives_the_same_bytes_and_no_event(stage: Stage) -> None:
    links = await _dead_links(stage)
    gone = await stage.open("A" * 43)
    text = is_page(gone, 410)
    async with nothing_written(stage):
        for name in [*links.values(), *MALFORMED]:
            for method in ("GET", "HEAD"):
                answer = await stage.client.request(method, f"/l/{name}")
                assert answer.status_code == 410, name
                assert answer.headers == gone.headers
                assert answer.content == (gone.content if method == "GET" else b"")
    assert "ask for a new link" in text
    assert not re.search("[0-9a-f]{16}", text.partition("</style>")[2])


async def test_a_dead_secret_decides_nothing_and_gets_the_same_bytes(stage: Stage) -> None:
    links = await _dead_links(stage)
    gone = (await stage.open("A" * 43)).content
    states = await stage.rows("SELECT id, state, misses, expires_at FROM logins ORDER BY id")
    for name, secret in links.items():
        actions = ["approve", "here"] if name == "approved" else ["approve", "reject", "report", "here", "", "x"]
        if name in {"rejected", "used"}:
            actions.remove("report")  # these may be reported for a day
        for action in actions:
            for code in (None, "", "BBBBBB"):
                answer = await stage.decide(secret, action, code)
                assert (answer.status_code, answer.content) == (410, gone), (name, action, code)
    assert await stage.rows("SELECT id, state, misses, expires_at FROM logins ORDER BY id") == states


async def test_a_malformed_secret_in_the_form_is_a_dead_one(sqlite_stage: Stage) -> None:
    gone = (await sqlite_stage.open("A" * 43)).content
    async with nothing_written(sqlite_stage):
        for secret in ("", "x", "A" * 42, "A" * 42 + "B", "é", "A" * 12000, "' OR 1=1 --"):
            answer = await sqlite_stage.decide(secret, "approve", "BBBBBB")
            assert (answer.status_code, answer.content) == (410, gone)


async def test_every_page_carries_the_headers_that_keep_its_secret(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    secret = await sqlite_stage.secret()
    for answer in (
        await sqlite_stage.open(secret),
        await sqlite_stage.open("A" * 43),
        await sqlite_stage.client.get("/check-mail"),
        await sqlite_stage.decide(secret, "approve", "x"),
        await sqlite_stage.decide(secret, "approve", asked.user_code, {"origin": "https://evil.example"}),
        await sqlite_stage.client.put(f"/l/{secret}"),
        await sqlite_stage.decide(secret, "approve", asked.user_code),
        await sqlite_stage.decide(secret, "reject"),
    ):
        text = is_page(answer, answer.status_code)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        style = re.search("<style>(.*?)</style>", text, re.DOTALL)
        assert style is not None
        named = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        assert answer.headers["content-security-policy"] == (
            f"default-src 'none'; style-src 'sha256-{named}'; img-src 'self'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        )
        assert "set-cookie" not in answer.headers
        assert "accept-ch" not in answer.headers
        assert "<script" not in text
        assert not re.search(r"(src|href|action)=\"?(https?:)?//", text)


async def test_the_page_says_who_asks_for_whom_since_when(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start(device_label='<b>"Ada" PC</b>')
    secret = await sqlite_stage.secret()
    sqlite_stage.clock.advance(125)
    text = is_page(await sqlite_stage.open(secret), 200)

    for fact in ("Desk App", "&lt;b&gt;", "reported by the device", "2 minutes ago", "a••@example.com",
                 "has not signed in before", "Never type a code that somebody sent you"):  # fmt: skip
        assert fact in text
    for absent in (asked.user_code, asked.user_code.replace("-", ""), asked.device_code, asked.login_id,
                   "ada@example.com", "<b>", "192.0.2.10", asked.device.public_jwk["x"]):  # fmt: skip
        assert absent not in text
    assert re.search(f'<form method="post" action="/l">\\s*<input type="hidden" name="secret" value="{secret}">', text)
    assert text.count(secret) == 1


async def test_a_device_that_signed_in_before_is_said_to_be_known(stage: Stage) -> None:
    asked = await stage.approved()
    await stage.poll(asked)
    stage.clock.advance(60)
    await stage.start(device=asked.device)
    assert "has signed in before" in (await stage.open(await stage.secret())).text
    stage.clock.advance(60)
    await stage.start("bob@example.com", asked.device)
    assert "has not signed in before" in (await stage.open(await stage.secret())).text
    stage.clock.advance(60)
    await stage.start()
    assert "has not signed in before" in (await stage.open(await stage.secret())).text


async def test_a_link_opened_while_the_login_is_pending_leaves_the_poll_pending(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    await sqlite_stage.open(await sqlite_stage.secret())
    refused(await sqlite_stage.poll(asked), 400, "authorization_pending")


@pytest.mark.parametrize("path", ["/l", "/l/", "/l/x"])
async def test_a_wrong_method_where_people_look_is_a_page(sqlite_stage: Stage, path: str) -> None:
    answer = await sqlite_stage.client.delete(path)
    is_page(answer, 405)
    assert answer.headers["allow"]
