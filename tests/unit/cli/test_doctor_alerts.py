# SPDX-License-Identifier: Apache-2.0
"""`doctor` says of those who are to be told of alerts whether they can be, without a key or an address."""

from counterfoil_service.cli.doctor import _alerts
from counterfoil_service.settings import Secret, Settings
from counterfoil_service.settings.alert_targets import read_alert_targets
from support.processes import free_port
from support.receivers import KEY, WebhookReceiver, listening


def settings(targets: str, mail_url: str) -> Settings:
    return Settings(
        public_url="https://id.example",
        secret_key=Secret("5e" * 32),
        mail_url=Secret(mail_url),
        alerts=read_alert_targets(targets),
    )


async def test_one_that_answers_is_well_and_one_that_is_down_is_an_error_without_its_key() -> None:
    async with listening(WebhookReceiver().connected) as port:
        urls = f"http://127.0.0.1:{port}/a?hush#{KEY},http://127.0.0.1:{free_port()}/b?hush#{KEY}"
        well, down = await _alerts(settings(urls, "none:"))
    assert (well["verdict"], down["verdict"]) == ("ok", "error")
    assert "/b does not answer" in down["text"]
    assert not [part for part in ("hush", KEY) if part in repr((well, down))]


async def test_an_address_needs_mail_that_is_set_up() -> None:
    (finding,) = await _alerts(settings("mailto:sec@example.com", "none:"))
    assert finding["verdict"] == "error"
    assert "sec@" not in finding["text"]
    assert await _alerts(settings("mailto:sec@example.com", "smtp://127.0.0.1")) == []
