# SPDX-License-Identifier: Apache-2.0
"""What a browser is called on pages and in mail, by its own account: `Firefox on Windows`."""

from functools import lru_cache

from counterfoil_service.core.application import has_unsafe_characters

_MAX_LABEL = 64
_NOBODY = "Other"


@lru_cache(maxsize=256)
def label_of(user_agent: str) -> str | None:
    """None where the header says nothing that a person would know."""
    # Imported here: the rules are large, and most requests come from programs.
    from user_agents import parse

    agent = parse(user_agent)
    names = [name for name in (agent.browser.family, agent.os.family) if name and name != _NOBODY]
    label = " on ".join(dict.fromkeys(names))[:_MAX_LABEL]
    return label if label and not has_unsafe_characters(label) else None
