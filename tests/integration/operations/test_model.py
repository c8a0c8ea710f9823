# SPDX-License-Identifier: Apache-2.0
"""Hundreds of random steps on the real database, each compared with the pure model of `support/model.py`.

A failure prints its seed and the trail of steps; run it again with that seed in SEEDS.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.pkce import WayHome
from counterfoil_service.operations.approve_login import Approval
from counterfoil_service.operations.describe_link import describe_link
from counterfoil_service.operations.open_link import OpenLink, open_link
from support import acting
from support.model import Event, Model, ModelLogin
from support.stage import Stage
from support.way_home import LOOPBACK, VERIFIER, challenge_of

SEEDS = [1, 2, 3]
STEPS = 200
KEYS = ["laptop", "tower", "tablet"]
ADDRESSES = ["ada@example.com", "bob@example.com"]
LEAPS = [0.000001, 1, 5, 20, 59.999999, 60, 61, 119.999999, 120, 300, 600]
ACTIONS = {"ask": 6, "open": 2, "approve": 5, "miss": 6, "reject": 1, "cancel": 1, "steal": 1}
ACTIONS |= {"collect": 7, "use": 1, "sweep": 1, "wait": 4, "here": 6, "redeem": 9}
WAY_HOME = WayHome(LOOPBACK, "state", challenge_of(VERIFIER))


@dataclass
class World:
    """The database and the model, side by side."""

    stage: Stage
    chance: random.Random
    model: Model
    begun: dict[str, acting.Begun] = field(default_factory=dict)
    codes: dict[str, list[str]] = field(default_factory=dict)
    trail: list[str] = field(default_factory=list)
    seen: int = 0
    rows: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)

    async def step(self) -> None:
        """One random step, then every comparison."""
        action = self.chance.choices(list(ACTIONS), list(ACTIONS.values()))[0]
        if action in {"ask", "sweep", "wait"}:
            events = await getattr(self, f"_{action}")()
        elif self.begun:
            login = self.model.logins[self.chance.choice(list(self.begun)[-3:])]
            self.trail.append(f"{action} {login.id[-4:]} ({login.current(self.model.now)})")
            method: Callable[[ModelLogin], Awaitable[list[Event]]] = getattr(self, f"_{action}", None) or self._act(
                action
            )
            events = await method(login)
        else:
            return
        await self._compare(events)

    async def _ask(self) -> list[Event]:
        key, address = self.chance.choice(KEYS), self.chance.choice(ADDRESSES)
        self.trail.append(f"ask {key} {address}")
        if not self.model.may_ask(key):
            before = await acting.snapshot(self.stage)
            with pytest.raises(Refusal) as caught:
                await acting.ask(self.stage, address, key)
            assert caught.value.code is ErrorCode.SLOW_DOWN
            assert 1 <= (caught.value.retry_after or 0) <= 60
            assert await acting.snapshot(self.stage) == before
            return []
        begun = await acting.ask(self.stage, address, key, way_home=WAY_HOME)
        self.begun[begun.login_id] = begun
        return self.model.ask(begun.login_id, key, address)

    async def _open(self, login: ModelLogin) -> list[Event]:
        view = await self.stage.database.read(describe_link, self.begun[login.id].secret, self.stage.clock())
        assert (view is not None) == (login.current(self.model.now) in {"pending", "approved"})
        if view is not None and view.login.state == "pending":
            await self.stage.database.write(open_link, OpenLink(view.login, acting.OPENER))
        return self.model.open(login)

    def _act(self, trigger: str) -> Callable[[ModelLogin], Awaitable[list[Event]]]:
        async def act(login: ModelLogin) -> list[Event]:
            begun = self.begun[login.id]
            verbs = {"approve": acting.approve, "miss": acting.miss, "reject": acting.reject}
            events = self.model.act(login, trigger)
            if trigger == "cancel":
                await acting.cancel(self.stage, begun, login.key)
                return events
            result: Any = await verbs[trigger](self.stage, begun)
            done = result is True or result in {Approval.APPROVED, Approval.MISSED, Approval.LOCKED}
            assert done == (events[0][0] != "login.illegal_transition")
            return events

        return act

    async def _steal(self, login: ModelLogin) -> list[Event]:
        await acting.cancel(self.stage, self.begun[login.id], "the thief's")
        return [("login.key_mismatch", login.id)]

    async def _collect(self, login: ModelLogin) -> list[Event]:
        expected, events = self.model.collect(login)
        result = await acting.collect_or_code(self.stage, self.begun[login.id], login.key)
        assert result is not None
        assert (result.value if isinstance(result, ErrorCode) else "tokens") == expected
        return events

    async def _here(self, login: ModelLogin) -> list[Event]:
        expected, events = self.model.here(login)
        code = await acting.here(self.stage, self.begun[login.id])
        assert (code is not None) == expected
        self.codes.setdefault(login.id, []).extend([] if code is None else [code])
        return events

    async def _redeem(self, login: ModelLogin) -> list[Event]:
        if not login.codes:
            return []
        number = self.chance.randrange(len(login.codes))
        expected, events = self.model.redeem(login, login.codes[number])
        result = await acting.redeem(self.stage, self.codes[login.id][number], login.key)
        assert (result.value if isinstance(result, ErrorCode) else "tokens") == expected
        return events

    async def _use(self, login: ModelLogin) -> list[Event]:
        if login.state == "consumed":
            login.refresh_token_used = True
            use = "UPDATE refresh_tokens SET state = 'used' WHERE state = 'current' AND session_id = :id"
            await acting.execute(self.stage, use, id=(await acting.stored(self.stage, self.begun[login.id])).session_id)
        return []

    async def _sweep(self) -> list[Event]:
        self.trail.append("sweep")
        await self.stage.sweep()
        return self.model.sweep()

    async def _wait(self) -> list[Event]:
        seconds = self.chance.choice(LEAPS)
        self.trail.append(f"wait {seconds}")
        self.stage.clock.advance(seconds)
        self.model.now = self.stage.clock()
        return []

    async def _compare(self, expected: list[Event]) -> None:
        since = "SELECT position, name, login_id FROM audit_events WHERE position > :seen ORDER BY position"
        written = await acting.query(self.stage, since, seen=self.seen)
        assert sorted(row[1:] for row in written) == sorted(expected)
        if self.trail[-1] != "sweep":
            assert [row[1:] for row in written] == expected
        self.seen = max([self.seen, *(row[0] for row in written)])
        rows = {row[0]: row for row in await self.stage.rows("SELECT * FROM logins")}
        moved = {login_id for name, login_id in expected if name not in STILL}
        for login_id, row in rows.items():
            assert row == self.rows.get(login_id, row) or login_id in moved, "a row changed without a transition"
        self.rows = rows
        for login in self.model.logins.values():
            self._compare_row(login, await acting.stored(self.stage, self.begun[login.id]))
        await self._compare_counts()
        self.reached |= {row[1] for row in written}

    def _compare_row(self, login: ModelLogin, row: Any) -> None:
        assert row.misses <= 3
        assert (row.session_id is None) == (login.state != "consumed")
        assert row.codes_minted == len(login.codes) <= 3
        assert (row.state, row.misses, row.decoy, row.expires_at, row.approved_at, row.completed_at) == (
            login.state,
            login.misses,
            int(login.decoy),
            login.expires,
            login.approved,
            login.completed,
        )

    async def _compare_counts(self) -> None:
        consumed = [each for each in self.model.logins.values() if each.state == "consumed"]
        assert await self.stage.count("outbox") == len(self.model.logins) + len(self.model.devices)
        ended = await self.stage.rows("SELECT count(ended_at) FROM sessions")
        assert ended == [(sum(each.session_ended for each in consumed),)]
        assert await self.stage.count("devices") == len(self.model.devices)
        assert await self.stage.rows("SELECT count(*), count(DISTINCT login_id) FROM sessions") == [
            (len(consumed),) * 2
        ]
        current = await self.stage.rows("SELECT session_id FROM refresh_tokens WHERE state = 'current'")
        assert (
            len(current)
            == len(set(current))
            == sum(not (each.refresh_token_used or each.session_ended) for each in consumed)
        )
        assert await self.stage.count("users") == len(self.model.known)


STILL = {"login.link_opened", "login.illegal_transition", "login.key_mismatch", "login.reissued"}
STILL |= {"session.reuse_detected", "session.ended"}
"""Events that leave the row as it is, byte for byte."""

REACHED = {
    "login.requested", "login.superseded", "login.link_opened", "login.code_mismatch", "login.locked", "login.approved",
    "login.denied", "login.cancelled", "login.expired", "login.completed", "login.reissued", "login.key_mismatch",
    "login.illegal_transition", "mail.queued", "mail.suppressed", "session.created", "user.created", "user.verified",
    "device.first_seen", "login.code_issued", "session.reuse_detected", "session.ended",
}  # fmt: skip


async def test_whatever_happens_the_database_does_what_the_model_does(stage: Stage) -> None:
    await acting.execute(stage, """UPDATE applications SET redirect_uris = '["http://127.0.0.1/callback"]'""")
    reached: set[str] = set()
    for seed in SEEDS:
        for table in acting.TABLES:
            if table not in {"applications", "secrets", "signing_keys"}:
                await acting.execute(stage, f"DELETE FROM {table}")  # noqa: S608 - our own names
        world = World(stage, random.Random(seed), Model(stage.clock()))
        try:
            for _ in range(STEPS):
                await world.step()
        except BaseException as error:
            error.add_note(f"seed {seed}, after:\n" + "\n".join(world.trail))
            raise
        reached |= world.reached
    assert reached == REACHED, "the walk no longer meets every event"
