# SPDX-License-Identifier: Apache-2.0
"""What is said of a domain's records, and how they are asked for without a network."""

from collections.abc import Generator, Sequence
from typing import Literal, TypeVar

import msgspec

T = TypeVar("T")

LookUps = Generator[str, Sequence[str], T]
"""Yields a name, is sent the texts of its TXT records (none where there is no such name), returns a T at its end."""

_LONGEST = 100


class Judgement(msgspec.Struct, frozen=True):
    """One finding. A warning is what some receivers hold against a mail, an error what all of them do."""

    verdict: Literal["ok", "warning", "error"]
    subject: str
    text: str


def shown(text: str) -> str:
    """Somebody else's words in a form that no terminal obeys."""
    plain = "".join(character if character.isprintable() else "\N{MIDDLE DOT}" for character in text[:_LONGEST])
    return plain if len(text) <= _LONGEST else f"{plain}…"


def tags_of(text: str) -> dict[str, str]:
    """`a=b; c=d` as DKIM and DMARC have it; of a tag that stands twice the first, and no syntax is an error."""
    tags: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip())
    return tags
