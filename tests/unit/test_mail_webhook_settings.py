# SPDX-License-Identifier: Apache-2.0
"""Who may tell what became of a mail: each provider's secret in its own shape, and none in any error."""

from pathlib import Path

import pytest

from counterfoil_service.settings import MailWebhook, Secret, Settings, SettingsError, load

GOOD = {"COUNTERFOIL_PUBLIC_URL": "https://id.example", "COUNTERFOIL_SECRET_KEY": "5e" * 32}
KEY = "whsec_" + "c2VjcmV0" * 4
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail-events"


def loaded(text: str, **more: str) -> Settings:
    return load(GOOD | {"COUNTERFOIL_MAIL_WEBHOOKS": text} | more)


def test_without_any_nobody_may() -> None:
    assert load(GOOD).mail_webhooks == ()


def test_every_provider_is_read_with_what_it_is_known_by() -> None:
    text = f"resend={KEY}, mailgun=0123456789abcdef=,postmark=reports:with:colons-and=signs,ses={TOPIC},hook={KEY},"
    made = loaded(text).mail_webhooks
    assert made == (
        MailWebhook("resend", Secret(KEY)),
        MailWebhook("mailgun", Secret("0123456789abcdef=")),
        MailWebhook("postmark", Secret("reports:with:colons-and=signs")),
        MailWebhook("ses", Secret(TOPIC)),
        MailWebhook("hook", Secret(KEY)),
    )
    assert KEY not in repr(made)
    assert "colons" not in repr(made)


def test_a_provider_may_have_several_secrets_as_of_two_accounts_or_while_one_is_changed() -> None:
    other, topic = "whsec_" + "b3RoZXIh" * 4, TOPIC.replace("mail", "second")
    made = loaded(f"resend={KEY},ses={TOPIC},resend={other},hook={KEY},ses={topic}").mail_webhooks
    assert [(each.provider, each.secret.reveal()) for each in made] == [
        ("resend", KEY),
        ("ses", TOPIC),
        ("resend", other),
        ("hook", KEY),
        ("ses", topic),
    ]


def test_a_mounted_secret_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "webhooks").write_text(f"hook={KEY}\n", "utf-8")
    made = load(GOOD | {"COUNTERFOIL_MAIL_WEBHOOKS_FILE": str(tmp_path / "webhooks")})
    assert made.mail_webhooks == (MailWebhook("hook", Secret(KEY)),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sendgrid=secret-of-mine", "PROVIDER=SECRET"),
        ("secret-of-mine", "PROVIDER=SECRET"),
        ("Resend=secret-of-mine", "PROVIDER=SECRET"),
        ("resend=secret-of-mine", "whsec_"),
        ("resend=", "whsec_"),
        ("hook=whsec_c2VjcmV0", "24 to 64 bytes"),
        ("hook=whsec_secret-of-mine", "24 to 64 bytes"),
        ("mailgun=secret-of-mine", "16 characters"),
        ("mailgun=secret-of-mine with spaces", "signing key"),
        ("postmark=secret-of-mine-is-long", "USER:PASSWORD"),
        ("postmark=:secret-of-mine-is-long", "USER:PASSWORD"),
        ("postmark=user:secret-of-mine", "16 characters"),
        ("ses=secret-of-mine", "ARN"),
        ("ses=arn:aws:sqs:eu-west-1:123456789012:secret-of-mine", "ARN"),
        ("ses=arn:aws:sns:evil.example/eu-1:123456789012:secret-of-mine", "ARN"),
        ("ses=arn:aws:sns:eu-west-1:123456789012:secret-of-mine.fifo", "ARN"),
        (f"hook={KEY},hook={KEY}", "once"),
    ],
)
def test_what_is_wrong_is_named_with_a_way_out_and_without_the_secret(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(text)
    (problem,) = caught.value.problems
    assert said in problem
    assert problem.startswith("COUNTERFOIL_MAIL_WEBHOOKS: ")
    assert "leave it out and no report is taken" in problem
    assert "secret-of-mine" not in problem
    assert KEY not in problem
