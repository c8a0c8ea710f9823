# SPDX-License-Identifier: Apache-2.0
"""Mail scanners and attackers who hope for them (A1-A4): decisions.md, "Tries"."""

import random
import re
from html import unescape

from counterfoil_service.core.user_code import ALPHABET
from support.http import refused
from support.stage import Asked, Stage


def _forms(page: str) -> list[tuple[dict[str, str], list[str]]]:
    """Every form of a page: its hidden fields, and the buttons' values."""
    forms = []
    for form in re.findall("<form.*?</form>", page, re.DOTALL):
        inputs = (dict(re.findall('([a-z_]+)="([^"]*)"', tag)) for tag in re.findall("<input[^>]*>", form))
        hidden = {tag["name"]: unescape(tag.get("value", "")) for tag in inputs}
        forms.append((hidden, re.findall('<button[^>]*name="action" value="([^"]*)"', form)))
    return forms


def _code(random_: random.Random, asked: Asked) -> str:
    while True:
        code = "".join(random_.choices(ALPHABET, k=6))
        if code != asked.user_code.replace("-", ""):
            return code


async def test_story_a_a_clumsy_scanner_does_not_keep_the_person_out(stage: Stage) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    random_ = random.Random(247)
    for _ in range(50):
        assert (await stage.open(secret)).status_code == 200
        assert (await stage.open(secret, "HEAD")).status_code == 200
    for typed in [None, "", "test", "test@example.com", "123456", "AAAAAA", "a" * 100] * 10:
        assert (await stage.decide(secret, "approve", typed)).status_code == 422
    for _ in range(2):
        assert (await stage.decide(secret, "approve", _code(random_, asked))).status_code == 422
    assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 200
    assert (await stage.poll(asked)).status_code == 200


async def test_story_b_a_scanner_that_presses_every_button_lets_nobody_in(stage: Stage) -> None:
    random_ = random.Random(10027)
    for number in range(4):
        stage.clock.advance(60)
        asked = await stage.start(f"victim{number}@example.com")
        secret = await stage.secret()
        page = (await stage.open(secret)).text
        ((hidden, buttons),) = _forms(page)
        assert buttons == ["approve", "reject"]
        assert set(hidden) == {"secret", "user_code"}
        assert hidden["user_code"] == ""
        presses = buttons * 3 if number % 2 else ["approve"] * 3
        for action in presses:
            form = hidden | {"action": action, "user_code": _code(random_, asked)}
            answer = await stage.client.post("/l", data=form)
            assert answer.status_code != 200 or action == "reject"
        assert refused(await stage.poll(asked), 400, "access_denied")["reason"] in {"denied", "locked"}
    assert await stage.count("sessions") == 0


async def test_nothing_the_victim_sees_holds_what_approval_needs(stage: Stage) -> None:
    """A3: a bot with the whole mail and every page of it still lacks the code on the attacker's screen."""
    asked = await stage.start(device_label="Victim's laptop")
    seen = str((await stage.mails())[-1])
    secret = await stage.secret()
    seen += (await stage.open(secret)).text + (await stage.client.get("/check-mail")).text
    seen += (await stage.decide(secret, "approve", "")).text
    for needle in (asked.user_code, asked.user_code.replace("-", ""), asked.device_code):
        assert needle not in seen


async def test_guesses_are_bounded_by_links_and_links_by_the_mailbox(sqlite_stage: Stage) -> None:
    """A11: three tries a link and three links a mailbox, however many desktops ask."""
    for _ in range(10):
        await sqlite_stage.start()
    assert len(await sqlite_stage.mails()) == 3
    assert await sqlite_stage.rows("SELECT decoy, count(*) FROM logins GROUP BY decoy ORDER BY decoy") == [
        (0, 3),
        (1, 7),
    ]


async def test_the_link_forwarded_to_somebody_else_gives_them_nothing(stage: Stage) -> None:
    """A6: whoever opens and approves, the asking key alone collects."""
    asked = await stage.approved()
    thief = stage.device()
    refused(await stage.poll(asked, thief), 400, "invalid_grant")
    assert (await stage.poll(asked)).status_code == 200
