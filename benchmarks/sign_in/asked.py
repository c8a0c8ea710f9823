# SPDX-License-Identifier: Apache-2.0
"""What each service is asked for: requests of one kind, written out beforehand, each as many as are needed."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import NamedTuple

from benchmarks.harness.processes import LOAD_CORE, on_core
from benchmarks.harness.wrk import request_bytes
from benchmarks.sign_in.others import Peer
from benchmarks.sign_in.ours import FORM, Ours

PEOPLE = 64
"""Who are signed in, and ask who they are in turn."""
DEVICES = 6_000
"""Pending authorizations that are polled in turn where a second poll is answered as the first one was."""


class Asked(NamedTuple):
    """Requests of one kind to one service; `right` is a text that each good answer holds.

    `once`: none may be sent a second time, as it would be answered otherwise.
    """

    service: str
    name: str
    address: str
    pid: int
    make: Callable[[int], Sequence[bytes]]
    right: str
    once: bool


def asked_of_us(service: str, our: Ours) -> list[Asked]:
    """Each request has a proof of its own; each link, and each poll, a device of its own."""
    addresses = _addresses()
    asyncio.run(our.renew_nonce())
    people = asyncio.run(our.sign_in([next(addresses) for _ in range(PEOPLE)]))

    def sends(number: int, *, proof: bool) -> Sequence[bytes]:
        asyncio.run(our.renew_nonce())
        return our.asks([next(addresses) for _ in range(number)], proof=proof)

    def polls(number: int) -> Sequence[bytes]:
        asyncio.run(our.renew_nonce())
        with on_core(LOAD_CORE):
            return asyncio.run(our.polls(number))

    def questions(number: int) -> Sequence[bytes]:
        asyncio.run(our.renew_nonce())
        asyncio.run(our.sign_in_again(people))  # a token is good for five minutes
        return our.questions(people, number)

    def asked(name: str, make: Callable[[int], Sequence[bytes]], right: str) -> Asked:
        return Asked(service, name, our.address, our.pid, make, right, once=True)

    return [
        asked("send", lambda number: sends(number, proof=True), '"device_code"'),
        asked("send without proof", lambda number: sends(number, proof=False), '"device_code"'),
        asked("poll", polls, "authorization_pending"),
        asked("who am I", questions, '"persistent_id"'),
    ]


def asked_of_better_auth(service: str, peer: Peer) -> list[Asked]:
    """Links by its magic-link plug-in, polls by its device authorization."""
    addresses = _addresses()
    people = asyncio.run(peer.sign_in([next(addresses) for _ in range(PEOPLE)]))
    waiting = asyncio.run(peer.polls(DEVICES))
    return [
        _send(service, peer),
        Asked(service, "poll", peer.address, peer.pid, lambda _: waiting, "authorization_pending", once=False),
        _who_am_i(service, peer, people),
    ]


def asked_of_django(service: str, peer: Peer) -> list[Asked]:
    """It has no device authorization."""
    addresses = _addresses()
    people = asyncio.run(peer.sign_in([next(addresses) for _ in range(PEOPLE)]))
    return [_send(service, peer), _who_am_i(service, peer, people)]


def asked_of_bare(service: str, peer: Peer) -> list[Asked]:
    """A Litestar application that answers the same, of nothing."""
    addresses = _addresses()

    def make(number: int) -> Sequence[bytes]:
        url = f"{peer.address}/oauth/device_authorization"
        people = (next(addresses) for _ in range(number))
        return [
            request_bytes(url, "POST", {"Content-Type": FORM}, f"client_id=notes&login_hint={person}")
            for person in people
        ]

    return [Asked(service, "send", peer.address, peer.pid, make, '"device_code"', once=False)]


def _send(service: str, peer: Peer) -> Asked:
    addresses = _addresses()

    def make(number: int) -> Sequence[bytes]:
        asyncio.run(peer.taken())
        return peer.asks([next(addresses) for _ in range(number)])

    return Asked(service, "send", peer.address, peer.pid, make, "true", once=False)


def _who_am_i(service: str, peer: Peer, people: Sequence[str]) -> Asked:
    def make(_number: int) -> Sequence[bytes]:
        return peer.questions(people, len(people))

    return Asked(service, "who am I", peer.address, peer.pid, make, '"session"', once=False)


def _addresses() -> Iterator[str]:
    return (f"person{number}@example.com" for number in count())
