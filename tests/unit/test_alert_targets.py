# SPDX-License-Identifier: Apache-2.0
"""COUNTERFOIL_ALERTS: who is told, with no key, query or address in any error or repr."""

import pytest

from counterfoil_service.settings import SettingsError, load
from counterfoil_service.settings.alert_targets import read_alert_targets

GOOD = {"COUNTERFOIL_PUBLIC_URL": "https://id.example", "COUNTERFOIL_SECRET_KEY": "5e" * 32}
KEY = "whsec_" + "c2VjcmV0" * 4


def test_mail_and_webhooks_are_read_and_named_without_key_and_query() -> None:
    mail, hook = read_alert_targets(f"mailto:Sec@Example.com, https://chat.example/hook?token=hush#{KEY},")
    assert (mail.name, mail.address, mail.webhook) == ("mailto:Sec@example.com", "Sec@example.com", None)
    assert hook.name == "https://chat.example/hook"
    assert hook.webhook is not None
    assert hook.webhook.name == "https://chat.example/hook?token=hush"
    assert not [part for part in ("hush", KEY, "Sec@") if part in repr((mail, hook))]
    assert load(GOOD).alerts == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sec@example.com", "begin with mailto: or https://"),
        ("mailto:", "one address"),
        ("mailto:a@b.example?subject=hush", "one address"),
        ("mailto:Sec <sec@example.com>", "one address"),
        ("mailto:hush@@example.com", "one address"),
        ("https://chat.example/hush", "#whsec_"),
        (f"http://chat.example/hush#{KEY}", "loopback"),
        (f"https://hush:hush@chat.example/#{KEY}", "without a user"),
        (f"syslog+tls://hush.example?enterprise=4242#{KEY}", "begin with mailto: or https://"),
        ("mailto:hush@example.com,mailto:hush@example.com", "each target once"),
        (f"https://chat.example/a?hush#{KEY},https://chat.example/a?hush2#{KEY}", "each target once"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_rule_and_nothing_of_the_text(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(GOOD | {"COUNTERFOIL_ALERTS": text})
    (problem,) = caught.value.problems
    assert said in problem
    assert "COUNTERFOIL_ALERTS" in problem
    assert "hush" not in problem
    assert KEY not in problem
