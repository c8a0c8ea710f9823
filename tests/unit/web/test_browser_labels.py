# SPDX-License-Identifier: Apache-2.0
"""What a browser is called, by its own account."""

import pytest

from counterfoil_service.web.browser.labels import label_of

AGENTS = {
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36":
        "Chrome on Linux",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0": "Firefox on Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"
    " Mobile/15E148 Safari/604.1": "Mobile Safari on iOS",
    "Mozilla/5.0 (Linux; Android 16; Phone) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156 Mobile": "Android",
    "curl/8.9": "curl",
    "": None,
    "nobody knows this": None,
    "x" * 512: None,
}  # fmt: skip


@pytest.mark.parametrize(("agent", "label"), AGENTS.items())
def test_a_browser_is_called_as_people_know_it(agent: str, label: str | None) -> None:
    assert label_of(agent) == label


def test_a_label_is_short_and_plain_whatever_the_header_says() -> None:
    for agent in ("Mozilla/5.0 \u202eFirefox/1", "Firefox/1 (" + "W" * 400, "Chrome/\x1b[31m1"):
        label = label_of(agent)
        assert label is None or (len(label) <= 64 and label.isprintable())
