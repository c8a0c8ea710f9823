# SPDX-License-Identifier: Apache-2.0
"""What the console says of redirect URIs, line by line: what each is and allows, or which rule it breaks."""

from collections.abc import Sequence
from typing import Final

import msgspec

from counterfoil_service.core import redirects
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.redirect_advice import advise
from counterfoil_service.core.redirects import Kind

_NAMES: Final[dict[Kind, str]] = {"loopback": "Loopback", "https": "Web address", "scheme": "Private scheme"}
_ALLOWS: Final[dict[Kind, str]] = {
    "loopback": "A program on the machine that signs in. Any port is allowed, as the system gives it one when it starts"
    " to listen; all else is compared letter for letter.",
    "https": "A website, or an app that has claimed this address. Compared letter for letter, its query too.",
    "scheme": "An app that the system opens by its own scheme. A query behind it is free, all else is compared letter"
    " for letter.",
}
_WHOLE_SCHEME: Final = (
    "An app that the system opens by its own scheme. Compared letter for letter, as it is registered with a query."
)


class Verdict(msgspec.Struct, frozen=True):
    """`line` counts from 1; `kind` None where it may not be registered; `instead` is what was probably meant."""

    line: int
    uri: str
    ok: bool
    kind: str | None
    says: str
    instead: str | None = None


def lines_of(text: str) -> tuple[str, ...]:
    """What stands in a text, a line each; empty lines and repeated ones are nobody's."""
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def verdicts_on(uris: Sequence[str]) -> list[Verdict]:
    """One for each."""
    return [_verdict(line, uri) for line, uri in enumerate(uris, 1)]


def _verdict(line: int, uri: str) -> Verdict:
    try:
        kind = redirects.kind_of(uri)
    except Refusal as refusal:
        rule = refusal.description.removeprefix("redirect_uri: ")
        return Verdict(line, uri, ok=False, kind=None, says=f"{rule[:1].upper()}{rule[1:]}.", instead=advise(uri))
    says = _WHOLE_SCHEME if kind == "scheme" and "?" in uri else _ALLOWS[kind]
    return Verdict(line, uri, ok=True, kind=_NAMES[kind], says=says)
