# SPDX-License-Identifier: Apache-2.0
"""DMARC under RFC 9989: which record counts, where the organization ends, and what is asked of receivers."""

import re
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from counterfoil_service.core.mail_dns.judgement import Judgement, LookUps, shown, tags_of

MAX_LOOK_UPS: Final = 8
"""Of one tree walk (§4.10)."""

_RECORD: Final = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_POLICIES: Final = ("none", "quarantine", "reject")
_GONE: Final = ("pct", "rf", "ri")
_REPORTED_TO: Final = re.compile(r"[a-z][a-z0-9+.\-]*:[^\s,]+", re.IGNORECASE)


class Record(msgspec.Struct, frozen=True):
    """The one record of a name."""

    name: str
    tags: dict[str, str]


class Found(msgspec.Struct, frozen=True):
    """What a tree walk found for a domain."""

    domain: str
    records: tuple[Record, ...]
    """From the domain itself upwards."""
    crowded: tuple[str, ...]
    """Names with several records, of which none counts."""

    @property
    def organization(self) -> str:
        """The Organizational Domain (§4.10.2)."""
        for record in self.records:
            if record.tags.get("psd") == "n":
                return record.name
            if record.tags.get("psd") == "y":
                # One label below it; where the walk began there the domain has no more labels, and is it itself.
                below = len(record.name.split(".")) + 1
                return ".".join(self.domain.split(".")[-below:])
        return self.records[-1].name if self.records else self.domain

    @property
    def applied(self) -> Record | None:
        """The record that counts: the domain's own, its organization's, its public suffix's (§4.10.1)."""
        known = {record.name: record for record in self.records}
        suffix = next((record for record in self.records if record.tags.get("psd") == "y"), None)
        return known.get(self.domain) or known.get(self.organization) or suffix

    def is_strict(self, tag: Literal["adkim", "aspf"]) -> bool:
        """Whether only the very same domain aligns."""
        return self.applied is not None and self.applied.tags.get(tag) == "s"


def targets(domain: str) -> Iterator[str]:
    """The names that a tree walk asks for, longest first."""
    labels = domain.split(".")
    yield domain
    for count in range(min(len(labels) - 1, MAX_LOOK_UPS - 1), 0, -1):
        yield ".".join(labels[-count:])


def walk(domain: str) -> LookUps[Found]:
    """The tree walk (§4.10), which a record with `psd` ends."""
    records, crowded = list[Record](), list[str]()
    for name in targets(domain):
        texts = [text for text in (yield f"_dmarc.{name}") if _RECORD.match(text)]
        if len(texts) > 1:
            crowded.append(name)
        elif texts:
            records.append(Record(name, tags_of(texts[0])))
            if records[-1].tags.get("psd") in {"y", "n"}:
                break
    return Found(domain, tuple(records), tuple(crowded))


def judge_dmarc(found: Found) -> list[Judgement]:
    """What the record that counts asks for, and what of it nobody reads any more."""
    judged = [
        _said("error", f"_dmarc.{name} has several DMARC records, so receivers read none: keep one")
        for name in found.crowded
    ]
    record = found.applied
    if record is None:
        example = f"`v=DMARC1; p=none; rua=mailto:…` at _dmarc.{found.organization}"
        return [*judged, _said("warning", f"{found.domain} has no DMARC record: begin with {example}")]
    where = "its own record" if record.name == found.domain else f"the record of {record.name}"
    judged.append(_policy(found.domain, record, where))
    if record.tags.get("t") == "y":
        text = f"{where} is in test mode (t=y): receivers apply one step less; leave t out once reports are clean"
        judged.append(_said("warning", text))
    if gone := [name for name in _GONE if name in record.tags]:
        text = f"{where} has {', '.join(gone)}, which RFC 9989 has removed: leave out what nobody may read any more"
        judged.append(_said("warning", text))
    return judged


def _policy(domain: str, record: Record, where: str) -> Judgement:
    """`sp` is asked where the record is above the domain; `np` is for names that do not exist, and this one mails."""
    tag = "sp" if record.name != domain and "sp" in record.tags else "p"
    asked = record.tags.get(tag, "none")
    if {record.tags.get(each, "none") for each in ("p", "sp", "np")} - set(_POLICIES):
        if not _REPORTED_TO.search(record.tags.get("rua", "")):
            text = f"{where} has a policy that is none of {', '.join(_POLICIES)}, so receivers pass it over: correct it"
            return _said("error", text)
        asked = "none"
    if asked == "none":
        what = f"{tag}={shown(record.tags[tag])}" if tag in record.tags else f"no {tag}"
        text = f"{where} has {what}, which asks for nothing: raise it to quarantine or reject once reports are clean"
        return _said("warning", text)
    return _said("ok", f"{where} asks receivers to {asked} what fails ({tag}={asked})")


def _said(verdict: Literal["ok", "warning", "error"], text: str) -> Judgement:
    return Judgement(verdict, "DMARC", text)
