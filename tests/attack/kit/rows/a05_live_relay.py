# SPDX-License-Identifier: Apache-2.0
"""A5: whoever talks a person into reading out the code gets in. Nothing prevents it, so nothing may claim that."""

import re

from attack.kit.documents import ROOT, said
from attack.kit.target import Target
from attack.kit.verdict import demand

ROW = "A5"
ATTACK = "consent phishing with a live relay of the code"
DENIED = re.compile(r"\b(not|never|no)\b", re.IGNORECASE)


async def attack(_target: Target) -> str:
    """Read what is said of it, and that nobody says more."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = " ".join(page.read_text("utf-8").split())
        for found in re.finditer(r"phishing[- ]resistant", text, re.IGNORECASE):
            around = text[max(0, found.start() - 80) : found.end() + 80]
            demand(DENIED.search(around), f"{page.name} claims it: …{around}…")
    return said("A code that a person reads out or forwards to an attacker works for the attacker.",
                "this is not phishing-resistant, and not a second factor")  # fmt: skip
