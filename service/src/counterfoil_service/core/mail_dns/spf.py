# SPDX-License-Identifier: Apache-2.0
"""SPF (RFC 7208) as far as it can be judged before there is a mail: the record, and what it leads to."""

import re
from collections.abc import Sequence
from typing import Final, Literal

from counterfoil_service.core.mail_dns.judgement import Judgement, LookUps, shown

MAX_LOOK_UPS: Final = 10
"""Terms that make a receiver ask the DNS, nested ones among them (§4.6.4)."""

_RECORD: Final = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
_MODIFIER: Final = re.compile(r"([A-Za-z][A-Za-z0-9\-_.]*)=(.*)")
_MECHANISM: Final = re.compile(
    r"([+\-~?]?)(?:(all)|(include|exists|ip4|ip6):(\S+)|(a|mx)(?::[^\s/]+)?(?:/\S*)?|(ptr)(?::\S+)?)", re.IGNORECASE
)
_LOOKS_UP: Final = frozenset({"include", "exists", "a", "mx", "ptr"})
_WAY_OUT: Final = "have the servers that send for you named by `v=spf1 … -all`"


def records_of(texts: Sequence[str]) -> list[str]:
    """Those that are SPF's (§4.5)."""
    return [text for text in texts if _RECORD.match(text)]


def check_spf(domain: str) -> LookUps[list[Judgement]]:
    """Whether a receiver can tell by the record who sends for the domain."""
    records = records_of((yield domain))
    if not records:
        return [_said("warning", f"{domain} has no SPF record: {_WAY_OUT}")]
    if len(records) > 1:
        return [_said("error", f"{domain} has {len(records)} SPF records, so receivers read none: merge them into one")]
    evaluation = _Evaluation()
    try:
        everybody = yield from evaluation.everybody(records[0], domain)
    except _BrokenError as error:
        return [_said("error", f"receivers stop with an error at the record of {domain}: {error}")]
    judged = [_reach(domain, everybody, evaluation.look_ups)]
    if evaluation.uses_ptr:
        judged.append(_said("warning", "the record uses ptr, which is slow and not to be used (RFC 7208, 5.5)"))
    return judged


def _reach(domain: str, everybody: str, look_ups: int) -> Judgement:
    if everybody == "+":
        return _said("error", f"the record of {domain} lets everybody send for it: let it end with -all or ~all")
    if everybody == "?":
        return _said("warning", f"the record of {domain} says nothing of strangers: let it end with -all or ~all")
    end = f"{everybody}all"
    return _said("ok", f"{domain} has one record; it ends with {end} and takes {look_ups} of {MAX_LOOK_UPS} look-ups")


def _said(verdict: Literal["ok", "warning", "error"], text: str) -> Judgement:
    return Judgement(verdict, "SPF", text)


class _BrokenError(Exception):
    """What a receiver calls a permanent error."""


class _Evaluation:
    """One walk through a record and those that it includes."""

    def __init__(self) -> None:
        self.look_ups = 0
        self.uses_ptr = False

    def everybody(self, record: str, domain: str) -> LookUps[str]:
        """What the record says of a sender that it knows nothing of: one of `+-~?`."""
        redirect: str | None = None
        for term in record.split()[1:]:
            if modifier := _MODIFIER.fullmatch(term):
                if modifier[1].lower() == "redirect":
                    redirect = modifier[2]
                continue
            mechanism = _MECHANISM.fullmatch(term)
            if mechanism is None:
                raise _BrokenError(f"{shown(term)!r} in the record of {shown(domain)} is no term of SPF")
            sign, name = mechanism[1] or "+", (mechanism[2] or mechanism[3] or mechanism[5] or mechanism[6]).lower()
            if name == "all" or (name in {"ip4", "ip6"} and mechanism[4].endswith("/0")):
                return sign
            self._count(name)
            if name == "include" and (yield from self._other(mechanism[4])) == "+":
                return sign
        if redirect is None:
            return "?"
        self._count("include")
        return (yield from self._other(redirect))

    def _count(self, name: str) -> None:
        self.uses_ptr = self.uses_ptr or name == "ptr"
        self.look_ups += name in _LOOKS_UP
        if self.look_ups > MAX_LOOK_UPS:
            raise _BrokenError(f"it takes more than {MAX_LOOK_UPS} look-ups (RFC 7208, 4.6.4)")

    def _other(self, domain: str) -> LookUps[str]:
        if "%" in domain:
            return "?"  # a macro: which name that is depends on the mail
        records = records_of((yield domain))
        if len(records) != 1:
            raise _BrokenError(f"{shown(domain)}, which it names, has {len(records) or 'no'} SPF records and not one")
        return (yield from self.everybody(records[0], domain))
