# SPDX-License-Identifier: Apache-2.0
"""MAIL_URL as operators write it: who is named, in which order, and what is refused without being shown."""

import pytest

from counterfoil_service.settings import SettingsError, load
from counterfoil_service.settings.mail_providers import MailProvider, read_mail_providers
from support.mail_providers import ENCODED, PROVIDERS, SECRET
from support.receivers import KEY


def one(text: str) -> MailProvider:
    (provider,) = read_mail_providers(text)
    return provider


@pytest.mark.parametrize(
    ("text", "kind", "endpoint", "shown"),
    [
        ("resend://re_123", "resend", "https://api.resend.com", "resend"),
        ("mailgun://key-1@mg.example.com", "mailgun", "https://api.mailgun.net", "mailgun mg.example.com"),
        ("mailgun://key-1@mg.example.com?region=eu", "mailgun", "https://api.eu.mailgun.net", "mailgun mg.example.com"),
        ("postmark://token", "postmark", "https://api.postmarkapp.com", "postmark"),
        ("ses://AKID:s@eu-central-1", "ses", "https://email.eu-central-1.amazonaws.com", "ses eu-central-1"),
        ("resend://re_1?endpoint=https://mail.example/api/", "resend", "https://mail.example/api", "resend"),
        ("resend://re_1?endpoint=http://[::1]:80", "resend", "http://[::1]:80", "resend"),
        (f"hook+https://ops.example/m?a=b#{KEY}", "hook", "https://ops.example/m?a=b", "hook ops.example"),
        ("smtps://u:p@mail.example", "smtp", "", "mail.example"),
    ],
)
def test_each_provider_is_asked_where_it_lives(text: str, kind: str, endpoint: str, shown: str) -> None:
    provider = one(text)
    assert (provider.kind, provider.endpoint, provider.shown) == (kind, endpoint, shown)


def test_credentials_are_percent_decoded_and_options_read() -> None:
    for scheme, text in {
        "resend": f"resend://{ENCODED}",
        "mailgun": f"mailgun://{ENCODED}@d.example",
        "postmark": f"postmark://{ENCODED}",
        "ses": f"ses://AKID:{ENCODED}@eu-west-1",
    }.items():
        assert one(text).key.reveal() == SECRET, scheme
    assert one("postmark://t").stream == "outbound"
    assert one("postmark://t?stream=sign-in").stream == "sign-in"
    assert one("ses://AKID:s@eu-west-1").user == "AKID"


def test_several_stand_in_the_order_of_preference_and_none_is_none() -> None:
    several = read_mail_providers(f"resend://re_1, smtp://a.example ,smtp://b.example,hook+https://c.example#{KEY}")
    assert [each.kind for each in several] == ["resend", "smtp", "smtp", "hook"]
    assert read_mail_providers("none:") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("console:,smtp://mail.example", "cannot combine console: or none:"),
        ("smtp://mail.example, none:", "cannot combine console: or none:"),
        ("file:/tmp/a%00b", "file:DIR"),
        ("smtp://mail.example,smtp://mail.example", "each provider once"),
        ("smtp://mail.example,", "must be smtp://"),
        ("resend://", "must be smtp://"),
        ("resend://hunter2,5", "must be smtp://"),
        ("resend://hunter2/x", "write a / in them as %2F"),
        ("resend://hunter2#x", "write a / in them as %2F"),
        ("resend://hunter2%0d%0aX", "visible ASCII"),
        ("resend://hunter2?stream=x", "these options, each once: endpoint"),
        ("resend://hunter2?endpoint=https://a.example&endpoint=https://b.example", "each once"),
        ("resend://hunter2?endpoint=http://mail.example", "an endpoint must be an https URL"),
        ("resend://hunter2?endpoint=ftp://127.0.0.1", "an endpoint must be an https URL"),
        ("resend://hunter2?endpoint=https://u:hunter2@mail.example", "no user, query or fragment"),
        ("resend://hunter2?endpoint=https://mail.example%0d%0aX", "no user, query or fragment"),
        ("mailgun://hunter2", "mailgun://KEY@DOMAIN"),
        ("mailgun://hunter2@mg.example?region=mars", "?region=eu"),
        ("mailgun://hunter2@mg%2f..%2f", "letters, digits"),
        ("postmark://hunter2?stream=a/b", "the message stream of Postmark must be letters"),
        ("ses://hunter2@eu-west-1", "ses://ACCESS_KEY_ID:SECRET@REGION"),
        ("ses://AKID:hunter2@", "the region of SES must be letters"),
        ("ses://AK/ID:hunter2@eu-west-1", "write a / in them as %2F"),
        ("ses://AK%20ID:hunter2@eu-west-1", "the access key's id"),
        ("hook+https://ops.example/m", "#whsec_"),
        ("hook+https://ops.example/m#whsec_hunter2", "#whsec_"),
        (f"hook+http://ops.example/m#{KEY}", "hook+http is for loopback"),
        (f"hook+https://u:hunter2@ops.example/m#{KEY}", "no user"),
        (f"hook+https://ops.example/m\u00fc#{KEY}", "percent-encode"),
    ],
)
def test_what_nobody_could_send_by_is_refused_with_its_rule_and_not_shown(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"COUNTERFOIL_PUBLIC_URL": "https://id.example", "COUNTERFOIL_SECRET_KEY": "k" * 64,
              "COUNTERFOIL_MAIL_URL": text})  # fmt: skip
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_provider_shows_none_of_its_secrets(kind: str) -> None:
    shown = repr(one(PROVIDERS[kind].url.format(port=1)))
    assert SECRET not in shown
    assert ENCODED not in shown
    assert KEY not in shown
