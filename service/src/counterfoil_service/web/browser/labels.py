# SPDX-License-Identifier: Apache-2.0
"""What a browser is called on pages and in mail, by its own account: `Firefox on Windows`."""

from functools import lru_cache

from counterfoil_service.core.words import N_

_MAX_READ = 512
_MAX_LABEL = 64
_NOBODY = "Other"
_IN_APP = N_("In-app browser")
LABEL_JOINT = " on "
_CALLED = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": _IN_APP,
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "IE": "Internet Explorer",
    "Mac OS X": "macOS",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": _IN_APP,
}
"""What the parser calls them, and people do."""


def label_of(user_agent: str) -> str | None:
    """None where the header says nothing that a person would know."""
    # Cut ahead of the cache: the parser takes a millisecond or two for this much, and 70 for all that a proxy lets in.
    return _label(user_agent[:_MAX_READ])


@lru_cache(maxsize=256)
def _label(user_agent: str) -> str | None:
    # Imported here: the rules are large, and most requests come from programs.
    from user_agents import parse

    agent = parse(user_agent)
    families = (agent.browser.family, agent.os.family)
    names = [_CALLED.get(name, name) for name in families if name and name != _NOBODY]
    label = LABEL_JOINT.join(dict.fromkeys(names))[:_MAX_LABEL]
    return label if label and label.isprintable() else None
