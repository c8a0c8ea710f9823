# SPDX-License-Identifier: Apache-2.0
"""Each provider over real HTTP: the payload as its documentation has it, and what its answers mean."""

import base64
import contextlib
import json
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from counterfoil_service.core.login import SECOND
from counterfoil_service.mail.transports import PerhapsTaken, TryLater, Undeliverable
from counterfoil_service.mail.transports.chain import Chain
from counterfoil_service.mail.transports.open import open_transport
from support.certificates import Authority
from support.mail_providers import ENCODED, LINK, MAIL_ID, PROVIDERS, RECIPIENT, SECRET, FakeProvider, letter
from support.processes import free_port
from support.receivers import CUT, HANG, KEY, Posted, listening

NOW = 1_795_867_200 * SECOND
"""2026-11-28 12:00 UTC."""


@contextlib.asynccontextmanager
async def provider(kind: str, seconds: float = 5) -> AsyncIterator[tuple[FakeProvider, Chain]]:
    """One on loopback, and a chain that has it alone."""
    fake = FakeProvider(kind)
    async with listening(fake.connected) as port:
        yield fake, chain_to(kind, port, seconds)


def chain_to(kind: str, port: int, seconds: float) -> Chain:
    made = open_transport(PROVIDERS[kind].url.format(port=port), lambda: NOW)
    assert made is not None
    made._seconds = seconds
    return made


async def posted(kind: str) -> Posted:
    async with provider(kind) as (fake, chain):
        assert await chain.send(letter(), RECIPIENT) == kind
        assert fake.wrong == []
    return fake.posts[0]


