# SPDX-License-Identifier: Apache-2.0
"""Which logs are believed, and which witnesses must have cosigned: a trust policy file (C2SP tlog-policy) [R130].

A file is bytes: what is not ASCII in its names is opaque, and compared as it is.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

import msgspec

from counterfoil_service.core.checkpoint import parse_decimal

NOTE_KEY: Final = 0x01
COSIGNATURE_KEY: Final = 0x04
MAX_BYTES: Final = 1 << 20
"""Bytes of the largest file that is read: many times the 32 logs, 32 witnesses and 32 groups that all must take."""
NONE: Final = "none"

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_SPACE: Final = re.compile(r"[ \t]+")

ReadKey = Callable[[str], tuple[int, bytes]]
"""A vkey to the type and the 32 bytes of its key; `ValueError` for what is none."""


class Group(msgspec.Struct, frozen=True):
    """Witnesses a checkpoint once `threshold` of its members, witnesses or earlier groups, do."""

    threshold: int
    members: tuple[str, ...]


class WitnessPolicy(msgspec.Struct, frozen=True):
    """A file's content. A checkpoint is believed when one of the logs signed it and the quorum witnessed it."""

    logs: tuple[str, ...]
    """Vkeys; the name of each is its log's origin. None: which log it is must be known from elsewhere."""
    witnesses: Mapping[str, str]
    """Name in this file to vkey."""
    groups: Mapping[str, Group]
    """By name, in the file's order: members stand before their group."""
    quorum: str
    """The name of a witness or of a group, or `NONE`."""


def satisfied(policy: WitnessPolicy, cosigners: Collection[str]) -> bool:
    """Whether the witnesses with these vkeys, whose cosignatures were verified, are the quorum."""
    return policy.quorum == NONE or policy.quorum in _witnessing(policy, cosigners)


def missing(policy: WitnessPolicy, cosigners: Collection[str]) -> list[str]:
    """The names, in this file, of the witnesses that could complete the quorum, in the file's order; none if it is."""
    witnessing = _witnessing(policy, cosigners)
    wanted = {policy.quorum} - witnessing
    for name in reversed(list(policy.groups)):
        if name in wanted:
            wanted |= set(policy.groups[name].members) - witnessing
    return [name for name in policy.witnesses if name in wanted]


def parse_policy(data: bytes, read_key: ReadKey) -> WitnessPolicy:
    """The policy; a `ValueError` names the line and the rule that it breaks."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"a policy has at most {MAX_BYTES} bytes")
    if not data.endswith(b"\n"):
        raise ValueError("the last line has no newline: the file was cut, or needs one")
    reader = _Reader(read_key)
    for number, line in enumerate(data[:-1].split(b"\n"), 1):
        try:
            reader.take(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return reader.policy()


def _witnessing(policy: WitnessPolicy, cosigners: Collection[str]) -> set[str]:
    found = {name for name, vkey in policy.witnesses.items() if vkey in cosigners}
    for name, group in policy.groups.items():
        if sum(member in found for member in group.members) >= group.threshold:
            found.add(name)
    return found


class _Reader:
    def __init__(self, read_key: ReadKey) -> None:
        self._read_key = read_key
        self._logs: dict[bytes, str] = {}
        self._witnesses: dict[str, str] = {}
        self._witness_keys: set[bytes] = set()
        self._groups: dict[str, Group] = {}
        self._grouped: set[str] = set()
        self._quorum: str | None = None

    def policy(self) -> WitnessPolicy:
        if self._quorum is None:
            raise ValueError("the quorum line is missing; `quorum none` asks for no witness")
        return WitnessPolicy(tuple(self._logs.values()), self._witnesses, self._groups, self._quorum)

    def take(self, line: bytes) -> None:
        if _CONTROL.search(line):
            raise ValueError("control characters other than tab and newline are not allowed")
        # Opaque, and back to the same bytes.
        text = line.decode("utf-8", "surrogateescape").strip(" \t")
        if not text or text.startswith("#"):
            return
        match _SPACE.split(text):
            case ["log", vkey] | ["log", vkey, _]:
                self._log(vkey)
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                self._witness(name, vkey)
            case ["group", name, threshold, *members] if members:
                self._group(name, threshold, tuple(members))
            case ["quorum", name]:
                self._set_quorum(name)
            case _:
                raise ValueError(
                    "a line is `log VKEY [URL]`, `witness NAME VKEY [URL]`, `group NAME all|any|K NAME…`"
                    " or `quorum NAME`; comments begin with #"
                )

    def _log(self, vkey: str) -> None:
        key = self._key(vkey, NOTE_KEY)
        if key in self._logs:
            raise ValueError("this log's key stands on an earlier line")
        self._logs[key] = vkey

    def _witness(self, name: str, vkey: str) -> None:
        self._check_new(name)
        key = self._key(vkey, COSIGNATURE_KEY)
        if key in self._witness_keys:
            raise ValueError("this witness's key stands on an earlier line")
        self._witness_keys.add(key)
        self._witnesses[name] = vkey

    def _group(self, name: str, threshold: str, members: tuple[str, ...]) -> None:
        self._check_new(name)
        for member in members:
            self._check_defined(member)
            if member in self._grouped:
                raise ValueError("a name is a member once, of one group")
            self._grouped.add(member)
        least = {"all": len(members), "any": 1}.get(threshold)
        least = parse_decimal(threshold) if least is None else least
        if not 1 <= least <= len(members):
            raise ValueError(f"this group's threshold is all, any, or 1 to {len(members)}")
        self._groups[name] = Group(least, members)

    def _set_quorum(self, name: str) -> None:
        if self._quorum is not None:
            raise ValueError("there is one quorum line")
        if name != NONE:
            self._check_defined(name)
        self._quorum = name

    def _key(self, vkey: str, algorithm: int) -> bytes:
        found, key = self._read_key(vkey)
        if found != algorithm:
            raise ValueError(f"the key has type {found}; a log's has {NOTE_KEY}, a witness's {COSIGNATURE_KEY}")
        return key

    def _check_new(self, name: str) -> None:
        if name == NONE or name in self._witnesses or name in self._groups:
            raise ValueError("a name is given once, and `none` to nobody")

    def _check_defined(self, name: str) -> None:
        if name not in self._witnesses and name not in self._groups:
            raise ValueError("a group and the quorum name witnesses and groups of earlier lines")
