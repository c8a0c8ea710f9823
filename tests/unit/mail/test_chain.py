# SPDX-License-Identifier: Apache-2.0
"""Several providers: a mail goes on to the next only where nobody has it, and nobody is waited for in vain."""

import asyncio
import logging
from email.message import EmailMessage

import pytest

from counterfoil_service.core.login import SECOND
from counterfoil_service.mail import outbox
from counterfoil_service.mail.transports import PerhapsTaken, TryLater, Undeliverable, Unsupported, chain
from counterfoil_service.mail.transports.chain import Chain
from counterfoil_service.mail.transports.circuit import FAILURES, REST_SECONDS
from support.mail_providers import MAIL_ID, RECIPIENT, letter


class Carrier:
    """A provider that takes what comes, or fails as it is told; `asked` has the seconds that it was given."""

    def __init__(self, name: str, trouble: Exception | None = None, takes: float = 0) -> None:
        self.name = name
        self.trouble = trouble
        self.takes = takes
        self.asked: list[float] = []

    async def send(self, message: EmailMessage, recipient: str, seconds: float) -> None:
        assert (message["Message-ID"], recipient) == (f"<{MAIL_ID}@example.com>", RECIPIENT)
        self.asked.append(seconds)
        await asyncio.sleep(min(self.takes, seconds))
        if self.takes > seconds:
            raise PerhapsTaken("TimeoutError")
        if self.trouble is not None:
            raise self.trouble


class World:
    """A chain and its clock."""

    def __init__(self, *carriers: Carrier, seconds: float = 40) -> None:
        self.now = 0
        self.chain = Chain(carriers, lambda: self.now, seconds=seconds)

    async def send(self, first: str | None = None) -> str:
        return await self.chain.send(letter(), RECIPIENT, first)

    async def fails(self, kind: type[TryLater] = TryLater, first: str | None = None) -> TryLater:
        with pytest.raises(kind) as caught:
            await self.send(first)
        assert type(caught.value) is kind
        return caught.value


async def test_the_first_takes_it_and_nobody_else_is_asked() -> None:
    one, two = Carrier("resend"), Carrier("smtp")
    assert await World(one, two).send() == "resend"
    assert (len(one.asked), len(two.asked)) == (1, 0)


async def test_whoever_certainly_did_not_take_it_is_passed_over_at_once(caplog: pytest.LogCaptureFixture) -> None:
    one, two = Carrier("resend", TryLater("resend_503")), Carrier("smtp")
    with caplog.at_level(logging.WARNING):
        assert await World(one, two).send() == "smtp"
    assert f"mail {MAIL_ID} was not taken by resend: resend_503" in caplog.text
    assert RECIPIENT not in caplog.text


async def test_whoever_perhaps_has_it_keeps_it_and_is_named() -> None:
    one, two = Carrier("resend", PerhapsTaken("TimeoutError")), Carrier("smtp")
    error = await World(one, two).fails(PerhapsTaken)
    assert isinstance(error, PerhapsTaken)
    assert (error.code, error.provider, two.asked) == ("TimeoutError", "resend", [])


async def test_whoever_perhaps_had_it_is_asked_first_the_next_time() -> None:
    one, two, again = Carrier("smtp"), Carrier("resend"), Carrier("smtp")
    world = World(one, two, again)
    assert await world.send("resend") == "resend"
    assert await world.send("smtp_2") == "smtp_2"
    assert one.asked == []
    assert await world.send("postmark") == "smtp", "one that is no longer there is nobody's loss"


async def test_a_recipient_that_one_refuses_for_good_is_not_taken_to_others() -> None:
    one, two = Carrier("postmark", Undeliverable("postmark_406")), Carrier("smtp")
    world = World(one, two)
    for _ in range(FAILURES + 1):
        with pytest.raises(Undeliverable, match="postmark_406"):
            await world.send()
    assert (len(one.asked), two.asked) == (FAILURES + 1, []), "and a refusal is no failure of the provider"


async def test_who_cannot_take_such_a_mail_is_no_word_about_the_recipient() -> None:
    unable, able = Carrier("smtp", Unsupported("smtputf8_not_supported")), Carrier("resend")
    world = World(unable, able)
    assert await world.send() == "resend"
    able.trouble = TryLater("resend_503")
    assert (await world.fails()).code == "resend_503"
    assert (await World(able, unable).fails()).code == "resend_503"
    with pytest.raises(Undeliverable, match="smtputf8_not_supported"):
        await World(unable).send()


async def test_where_nobody_takes_it_the_last_one_says_why() -> None:
    world = World(Carrier("resend", TryLater("resend_503")), Carrier("smtp", TryLater("smtp_451")))
    assert (await world.fails()).code == "smtp_451"


@pytest.mark.parametrize("trouble", [TryLater("resend_503"), PerhapsTaken("TimeoutError")], ids=["fails", "hangs"])
async def test_after_several_failures_in_a_row_mail_goes_straight_to_the_next(trouble: TryLater) -> None:
    one, two = Carrier("resend", trouble), Carrier("smtp")
    world = World(one, two)
    for _ in range(FAILURES):
        if isinstance(trouble, PerhapsTaken):
            await world.fails(PerhapsTaken)
        else:
            await world.send()
    assert await world.send() == "smtp"
    assert await world.send("resend") == "smtp", "though it perhaps had it: it has answered nobody since"
    assert len(one.asked) == FAILURES
    world.now += REST_SECONDS * SECOND
    one.trouble = None
    assert await world.send() == "resend"
    assert await world.send() == "resend"


async def test_of_many_mails_at_once_one_alone_is_the_probe() -> None:
    one, two = Carrier("resend", TryLater("resend_503"), takes=0.01), Carrier("smtp")
    world = World(one, two)
    for _ in range(FAILURES):
        await world.send()
    world.now += REST_SECONDS * SECOND
    assert set(await asyncio.gather(*(world.send() for _ in range(10)))) == {"smtp"}
    assert len(one.asked) == FAILURES + 1


async def test_where_all_rest_they_are_asked_all_the_same() -> None:
    one, two = Carrier("resend", TryLater("resend_503")), Carrier("smtp", TryLater("smtp_451"))
    world = World(one, two)
    for _ in range(FAILURES + 1):
        await world.fails()
    assert len(one.asked) == len(two.asked) == FAILURES + 1
    two.trouble = None
    assert await world.send() == "smtp"


async def test_a_single_provider_is_always_asked() -> None:
    alone = Carrier("smtp", TryLater("smtp_451"))
    world = World(alone)
    for _ in range(FAILURES + 2):
        await world.fails()
    assert len(alone.asked) == FAILURES + 2


async def test_who_takes_mail_too_slowly_is_passed_over_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "SLOW_SECONDS", 0.005)
    one, two = Carrier("resend", takes=0.01), Carrier("smtp")
    world = World(one, two)
    assert [await world.send() for _ in range(FAILURES + 1)] == ["resend"] * FAILURES + ["smtp"]


async def test_the_time_is_shared_so_that_the_next_has_some() -> None:
    slow, failing = Carrier("a", TryLater("x"), takes=0.05), Carrier("b", TryLater("x"))
    last = Carrier("c")
    assert await World(slow, failing, last, seconds=6).send() == "c"
    assert slow.asked[0] == pytest.approx(2, abs=0.1)
    assert 2.5 < failing.asked[0] < 2.98, "half of what is left"
    assert 5 < last.asked[0] < 5.96, "all that is left"


def test_the_worker_leaves_a_chain_its_time() -> None:
    assert chain.SECONDS < outbox.SEND_SECONDS