async def body(kind: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((await posted(kind)).body)
    return read


@pytest.mark.parametrize("kind", PROVIDERS)
async def test_a_mail_arrives_as_it_was_written(kind: str) -> None:
    async with provider(kind) as (fake, chain):
        assert await chain.send(letter(), RECIPIENT) == kind
    assert fake.wrong == []
    (taken,) = fake.taken
    written = {part.get_content_subtype(): part.get_content() for part in letter().iter_parts()}
    assert (taken.mail_id, taken.recipient) == (MAIL_ID, RECIPIENT)
    assert (taken.text, taken.html) == (written["plain"], written["html"])
    assert taken.text.count(LINK) == taken.html.count(f'href="{LINK}"') == 1


async def test_postmark_is_told_not_to_track() -> None:
    sent = await body("postmark")
    assert (sent["TrackOpens"], sent["TrackLinks"]) == (False, "None")
    assert sent["Metadata"] == {"mail_id": MAIL_ID}
    assert sent["MessageStream"] == "sign-in"
    assert sent["Headers"] == [
        {"Name": "Message-ID", "Value": f"<{MAIL_ID}@example.com>"},
        {"Name": "Auto-Submitted", "Value": "auto-generated"},
        {"Name": "X-PM-KeepID", "Value": "true"},
    ]


async def test_mailgun_is_told_not_to_track_and_given_the_very_bytes() -> None:
    sent = (await posted("mailgun")).body
    for name in ("o:tracking", "o:tracking-clicks", "o:tracking-opens"):
        assert f'name="{name}"\r\n\r\nno\r\n'.encode() in sent
    assert f'name="v:mail_id"\r\n\r\n{MAIL_ID}\r\n'.encode() in sent
    assert letter().as_bytes() in sent


async def test_ses_is_told_not_to_track_and_given_the_very_bytes() -> None:
    sent = await body("ses")
    assert "ConfigurationSetName" not in sent
    tracking = {"ClickTrackingEnabled": "DISABLED", "OpenTrackingEnabled": "DISABLED"}
    assert sent["ConfigurationOverrides"] == {"Tracking": tracking}
    assert base64.b64decode(sent["Content"]["Raw"]["Data"]) == letter().as_bytes()
    assert sent["EmailTags"] == [{"Name": "mail_id", "Value": MAIL_ID}]


async def test_resend_is_given_the_mail_id_twice_and_takes_a_mail_once() -> None:
    async with provider("resend") as (fake, chain):
        await chain.send(letter(), RECIPIENT)
        await chain.send(letter(), RECIPIENT)
    assert len(fake.posts) == 2
    assert len(fake.taken) == 1
    assert fake.posts[0].headers["idempotency-key"] == MAIL_ID
    sent = json.loads(fake.posts[0].body)
    assert sent["tags"] == [{"name": "mail_id", "value": MAIL_ID}]
    assert sent["headers"] == {"Message-ID": f"<{MAIL_ID}@example.com>", "Auto-Submitted": "auto-generated"}
    assert sent.keys() == {"from", "to", "subject", "text", "html", "headers", "tags"}, "nothing asks for tracking"


async def test_a_hook_is_signed_so_that_the_reference_library_agrees() -> None:
    sent = await posted("hook")
    payload = sent.verified(KEY)
    assert payload["timestamp"] == "2026-11-28T12:00:00.000Z"
    assert payload["data"]["from"] == "Example <sign-in@example.com>"
    assert payload["data"]["headers"]["Message-ID"] == f"<{MAIL_ID}@example.com>"
    assert sent.id == f"mail_{MAIL_ID}"
    assert sent.headers["webhook-timestamp"] == str(NOW // SECOND)
    with pytest.raises(Exception, match="No matching signature"):
        Posted(sent.target, sent.headers, sent.body + b" ").verified(KEY)


@pytest.mark.parametrize("kind", PROVIDERS)
async def test_a_recipient_that_is_refused_for_good_ends_the_mail(kind: str) -> None:
    async with provider(kind) as (fake, chain):
        fake.replies = [PROVIDERS[kind].refused]
        with pytest.raises(Undeliverable) as caught:
            await chain.send(letter(), RECIPIENT)
    codes = {"postmark": "postmark_406", "ses": "ses_MessageRejected"}
    assert caught.value.code == codes.get(kind, f"{kind}_{PROVIDERS[kind].refused[0]}")


_UNVERIFIED = "Email address is not verified. The following identities failed the check: sign-in@example.com"
OUR_TROUBLE: list[tuple[str, tuple[int, str, dict[str, Any]], str]] = [
    ("resend", (401, "", {"name": "missing_api_key"}), "resend_401"),
    ("resend", (403, "", {"name": "validation_error", "message": "The domain is not verified."}), "resend_403"),
    ("resend", (400, "", {"name": "validation_error", "message": "API key is invalid"}), "resend_400"),
    ("resend", (422, "", {"name": "validation_error", "message": "Invalid `from` field."}), "resend_422"),
    ("resend", (429, "", {"name": "daily_quota_exceeded"}), "resend_429"),
    ("mailgun", (401, "", {}), "mailgun_401"),
    ("mailgun", (403, "", {"message": "Domain mg.example.com is not allowed to send"}), "mailgun_403"),
    ("mailgun", (400, "", {"message": "from parameter is not a valid address"}), "mailgun_400"),
    ("mailgun", (404, "", {"message": "Domain not found: mg.example.com"}), "mailgun_404"),
    ("postmark", (401, "", {"ErrorCode": 10, "Message": "No token"}), "postmark_10"),
    ("postmark", (422, "", {"ErrorCode": 400, "Message": "Sender signature not found"}), "postmark_400"),
    ("postmark", (422, "", {"ErrorCode": 405, "Message": "No credits"}), "postmark_405"),
    ("postmark", (422, "", {"ErrorCode": 412, "Message": "Pending approval"}), "postmark_412"),
    ("postmark", (422, "", {"ErrorCode": 300, "Message": "Invalid 'From' address: unverified."}), "postmark_300"),
    ("postmark", (403, "", {}), "postmark_403"),
    ("ses", (403, "x-amzn-ErrorType: SignatureDoesNotMatchException\r\n", {}), "ses_SignatureDoesNotMatchException"),
    ("ses", (400, "x-amzn-ErrorType: MessageRejected\r\n", {"message": _UNVERIFIED}), "ses_MessageRejected"),
    ("ses", (400, "x-amzn-ErrorType: SendingPausedException\r\n", {}), "ses_SendingPausedException"),
    ("ses", (429, "x-amzn-ErrorType: TooManyRequestsException\r\n", {}), "ses_TooManyRequestsException"),
    ("ses", (400, "", {}), "ses_400"),
    ("hook", (410, "", {}), "hook_410"),
    ("hook", (302, "Location: http://127.0.0.1:1/\r\n", {}), "hook_302"),
]


@pytest.mark.parametrize(
    ("kind", "answer", "code"), OUR_TROUBLE, ids=[f"{k}-{c}-{n}" for n, (k, _, c) in enumerate(OUR_TROUBLE)]
)
async def test_trouble_of_our_account_loses_no_mail(
    kind: str, answer: tuple[int, str, dict[str, Any]], code: str
) -> None:
    async with provider(kind) as (fake, chain):
        fake.replies = [answer]
        with pytest.raises(TryLater) as caught:
            await chain.send(letter(), RECIPIENT)
    assert type(caught.value) is TryLater
    assert caught.value.code == code


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 422, 429, 500, 503])
@pytest.mark.parametrize("kind", PROVIDERS)
async def test_no_answer_of_an_api_leaves_open_whether_it_has_the_mail(kind: str, status: int) -> None:
    async with provider(kind) as (fake, chain):
        fake.replies = [status]
        with pytest.raises((TryLater, Undeliverable)) as caught:
            await chain.send(letter(), RECIPIENT)
    assert not isinstance(caught.value, PerhapsTaken)
    assert isinstance(caught.value, Undeliverable) <= (status in {400, 422})


