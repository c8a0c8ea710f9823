# SPDX-License-Identifier: Apache-2.0
"""The languages that mail and pages are written in, and which of them somebody asks for."""

import re
from collections.abc import Iterable
from typing import Final

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "de", "es", "fr", "hi", "ja", "ar")
"""BCP 47 tags. English is the source; each of the others has a file in `counterfoil_service/languages`."""

_RIGHT_TO_LEFT: Final = frozenset({"ar"})
_MOST_READ: Final = 1024
_MOST_RANGES: Final = 32
_TAG: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_WEIGHT: Final = re.compile(r"[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def one_of_ours(language: str | None) -> str | None:
    """The same, or None: another release, which shared the database, may have known more."""
    return language if language in LANGUAGES else None


def direction(language: str) -> str:
    """As HTML's `dir` has it."""
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def of_ui_locales(text: str) -> str | None:
    """The first tag that is one of ours (OpenID Connect Core §3.1.2.1); None where none is. Nothing is an error."""
    return _first(text[:_MOST_READ].split(" ")[:_MOST_RANGES])


def of_accept_language(text: str) -> str | None:
    """The one that a browser likes best (RFC 9110 §12.5.4); None where it likes none of ours, or all alike."""
    ranges = [_weighed(part) for part in text[:_MOST_READ].split(",")[:_MOST_RANGES]]
    # Sorting keeps the order of those that are liked alike.
    return _first(tag for weight, tag in sorted(ranges, key=lambda each: -each[0]) if weight > 0)


def _weighed(part: str) -> tuple[float, str]:
    tag, _, parameter = (piece.strip(" \t") for piece in part.partition(";"))
    if not parameter:
        return 1.0, tag
    weight = _WEIGHT.fullmatch(parameter)
    return (float(weight[1]) if weight else 0.0), tag


def _first(tags: Iterable[str]) -> str | None:
    return next((found for found in map(_lookup, tags) if found is not None), None)


def _lookup(tag: str) -> str | None:
    """RFC 4647 §3.4: `de-CH-1996` is looked for as `de-CH-1996`, `de-CH` and `de`."""
    if not _TAG.fullmatch(tag):
        return None
    subtags = tag.lower().split("-")
    while subtags:
        if (shorter := "-".join(subtags)) in LANGUAGES:
            return shorter
        subtags.pop()
    return None
