# SPDX-License-Identifier: Apache-2.0
"""The certificate behind a message of SNS: fetched over real TLS from one host, kept a day, seldom asked for."""

import dataclasses
import json
from pathlib import Path

import pytest

from attack.mail_webhooks import Told, told_service
from counterfoil_service.web.mail_hooks.sns import FETCHES
from support.certificates import Authority
from support.http import problem
from support.mail_reports import SIGNER, SnsSigner, moment, sns_message, subscription, trust
from support.stage import START

DAY = 86_400


def sign_with(told: Told, signer: SnsSigner) -> None:
    """From now on the host hands out this certificate, and its key signs."""
    told.host.signer = signer
    told.secrets = dataclasses.replace(told.secrets, signer=signer)


async def test_it_is_asked_for_once_a_day(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        for number in range(3):
            assert (await told.send("ses", told.genuine("ses", "deferred", f"evt-{number}"))).status_code == 200
        assert told.host.visited == [f"/{SIGNER}"]
        told.stage.clock.advance(DAY)
        assert (await told.send("ses", told.genuine("ses", "deferred", "evt-3"))).status_code == 200
        assert told.host.visited == [f"/{SIGNER}"] * 2


@pytest.mark.parametrize(("begins", "ends"), [(1, 30), (-30, -1)], ids=["not yet valid", "expired"])
async def test_one_that_is_not_valid_now_proves_nothing(tmp_path: Path, begins: int, ends: int) -> None:
    async with told_service(tmp_path) as told:
        now = moment(START).timestamp()
        times = (moment(round((now + days * DAY) * 1_000_000)) for days in (begins, ends))
        sign_with(told, SnsSigner(told.secrets.signer.key, *times))
        problem(await told.send("ses", told.genuine("ses", "bounced")), 401, "invalid_client")


async def test_one_that_expires_while_it_is_kept_proves_nothing_any_more(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        soon = moment(START + 3_600 * 1_000_000)
        sign_with(told, dataclasses.replace(told.secrets.signer, ends=soon))
        assert (await told.send("ses", told.genuine("ses", "deferred"))).status_code == 200
        told.stage.clock.advance(3_601)
        problem(await told.send("ses", told.genuine("ses", "bounced", "evt-2")), 401, "invalid_client")
        assert told.host.visited == [f"/{SIGNER}"]


@pytest.mark.parametrize("status", [301, 302, 307, 403, 404, 500])
async def test_a_host_that_hands_out_none_or_sends_us_elsewhere_proves_nothing(tmp_path: Path, status: int) -> None:
    async with told_service(tmp_path) as told:
        told.host.status = status
        before = await told.kept()
        problem(await told.send("ses", told.genuine("ses", "bounced")), 401, "invalid_client")
        assert await told.kept() == before
        told.host.status = 200
        assert (await told.send("ses", told.genuine("ses", "bounced"))).status_code == 200, "it is not held against it"


async def test_a_host_that_nobody_vouches_for_is_not_believed_and_sns_is_to_try_again(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        trust(told.stage, told.secrets, Authority(tmp_path / "another").client())
        before = await told.kept()
        answer = await told.send("ses", told.genuine("ses", "bounced"))
        problem(answer, 503, "temporarily_unavailable")
        assert answer.headers["retry-after"]
        assert await told.kept() == before
        assert told.host.visited == []


async def test_nobody_makes_us_ask_more_than_six_times_a_minute(tmp_path: Path) -> None:
    """Each names another certificate of the right host, which is not there."""
    async with told_service(tmp_path) as told:
        fields = {"Type": "Notification", "MessageId": "evt-1", "Message": "{}"}
        answers = []
        for number in range(20):
            place = f"https://{told.secrets.authority}/SimpleNotificationService-{number}.pem"
            webhook = sns_message(fields | {"SigningCertURL": place}, told.stage.clock(), told.secrets)
            answers.append((await told.send("ses", webhook)).status_code)
        assert answers == [401] * 6 + [503] * 14
        assert len(told.host.visited) == 6
        told.stage.clock.advance(60)
        assert (await told.send("ses", told.genuine("ses", "deferred"))).status_code == 200


async def flood(told: Told, place: str = "SimpleNotificationService-{}.pem") -> None:
    """More forged messages than certificates are asked for in a minute, each with a certificate of its own."""
    stranger = dataclasses.replace(told.secrets, signer=SnsSigner(told.secrets.signer.key))
    for number in range(FETCHES + 2):
        url = f"https://{told.secrets.authority}/{place.format(number)}"
        fields = {"Type": "Notification", "MessageId": "evt", "Message": "{}", "SigningCertURL": url}
        headers, body = sns_message(fields, told.stage.clock(), stranger)
        await told.send("ses", (headers, body.replace(b'"{}"', b'"[]"')))


async def test_forged_messages_do_not_keep_a_known_certificate_from_being_asked_for_again(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        assert (await told.send("ses", told.genuine("ses", "deferred"))).status_code == 200
        told.stage.clock.advance(DAY)
        await flood(told)
        told.host.visited.clear()
        assert (await told.send("ses", told.genuine("ses", "bounced", "evt-2"))).status_code == 200
        assert told.host.visited == [f"/{SIGNER}"]


async def test_certificates_that_signed_nothing_of_ours_push_no_known_one_out(tmp_path: Path) -> None:
    """The host hands out many that are genuine, such as those of years ago."""
    async with told_service(tmp_path) as told:
        assert (await told.send("ses", told.genuine("ses", "deferred"))).status_code == 200
        told.host.places = {f"/SimpleNotificationService-{number}.pem" for number in range(FETCHES)}
        await flood(told)
        told.host.visited.clear()
        assert (await told.send("ses", told.genuine("ses", "bounced", "evt-2"))).status_code == 200
        assert told.host.visited == []


@pytest.mark.parametrize("status", [0, 403, 500])
async def test_a_known_certificate_counts_within_its_validity_while_its_host_is_down(
    tmp_path: Path, status: int
) -> None:
    async with told_service(tmp_path) as told:
        assert (await told.send("ses", told.genuine("ses", "deferred"))).status_code == 200
        if status:
            told.host.status = status
        else:
            told.fetch.tls = Authority(tmp_path / "another").client()
        told.stage.clock.advance(DAY)
        told.host.visited.clear()
        for number in range(FETCHES + 2):
            answer = await told.send("ses", told.genuine("ses", "deferred", f"evt-{number + 2}"))
            assert answer.status_code == 200
        assert told.host.visited == [f"/{SIGNER}"] * bool(status), "it is asked once a minute at most"
        told.stage.clock.advance(30 * DAY)
        problem(await told.send("ses", told.genuine("ses", "bounced", "evt-99")), 401, "invalid_client")


async def test_the_topics_own_subscription_is_confirmed_and_nothing_else_is_visited(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        before = await told.kept()
        assert (await told.send("ses", subscription(told.secrets, told.stage.clock()))).status_code == 200
        assert told.host.visited == [
            f"/{SIGNER}",
            f"/?Action=ConfirmSubscription&TopicArn={told.secrets.ses}&Token=2336412f37",
        ]
        assert await told.kept() == before


@pytest.mark.parametrize(
    "url",
    [
        "http://{authority}/?Action=ConfirmSubscription&Token=1",
        "https://evil.example/?Action=ConfirmSubscription&Token=1",
        "https://{authority}.evil.example/?Action=ConfirmSubscription&Token=1",
        "https://{authority}@evil.example/?Action=ConfirmSubscription&Token=1",
        "https://{authority}/?Action=DeleteTopic&Token=1",
        "https://{authority}/elsewhere?Action=ConfirmSubscription&Token=1",
        "https://{authority}/?Action=ConfirmSubscription&Token=1\r\nX: y",
    ],
)
async def test_even_a_signed_message_sends_us_to_no_other_place(tmp_path: Path, url: str) -> None:
    async with told_service(tmp_path) as told:
        place = url.format(authority=told.secrets.authority)
        webhook = subscription(told.secrets, told.stage.clock(), SubscribeURL=place)
        problem(await told.send("ses", webhook), 401, "invalid_client")
        assert told.host.visited == [f"/{SIGNER}"]


async def test_a_subscription_of_a_strangers_topic_is_not_confirmed(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        strangers = dataclasses.replace(told.secrets, ses="arn:aws:sns:us-east-1:999999999999:theirs")
        problem(await told.send("ses", subscription(strangers, told.stage.clock())), 401, "invalid_client")
        assert told.host.visited == []


async def test_a_confirmation_that_does_not_work_is_to_come_again(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        await told.send("ses", told.genuine("ses", "deferred"))
        told.host.status = 500
        webhook = subscription(told.secrets, told.stage.clock())
        problem(await told.send("ses", webhook), 503, "temporarily_unavailable")


async def test_what_sns_tells_of_itself_is_taken_in_silence(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        before = await told.kept()
        for message in ("Successfully validated SNS topic for Amazon SES event publishing.", "[]", '"text"', "{}"):
            fields = {"Type": "Notification", "MessageId": "m", "Message": message, "Subject": "About\ttopics"}
            assert (await told.send("ses", sns_message(fields, told.stage.clock(), told.secrets))).status_code == 200
        ending = subscription(told.secrets, told.stage.clock(), Type="UnsubscribeConfirmation")
        assert (await told.send("ses", ending)).status_code == 200
        assert await told.kept() == before
        assert told.host.visited == [f"/{SIGNER}"]


async def test_a_report_that_sns_tries_again_within_the_hour_is_taken(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        webhook = told.genuine("ses", "bounced")
        assert json.loads(webhook[1])["SignatureVersion"] == "2"
        told.stage.clock.advance(65 * 60)
        late = told.genuine("ses", "bounced", now=START - 1)
        problem(await told.send("ses", late), 401, "invalid_client")
        assert (await told.send("ses", webhook)).status_code == 200