@pytest.mark.parametrize("reply", [HANG, CUT, 502, 504])
@pytest.mark.parametrize("kind", PROVIDERS)
async def test_silence_after_the_request_leaves_it_open(kind: str, reply: int | str) -> None:
    async with provider(kind, seconds=0.3) as (fake, chain):
        fake.replies = [reply]
        with pytest.raises(PerhapsTaken) as caught:
            await chain.send(letter(), RECIPIENT)
    assert caught.value.provider == kind
    assert len(fake.posts) == 1


@pytest.mark.parametrize("kind", PROVIDERS)
async def test_whoever_cannot_be_reached_certainly_does_not_have_it(kind: str) -> None:
    with pytest.raises(TryLater) as caught:
        await chain_to(kind, free_port(), 5).send(letter(), RECIPIENT)
    assert (type(caught.value), caught.value.code) == (TryLater, "ConnectionRefusedError")


async def test_whoever_nobody_vouches_for_is_told_nothing(tmp_path: Path) -> None:
    fake = FakeProvider("resend")
    async with listening(fake.connected, Authority(tmp_path).server()) as port:
        made = open_transport(f"resend://k?endpoint=https://127.0.0.1:{port}", lambda: NOW)
        assert made is not None
        with pytest.raises(TryLater) as caught:
            await made.send(letter(), RECIPIENT)
    assert (type(caught.value), caught.value.code) == (TryLater, "SSLCertVerificationError")
    assert fake.posts == []


@pytest.mark.parametrize(
    ("name", "kind"), [("invalid_idempotent_request", None), ("concurrent_idempotent_requests", PerhapsTaken)]
)
async def test_resend_says_that_it_has_the_mail_from_an_earlier_attempt(
    name: str, kind: type[PerhapsTaken] | None
) -> None:
    async with provider("resend") as (fake, chain):
        fake.replies = [(409, "", {"statusCode": 409, "name": name, "message": "Same idempotency key"})]
        if kind is None:
            assert await chain.send(letter(minutes=3), RECIPIENT) == "resend"
        else:
            with pytest.raises(kind):
                await chain.send(letter(), RECIPIENT)


@pytest.mark.parametrize("kind", PROVIDERS)
async def test_nothing_that_is_logged_raised_or_shown_holds_a_key_or_a_link(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    shown = []
    with caplog.at_level(logging.DEBUG):
        async with provider(kind, seconds=0.3) as (fake, chain):
            fake.replies = [401, CUT, 200]
            for _ in range(2):
                with pytest.raises(TryLater) as caught:
                    await chain.send(letter(), RECIPIENT)
                shown += [repr(caught.value), str(caught.value), repr(caught.getrepr(style="long"))]
            transport: Any = chain._providers[0].transport
            shown += [repr(chain), repr(transport), repr(transport._api), repr(vars(transport._api))]
            shown.append(repr(transport._api.request(letter(), RECIPIENT, NOW)))
    for text in [*shown, caplog.text]:
        for secret in (SECRET, ENCODED, KEY, KEY.removeprefix("whsec_"), LINK, RECIPIENT):
            assert secret not in text


def test_a_provider_reads_as_its_documentation_does_and_refuses_what_that_does_not_have() -> None:
    fake = FakeProvider("postmark")
    headers = {"content-type": "application/json", "accept": "application/json", "x-postmark-server-token": SECRET}
    for changed in ({"Subjekt": "x"}, {"TrackLinks": "No"}, {"TrackOpens": "false"}):
        mail = {"From": "a@b", "To": RECIPIENT, "TrackOpens": False, "TrackLinks": "None", "Headers": [],
                "Metadata": {}, **changed}  # fmt: skip
        assert fake._answer(Posted("/email", headers, json.dumps(mail).encode()), 200, 1)[0] == 400
    assert len(fake.wrong) == 3


def _block(language: str) -> str:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "mail.md").read_text("utf-8")
    (block,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return str(block)


async def test_the_page_shows_what_a_hook_gets_and_a_receiver_that_reads_it() -> None:
    sent = await posted("hook")
    shown, real = json.loads(_block("json")), sent.verified(KEY)
    assert shown["data"].pop("text") == shown["data"].pop("html") == "…"
    text, html = real["data"].pop("text"), real["data"].pop("html")
    assert shown == real

    receiver: dict[str, Any] = {}
    exec(_block("python"), receiver)  # noqa: S102 - the page's own program
    with time_machine.travel(NOW // SECOND, tick=False):
        message = receiver["message_of"](sent.body, sent.headers)
        assert message["Message-ID"] == f"<{MAIL_ID}@example.com>"
        assert message.get_body(("plain",)).get_content() == text
        assert message.get_body(("html",)).get_content() == html
        with pytest.raises(Exception, match="No matching signature"):
            receiver["message_of"](sent.body.replace(b"ada@", b"eve@"), sent.headers)
